-- Least privilege: groups to be granted to the users of each service (GRANT auditkeep_exporter TO
-- …). Roles belong to the whole server; where we may not create them, somebody else has to.
DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['auditkeep_exporter', 'auditkeep_retention', 'auditkeep_auditor',
                               'auditkeep_appender', 'auditkeep_deliverer'] LOOP
        BEGIN
            IF to_regrole(one) IS NULL THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', one);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another init made it at the same time
            WHEN insufficient_privilege THEN
                RAISE WARNING 'cannot create role ''%''; create it and run init again', one;
        END;
    END LOOP;
END $$;

-- What PostgreSQL lets everybody do with a function does not hold for these.
REVOKE ALL ON ALL ROUTINES IN SCHEMA auditkeep FROM PUBLIC;

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('auditkeep_exporter', 'USAGE ON SCHEMA auditkeep, @schema@'),
        ('auditkeep_exporter', 'SELECT ON @events@, auditkeep.source, auditkeep.chain, '
            'auditkeep.segment, auditkeep.seal, auditkeep.acceptance, auditkeep.binding, '
            'auditkeep.trouble, auditkeep.sink'),
        ('auditkeep_exporter', 'EXECUTE ON ROUTINE auditkeep.lease_acquire, '
            'auditkeep.lease_renew, auditkeep.lease_release, auditkeep.plan_segment, '
            'auditkeep.commit_segment, auditkeep.mark_archived, auditkeep.seal_plan, '
            'auditkeep.seal_commit, auditkeep.accept_break, auditkeep.note_trouble, '
            'auditkeep.sink_acquire, auditkeep.sink_renew, auditkeep.sink_move, '
            'auditkeep.sink_fail'),
        ('auditkeep_deliverer', 'USAGE ON SCHEMA auditkeep, @schema@'),
        ('auditkeep_deliverer', 'SELECT ON @events@, auditkeep.source, auditkeep.chain, '
            'auditkeep.segment, auditkeep.acceptance, auditkeep.sink'),
        ('auditkeep_deliverer', 'EXECUTE ON ROUTINE auditkeep.sink_acquire, '
            'auditkeep.sink_renew, auditkeep.sink_move, auditkeep.sink_fail'),
        ('auditkeep_retention', 'USAGE ON SCHEMA auditkeep, @schema@'),
        ('auditkeep_retention', 'SELECT, DELETE ON @events@'),
        ('auditkeep_retention', 'SELECT ON auditkeep.source, auditkeep.chain, auditkeep.segment, '
            'auditkeep.seal'),
        ('auditkeep_auditor', 'USAGE ON SCHEMA auditkeep, @schema@'),
        ('auditkeep_auditor', 'SELECT ON @events@, auditkeep.source, auditkeep.chain, '
            'auditkeep.segment, auditkeep.seal, auditkeep.acceptance, auditkeep.binding, '
            'auditkeep.trouble, auditkeep.sink'),
        ('auditkeep_appender', 'USAGE ON SCHEMA auditkeep, @schema@'),
        ('auditkeep_appender', 'SELECT ON auditkeep.source'),
        ('auditkeep_appender', 'SELECT, INSERT ON @events@')) grants(role, what)
    LOOP
        IF to_regrole(one.role) IS NOT NULL THEN
            EXECUTE format('GRANT %s TO %I', one.what, one.role);
        END IF;
    END LOOP;
END $$;
