-- The runbook orders by created_at; this table calls it ts. A generated column would do, but it
-- rewrites the table while nobody can write to it. A trigger keeps the copy equal, and the rows
-- that are there are filled in batches, each its own transaction. auditkeep itself goes by ts.
SET lock_timeout = '5s';

ALTER TABLE @events@ ADD COLUMN IF NOT EXISTS created_at timestamptz;

CREATE OR REPLACE FUNCTION auditkeep.copy_ts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.created_at := NEW.ts;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER auditkeep_created_at BEFORE INSERT OR UPDATE OF ts, created_at
    ON @events@ FOR EACH ROW EXECUTE FUNCTION auditkeep.copy_ts();

RESET lock_timeout;

CREATE OR REPLACE PROCEDURE auditkeep.fill_created_at(p_events regclass)
LANGUAGE plpgsql AS $$
DECLARE
    pages bigint := pg_relation_size(p_events) / current_setting('block_size')::bigint;
    step constant bigint := 2000;
    page bigint := 0;
BEGIN
    WHILE page <= pages LOOP
        EXECUTE format('UPDATE %s SET created_at = ts WHERE created_at IS DISTINCT FROM ts '
                       'AND ctid >= %L::tid AND ctid < %L::tid',
                       p_events, format('(%s,0)', page), format('(%s,0)', page + step));
        COMMIT;
        page := page + step;
    END LOOP;
END $$;

CALL auditkeep.fill_created_at(@events_literal@);
