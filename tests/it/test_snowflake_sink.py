"""deliver, status and verify against the tests' Snowflake, as a person calls them."""
import random
import signal
import time

import pytest

from harness import sample_events, stop
from test_snowflake import key_files, sf  # noqa: F401 (fixtures)

CHANNEL = "AUDITKEEP_MAIN"
URL = "snowflake://myorg-myacct/AUDIT/LAND/AUDIT_EVENTS_LAND"


@pytest.fixture
def world(make_world, sf, key_files):  # noqa: F811
    world = make_world().init()
    world.env |= {"SNOWFLAKE_HOST": sf.url, "SNOWFLAKE_USER": "audit_svc",
                  "SNOWFLAKE_PRIVATE_KEY_FILE": str(key_files[0]), "NO_PROXY": "*"}
    return world


def deliver(world, *words, **more):
    return world.run("deliver", "--once", "--sink", URL, *words, **more)


def verify(world, **more):
    return world.run("verify", "--what", "source,snowflake", "--sink", URL, "--json",
                     **more).json()


def faults(world):
    return {fault["fault"] for fault in verify(world, status=1)["faults"]}


def lease_ends(world):
    """What time does to the lease of a writer that was killed."""
    world.source.execute("UPDATE auditkeep_sink SET lease_until_usec = 0")


def assert_whole(world, sf):  # noqa: F811
    """The table holds the chain: each event once, in order."""
    rows = sf.db.rows()
    assert [int(row["SEQ"]) for row in rows] == list(range(len(world.source.events())))
    assert {row["HASH"] for row in rows} == {row["hash"] for row in world.source.events()}


def test_every_event_once_in_order(world, sf):  # noqa: F811
    world.append(sample_events(700))
    deliver(world)
    assert_whole(world, sf)
    assert verify(world)["faultCount"] == 0
    world.append(list(sample_events(900))[700:])
    sf.commit_polls = 3
    deliver(world)
    assert_whole(world, sf)
    assert verify(world)["faultCount"] == 0


def test_status_shows_the_pointer(world, sf):  # noqa: F811
    world.append(sample_events(30))
    deliver(world)
    assert '"index":29' in world.run("status", "--json").out


def test_killed_at_random(world, sf):  # noqa: F811
    world.append(sample_events(3000))
    sf.commit_polls = 1
    draw = random.Random(11)
    for _ in range(10):
        process = world.start("deliver", "--once", "--sink", URL)
        time.sleep(draw.uniform(0.02, 0.4))  # the moment is what is tested
        stop(process, signal.SIGKILL)
        lease_ends(world)
    deliver(world)
    assert_whole(world, sf)
    assert verify(world)["faultCount"] == 0


def test_row_that_the_table_drops(world, sf):  # noqa: F811
    world.append(sample_events(40))
    sf.is_rejected = lambda row: str(row["SEQ"]) == "17"
    done = deliver(world, status=1)
    assert "snowflake" in done.err
    assert "snowflake_gap" in faults(world)


def test_channel_that_was_dropped(world, sf):  # noqa: F811
    world.append(sample_events(40))
    deliver(world)
    del sf.channels[CHANNEL]
    world.append(list(sample_events(50))[40:])
    done = deliver(world, status=1)
    assert "hint" in done.err or "snowflake_gap" in done.err


def test_row_that_somebody_deleted(world, sf):  # noqa: F811
    world.append(sample_events(40))
    deliver(world)
    with sf.lock:
        sf.db.sql.execute(f"DELETE FROM {sf.table} WHERE SEQ = '7'")
    assert faults(world) == {"snowflake_gap"}


def test_secrets_stay_out_of_the_log(world, sf):  # noqa: F811
    world.append(sample_events(10))
    done = deliver(world, "--log-level", "debug")
    assert "eyJ" not in done.err and "Bearer" not in done.err


def test_wrong_key_is_refused(world, key_files):  # noqa: F811
    world.append(sample_events(3))
    done = deliver(world, status=3, env={"SNOWFLAKE_PRIVATE_KEY_FILE": str(key_files[1])})
    assert "hint" in done.err


def test_ddl_names_the_table(world):
    out = world.run("snowflake", "ddl", URL).out
    assert "CREATE TABLE IF NOT EXISTS" in out and "AUDIT_EVENTS_LAND" in out
    assert world.run("snowflake", "nothing", status=2).err
