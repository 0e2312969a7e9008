"""The main job: there and back, seen from outside by Node, psql, zstd, jq and raw S3 requests."""
import base64
import datetime
import json
import subprocess
import uuid

import pytest

from harness import archived_lines, call, node_make, node_verify, sample_events


def test_appended_chain_verifies_with_node(source_world):
    source_world.init().append(sample_events(300))
    rows = source_world.export_rows(source_world.path / "rows.ndjson")
    status, out = node_verify(rows, source_world.signers)
    assert status == 0, out
    assert "events 300" in out
    head = source_world.verify("source")["source"]["head"]["hash"]
    assert f"head {head}" in out


def test_node_notices_what_append_would_not_write(source_world):
    source_world.init().append(sample_events(20))
    source_world.source.execute(
        "UPDATE audit_events SET signature = NULL WHERE event_type = 'type.3'")
    rows = source_world.export_rows(source_world.path / "rows.ndjson")
    status, out = node_verify(rows, source_world.signers)
    assert status == 1
    assert out.count("fault signature_missing") == 3


@pytest.mark.parametrize("first", ["null", "empty", "zeros"])
def test_node_chain_verifies_archives_and_restores(world, make_world, first):
    rows, world.signers = node_make(world.path / "node", 400, "seed " + first, first)
    world.source.execute(world.source.kernel_table)
    world.source.load(rows)
    before = world.source.events()
    world.init()
    assert world.source.events() == before
    world.archive_once()
    world.verify()
    assert [line["id"] for line in archived_lines(world.archive)] == [row["id"] for row in rows]

    target = make_world(world.source.kind, "file").source
    world.restore(target)
    assert target.events() == before
    assert len(before) == len(rows)


def test_restore_is_resumable(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(200)).archive_once("--segment-events", "50")
    target = make_world("sqlite", "file").source
    for _ in range(2):
        world.restore(target)
        assert target.events() == world.source.events()


def test_restore_wants_consent(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(10)).archive_once()
    target = make_world("sqlite", "file").source
    result = world.run("restore", status=2, env={"DATABASE_URL": target.url})
    assert "--yes" in result.err
    world.run("restore", "--dry-run", env={"DATABASE_URL": target.url})
    assert not target.path.exists() or target.rows("SELECT name FROM sqlite_master") == []


def test_restore_from_postgres_to_sqlite_keeps_the_chain(make_world):
    world = make_world("postgres", "file")
    world.init().append(sample_events(100)).archive_once()
    other = make_world("sqlite", "file")
    world.restore(other.source)
    other.signers = world.signers
    other.verify("source")
    assert [row["hash"] for row in other.source.events()] == \
        [row["hash"] for row in world.source.events()]


def test_second_archive_run_has_nothing_to_do(world):
    world.init().append(sample_events(50)).archive_once()
    first = world.archive.segments()
    world.archive_once()
    assert world.archive.segments() == first
    world.append(sample_events(10, start="2025-02-03T00:00:00Z")).assert_whole()
    assert first.items() <= world.archive.segments().items()


def test_objects_are_locked_in_compliance_to_the_second(make_world):
    world = make_world("postgres", "s3")
    bucket = world.archive
    begun = datetime.datetime.now(datetime.timezone.utc)
    world.init().append(sample_events(100)).archive_once("--retention", "7 years")
    ended = datetime.datetime.now(datetime.timezone.utc)
    versions = bucket.client.versions(bucket.name)
    assert len(versions) >= 2
    for key, version, _, is_marker in versions:
        assert not is_marker
        status, headers = bucket.client.head(bucket.name, key, version)
        assert status == 200
        assert headers["x-amz-object-lock-mode"] == "COMPLIANCE"
        until = headers["x-amz-object-lock-retain-until-date"]
        moment = datetime.datetime.fromisoformat(until[:19] + "+00:00")
        assert until[19:].strip(".0Z") == "", until
        assert begun.replace(year=begun.year + 7, microsecond=0) <= moment \
            <= ended.replace(year=ended.year + 7) + datetime.timedelta(seconds=1)
        assert bucket.client.delete(bucket.name, key, version) == 403
        assert bucket.client.head(bucket.name, key, version)[0] == 200


def test_lock_dates_are_the_planned_ones(make_world):
    world = make_world("postgres", "s3")
    world.init().append(sample_events(40)).archive_once("--retention", "30 days",
                                                        "--segment-events", "10")
    planned = world.source.rows("SELECT key, to_char(retain_until AT TIME ZONE 'UTC', "
                                "'YYYY-MM-DD\"T\"HH24:MI:SS.US') AS until FROM auditkeep.segment")
    assert len(planned) >= 4
    for row in planned:
        _, headers = world.archive.client.head(world.archive.name, row["key"])
        until = headers["x-amz-object-lock-retain-until-date"]
        assert until[:19] + ".000000" == row["until"]


def test_folder_objects_are_read_only(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(10)).archive_once()
    keys = world.archive.segments()
    assert keys
    for key in keys:
        assert (world.archive.path / key).stat().st_mode & 0o222 == 0


def test_standard_tools_read_an_object(archive_world):
    archive_world.init().append(sample_events(300)).archive_once()
    ids = []
    for key, data in sorted(archive_world.archive.segments().items()):
        file = archive_world.path / "object.zst"
        file.write_bytes(data)
        out = subprocess.run(f"zstdcat '{file}' | jq -r .id", shell=True, capture_output=True,
                             text=True, check=True)
        assert out.stderr == ""
        ids += out.stdout.split()
        call(["zstd", "-t", file])
        assert key.startswith("audit/2025/02/0")
    assert ids == [event["id"] for event in sample_events(300)]


def test_a_day_never_shares_an_object(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(100)).archive_once()
    days = {key[6:16] for key in world.archive.segments()}
    assert days == {"2025/02/01", "2025/02/02"}


def test_get_returns_the_archived_line(world):
    world.init().append(sample_events(600)).archive_once("--segment-events", "250")
    lines = {line["id"]: line for line in archived_lines(world.archive)}
    for event in list(sample_events(600))[::123]:
        got = world.run("get", event["id"]).out
        assert json.loads(got) == lines[event["id"]]


def test_get_of_an_unknown_id_says_so(world):
    world.init().append(sample_events(5)).archive_once()
    unknown = "00000000-0000-4000-8000-000000000000"
    result = world.run("get", unknown, status=3)
    assert unknown in result.err


def test_payload_null_survives(world, make_world):
    world.source.execute(world.source.kernel_table)
    rows, world.signers = node_make(world.path / "node", 200, "null payload")
    kinds = {row["payload"] for row in rows}
    assert None in kinds and "null" in kinds
    world.source.load(rows)
    world.init().archive_once()
    target = make_world(world.source.kind, "file").source
    world.restore(target)
    restored = {row["id"]: row["payload"] for row in target.events()}
    for row in rows:
        assert (restored[row["id"]] is None) == (row["payload"] is None)


def test_status_follows_the_pointer(world):
    world.init().append(sample_events(30))
    assert world.state()["pending"] == 30
    world.archive_once()
    state = world.state()
    assert state["pending"] == 0
    assert state["archived"]["index"] == 29


def test_demo_catches_a_tampering(make_world, tmp_path):
    world = make_world()
    out = world.run("demo", env={"TMPDIR": str(tmp_path)}).out
    assert "hash_mismatch" in out or "envelope_changed" in out or "object_corrupt" in out


BYTES = {3: b'{"a":"\xe9"}', 5: b"\xff\x00\xfe", 7: b'{"a":1}\x00{}', 9: b"\x00", 11: b"\xed\xa0\x80"}


def set_payload(source, index, text):
    source.execute(f"UPDATE audit_events SET payload = CAST(x'{text.hex()}' AS text) WHERE id = "
                   f"'{uuid.uuid5(uuid.NAMESPACE_OID, f'2025-02-01T22:00:00Z{index}')}'")


def payloads(source):
    return sorted((row["id"], row["bytes"])
                  for row in source.rows("SELECT id, hex(payload) AS bytes FROM audit_events"))


def test_bytes_that_are_no_text_come_back(archive_world, make_world):
    """SQLite lets anything in: what is archived are the very bytes."""
    world = archive_world.init().append(sample_events(20))
    for index, text in BYTES.items():
        set_payload(world.source, index, text)
    world.archive_once()
    lines = archived_lines(world.archive)
    for index, text in BYTES.items():
        line = lines[index]
        assert line["payload"] is None and line["fault"] == ["payload_not_canonicalisable"]
        kept = line.get("payloadText", "").encode() or base64.b64decode(line["payloadBase64"])
        assert kept == text
    found = world.faults("source,archive,cross")
    assert found == sorted(("payload_not_canonicalisable", lines[i]["id"]) for i in BYTES)
    target = make_world("sqlite", "file").source
    world.restore(target)
    assert payloads(target) == payloads(world.source)
    set_payload(world.source, 3, b'{"a":"\xe8"}')
    assert ("hash_mismatch", lines[3]["id"]) in world.faults("cross")
