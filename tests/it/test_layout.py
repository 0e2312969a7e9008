"""An object for each event, beside the segments."""
import json
import re
import signal
import subprocess
import uuid

import pytest

from follow import followers
from harness import archived_lines, lines_of, sample_events, wait_for

EVENT = re.compile(r"audit/\d{4}/\d\d/\d\d/[0-9a-f-]{36}\.json")
LAYOUT = ("--layout", "event")


def event_objects(world):
    return {key: data for key, data in world.archive.objects(".json").items()
            if EVENT.fullmatch(key)}


def expected(world):
    """Every line of the segments under its event's key, byte for byte."""
    objects = {}
    for key, data in world.archive.segments().items():
        text = subprocess.run(["zstdcat"], input=data, capture_output=True, check=True).stdout
        for line in lines_of(text.decode()):
            objects[f"{key.rsplit('/', 1)[0]}/{json.loads(line)['id']}.json"] = line.encode()
    return objects


def archived(world, count=30, *words):
    world.init().append(sample_events(count))
    world.archive_once(*LAYOUT, "--segment-events", "16", *words)
    return world


@pytest.fixture(params=["file", "s3"])
def world(request, make_world):
    return archived(make_world("sqlite", request.param))


def test_each_event_has_its_line(world):
    assert len(event_objects(world)) == 30
    assert event_objects(world) == expected(world)
    world.verify()


def test_replay_is_idempotent(world):
    before = world.archive.objects("")
    first = archived_lines(world.archive)[0]["id"]
    world.archive_once(*LAYOUT, "--after-id", first, "--limit", "500")
    world.archive_once(*LAYOUT)
    assert world.archive.objects("") == before
    world.verify()


def test_tampered_object_is_found(world):
    key = sorted(event_objects(world))[7]
    world.archive.overwrite(key, event_objects(world)[key].replace(b"type.", b"tope."))
    faults = world.verify("archive", status=1)["faults"]
    assert key in {fault["key"] for fault in faults}
    assert {fault["fault"] for fault in faults} <= {"object_corrupt", "object_extra",
                                                    "object_unlocked"}


def test_missing_object_is_found(world):
    key = sorted(event_objects(world))[7]
    world.archive.drop(key)
    assert {f["key"] for f in world.verify("archive", status=1)["faults"]} == {key}


def test_object_of_no_event_is_found(world):
    key, data = sorted(event_objects(world).items())[7]
    other = str(uuid.uuid4())
    name = f"{key.rsplit('/', 1)[0]}/{other}.json"
    world.archive.occupy(name, data.replace(key[-41:-5].encode(), other.encode()))
    assert ("object_extra", name) in world.faults("archive")


def test_object_in_the_way_stops(make_world):
    world = make_world("sqlite", "file").init().append(sample_events(3, start="2025-02-01T00:00:00Z"))
    world.archive_once("--segment-events", "1", "--limit", "1")
    line = archived_lines(world.archive)[0]
    day = next(iter(world.archive.segments())).rsplit("/", 1)[0]
    other = sorted(set(row["id"] for row in world.source.events()) - {line["id"]})[0]
    world.archive.occupy(f"{day}/{other}.json", b"{}")
    assert f"{other}.json' is already there" in world.archive_once(*LAYOUT, status=1).err


def test_layouts_may_follow_each_other(make_world):
    world = make_world("sqlite", "file").init().append(sample_events(5))
    world.archive_once()
    world.append(sample_events(5, start="2025-02-03T00:00:00Z"))
    world.archive_once(*LAYOUT)
    world.append(sample_events(5, start="2025-02-04T00:00:00Z"))
    world.archive_once()
    assert len(event_objects(world)) == 5
    world.verify()


def test_killed_half_way(make_world):
    world = make_world("sqlite", "file").init().append(sample_events(600))
    with followers(world, 1, *LAYOUT, "--segment-events", "300") as [follower]:
        wait_for(lambda: len(event_objects(world)) > 20, what="some objects")
        follower.signal(signal.SIGKILL)
        follower.ended()
    assert len(event_objects(world)) < 600
    world.archive_after_crash()  # without the layout: what was begun with it is finished with it
    world.archive_once()
    world.verify()
    begun = {key: data for key, data in expected(world).items() if key in event_objects(world)}
    assert event_objects(world) == begun
    assert len(begun) >= 300


def test_ids_have_to_be_uuids(make_world):
    world = make_world("sqlite", "file").init().append(sample_events(2))
    world.source.execute("UPDATE audit_events SET id = 'x-seal' WHERE rowid = 1")
    assert "not a UUID" in world.archive_once(*LAYOUT, status=2).err
    assert world.archive.objects("") == {}


def test_two_chains_in_one_archive(make_world):
    world = archived(make_world("sqlite", "file"))
    world.source.execute("CREATE TABLE other AS SELECT * FROM audit_events WHERE 0")
    other = ("--table", "other", "--chain", "other")
    world.run("init", *other)
    world.run("append", *other, stdin="".join(
        json.dumps(event) + "\n" for event in sample_events(5, start="2025-02-02T00:00:00Z")))
    world.archive_once(*other, *LAYOUT)
    assert len(event_objects(world)) == 35
    world.verify()
    world.run("verify", *other, "--what", "archive")


def test_largest_event(make_world):
    """One request per object always does: the largest event, and the object it is alone in."""
    world = make_world("sqlite", "s3").init()
    line = json.dumps({"eventType": "large", "payload": {"text": "@"}})
    text = "x" * (16 * 1024 * 1024 - len(line) + 1)
    world.run("append", stdin=line.replace("@", text) + "\n")
    world.archive_once(*LAYOUT)
    world.verify()
    assert [len(data) > len(text) for data in event_objects(world).values()] == [True]
    refused = world.run("append", status=2, stdin=line.replace("@", text + "x") + "\n")
    assert "--max-event-bytes" in refused.err
