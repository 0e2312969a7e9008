"""The tables that exist already, and the runbook's own SQL."""
import re

import pytest

from harness import ROOT, node_make

# Containment, step 3, as people paste it.
RUNBOOK_SQL = re.search(r"```sql\n(SELECT id, hash.*?)```", (ROOT / "docs/runbook.md").read_text(),
                        re.S)[1]

PIPELINE = """ALTER TABLE audit_events
    ADD s3_object_key text, ADD s3_archived_at timestamptz,
    ADD s3_archive_attempts int NOT NULL DEFAULT 0, ADD s3_last_error text,
    ADD kafka_topic text, ADD kafka_partition int, ADD kafka_offset bigint,
    ADD kafka_produced_at timestamptz, ADD kafka_produce_attempts int NOT NULL DEFAULT 0,
    ADD kafka_last_error text, ADD stream_status varchar(32) NOT NULL DEFAULT 'pending',
    ADD stream_attempts int NOT NULL DEFAULT 0, ADD last_stream_attempt_at timestamptz,
    ADD last_stream_error text;"""

# name: (DDL, columns of ours under their names there)
VARIANTS = {
    "kernel": ("""CREATE TABLE audit_events (
        id uuid PRIMARY KEY, event_type text NOT NULL, payload jsonb, prev_hash text,
        hash text NOT NULL, signature text, signer_id text,
        ts timestamptz NOT NULL DEFAULT now(), metadata jsonb);""", {}),
    "kernel-pipeline": ("""CREATE TABLE audit_events (
        id uuid PRIMARY KEY, event_type text NOT NULL, payload jsonb, prev_hash text,
        hash text NOT NULL, signature text, signer_id text,
        ts timestamptz NOT NULL DEFAULT now(), metadata jsonb);""" + PIPELINE, {}),
    "memory-layer": ("""CREATE TABLE audit_events (
        id uuid PRIMARY KEY, event_type text NOT NULL, memory_node_id uuid, artifact_id uuid,
        payload jsonb, hash text NOT NULL UNIQUE, prev_hash text, signature text,
        manifest_signature_id text, created_at timestamptz NOT NULL DEFAULT now());""",
                     {"signer_id": "manifest_signature_id", "ts": "created_at"}),
    "agent-manager": ("""CREATE TABLE audit_events (
        id uuid PRIMARY KEY, actor_id text, event_type text NOT NULL, payload jsonb,
        prev_hash text, signature text, signer_kid text,
        created_at timestamptz NOT NULL DEFAULT now());""",
                      {"signer_id": "signer_kid", "ts": "created_at", "hash": None}),
}


@pytest.fixture(params=VARIANTS)
def variant(request, make_world):
    """(world with 500 rows in the table, the rows under the table's names, the columns)."""
    world = make_world("postgres", "file")
    ddl, names = VARIANTS[request.param]
    rows, world.signers = node_make(world.path / "node", 600, request.param)
    rows = [{names.get(k, k): v for k, v in row.items() if names.get(k, k)} for row in rows]
    world.source.execute(ddl)
    world.source.load(rows[:500], columns=list(rows[0]))
    return world, rows, list(rows[0])


def test_adapted_table_goes_the_whole_way(variant):
    world, rows, columns = variant
    before = world.source.rows(f"SELECT {','.join(columns)} FROM audit_events ORDER BY id")
    world.init()
    world.verify("source")
    world.archive_once()
    world.verify()
    assert world.source.rows(f"SELECT {','.join(columns)} FROM audit_events ORDER BY id") == before
    # The writers that were there go on as they did.
    world.source.load(rows[500:], columns=columns)
    assert world.state()["pending"] == 100
    world.archive_once()
    world.verify()
    assert world.state()["archived"]["index"] == 599


def test_init_is_idempotent(variant):
    world, _, _ = variant
    world.init().init()
    world.verify("source")


def test_init_dry_run_changes_nothing(variant):
    world, _, _ = variant
    catalog = "SELECT table_name, column_name FROM information_schema.columns ORDER BY 1, 2"
    before = world.source.rows(catalog)
    sql = world.run("init", "--dry-run").out
    assert "audit_events" in sql
    assert world.source.rows(catalog) == before


def test_dry_run_prints_what_init_does(variant):
    world, _, _ = variant
    world.source.execute(world.run("init", "--dry-run").out)
    world.archive_once()
    world.verify()


def test_runbook_sql_runs_verbatim(variant):
    world, rows, columns = variant
    world.init()
    pending = world.source.execute(RUNBOOK_SQL).splitlines()
    assert len(pending) == 25
    world.archive_once()
    assert world.source.execute(RUNBOOK_SQL) == ""
    world.source.load(rows[500:510], columns=columns)
    lines = world.source.execute(RUNBOOK_SQL).splitlines()
    assert sorted(line.split("|")[0] for line in lines) == sorted(r["id"] for r in rows[500:510])


def test_runbook_sql_on_sqlite(make_world):
    world = make_world("sqlite", "file")
    rows, world.signers = node_make(world.path / "node", 60, "sqlite runbook")
    world.source.execute(world.source.kernel_table)
    world.source.load(rows)
    world.init()
    assert len(world.source.rows(RUNBOOK_SQL.strip().rstrip(";"))) == 25
    world.archive_once()
    assert world.source.rows(RUNBOOK_SQL.strip().rstrip(";")) == []


def test_archived_rows_name_their_object(variant):
    world, _, _ = variant
    world.init().archive_once("--segment-events", "100")
    keys = {row["s3_object_key"] for row in world.source.rows(
        "SELECT DISTINCT s3_object_key FROM audit_events")}
    assert {key[key.index("audit/"):] for key in keys} == set(world.archive.segments())


def test_late_commits_are_not_passed_over(make_world):
    """Rows that commit with times long past, after the pointer went by."""
    world = make_world("postgres", "file")
    rows, world.signers = node_make(world.path / "node", 60, "late")
    world.source.execute(world.source.kernel_table)
    world.source.load(rows[:30])
    world.init().archive_once()
    late = [{**row, "ts": "2025-02-01T00:00:00Z"} for row in rows[30:]]
    world.source.load(late)
    world.archive_once()
    assert world.state()["archived"]["index"] == 59
    world.verify()


def test_equal_times(make_world):
    world = make_world("postgres", "file")
    rows, world.signers = node_make(world.path / "node", 500, "ties")
    rows = [{**row, "ts": "2025-02-01T00:00:00Z"} for row in rows]
    world.source.execute(world.source.kernel_table)
    world.source.load(rows)
    world.init().archive_once()
    world.verify()
    assert world.state()["archived"]["index"] == 499
