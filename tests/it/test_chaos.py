"""
A day pressed into seconds: appenders, late commits, two exporters, and everything that can be
killed, paused, cut off, restarted or made to fail, in an order drawn from a seed.

    AUDITKEEP_CHAOS_SECONDS=600 AK_TEST_SEED=1 python3 -m pytest -s tests/it/test_chaos.py
"""
import collections
import os
import random
import signal
import time

import pytest

from fault_proxy import Faults, HttpProxy, TcpProxy
from follow import (Follower, appenders, archived_index, assert_all_well, commit_late,
                    wait_archived)
from harness import aws_env, wait_for
from servers import Cluster, Database

SECONDS = float(os.environ.get("AUDITKEEP_CHAOS_SECONDS", 40))
EXPORTERS = 2


class Chaos:
    def __init__(self, world, cluster, keep, seed):
        self.world, self.cluster, self.draw = world, cluster, random.Random(seed)
        self.database = keep(TcpProxy(("127.0.0.1", cluster.primary.port)))
        self.store = keep(HttpProxy(world.archive.client.endpoint))
        self.env = {"DATABASE_URL": world.source.through(self.database), "PGAPPNAME": "exporter",
                    "AWS_MAX_ATTEMPTS": "2", **aws_env(world.archive.client, self.store.url)}
        self.done = collections.Counter()
        self.exporters = []
        self.fill_up()

    def fill_up(self):
        """Kubernetes: what has ended is started again."""
        while len(self.exporters) < EXPORTERS:
            self.exporters.append(Follower(self.world, "--gap-grace", "20s", env=self.env))

    def kill(self):
        exporter = self.exporters.pop(self.draw.randrange(EXPORTERS))
        assert exporter.is_running, exporter.log()
        exporter.kill()
        self.fill_up()

    def terminate(self):
        exporter = self.exporters.pop(self.draw.randrange(EXPORTERS))
        assert exporter.stop() == 0, exporter.log()
        self.fill_up()

    def pause(self):
        exporter = self.draw.choice(self.exporters)
        exporter.signal(signal.SIGSTOP)
        time.sleep(self.draw.uniform(0, 4))  # the length of the pause is what is drawn
        exporter.signal(signal.SIGCONT)

    def store_fails(self):
        kinds = self.draw.sample(HttpProxy.kinds, 3)
        self.store.choose = Faults(self.draw.random(), self.draw.uniform(0.1, 0.6), kinds)
        time.sleep(self.draw.uniform(0.5, 3))
        self.store.choose = None

    def backend_is_terminated(self):
        self.world.source.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'exporter' ORDER BY random() LIMIT 1")

    def database_is_cut_off(self):
        self.database.cut()

    def database_stalls(self):
        self.database.stall()
        time.sleep(self.draw.uniform(0, 3))
        self.database.resume()

    def database_restarts(self):
        self.cluster.primary.restart()

    def database_is_killed(self):
        self.cluster.primary.kill()
        self.cluster.primary.start()

    def commit_late(self):
        commit_late(self.world, self.draw.randint(2, 30),
                    lambda: time.sleep(self.draw.uniform(0, 1)))

    def step(self):
        names = ("kill", "terminate", "pause", "store_fails", "backend_is_terminated",
                 "database_is_cut_off", "database_stalls", "database_restarts",
                 "database_is_killed", "commit_late")
        weights = (5, 2, 4, 5, 3, 2, 2, 1, 1, 3)
        name = self.draw.choices(names, weights)[0]
        getattr(self, name)()
        self.done[name] += 1
        for exporter in self.exporters:
            assert exporter.is_running, f"after {name}: {exporter.log()}"
        time.sleep(self.draw.uniform(0, 0.5))

    def close(self):
        for exporter in self.exporters:
            exporter.close()


@pytest.fixture
def chaos(make_world):
    cluster = make_world.keep(Cluster())
    world = make_world("sqlite", "s3")
    world.source = Database(cluster.primary)
    world.init()
    seed = int(os.environ.get("AK_TEST_SEED", random.randrange(1 << 32)))
    print(f"AK_TEST_SEED={seed} AUDITKEEP_CHAOS_SECONDS={SECONDS:g}")
    return make_world.keep(Chaos(world, cluster, make_world.keep, seed))


def test_a_pressed_day(chaos):
    end = time.monotonic() + SECONDS
    world = chaos.world
    with appenders(world, 3) as writers:
        writers.wait_for(10)
        while time.monotonic() < end:
            chaos.step()
        faults = dict(chaos.store.injected)
        before = archived_index(world)
        writers.wait_for(10)
        wait_archived(world, 10, 120)
    wait_for(lambda: world.state()["pending"] == 0, 120, "nothing pending")
    for exporter in chaos.exporters:
        assert exporter.stop() == 0, exporter.log()
    print(f"{dict(chaos.done)}; of the store: {faults}; pointer at {before}, then at "
          f"{archived_index(world)}, epoch {world.state()['writer']['epoch']}")
    assert before > 0
    assert_all_well(world)
