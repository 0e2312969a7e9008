"""What is lost for good: a person accepts it, signed and archived, and the chain goes on."""
import base64
import hashlib
import json
import subprocess
import uuid

import pytest

from harness import Sqlite, archived_lines, call, node_make, wait_for

GRACE = ("--gap-grace", "1ms")


def acceptances(archive):
    """{key: bytes} of the acceptance objects."""
    if archive.kind == "file":
        files = sorted((archive.path / "audit").rglob("*-acceptance-*.json"))
        return {str(file.relative_to(archive.path)): file.read_bytes() for file in files}
    keys = [key for key, _, latest, _ in archive.client.versions(archive.name)
            if latest and "-acceptance-" in key]
    return {key: archive.client.get(archive.name, key) for key in keys}


def load(world, count=30, seed="accept"):
    rows, world.signers = node_make(world.path / "node", count, seed)
    world.source.execute(world.source.kernel_table)
    return rows


@pytest.fixture
def gap(world):
    """A world whose row 10 of 30 is lost; the rows."""
    rows = load(world)
    world.source.load(rows[:10] + rows[11:])
    world.init()
    return world, rows


def accept(world, index, event, *words, **more):
    return world.run("accept", "--index", index, "--id", event, "--reason",
                     "lost with disk 7, ticket 123", *words, **more)


def test_gap_is_accepted_and_goes_on(gap):
    world, rows = gap
    stopped = world.archive_once(*GRACE, status=1)
    assert "prev_hash_gap" in stopped.err
    assert f"auditkeep accept --index 10 --id {rows[11]['id']}" in stopped.err
    accept(world, 10, rows[11]["id"], "--yes")
    world.archive_once()
    assert [line["id"] for line in archived_lines(world.archive)] == \
        [row["id"] for row in rows[:10] + rows[11:]]
    report = world.verify()
    assert report["verdict"] == "clean"
    assert {(n["fault"], n["where"], n["index"], n["id"]) for n in report["notices"]} == {
        ("break_accepted", where, 10, rows[11]["id"]) for where in ("source", "archive")}
    assert all("ticket 123" in notice["detail"] for notice in report["notices"])


def test_unaccepted_gap_is_a_fault(gap):
    world, rows = gap
    assert ("prev_hash_gap", rows[11]["id"]) in world.faults("source")


def test_it_is_signed_archived_and_locked(gap):
    world, rows = gap
    world.archive_once(*GRACE, status=1)
    said = accept(world, 10, rows[11]["id"], "--yes", "--json").json()
    assert acceptances(world.archive) == {}
    world.archive_once()
    (key, data), = acceptances(world.archive).items()
    assert f"/main-acceptance-{10:012}-" in key
    statement = json.loads(data)
    assert statement == said
    assert (statement["index"], statement["eventId"], statement["eventPrevHash"],
            statement["headHash"], statement["kind"]) == (
        10, rows[11]["id"], rows[10]["hash"], rows[9]["hash"], "gap")
    # By hand, as docs/archive-format.md says.
    signature = statement.pop("signature")
    files = [world.path / name for name in ("text", "signature")]
    files[0].write_text(json.dumps(statement, sort_keys=True, separators=(",", ":"),
                                   ensure_ascii=False))
    files[1].write_bytes(base64.b64decode(signature))
    call(["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", world.keys.archiver, "-in",
          files[0], "-sigfile", files[1]])


def test_dry_run_changes_nothing(gap):
    world, rows = gap
    world.archive_once(*GRACE, status=1)
    shown = accept(world, 10, rows[11]["id"], "--dry-run").out
    assert "would accept" in shown and "ticket 123" in shown
    assert "signature" not in accept(world, 10, rows[11]["id"], "--dry-run", "--json").json()
    world.archive_once(*GRACE, status=1)


def test_consent_and_reason_are_needed(gap):
    world, rows = gap
    assert "--yes" in accept(world, 10, rows[11]["id"], status=2).err
    assert "--reason" in world.run("accept", "--index", "10", "--id", rows[11]["id"], "--yes",
                                   status=2).err


def test_only_what_is_broken(gap):
    world, rows = gap
    assert "but at 10" in accept(world, 9, rows[11]["id"], "--yes", status=1).err
    assert rows[11]["id"] in accept(world, 10, rows[12]["id"], "--yes", status=1).err
    accept(world, 10, rows[11]["id"], "--yes")
    assert "not broken" in accept(world, 10, rows[11]["id"], "--yes", status=1).err


def test_it_may_be_accepted_before_anything_is_archived(gap):
    world, rows = gap
    accept(world, 10, rows[11]["id"], "--yes")
    world.archive_once()
    world.verify()


def test_two_gaps(source_world):
    world = source_world
    rows = load(world)
    world.source.load(rows[:10] + rows[11:20] + rows[22:])
    world.init()
    for index, event in ((10, rows[11]["id"]), (19, rows[22]["id"])):
        world.archive_once(*GRACE, status=1)
        accept(world, index, event, "--yes")
    world.archive_once()
    world.verify()
    assert len(archived_lines(world.archive)) == 27
    assert len(acceptances(world.archive)) == 2


def test_a_chain_without_its_beginning(source_world):
    world = source_world
    rows = load(world)
    world.source.load(rows[5:])
    world.init().archive_once(*GRACE, status=1)
    accept(world, 0, rows[5]["id"], "--yes")
    world.archive_once()
    world.verify()


def test_fork_passes_over_the_other_branch(source_world):
    world = source_world
    rows = load(world)
    payload = '{"other":true}'
    other = {**rows[29], "id": str(uuid.uuid4()), "payload": payload, "signature": None,
             "signer_id": None, "prev_hash": rows[9]["hash"], "hash": hashlib.sha256(
                 payload.encode() + bytes.fromhex(rows[9]["hash"])).hexdigest()}
    world.source.load(rows + [other])
    world.init()
    stopped = world.archive_once(status=1)
    assert "prev_hash_fork" in stopped.err
    index = world.state()["archived"]["index"] + 1
    assert rows[10]["id"] in accept(world, index, other["id"], "--yes", status=1).err
    accept(world, index, rows[10]["id"], "--yes")
    world.archive_once()
    world.archive_once()
    assert [line["id"] for line in archived_lines(world.archive)] == [row["id"] for row in rows]
    assert world.verify("source,archive")["verdict"] == "clean"


def test_forged_acceptance_does_not_count(gap):
    """Signed with another key: neither the exporter nor the verifier believes it."""
    world, rows = gap
    other = world.path / "other.pem"
    call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other])
    accept(world, 10, rows[11]["id"], "--yes", "--key", other)
    stopped = world.archive_once(*GRACE, status=1)
    assert "not signed by the key" in stopped.err and "prev_hash_gap" in stopped.err
    assert len(archived_lines(world.archive)) == 10
    assert ("prev_hash_gap", rows[11]["id"]) in world.faults("source")
    accept(world, 10, rows[11]["id"], "--yes")
    world.archive_once()
    world.verify()


def test_changed_acceptance_in_the_archive_is_a_fault(archive_world):
    world = archive_world
    rows = load(world)
    world.source.load(rows[:10] + rows[11:])
    world.init()
    accept(world, 10, rows[11]["id"], "--yes")
    world.archive_once()
    (key, data), = acceptances(world.archive).items()
    if world.archive.kind == "file":
        world.archive.overwrite(key, data.replace(b"disk 7", b"disk 8"))
    else:
        world.archive.drop(key)
    found = world.faults("archive")
    assert {fault for fault, _ in found} & {"object_corrupt", "object_extra"}, found


def test_planned_and_killed(gap):
    """A run that dies between the acceptance and its segment is taken up where it was."""
    world, rows = gap
    world.archive_once(*GRACE, status=1)
    accept(world, 10, rows[11]["id"], "--yes")
    for delay in (0.01, 0.03, 0.05, 0.08):
        process = world.start("archive", "--once", "--segment-events", "3", "--lease-ttl", "1s")
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        wait_for(lambda: not world.is_held(), what="the lease's end")
    world.archive_once()
    world.verify()
    assert len(archived_lines(world.archive)) == 29
    assert len(acceptances(world.archive)) == 1


def test_restore_goes_over_it(gap):
    world, rows = gap
    accept(world, 10, rows[11]["id"], "--yes")
    world.archive_once("--segment-events", "7")
    target = Sqlite(world.path / "target.db")
    world.restore(target)
    assert [row["id"] for row in target.events()] == sorted(
        row["id"] for row in rows[:10] + rows[11:])
