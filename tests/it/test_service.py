"""'archive --follow' as a service: it flushes, stops, hands over, and waits for late commits."""
import signal
import time

import pytest

from fault_proxy import HttpProxy
from follow import (appenders, assert_all_well, chained_rows, commit_late, event, followers,
                    head_of, insert_of, said, session, wait_all_archived, wait_archived, writer_of)
from harness import aws_env, sample_events, wait_for

LEASE = 2.0


@pytest.fixture
def chain(make_world):
    """
    chain(source, archive): a world that is ready. S3 is behind a proxy that keeps to conditions on
    PUT, as AWS does: with the bare gateway a paused writer may leave a second version.
    """
    def make(source, archive):
        world = make_world(source, archive)
        if archive == "s3":
            proxy = make_world.keep(HttpProxy(world.archive.client.endpoint))
            world.env.update(aws_env(world.archive.client, proxy.url))
        return world.init()
    return make


@pytest.fixture(params=[("sqlite", "file"), ("postgres", "s3")], ids="-".join)
def service(request, chain):
    return chain(*request.param)


@pytest.fixture
def shared(chain):
    """
    Where writers are paused: SQLite and folders are left out, since who is stopped there may keep
    a file's lock, and everybody waits for it (docs/reliability.md).
    """
    return chain("postgres", "s3")


def elapsed(begun):
    return time.monotonic() - begun


# ---- one writer ----

def test_follows_four_appenders(service):
    with appenders(service) as writers, followers(service) as (follower,):
        writers.wait_for(200)
        wait_archived(service, 100)
        writers.stop()
        wait_all_archived(service)
        assert follower.stop() == 0, follower.log()
    state = service.state()
    assert (state["planned"], state["writer"]["held"]) == (0, False)
    assert_all_well(service)


def test_stops_and_goes_on_while_events_arrive(service):
    with appenders(service) as writers:
        for _ in range(3):
            with followers(service) as (follower,):
                wait_archived(service, 20)
                assert follower.stop() == 0, follower.log()
            state = service.state()
            assert state["planned"] == 0, "nothing half done"
            assert not state["writer"]["held"], "the lease is given back"
        writers.wait_for(20)
    assert_all_well(service)


def test_flush_interval(service):
    """An event waits that long for others, and not for ever."""
    with followers(service, 1, "--flush-interval", "3s") as (follower,):
        wait_for(lambda: writer_of(service) == follower.pid, what="the lease")
        begun = time.monotonic()
        service.append([event()])
        service.append([event()])
        wait_all_archived(service)
        assert 2.5 < elapsed(begun) < 8
        assert follower.stop() == 0, follower.log()
    assert len(service.archive.segments()) == 1, "both in one object"
    assert_all_well(service)


def test_terminated_while_nothing_happens(service):
    with followers(service) as (follower,):
        wait_for(lambda: writer_of(service) == follower.pid, what="the lease")
        assert follower.stop() == 0, follower.log()
    assert not service.is_held()


# ---- two writers ----

def writer_and_standby(world, pair):
    """(writer, standby); the standby has tried to become the writer."""
    pid = wait_for(lambda: writer_of(world), what="a writer")
    writer, standby = sorted(pair, key=lambda follower: follower.pid != pid)
    wait_for(lambda: said(standby, "is held by"), what="a standby that says so")
    return writer, standby


def test_takes_over_from_a_killed_writer(service):
    with appenders(service) as writers, followers(service, 2) as pair:
        writer, standby = writer_and_standby(service, pair)
        wait_archived(service, 20)
        begun = time.monotonic()
        writer.kill()
        wait_for(lambda: writer_of(service) == standby.pid, what="the takeover")
        took = elapsed(begun)
        print(f"taken over after {took:.2f} s of a lease of {LEASE} s")
        # the lease runs out within one lease time; the standby looks three times as often
        assert took < LEASE + LEASE / 3 + 1, standby.log()
        wait_archived(service, 20)
        writers.stop()
        wait_all_archived(service)
        assert standby.stop() == 0, standby.log()
    assert_all_well(service)


def test_paused_writer_does_no_harm(shared):
    with appenders(shared) as writers, followers(shared, 2) as pair:
        writer, standby = writer_and_standby(shared, pair)
        wait_archived(shared, 20)
        writer.signal(signal.SIGSTOP)
        wait_for(lambda: writer_of(shared) == standby.pid, what="the takeover")
        wait_archived(shared, 20)
        writer.signal(signal.SIGCONT)
        # which of the two says it first depends on where it was paused
        wait_for(lambda: said(writer, "epoch|is held by"), what="a paused writer that says so")
        wait_archived(shared, 20)
        assert writer.is_running, writer.log()
        assert writer_of(shared) == standby.pid
        writers.stop()
        wait_all_archived(shared)
        assert writer.stop() == 0, writer.log()
        assert standby.stop() == 0, standby.log()
    assert_all_well(shared)


def test_paused_again_and_again(shared):
    """The pause hits reads, plans, uploads and commits alike."""
    with appenders(shared) as writers, followers(shared, 2) as pair:
        writer_and_standby(shared, pair)
        for _ in range(3):
            pid = wait_for(lambda: writer_of(shared), what="a writer")
            writer, standby = sorted(pair, key=lambda follower: follower.pid != pid)
            writer.signal(signal.SIGSTOP)
            wait_for(lambda: writer_of(shared) == standby.pid, what="the takeover")
            writer.signal(signal.SIGCONT)
            wait_archived(shared, 5)
        writers.stop()
        wait_all_archived(shared)
        for follower in pair:
            assert follower.stop() == 0, follower.log()
    assert_all_well(shared)


def test_once_beside_a_writer(service):
    service.append(sample_events(30))
    with followers(service) as (follower,):
        wait_all_archived(service)
        result = service.archive_once(status=4)
        assert "is held by" in result.err and str(follower.pid) in result.err
        assert follower.stop() == 0, follower.log()
    assert_all_well(service)


def test_standby_ends_well_on_sigterm(service):
    with followers(service, 2) as pair:
        writer, standby = writer_and_standby(service, pair)
        for _ in range(3):
            assert standby.stop() == 0, standby.log()
            with followers(service) as (standby,):
                wait_for(lambda: said(standby, "is held by"), what="a standby")
                assert standby.stop() == 0, standby.log()
        assert writer.stop() == 0, writer.log()


def count_of(follower, text):
    return follower.log().count(text)


def test_standby_speaks_when_something_changes(service):
    """Whom it waits for and until when, once; who came instead; that it took over."""
    with followers(service, 1) as (first,):
        wait_for(lambda: writer_of(service) == first.pid, what="the lease")
        with followers(service, 2, "--log-level", "debug") as pair:
            for standby in pair:
                wait_for(lambda: count_of(standby, "is not free yet") >= 3, what="silent tries")
                assert count_of(standby, "is held by") == 1, standby.log()
                assert said(standby, f"'main' is held by '[^']*:{first.pid}:[^']*' until 20.*Z: "
                                     "standing by"), standby.log()
                assert count_of(standby, "trying again") == 0, standby.log()
            assert first.stop() == 0, first.log()
            pid = wait_for(lambda: writer_of(service), what="a new writer")
            second, third = sorted(pair, key=lambda follower: follower.pid != pid)
            wait_for(lambda: said(second, f"took chain 'main' over from '[^']*:{first.pid}:"),
                     what="the takeover")
            wait_for(lambda: said(third, f"is held by '[^']*:{second.pid}:.*still standing by"),
                     what="the news of another holder")
            assert second.stop() == 0, second.log()
            wait_for(lambda: said(third, f"took chain 'main' over from '[^']*:{second.pid}:"),
                     what="the last takeover")
            assert count_of(third, "is held by") == 2, third.log()
            assert third.stop() == 0, third.log()


# ---- gaps and late commits ----

def drop_row(world, index):
    """Deletes a row that is not archived yet; (its id, how many events stand before it)."""
    head, rows = "", {row["prev_hash"] or "": row for row in world.source.events()}
    for _ in range(index):
        head = rows[head]["hash"]
    world.source.execute(f"DELETE FROM audit_events WHERE id = '{rows[head]['id']}';")
    return rows[head]["hash"]


@pytest.mark.parametrize("mode", ["--once", "--follow"])
def test_gap_stops_the_chain(service, mode):
    service.append(sample_events(60))
    missing = drop_row(service, 33)
    result = service.run("archive", mode, "--segment-events", "20", "--gap-grace", "500ms",
                         "--flush-interval", "200ms", status=1)
    for word in ("prev_hash_gap", missing, "index 32", "26 events", "hint"):
        assert word in result.err, str(result)
    state = service.state()
    assert (state["archived"]["index"], state["pending"], state["planned"]) == (32, 26, 0)
    assert not state["writer"]["held"]
    # what is there is right; its days wait for the rest before they are sealed
    assert {f["fault"] for f in service.verify("archive", status=1)["faults"]} == {"day_unsealed"}
    again = service.run("archive", "--once", "--gap-grace", "500ms", status=1)
    assert "prev_hash_gap" in again.err
    assert service.state()["archived"]["index"] == 32


def test_late_commit_within_the_grace_time(make_world):
    world = make_world("postgres", "s3").init().append(sample_events(30))
    with followers(world, 1, "--gap-grace", "30s") as (follower,):
        wait_all_archived(world)
        for _ in range(3):
            # the exporter has met the orphans when it has looked at the table once more
            commit_late(world, while_open=lambda: wait_for_scan(world))
            wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def wait_for_scan(world):
    """Until the exporter has begun some new queries on the table of events."""
    def scans():
        return int(world.source.execute("SELECT seq_scan + idx_scan FROM pg_stat_user_tables "
                                        "WHERE relname = 'audit_events'"))
    before = scans()
    wait_for(lambda: scans() > before + 5, what="a scan")


def test_commit_later_than_the_grace_time(make_world):
    """It is a gap by then; the next run finds it mended."""
    world = make_world("postgres", "file").init().append(sample_events(30))
    with followers(world, 1, "--gap-grace", "300ms") as (follower,):
        wait_all_archived(world)
        commit_late(world, while_open=lambda: follower.ended())
        assert follower.ended() == 1
        assert said(follower, "prev_hash_gap", "index 29"), follower.log()
    assert_all_well(world)


def test_fork_stops_the_chain_at_once(make_world):
    """In a table that does not refuse it by itself."""
    world = make_world("postgres", "s3")
    world.source.execute(world.source.kernel_table)
    rows = chained_rows(None, 30)
    world.source.load(rows)
    world.init()
    with followers(world, 1, "--gap-grace", "1h") as (follower,):
        wait_all_archived(world)
        world.source.load([row for n in (1, 2) for row in chained_rows(
            rows[-1]["hash"], 1, ts=f"2027-01-01T00:00:0{n}Z")])
        assert follower.ended() == 1
        assert said(follower, "prev_hash_fork", rows[-1]["hash"]), follower.log()
    assert world.state()["archived"]["index"] in (29, 30), "the first one read may be archived"
    world.verify("archive")


def test_rows_of_a_transaction_that_rolls_back(make_world):
    world = make_world("postgres", "file").init().append(sample_events(30))
    with followers(world) as (follower,), session(world.source.url) as other:
        wait_all_archived(world)
        other.run("BEGIN; " + insert_of(chained_rows(head_of(world), 3)))
        wait_for_scan(world)
        other.run("ROLLBACK;")
        world.append(sample_events(30, start="2025-04-01T00:00:00Z"))
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)
