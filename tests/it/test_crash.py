"""SIGKILL and SIGTERM at random moments: no gap, no duplicate, the same objects."""
import os
import random
import signal
import time

import pytest

from harness import Bucket, Folder, World, sample_events, stop, wait_for

EVENTS = 3000
ARCHIVE = ("--segment-events", "40", "--lease-ttl", "1s")
KILLS = 50


def fresh(make_world, world, number):
    """A world with a copy of the source and an empty archive of the same kind."""
    path = world.path / f"round{number}"
    path.mkdir()
    archive = Folder(path / "archive") if world.archive.kind == "file" else Bucket()
    other = World(path, make_world.keep(world.source.copy()), make_world.keep(archive))
    other.keys, other.signers = world.keys, world.signers
    return other


def interrupt(world, how, after):
    """Starts the archiver, signals it after a time; its exit status."""
    process = world.start("archive", "--once", *ARCHIVE)
    time.sleep(after)
    return stop(process, how)


@pytest.fixture(params=[("sqlite", "file"), ("postgres", "s3")], ids="-".join)
def origin(request, make_world):
    world = make_world(*request.param)
    world.init().append(sample_events(EVENTS))
    return world


@pytest.fixture
def undisturbed(make_world, origin):
    """(objects, seconds) of a run that nobody disturbs."""
    world = fresh(make_world, origin, 0)
    begun = time.monotonic()
    world.archive_once(*ARCHIVE)
    seconds = time.monotonic() - begun
    return world.archive.segments(), seconds


def assert_same(world, objects):
    world.archive_after_crash(*ARCHIVE)
    got = world.archive.segments()
    assert list(got) == list(objects)
    assert got == objects
    if world.archive.kind == "s3":
        versions = [v for v in world.archive.client.versions(world.archive.name)
                    if v[0].endswith(".ndjson.zst")]
        assert not [v for v in versions if v[3]]
        for key, version, latest, _ in versions:
            # A gateway that ignores If-None-Match may keep a second, equal version after a crash.
            assert latest or world.archive.client.get(world.archive.name, key, version) == got[key]
    world.assert_whole()


def test_killed_fifty_times(make_world, origin, undisturbed):
    objects, seconds = undisturbed
    assert len(objects) > 50
    seed = int(os.environ.get("AK_TEST_SEED", random.randrange(1 << 32)))
    print(f"AK_TEST_SEED={seed}")
    draw = random.Random(seed)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        world = fresh(make_world, origin, rounds)
        while kills < KILLS:
            wait_for(lambda: not world.is_held(), what="the lease's end")
            status, err = interrupt(world, signal.SIGKILL, draw.uniform(0, seconds / 2))
            if status == 0:
                break
            assert status == -signal.SIGKILL, err
            kills += 1
        assert_same(world, objects)
    print(f"{kills} kills in {rounds} rounds")


def test_terminated_at_random_moments(make_world, origin, undisturbed):
    objects, seconds = undisturbed
    draw = random.Random(7)
    world = fresh(make_world, origin, 1)
    for _ in range(10):
        status, err = interrupt(world, signal.SIGTERM, draw.uniform(0, seconds / 4))
        # Before the handlers stand, the signal ends the process as it does any other.
        assert status in (0, 3, -signal.SIGTERM), err
        assert "hint" in err or status != 3, err
    assert_same(world, objects)


def test_follow_ends_well_on_sigterm(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(100))
    process = world.start("archive", "--follow", "--flush-interval", "1s")
    try:
        wait_for(lambda: world.state()["pending"] == 0, what="the export")
    finally:
        status, err = stop(process)
    assert status == 0, err
    # the signal may come before the days that are over are sealed: the next run seals them
    world.assert_whole()
