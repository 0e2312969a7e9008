
-- ---- from the archive's bucket: auto-ingest, and COPY INTO for what is there already ----
-- Either this or streaming: each keeps its own books, both together load every row twice. (The
-- consumer table below takes each event once all the same.)
CREATE STORAGE INTEGRATION IF NOT EXISTS "AUDITKEEP_S3" TYPE = EXTERNAL_STAGE
  STORAGE_PROVIDER = 'S3' ENABLED = TRUE
  STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::ACCOUNT:role/ROLE'
  STORAGE_ALLOWED_LOCATIONS = (@bucket@);

-- One line, one field: the bytes stay as they are.
CREATE FILE FORMAT IF NOT EXISTS @database@.@schema@."AUDITKEEP_LINES" TYPE = CSV
  COMPRESSION = ZSTD FIELD_DELIMITER = NONE RECORD_DELIMITER = '\n' ESCAPE = NONE
  ESCAPE_UNENCLOSED_FIELD = NONE FIELD_OPTIONALLY_ENCLOSED_BY = NONE NULL_IF = ();
CREATE STAGE IF NOT EXISTS @database@.@schema@."AUDITKEEP_ARCHIVE" URL = @bucket@
  STORAGE_INTEGRATION = "AUDITKEEP_S3" FILE_FORMAT = @database@.@schema@."AUDITKEEP_LINES";

-- Its notification_channel in SHOW PIPES goes into the bucket's event notification
-- (s3:ObjectCreated:*, under the archive's prefix). A key is loaded once in 14 days; keys of the
-- archive are never written twice.
CREATE PIPE IF NOT EXISTS @database@.@schema@."AUDITKEEP_FILES" AUTO_INGEST = TRUE AS
  COPY INTO @table@ FROM (
    SELECT PARSE_JSON($1):chain::VARCHAR, PARSE_JSON($1):index::VARCHAR,
           PARSE_JSON($1):id::VARCHAR, PARSE_JSON($1):prevHash::VARCHAR,
           PARSE_JSON($1):hash::VARCHAR, PARSE_JSON($1):ts::VARCHAR, $1, METADATA$FILENAME
    FROM @@database@.@schema@."AUDITKEEP_ARCHIVE")
  PATTERN = '.*[.]ndjson[.]zst';

-- The same by hand, all or nothing, at most 1000 names; a file is loaded once in 64 days.
-- COPY INTO @table@ FROM (
--   SELECT PARSE_JSON($1):chain::VARCHAR, PARSE_JSON($1):index::VARCHAR,
--          PARSE_JSON($1):id::VARCHAR, PARSE_JSON($1):prevHash::VARCHAR,
--          PARSE_JSON($1):hash::VARCHAR, PARSE_JSON($1):ts::VARCHAR, $1, METADATA$FILENAME
--   FROM @@database@.@schema@."AUDITKEEP_ARCHIVE")
--   FILES = ('audit/2025/02/01/...ndjson.zst') ON_ERROR = ABORT_STATEMENT;
