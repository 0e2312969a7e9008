-- Run as a role that may create databases, roles and grants. Everything may be run again.
CREATE DATABASE IF NOT EXISTS @database@;
CREATE SCHEMA IF NOT EXISTS @database@.@schema@;
CREATE SCHEMA IF NOT EXISTS @database@."CORE";

-- Where the rows land. No column can reject one: streaming drops a row that does not fit and goes
-- on. RAW keeps the archive's line byte by byte; a VARIANT would reorder and reformat it, and its
-- hash could not be checked again.
CREATE TABLE IF NOT EXISTS @table@ (
  CHAIN_ID VARCHAR, SEQ VARCHAR, EVENT_ID VARCHAR, PREV_HASH VARCHAR, HASH VARCHAR,
  OCCURRED_AT VARCHAR, RAW VARCHAR, ARCHIVE_KEY VARCHAR);
