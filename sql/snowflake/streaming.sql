
-- ---- over Snowpipe Streaming: auditkeep archive --sink @url@ ----
-- The table's own pipe, @pipe@, comes into being with the first channel. Paste the public key
-- (openssl rsa -in KEY -pubout, without its first and last line); RSA_PUBLIC_KEY_2 is the other slot
-- while keys are rotated.
CREATE ROLE IF NOT EXISTS @role@;
CREATE USER IF NOT EXISTS @user@ TYPE = SERVICE DEFAULT_ROLE = @role@;
-- ALTER USER @user@ SET RSA_PUBLIC_KEY = '...';
GRANT ROLE @role@ TO USER @user@;
GRANT USAGE ON DATABASE @database@ TO ROLE @role@;
GRANT USAGE ON SCHEMA @database@.@schema@ TO ROLE @role@;
GRANT INSERT, SELECT ON TABLE @table@ TO ROLE @role@;
-- For 'verify', which runs its queries in a warehouse:
-- GRANT USAGE ON WAREHOUSE ... TO ROLE @role@;
-- Where the account has it, rows that are dropped all the same are kept:
-- ALTER TABLE @table@ SET ERROR_LOGGING = TRUE;

-- A pipe of one's own, named by --snowflake-pipe, where more is to be done on the way in. It sees
-- the members that auditkeep sends; defaults of columns do not apply there.
-- CREATE PIPE IF NOT EXISTS @database@.@schema@."P_STREAM" AS COPY INTO @table@
--   FROM (SELECT $1:CHAIN_ID, $1:SEQ, $1:EVENT_ID, $1:PREV_HASH, $1:HASH, $1:OCCURRED_AT, $1:RAW,
--                $1:ARCHIVE_KEY FROM TABLE(DATA_SOURCE(TYPE => 'STREAMING')));
-- GRANT OPERATE, MONITOR ON PIPE @database@.@schema@."P_STREAM" TO ROLE @role@;
