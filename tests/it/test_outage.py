"""Engines that restart, die, hang, refuse or run full while the exporter follows."""
import json
import os
import random
import signal
import subprocess
import time

import pytest

from fault_proxy import Faults, First, HttpProxy, TcpProxy, segment_put
from follow import (appenders, archived_index, assert_all_well, event, followers, said,
                    wait_all_archived, wait_archived, writer_of)
from harness import Folder, aws_env, limited_user, sample_events, wait_for
from servers import Cluster, Database, Gateway

SEED = int(os.environ.get("AK_TEST_SEED", random.randrange(1 << 32)))


@pytest.fixture
def closing():
    """closing(thing): closed after the test."""
    opened = []

    def keep(thing):
        opened.append(thing)
        return thing

    yield keep
    for thing in reversed(opened):
        thing.close()


# ---- PostgreSQL ----

@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    yield made
    made.close()


@pytest.fixture
def own(make_world, cluster):
    """A chain in a server of our own, archived to S3."""
    world = make_world("sqlite", "s3")
    world.source = Database(cluster.primary)
    return world.init()


@pytest.fixture
def cut(own, closing):
    """(world, proxy, environment of an exporter that reaches the database through it)."""
    proxy = closing(TcpProxy(("127.0.0.1", own.source.server_object.port)))
    return own, proxy, {"DATABASE_URL": own.source.through(proxy), "PGAPPNAME": "exporter"}


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_postgres_goes_and_comes_back(own, cluster, how):
    with appenders(own, 2) as writers, followers(own) as (follower,):
        for _ in range(2):
            wait_archived(own, 20)
            if how == "restart":
                cluster.primary.restart()
            else:
                cluster.primary.kill()
                cluster.primary.start()
        wait_archived(own, 20)
        writers.stop()
        wait_all_archived(own)
        assert follower.stop() == 0, follower.log()
    assert said(follower, "trying again"), follower.log()
    assert_all_well(own)


def test_postgres_is_away_for_a_while(own, cluster):
    with followers(own) as (follower,):
        own.append(sample_events(30))
        wait_all_archived(own)
        cluster.primary.stop()
        try:
            wait_for(lambda: follower.log().count("trying again") >= 2, what="two attempts")
            assert follower.is_running
        finally:
            cluster.primary.start()
        own.append([event()])
        wait_all_archived(own)
        cluster.primary.stop()
        try:
            wait_for(lambda: follower.log().count("trying again") >= 3, what="another attempt")
            assert follower.stop() == 0, "stopped during an outage: " + follower.log()
        finally:
            cluster.primary.start()
    assert_all_well(own)


def test_backends_are_terminated(cut):
    world, _, env = cut
    draw = random.Random(SEED)
    print(f"AK_TEST_SEED={SEED}")
    with appenders(world, 2) as writers, followers(world, env=env) as (follower,):
        for _ in range(4):
            wait_archived(world, 1)
            time.sleep(draw.uniform(0, 0.4))  # the moment is what is tested
            world.source.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'exporter' ORDER BY random() LIMIT 1")
        wait_archived(world, 20)
        writers.stop()
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def test_connections_are_cut(cut):
    world, proxy, env = cut
    draw = random.Random(SEED)
    print(f"AK_TEST_SEED={SEED}")
    with appenders(world, 2) as writers, followers(world, env=env) as (follower,):
        for _ in range(4):
            wait_archived(world, 1)
            time.sleep(draw.uniform(0, 0.3))  # the moment is what is tested
            proxy.cut()
        wait_archived(world, 20)
        writers.stop()
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def test_lost_connection_does_not_cost_a_lease(cut):
    """The lease that a lost connection left behind is the writer's own."""
    world, proxy, env = cut
    with followers(world, 1, "--lease-ttl", "1h", env=env) as (follower,):
        for _ in range(2):
            world.append([event()])
            wait_all_archived(world)
            proxy.cut()
        world.append([event()])
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def test_half_open_connection(cut):
    """A standby that can reach the database takes over; the one that hangs comes back or stops."""
    world, proxy, env = cut
    with followers(world, env=env) as (hung,):
        world.append(sample_events(30))
        wait_all_archived(world)
        proxy.stall()
        with appenders(world, 2) as writers, followers(world) as (other,):
            wait_for(lambda: writer_of(world) == other.pid, what="the takeover")
            wait_archived(world, 20)
            proxy.resume()
            wait_for(lambda: said(hung, "epoch|is held by"), what="a writer that says it lost")
            wait_archived(world, 20)
            writers.stop()
            wait_all_archived(world)
            assert other.stop() == 0, other.log()
        assert hung.stop() == 0, hung.log()
    assert_all_well(world)


def hang_proxy(_world, proxy):
    proxy.stall()
    return proxy.resume


def hang_backends(world, _proxy):
    """SIGSTOP to the exporter's backends, at a moment when they hold nothing that others need."""
    mine = "FROM pg_stat_activity WHERE application_name = 'exporter'"
    writing = ("SELECT count(*) AS n FROM pg_locks WHERE mode = 'RowExclusiveLock' "
               f"AND pid IN (SELECT pid {mine})")

    def send(how):
        for pid in pids:
            os.kill(pid, how)

    while True:
        pids = [row["pid"] for row in world.source.rows(f"SELECT pid {mine} AND state = 'idle'")]
        send(signal.SIGSTOP)
        if len(pids) == 2 and world.source.rows(writing)[0]["n"] == 0:
            return lambda: send(signal.SIGCONT)
        send(signal.SIGCONT)


@pytest.mark.parametrize("hang", [hang_proxy, hang_backends])
def test_sigterm_while_postgres_hangs(cut, hang):
    world, proxy, env = cut
    with followers(world, 1, "--statement-timeout", "1h", env=env) as (follower,):
        world.append(sample_events(30))
        wait_all_archived(world)
        go_on = hang(world, proxy)
        try:
            world.append([event()])
            assert follower.stop(60) == 0, follower.log()
        finally:
            go_on()
    with followers(world, env=env) as (follower,):
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def test_backend_that_hangs_is_replaced(cut):
    """The server is well but for our own sessions: the time-out makes new ones."""
    world, proxy, env = cut
    with followers(world, 1, "--statement-timeout", "2s", env=env) as (follower,):
        world.append(sample_events(30))
        wait_all_archived(world)
        go_on = hang_backends(world, proxy)
        try:
            world.append(sample_events(30, start="2025-05-01T00:00:00Z"))
            wait_all_archived(world)
            assert said(follower, "no answer within 2 s"), follower.log()
        finally:
            go_on()
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


# ---- a replica that takes over ----

@pytest.fixture
def pair(closing, make_world):
    """(world, cluster with a replica, proxy that leads to the primary, environment through it)."""
    cluster = closing(Cluster())
    world = make_world("sqlite", "s3")
    world.source = Database(cluster.primary)
    world.init()
    cluster.add_replica()
    proxy = closing(TcpProxy(("127.0.0.1", cluster.primary.port)))
    return world, cluster, proxy, {"DATABASE_URL": world.source.through(proxy)}


def fail_over(world, cluster, proxy):
    cluster.fail_over()
    world.source.move(cluster.replica)
    proxy.upstream = ("127.0.0.1", cluster.replica.port)
    proxy.cut()


def test_failover_that_lost_plans_and_pointer(pair):
    """The archive is ahead of the pointer: what it holds is taken over, not written again."""
    world, cluster, proxy, env = pair
    world.append(sample_events(100))
    cluster.wait_replicated()
    cluster.cut_replication()
    with followers(world, env=env) as (follower,):
        wait_all_archived(world)
        objects = world.archive.segments()
        fail_over(world, cluster, proxy)
        wait_all_archived(world)
        assert world.archive.segments() == objects
        with appenders(world, 2) as writers:
            writers.wait_for(40)
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert said(follower, "taking it over"), follower.log()
    assert_all_well(world)


def test_failover_that_lost_a_part_of_the_plans(pair):
    """Replication ends while segments are planned, stored and committed at full speed."""
    world, cluster, proxy, env = pair
    with appenders(world, 2) as writers, followers(world, env=env) as (follower,):
        wait_archived(world, 40)
        writers.stop()
        world.append(sample_events(400))
        cluster.wait_replicated()
        wait_archived(world, 40)
        cluster.cut_replication()
        wait_all_archived(world)
        fail_over(world, cluster, proxy)
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def archive_that_knows_more(world, cluster, first_day, later_day):
    """Thirty rows that the replica lost are archived; new ones came to their place."""
    world.append(sample_events(30, start=first_day))
    world.archive_once()
    cluster.wait_replicated()
    cluster.cut_replication()
    world.append(sample_events(30, start=first_day.replace(":00:00Z", ":30:00Z")))
    world.archive_once()
    objects = world.archive.segments()
    cluster.fail_over()
    world.source.move(cluster.replica)
    world.append(sample_events(25, start=later_day))
    return objects


@pytest.mark.parametrize("later", ["the same day", "another day"])
def test_failover_that_lost_archived_rows(pair, later):
    """The database and the archive tell different stories: a person has to look."""
    world, cluster, _, _ = pair
    day = {"the same day": "2025-03-01T12:00:00Z", "another day": "2025-03-02T12:00:00Z"}[later]
    objects = archive_that_knows_more(world, cluster, "2025-03-01T02:00:00Z", day)
    key = sorted(objects)[-1]
    for words in (("--once",), ("--once",), ("--follow",)):
        result = world.run("archive", *words, "--lease-ttl", "1s", status=1)
        assert key in result.err and "hint" in result.err, str(result)
    assert world.archive.segments() == objects, "nothing is overwritten or added"
    assert archived_index(world) == 29
    assert world.verify("cross", status=1)["faultCount"] > 0


# ---- S3 ----

@pytest.fixture
def behind(make_world, closing):
    """(world, proxy in front of the gateway, environment of an exporter behind it)."""
    world = make_world("postgres", "s3").init()
    proxy = closing(HttpProxy(world.archive.client.endpoint))
    return world, proxy, aws_env(world.archive.client, proxy.url)


@pytest.mark.parametrize("kind", HttpProxy.kinds)
def test_requests_that_fail(behind, kind):
    world, proxy, env = behind
    seed = SEED + HttpProxy.kinds.index(kind)
    print(f"AK_TEST_SEED={SEED}")
    wanted = 2 if kind in ("black_hole", "late") else 6
    with appenders(world, 2) as writers, followers(world, env=env) as (follower,):
        wait_archived(world, 10)
        proxy.choose = Faults(seed, 0.2, [kind])
        wait_for(lambda: proxy.injected[kind] >= wanted, 60, "the faults")
        proxy.choose = None
        wait_archived(world, 10)
        writers.stop()
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    print(f"{proxy.injected[kind]} of {proxy.requests} requests: {kind}")
    assert_all_well(world)


@pytest.mark.parametrize("kind", ["late", "error_500"])
def test_upload_that_fails_for_long(behind, kind):
    """All attempts of a segment's upload fail alike, more than the program makes in one go."""
    world, proxy, env = behind
    proxy.choose = First(kind, 4, segment_put)
    with followers(world, env={**env, "AWS_MAX_ATTEMPTS": "2"}) as (follower,):
        world.append(sample_events(50))
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert proxy.injected[kind] == 4
    assert_all_well(world)


def test_sigterm_while_the_store_hangs(behind):
    world, proxy, env = behind
    with followers(world, 1, "--s3-stall-timeout", "60s", "--s3-request-timeout", "90s",
                   env=env) as (follower,):
        wait_for(lambda: writer_of(world) == follower.pid, what="the lease")
        proxy.choose = First("black_hole", 1000)
        world.append(sample_events(30))
        wait_for(lambda: proxy.injected["black_hole"], what="a request that hangs")
        assert follower.stop(10) == 0, follower.log()
    assert_all_well(world)


def test_writer_keeps_the_chain_while_its_store_hangs(behind):
    """Another one would fare no better; it goes on once the store does."""
    world, proxy, env = behind
    with followers(world, 2, env=env) as both:
        pid = wait_for(lambda: writer_of(world), what="a writer")
        proxy.choose = First("black_hole", 1000)
        world.append(sample_events(60))
        wait_for(lambda: proxy.injected["black_hole"] >= 8, 40, "requests that hang")
        proxy.choose = None
        wait_all_archived(world)
        assert writer_of(world) == pid
        for follower in both:
            assert follower.stop() == 0, follower.log()
    assert_all_well(world)


def test_bare_gateway_is_killed_and_comes_back(make_world, closing):
    gateway = closing(Gateway())
    world = make_world("postgres", "file")
    world.archive = gateway.bucket()
    world.init()
    with appenders(world, 2) as writers, followers(world) as (follower,):
        wait_archived(world, 20)
        gateway.kill()
        wait_for(lambda: said(follower, "trying again"), what="a failure")
        gateway.start()
        wait_archived(world, 20)
        writers.stop()
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world, strictly=False)


def allow(bucket, *actions):
    """What the limited user may do there."""
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/limited"]},
        "Action": [f"s3:{action}" for action in actions],
        "Resource": [f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/*"]}]}
    bucket.client.must("PUT", f"/{bucket.name}", query={"policy": ""},
                       body=json.dumps(policy).encode())


READING = ("GetObject", "GetObjectVersion", "ListBucket", "ListBucketVersions",
           "GetObjectRetention", "GetObjectLegalHold", "GetBucketObjectLockConfiguration",
           "GetBucketVersioning")
WRITING = ("PutObject", "PutObjectRetention")


def test_store_becomes_read_only(make_world):
    world = make_world("postgres", "s3").init().append(sample_events(30))
    allow(world.archive, *READING, *WRITING)
    world.env.update(aws_env(limited_user()))
    with followers(world) as (follower,):
        wait_all_archived(world)
        allow(world.archive, *READING)
        world.append(sample_events(30, start="2025-04-01T00:00:00Z"))
        wait_for(lambda: follower.log().lower().count("denied") >= 2, what="two refusals")
        assert follower.is_running
        assert world.state()["pending"] == 30, "kept, and not counted as bad data"
        allow(world.archive, *READING, *WRITING)
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    world.archive.client = limited_user()  # whose objects they are
    assert_all_well(world)


# ---- a folder ----

@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 KiB; grow(KIB) makes it larger."""
    path = tmp_path / "small"
    path.mkdir()
    assert os.geteuid() == 0, "this test mounts a file system: run it as root"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(path)], check=True)
    yield path, lambda kib: subprocess.run(
        ["mount", "-o", f"remount,size={kib}k", str(path)], check=True)
    subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.mark.parametrize("source", ["sqlite", "postgres"])
def test_disk_fills_up_while_following(make_world, small_disk, source):
    path, grow = small_disk
    world = make_world(source, "file")
    world.archive = make_world.keep(Folder(path / "archive"))
    world.init()
    with followers(world) as (follower,):
        world.append(event(noise=os.urandom(8000).hex()) for _ in range(60))
        wait_for(lambda: said(follower, "space", "trying again"), what="a full disk")
        assert follower.is_running
        world.verify("archive")
        grow(4000)
        wait_all_archived(world)
        assert follower.stop() == 0, follower.log()
    assert_all_well(world)
