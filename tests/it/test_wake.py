"""A follower is woken by whoever appends: it does not wait for its next poll."""
from harness import node_make, sample_events, stop, wait_for

FOLLOW = ("archive", "--follow", "--flush-interval", "1ms", "--poll-interval", "10min")


def test_append_is_archived_at_once(source_world):
    world = source_world.init().append(sample_events(10))
    process = world.start(*FOLLOW)
    try:
        wait_for(lambda: world.state()["pending"] == 0, what="the first events")
        for start in ("2025-02-03T00:00:00Z", "2025-02-04T00:00:00Z"):
            world.append(sample_events(3, start=start))
            wait_for(lambda: world.state()["pending"] == 0, what="the event that was appended")
    finally:
        status, err = stop(process)
    assert status == 0, err
    world.assert_whole()


def test_other_writers_wake_it_too(source_world):
    world = source_world
    rows, world.signers = node_make(world.path / "node", 60, "wake")
    world.source.execute(world.source.kernel_table)
    world.source.load(rows[:30])
    process = world.init().start(*FOLLOW)
    try:
        wait_for(lambda: world.state()["pending"] == 0, what="the first rows")
        world.source.load(rows[30:])
        wait_for(lambda: world.state()["pending"] == 0, what="the row that was inserted")
    finally:
        status, err = stop(process)
    assert status == 0, err
    world.assert_whole()


def test_without_trigger_it_polls(make_world):
    world = make_world("postgres", "file").init().append(sample_events(5))
    world.source.execute("DROP TRIGGER auditkeep_wake ON audit_events")
    process = world.start(*FOLLOW[:-1], "200ms")
    try:
        wait_for(lambda: world.state()["pending"] == 0, what="the first events")
        world.append(sample_events(3, start="2025-02-03T00:00:00Z"))
        wait_for(lambda: world.state()["pending"] == 0, what="the event that was appended")
    finally:
        status, err = stop(process)
    assert status == 0, err
