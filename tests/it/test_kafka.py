"""A chain on its way to a real Kafka broker: every event once, in order, whatever happens."""
import json
import os
import random
import signal
import uuid

import pytest

from harness import PROGRAM, ROOT, call, lines_of, sample_events, stop, wait_for

CLIENT = PROGRAM.parent / "tests/tools/kafka_client"


class Topic:
    def __init__(self, partitions=1, **settings):
        self.brokers, self.name = os.environ["AK_TEST_KAFKA"], "it-" + uuid.uuid4().hex[:12]
        self.url = f"kafka://{self.brokers}/{self.name}"
        self.create(partitions, **settings)

    def client(self, verb, *words):
        return call([CLIENT, self.brokers, verb, self.name, *words], timeout=120)

    def create(self, partitions=1, **settings):
        self.client("create", partitions,
                    *(f"{name.replace('_', '.')}={value}" for name, value in settings.items()))

    def records(self, partition=0):
        """What a reader of committed records sees."""
        return [json.loads(line) for line in lines_of(self.client("dump", partition))]

    def close(self):
        self.client("delete")


@pytest.fixture
def topic(make_world):
    return make_world.keep(Topic())


@pytest.fixture
def world(make_world):
    return make_world().init()


def deliver(world, topic, *words, url=None, **more):
    return world.run("deliver", "--once", "--sink", url or topic.url, *words, **more)


def lease_ends(world):
    """What time does to the lease of a writer that was killed."""
    world.source.execute("UPDATE auditkeep_sink SET lease_until_usec = 0")


def assert_whole(world, topic, partition=0):
    """The topic holds the chain: each event once, linked, in order."""
    records = topic.records(partition)
    events = [json.loads(record["value"]) for record in records]
    hashes = {row["hash"]: row["prev_hash"] or "" for row in world.source.events()}
    assert [event["index"] for event in events] == list(range(len(hashes)))
    assert {event["hash"]: event["prevHash"] or "" for event in events} == hashes
    for last, event in zip([{"hash": ""}, *events], events):
        assert (event["prevHash"] or "") == last["hash"]
    return records, events


def test_every_event_once_in_order(world, topic):
    world.append(sample_events(2500))
    deliver(world, topic)
    records, events = assert_whole(world, topic)
    for record, event in zip(records, events):
        headers = record["headers"]
        assert record["key"] == headers["ce_chain"] == "main"
        assert (headers["ce_id"], headers["ce_index"], headers["ce_hash"]) == (
            event["id"], str(event["index"]), event["hash"])
        assert headers.get("ce_prevhash", "") == (event["prevHash"] or "")
        assert (headers["ce_type"], headers["ce_time"]) == (event["eventType"], event["ts"])
        assert headers["ce_specversion"] == "1.0"


def test_again_sends_nothing(world, topic):
    world.append(sample_events(10))
    deliver(world, topic)
    deliver(world, topic)
    world.append(sample_events(5, start="2025-02-03T00:00:00Z"))
    deliver(world, topic)
    assert_whole(world, topic)


def test_restored_database_follows_the_topic(world, topic):
    world.append(sample_events(10))
    backup = world.source.copy()
    deliver(world, topic)
    world.source = backup
    deliver(world, topic)
    assert_whole(world, topic)


def test_structured(world, topic):
    world.append(sample_events(3))
    deliver(world, topic, "--kafka-format", "structured", "--kafka-source", "urn:it")
    for index, record in enumerate(topic.records()):
        event = json.loads(record["value"])
        assert event["data"]["index"] == index and event["source"] == "urn:it"
        assert record["headers"]["content-type"].startswith("application/cloudevents+json")
    deliver(world, topic, "--kafka-format", "structured")
    assert len(topic.records()) == 3


def test_plain(world, topic):
    world.append(sample_events(3))
    deliver(world, topic, "--kafka-format", "plain")
    rows = {row["id"]: row["hash"] for row in world.source.events()}
    records = topic.records()
    assert {record["key"]: json.loads(record["value"])["hash"] for record in records} == rows
    assert sorted(json.loads(records[0]["value"])) == [
        "eventType", "hash", "id", "metadata", "payload", "prevHash", "signature", "signerId", "ts"]


def test_columns_are_filled(make_world, topic):
    world = make_world("postgres").init()
    world.source.execute("""ALTER TABLE audit_events ADD kafka_topic text,
        ADD kafka_partition int, ADD kafka_offset bigint, ADD kafka_produced_at timestamptz""")
    world.append(sample_events(20))
    deliver(world, topic)
    assert_whole(world, topic)
    offsets = {record["headers"]["ce_id"]: record["offset"] for record in topic.records()}
    rows = world.source.rows("SELECT id, kafka_topic, kafka_partition, kafka_offset, "
                             "kafka_produced_at IS NOT NULL AS at FROM audit_events")
    assert {row["id"]: row["kafka_offset"] for row in rows} == offsets
    assert {(row["kafka_topic"], row["kafka_partition"], row["at"]) for row in rows} == {
        (topic.name, 0, True)}


def test_killed_at_random(world, topic):
    chance = random.Random(7)
    world.append(sample_events(4000))
    for _ in range(int(os.environ.get("AK_TEST_KILLS", 50))):
        process = world.start("deliver", "--follow", "--sink", topic.url)
        try:
            process.wait(timeout=chance.uniform(0.01, 0.25))
        except Exception:  # it runs, as it should
            pass
        stop(process, signal.SIGKILL)
        lease_ends(world)
    deliver(world, topic)
    assert_whole(world, topic)


def confirmed(world):
    sinks = world.state()["sinks"]
    return sinks[0]["confirmed"]["index"] if sinks and sinks[0]["confirmed"] else -1


def test_broker_killed(world, topic):
    service = ROOT / "tests/services/kafka"
    world.append(sample_events(3000))
    process = world.start("deliver", "--follow", "--sink", topic.url)
    try:
        call([service, "kill", os.environ["AK_TEST_KAFKA_DIR"]])
        world.append(sample_events(500, start="2025-02-04T00:00:00Z"))
        call([service, "restart", os.environ["AK_TEST_KAFKA_DIR"]])
        count = len(world.source.events())
        wait_for(lambda: confirmed(world) == count - 1, 120, "delivery")
    finally:
        status, err = stop(process)
    assert status == 0, err
    assert_whole(world, topic)


def test_paused_writer_is_fenced(world, topic):
    world.append(sample_events(10))
    process = world.start("deliver", "--follow", "--poll-interval", "100ms", "--sink", topic.url)
    try:
        wait_for(lambda: len(topic.records()) == 10, what="the first events")
        process.send_signal(signal.SIGSTOP)
        lease_ends(world)
        world.append(sample_events(5, start="2025-02-03T00:00:00Z"))
        deliver(world, topic)
        world.append(sample_events(5, start="2025-02-04T00:00:00Z"))
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 4, out + err
    finally:
        process.kill()
    deliver(world, topic)
    assert_whole(world, topic)


def test_oversize_is_a_reference(world, topic):
    world.append([{"eventType": "small", "payload": 1},
                  {"eventType": "large", "payload": "x" * 2_000_000},
                  {"eventType": "small", "payload": 2}])
    world.archive_once()
    deliver(world, topic)
    records = topic.records()
    value, headers = json.loads(records[1]["value"]), records[1]["headers"]
    rows = {row["id"]: row["hash"] for row in world.source.events()}
    assert [record["headers"]["ce_index"] for record in records] == ["0", "1", "2"]
    assert value["dataref"] == headers["ce_dataref"] in world.archive.segments()
    assert rows[value["id"]] == value["hash"] == headers["ce_hash"]
    assert value["size"] > 2_000_000


def test_no_topic(world, topic):
    world.append(sample_events(1))
    result = deliver(world, topic, url=topic.url + "-not", status=3)
    assert f"'{topic.name}-not'" in result.err and "create the topic" in result.err


def test_partition_of_a_chain(world, make_world):
    topic = make_world.keep(Topic(partitions=3))
    config = world.path / "kafka.conf"
    world.append(sample_events(5))
    config.write_text("partition.main = 3\n")
    assert "no partition 3" in deliver(world, topic, "--kafka-config", config, status=2).err
    config.write_text("partition.main = 2\n")
    deliver(world, topic, "--kafka-config", config)
    assert_whole(world, topic, partition=2)
    assert not topic.records(0) and not topic.records(1)


def test_compacted_topic_is_refused(world, make_world):
    topic = make_world.keep(Topic(cleanup_policy="compact"))
    world.append(sample_events(1))
    assert "compacted" in deliver(world, topic, status=2).err


def sasl(world, topic, *lines):
    """(URL, configuration file) of the listener with TLS and SASL."""
    config = world.path / "sasl.conf"
    config.write_text("\n".join(["security.protocol = SASL_SSL",
                                 f"ssl.ca.location = {os.environ['AK_TEST_KAFKA_CA']}",
                                 *lines]))
    config.chmod(0o600)
    return f"kafka://{os.environ['AK_TEST_KAFKA_SASL']}/{topic.name}", config


def user(mechanism, password="${env:AK_KAFKA_PASSWORD}"):
    return (f"sasl.mechanisms = {mechanism}",
            f"sasl.username = {os.environ['AK_TEST_KAFKA_USER']}", f"sasl.password = {password}")


@pytest.mark.parametrize("mechanism", ["PLAIN", "OAUTHBEARER"])
def test_sasl(world, topic, mechanism):
    lines = user(mechanism)
    if mechanism == "OAUTHBEARER":
        lines = ("sasl.mechanisms = OAUTHBEARER", "enable.sasl.oauthbearer.unsecure.jwt = true",
                 "sasl.oauthbearer.config = principal=audit")
    url, config = sasl(world, topic, *lines)
    world.append(sample_events(5))
    deliver(world, topic, "--kafka-config", config, url=url,
            env={"AK_KAFKA_PASSWORD": os.environ["AK_TEST_KAFKA_PASSWORD"]})
    assert_whole(world, topic)


def test_sasl_refuses(world, topic):
    url, config = sasl(world, topic, *user("PLAIN", "not-the-password"))
    world.append(sample_events(1))
    result = deliver(world, topic, "--log-level", "debug", "--kafka-config", config, url=url,
                     status=3)
    assert "hint: check sasl.*" in result.err and "not-the-password" not in result.err
    assert not topic.records()


def test_acl_refuses(world, topic):
    url, config = sasl(world, topic, *user("PLAIN", os.environ["AK_TEST_KAFKA_PASSWORD"]))
    world.append(sample_events(1))
    topic.client("deny", "User:" + os.environ["AK_TEST_KAFKA_USER"])
    result = deliver(world, topic, "--kafka-config", config, url=url, status=3)
    assert "needs Write" in result.err
    assert not topic.records()


def test_foreign_record_stops_the_sink(world, topic):
    world.append(sample_events(5))
    deliver(world, topic)
    topic.client("produce", 0, "key", "what is this")
    world.append(sample_events(5, start="2025-02-03T00:00:00Z"))
    assert "offset" in deliver(world, topic, status=1).err
    assert len(topic.records()) == 6
    assert "somebody else writes there" in world.state()["sinks"][0]["error"]


def verify(world, topic, status):
    result = world.run("verify", "--what", "kafka", "--sink", topic.url, "--json", status=status)
    return {fault["fault"] for fault in result.json()["faults"]}


def test_verify(world, topic):
    world.append(sample_events(5))
    deliver(world, topic)
    assert not verify(world, topic, 0)
    topic.client("produce", 0, "key", "what is this")
    assert verify(world, topic, 1) == {"kafka_gap"}


def test_verify_finds_a_lost_topic(world, topic):
    world.append(sample_events(5))
    deliver(world, topic)
    topic.client("truncate", 0, -1)
    assert verify(world, topic, 1) == {"kafka_gap"}


def test_forged_tail_stops_the_sink(world, topic):
    world.append(sample_events(5))
    deliver(world, topic)
    topic.client("produce", 0, "main", "{}", "ce_chain=main", "ce_index=4", "ce_hash=" + "0" * 64,
                 "ce_id=" + str(uuid.UUID(int=0)))
    world.append(sample_events(5, start="2025-02-03T00:00:00Z"))
    deliver(world, topic, status=1)
    assert len(topic.records()) == 6


@pytest.mark.parametrize("how", ["truncated", "recreated"])
def test_lost_events_stop_the_sink(world, topic, how):
    world.append(sample_events(5))
    deliver(world, topic)
    if how == "truncated":
        topic.client("truncate", 0, -1)  # all of them
    else:
        topic.close()
        wait_for(lambda: recreated(topic), what="the topic's end")
    world.append(sample_events(5, start="2025-02-03T00:00:00Z"))
    deliver(world, topic, status=1)
    assert topic.records() == []


def recreated(topic):
    """A topic that is being deleted is there for a while."""
    try:
        topic.create()
    except AssertionError:
        return False
    return True
