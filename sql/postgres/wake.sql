-- Wakes an exporter that waits for rows. NOTIFY makes commits queue for one lock of the whole
-- server, so a writer pays for it only while somebody waits: who waits holds the advisory lock that
-- a writer then does not get. A writer that got it keeps it until its commit, and so nobody goes to
-- sleep past it. NOTIFY would also keep writers from PREPARE TRANSACTION: where that is possible
-- the exporter polls.
CREATE OR REPLACE FUNCTION auditkeep.wake() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtextextended(TG_ARGV[0], 0))
       AND current_setting('max_prepared_transactions') = '0' THEN
        PERFORM pg_notify(TG_ARGV[0], '');
    END IF;
    RETURN NULL;
END $$;

SET lock_timeout = '5s';

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'auditkeep_wake'
                   AND tgrelid = @events_literal@::regclass) THEN
        EXECUTE format('CREATE TRIGGER auditkeep_wake AFTER INSERT ON %s FOR EACH STATEMENT '
                       'EXECUTE FUNCTION auditkeep.wake(%L)', @events_literal@,
                       'auditkeep_' || md5(@events_literal@));
    END IF;
END $$;

RESET lock_timeout;
