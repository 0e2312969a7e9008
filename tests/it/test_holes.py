"""A database that came back from a backup: the archive knows more, and has holes."""
import time

import pytest

from fault_proxy import HttpProxy, segment_put
from follow import assert_all_well, chained_rows, head_of, insert_of
from harness import aws_env, sample_events
from test_accept import accept, acceptances

# Not long ago: the archive is looked at day by day.
START = time.strftime("%Y-%m-%dT22:00:00Z", time.gmtime(time.time() - 2 * 86400))

# All segments before and behind a hole are on their way before the upload that hangs is given up.
WIDE = ("--segment-events", "20", "--threads", "12", "--s3-stall-timeout", "1s",
        "--s3-request-timeout", "3s")


class Holes:
    """For HttpProxy: the uploads of the segments that begin at these indexes never come through."""

    def __init__(self, indexes):
        self.parts = [f"/main-{index:012}-" for index in indexes]

    def __call__(self, request):
        is_hit = segment_put(request) and any(part in request.target for part in self.parts)
        return "black_hole" if is_hit else None


def first_indexes(archive):
    return sorted(int(key.split("-")[-2]) for key in archive.segments())


@pytest.fixture
def broken(make_world):
    """broken(source, indexes, known): a world restored to when @known events were archived; its
    archive goes on behind the holes that begin at @indexes."""

    def make(source, indexes, known=0, prepare=lambda backup: None):
        world = make_world(source, "s3").init()
        world.append(sample_events(200, start=START))
        if known:
            world.archive_once("--limit", known, "--segment-events", "20")
        backup = make_world.keep(world.source.copy())
        prepare(backup)
        proxy = make_world.keep(HttpProxy(world.archive.client.endpoint, Holes(indexes)))
        world.run("archive", "--once", *WIDE, status=None,
                  env={**aws_env(world.archive.client, proxy.url), "AWS_MAX_ATTEMPTS": "1"})
        world.source = backup
        there = first_indexes(world.archive)
        assert max(there) > max(indexes) and not set(indexes) & set(there)
        return world

    return make


@pytest.mark.parametrize("source,indexes,known", [("sqlite", [0], 0), ("postgres", [40, 80], 20)],
                         ids=["head", "two"])
def test_holes_are_filled(broken, source, indexes, known):
    world = broken(source, indexes, known)
    before = world.archive.segments()
    result = world.archive_once("--segment-events", "50")
    assert "taking it over" in result.err
    after = world.archive.segments()
    assert before.items() <= after.items(), "what was there stays as it is"
    assert set(indexes) <= set(first_indexes(world.archive))
    assert_all_well(world)


def test_hole_is_filled_in_parts(broken):
    """A run that may only do so many events does that many; the next one goes on."""
    world = broken("sqlite", [0])
    world.archive_once("--limit", "7")
    assert world.state()["archived"]["index"] == 6
    assert_all_well(world)


def test_rows_before_an_object_are_gone(broken):
    """Nothing is archived across the place; the report names the object and the row."""
    rows = []

    def lose_one(backup):
        rows.extend(backup.events())
        backup.execute(f"DELETE FROM audit_events WHERE id = '{gone(rows)}'")

    def gone(rows):
        return sorted(rows, key=lambda row: str(row["ts"]))[50]["id"]

    world = broken("postgres", [40], 20, lose_one)
    for _ in range(2):
        result = world.archive_once("--gap-grace", "1ms", status=1)
        assert "taking over" in result.err and "prev_hash_gap" in result.err, str(result)
    assert not any(40 <= index < 60 for index in first_indexes(world.archive))


def test_rows_of_an_object_are_gone(broken):
    """The rows behind the hole are not in the backup: a person has to look."""
    def lose_all(backup):
        rows = sorted(backup.events(), key=lambda row: str(row["ts"]))
        backup.execute("".join(
            f"DELETE FROM audit_events WHERE id = '{row['id']}';" for row in rows[15:]))

    world = broken("sqlite", [0], 0, lose_all)
    before = world.archive.segments()
    for _ in range(2):
        result = world.archive_once(status=1)
        assert sorted(before)[0] in result.err and "not in the source any more" in result.err
    assert world.archive.segments() == before, "nothing is written that leads nowhere"


def test_object_that_is_no_segment_does_not_count(make_world):
    world = make_world("sqlite", "file").init().append(sample_events(30))
    junk = "audit/2025/02/02/main-000000000025-000000000099.ndjson.zst"
    world.archive.occupy(junk, b"not a segment at all")
    result = world.archive_once("--segment-events", "20")
    assert "does not count" in result.err and junk in result.err
    assert world.state()["pending"] == 0
    assert junk in [key for _, key in world.faults("archive")]


def test_seals_that_the_database_forgot(source_world, make_world):
    """What comes late goes into the day that is open, as before the database was lost."""
    world = source_world.init()
    world.append(sample_events(30, start="2025-02-01T08:00:00Z"))
    backup = make_world.keep(world.source.copy())
    world.archive_once()
    seals = world.archive.objects("-seal.json")
    assert seals
    world.source = backup
    world.source.execute(insert_of(chained_rows(head_of(world), 3, "2025-02-01T13:00:00.000000Z")))
    world.archive_once()
    assert seals.items() <= world.archive.objects("-seal.json").items()
    assert [key for key in world.archive.segments() if "audit/2025/02/01/" not in key]
    assert_all_well(world)


def test_acceptance_that_the_database_forgot(source_world, make_world):
    world = source_world.init().append(sample_events(30))
    rows = sorted(world.source.events(), key=lambda row: str(row["ts"]))
    world.source.execute(f"DELETE FROM audit_events WHERE id = '{rows[10]['id']}'")
    world.archive_once("--gap-grace", "1ms", status=1)
    backup = make_world.keep(world.source.copy())
    accept(world, 10, rows[11]["id"], "--yes")
    world.archive_once("--segment-events", "10")
    before = (world.archive.segments(), acceptances(world.archive))
    world.source = backup
    world.archive_once()
    assert (world.archive.segments(), acceptances(world.archive)) == before
    assert world.verify()["verdict"] == "clean"
