"""Runbook section 4: replay in order, as often as one likes, and pointers that lag the archive."""
import pytest

from harness import World, sample_events

EVENTS = 100
SEGMENTS = ("--segment-events", "20")


def ids_of(world):
    return [event["id"] for event in sample_events(EVENTS)]


@pytest.fixture
def archived(world):
    world.init().append(sample_events(EVENTS))
    world.archive_once(*SEGMENTS)
    return world


def test_limit_ends_after_so_many_events(world):
    world.init().append(sample_events(EVENTS))
    world.archive_once(*SEGMENTS, "--limit", "50")
    assert world.state()["archived"]["index"] == 49
    world.archive_once(*SEGMENTS, "--limit", "500")
    assert world.state()["archived"]["index"] == EVENTS - 1
    world.verify()


def test_replay_finds_everything_there(archived):
    before = archived.archive.segments()
    report = archived.run("archive", "--after-id", ids_of(archived)[30], "--limit", "500",
                          "--json").json()
    assert report["adopted"] == report["segments"] > 0
    assert archived.archive.segments() == before
    archived.verify()


def test_replay_marks_rows_again(archived):
    archived.source.execute(
        "UPDATE audit_events SET s3_object_key = NULL, s3_archived_at = NULL "
        f"WHERE id IN ('{ids_of(archived)[41]}', '{ids_of(archived)[42]}')")
    assert archived.state()["pending"] == 2
    archived.run("archive", "--after-id", ids_of(archived)[40], "--limit", "500")
    assert archived.state()["pending"] == 0
    archived.verify()


def test_replay_puts_a_lost_object_again(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(EVENTS)).archive_once(*SEGMENTS)
    before = world.archive.segments()
    key = sorted(before)[1]
    world.archive.drop(key)
    for file in world.archive.path.joinpath(".auditkeep").rglob("*" + key.rsplit("/", 1)[1] + "*"):
        if file.is_file():
            world.archive._writable(file.relative_to(world.archive.path)).unlink()
    assert ("object_missing", key) in world.faults("archive,cross")
    dry = world.run("archive", "--after-id", ids_of(world)[0], "--dry-run")
    assert "would be put again" in dry.err and key not in world.archive.segments()
    world.run("archive", "--after-id", ids_of(world)[0])
    assert world.archive.segments() == before
    world.verify()


def test_replay_refuses_to_leave_events_out(world):
    world.init().append(sample_events(EVENTS))
    world.archive_once(*SEGMENTS, "--limit", "20")
    refused = world.run("archive", "--after-id", ids_of(world)[60], status=1)
    assert "events would be left out" in refused.err and ids_of(world)[19] in refused.err
    refused = world.run("archive", "--after-id", "00000000-0000-4000-8000-00000000dead", status=1)
    assert "no such event" in refused.err
    world.archive_once(*SEGMENTS)
    world.verify()


def test_replay_refuses_changed_rows(archived):
    archived.source.execute(
        f"UPDATE audit_events SET event_type = 'other' WHERE id = '{ids_of(archived)[50]}'")
    refused = archived.run("archive", "--after-id", ids_of(archived)[10], status=1)
    assert "not what was archived" in refused.err


def test_database_restored_from_a_backup_takes_over_the_archive(world, make_world):
    world.init().append(sample_events(EVENTS))
    backup = make_world.keep(world.source.copy())
    world.archive_once(*SEGMENTS)
    before = world.archive.segments()
    world.source = backup
    assert ("pointer_behind", sorted(before)[-1]) in world.faults("archive,cross")
    # other limits now: what is there decides
    report = world.run("archive", "--once", "--segment-events", "33", "--json").json()
    assert report["adopted"] == len(before)
    assert world.archive.segments() == before
    world.verify()


def test_archive_ahead_of_a_database_that_lost_rows(world, make_world):
    events = list(sample_events(EVENTS))
    world.init().append(events[:70])
    backup = make_world.keep(world.source.copy())
    world.append(events[70:])
    world.archive_once(*SEGMENTS)
    before = world.archive.segments()
    world.source = backup
    refused = world.archive_once(*SEGMENTS, status=1)
    assert "rows are gone or changed" in refused.err
    assert world.archive.segments() == before


def test_follow_and_replay_exclude_each_other(make_world):
    world = make_world()
    assert isinstance(world, World)
    for words in (("--after-id", "x"), ("--limit", "5")):
        assert "exclude each other" in world.run("archive", "--follow", *words, status=2).err
