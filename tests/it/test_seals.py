"""Day seals and heartbeats: a day is closed for good, and silence is signed."""
import datetime
import hashlib
import json
import os
import random
import signal
import subprocess
import time

import pytest

from harness import Bucket, Folder, World, call, sample_events, stop, wait_for

DAY1, DAY2 = "2025/02/01", "2025/02/02"


def day_key(day):
    return f"audit/{day}/main-seal.json"


def yesterday():
    return datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)


def seals_of(world):
    """The seals, in order of their days; each has to be canonical JSON."""
    found = []
    for key, data in sorted(world.archive.objects("-seal.json").items()):
        seal = json.loads(data)
        assert data == json.dumps(seal, sort_keys=True, ensure_ascii=False,
                                  separators=(",", ":")).encode()
        assert key == day_key(seal["day"].replace("-", "/"))
        found.append(seal)
    return found


def one_more(ts, name="late"):
    return [{"eventType": name, "ts": ts, "payload": {"n": name}}]


def daily_events(count):
    first = datetime.datetime(2025, 2, 1, 12, tzinfo=datetime.timezone.utc)
    for i in range(count):
        at = first + datetime.timedelta(days=i)
        yield from one_more(at.strftime("%Y-%m-%dT%H:%M:%SZ"), f"day{i}")


def assert_contiguous(seals):
    for before, after in zip(seals, seals[1:]):
        day = datetime.date.fromisoformat(before["day"]) + datetime.timedelta(days=1)
        assert after["firstDay"] == day.isoformat()
        assert after["prevHash"] == before["lastHash"]


def test_every_day_is_sealed(world):
    world.init().append(sample_events(90)).archive_once("--segment-events", "20")
    seals = seals_of(world)
    assert [(seal["firstDay"], seal["day"]) for seal in seals] == [
        ("2025-02-01", "2025-02-01"), ("2025-02-02", "2025-02-02"),
        ("2025-02-03", yesterday().isoformat())]
    assert_contiguous(seals)
    listed = [segment for seal in seals for segment in seal["segments"]]
    objects = world.archive.segments()
    assert [segment["key"] for segment in listed] == sorted(objects)
    for segment in listed:
        data = objects[segment["key"]]
        lines = subprocess.run(["zstdcat"], input=data, capture_output=True, check=True).stdout
        assert segment["objectSha256"] == hashlib.sha256(data).hexdigest()
        assert segment["contentSha256"] == hashlib.sha256(lines).hexdigest()
    quiet = seals[2]
    assert (quiet["count"], quiet["firstIndex"], quiet["segments"]) == (0, None, [])
    assert quiet["checkpoint"] == seals[1]["checkpoint"]
    assert quiet["checkpoint"].split("\n")[1] == "90"
    world.verify()
    before = world.archive.objects("")
    assert "sealed" not in world.archive_once().out
    assert world.archive.objects("") == before


def test_late_event_goes_into_the_next_open_day(world):
    world.init().append(sample_events(30)).archive_once()
    sealed, segments = world.archive.objects("-seal.json"), world.archive.segments()
    world.append(one_more("2025-02-02T23:59:59Z")).archive_once()
    assert world.archive.objects("-seal.json") == sealed
    (late,) = set(world.archive.segments()) - set(segments)
    today = yesterday() + datetime.timedelta(days=1)
    assert late.startswith(f"audit/{today:%Y/%m/%d}/main-")
    world.assert_whole()


def test_day_stays_open_for_the_grace_time(source_world):
    world = source_world
    day = yesterday()
    world.init().append(one_more(f"{day - datetime.timedelta(days=1)}T10:00:00Z", "a"))
    world.append(one_more(f"{day}T10:00:00Z", "b"))
    world.archive_once("--seal-grace", "24h")
    assert [seal["day"] for seal in seals_of(world)] == [
        (day - datetime.timedelta(days=1)).isoformat()]
    world.append(one_more(f"{day}T23:59:59Z", "c")).archive_once("--seal-grace", "24h")
    assert len([key for key in world.archive.segments() if f"{day:%Y/%m/%d}" in key]) == 2
    world.archive_once("--seal-grace", "1s")
    assert [seal["day"] for seal in seals_of(world)][-1] == day.isoformat()
    assert seals_of(world)[-1]["count"] == 2
    world.verify()


def forget(world, change):
    """Makes the database believe that its last seal is planned only."""
    if world.source.kind == "sqlite":
        world.source.execute(f"""
            DROP TRIGGER auditkeep_seal_settled;
            UPDATE auditkeep_seal SET archived_usec = NULL, version = NULL {change}
            WHERE day = (SELECT max(day) FROM auditkeep_seal)""")
    else:
        world.source.execute(f"""
            UPDATE auditkeep.seal SET archived_at = NULL, version = NULL {change}
            WHERE day = (SELECT max(day) FROM auditkeep.seal)""")


def test_crash_between_put_and_commit(world):
    world.init().append(sample_events(30)).archive_once()
    before = world.archive.objects("")
    forget(world, "")
    result = world.archive_once()
    assert "carrying out the plan of" in result.err
    assert world.archive.objects("") == before
    if world.archive.kind == "s3":
        assert len(world.archive.client.versions(world.archive.name)) == len(before)
    world.verify()


@pytest.mark.parametrize("other", [False, True], ids=["same", "other-content"])
def test_crash_between_plan_and_put(source_world, other):
    """An upgrade between plan and put changes the content: what no object has is planned again."""
    world = source_world
    world.init().append(sample_events(30)).archive_once()
    before = world.archive.objects("")
    key = max(world.archive.objects("-seal.json"))
    world.archive.drop(key)
    world.archive.forget(key)
    zeros = "zeroblob(32)" if world.source.kind == "sqlite" else "decode(repeat('00', 32), 'hex')"
    forget(world, f", sha256 = {zeros}" if other else "")
    world.archive_once()
    assert world.archive.objects("") == before
    world.verify()


def test_seal_that_is_gone_is_not_taken_for_there(make_world):
    """A folder remembers what it held: what was removed is not written again behind its back."""
    world = folder_of(make_world)
    key = max(world.archive.objects("-seal.json"))
    world.archive.drop(key)
    forget(world, "")
    assert key in world.archive_once(status=1).err


def test_other_seal_in_the_way(archive_world):
    world = archive_world
    world.init().append(sample_events(30))
    world.archive.occupy(day_key(DAY2), b"{}")
    result = world.archive_once(status=1)
    assert day_key(DAY2) in result.err
    assert world.state()["pending"] == 0
    assert ("object_corrupt", day_key(DAY2)) in world.faults("archive")


def test_database_from_a_backup_takes_over_the_seals(world, make_world):
    world.init().append(daily_events(4))
    before = world.source.copy()
    world.archive_once()
    objects = world.archive.objects("")
    world.source = make_world.keep(before)
    world.env["AUDITKEEP_RETENTION"] = "8 years"
    world.archive_once()
    assert world.archive.objects("") == objects
    if world.archive.kind == "s3":
        keys = [key for key, *_ in world.archive.client.versions(world.archive.name)]
        assert len(keys) == len(set(keys))


ARCHIVE = ("--segment-events", "2", "--lease-ttl", "1s")


@pytest.mark.parametrize("kinds", [("sqlite", "file"), ("postgres", "s3")], ids="-".join)
def test_killed_at_random_moments(make_world, kinds):
    origin = make_world(*kinds)
    origin.init().append(daily_events(60))
    copy = make_world.keep(origin.source.copy())
    begun = time.monotonic()
    origin.archive_once(*ARCHIVE)
    seconds = time.monotonic() - begun
    seed = int(os.environ.get("AK_TEST_SEED", random.randrange(1 << 32)))
    print(f"AK_TEST_SEED={seed}")
    draw = random.Random(seed)
    path = origin.path / "again"
    path.mkdir()
    archive = Folder(path / "archive") if kinds[1] == "file" else Bucket()
    world = World(path, copy, make_world.keep(archive))
    world.keys, world.signers = origin.keys, origin.signers
    for _ in range(12):
        wait_for(lambda: not world.is_held(), what="the lease's end")
        process = world.start("archive", "--once", *ARCHIVE)
        time.sleep(draw.uniform(0, seconds / 2))
        stop(process, signal.SIGKILL)
    world.archive_after_crash(*ARCHIVE)
    assert world.archive.objects("") == origin.archive.objects("")
    assert_contiguous(seals_of(world))
    assert len(seals_of(world)) == 61
    world.assert_whole()


# ---- what verify finds ----

@pytest.fixture
def sealed(archive_world):
    archive_world.init().append(sample_events(90)).archive_once("--segment-events", "20")
    return archive_world


def last_key(world):
    return max(world.archive.segments())


def folder_of(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(90)).archive_once("--segment-events", "20")
    return world


def test_tail_cut_off_with_its_seals(make_world):
    world = folder_of(make_world)
    for key in list(world.archive.objects("")):
        if not key.startswith(f"audit/{DAY1}/"):
            world.archive.drop(key)
    found = world.verify("archive", status=1)["faults"]
    assert [(f["fault"], f["key"]) for f in found] == [("day_unsealed", None)]
    assert f"2025-02-02 to {yesterday()}" in found[0]["detail"]
    world.run("verify", "--what", "archive", "--until", "2025-02-02T00:00:00Z")
    world.run("verify", "--what", "archive", "--no-require-seals")


def test_tail_cut_off_without_its_seals(make_world):
    world = folder_of(make_world)
    key = last_key(world)
    world.archive.drop(key)
    assert ("object_missing", key) in world.faults("archive")


def test_missing_seal(make_world):
    world = folder_of(make_world)
    world.archive.drop(day_key(DAY2))
    assert world.faults("archive") == [("day_unsealed", None)]
    assert ("object_missing", day_key(DAY2)) in {
        (f["fault"], f["key"]) for f in world.verify(status=1)["faults"]}


def test_never_sealed_archive_is_one_finding(make_world):
    world = folder_of(make_world)
    for key in list(world.archive.objects("-seal.json")):
        world.archive.drop(key)
    found = world.verify("archive", status=1)["faults"]
    assert [f["fault"] for f in found] == ["day_unsealed"]


def test_every_byte_of_a_seal_counts(make_world):
    world = folder_of(make_world)
    key = day_key(DAY2)
    data = world.archive.objects("-seal.json")[key]
    for at in range(0, len(data), max(1, len(data) // 40)):
        world.archive.overwrite(key, data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        assert key in {f["key"] for f in world.verify("archive", status=1)["faults"]}, at
    world.archive.overwrite(key, data)
    world.verify("archive")


def test_seal_that_leaves_a_segment_out(make_world):
    """Well-formed, with its digest put right: the list and the signed tree still tell."""
    world = folder_of(make_world)
    key = day_key(DAY2)
    data = world.archive.objects("-seal.json")[key]
    seal = json.loads(data)
    dropped = seal["segments"].pop()
    seal["count"] -= dropped["count"]
    seal["lastIndex"] = seal["segments"][-1]["lastIndex"]
    world.archive.overwrite(key, json.dumps(seal, sort_keys=True, separators=(",", ":"),
                                            ensure_ascii=False).encode())
    found = set(world.faults("archive"))
    assert ("object_extra", dropped["key"]) in found
    assert ("checkpoint_invalid", key) in found


def test_seal_of_another_key(sealed):
    other = sealed.path / "other.pem"
    call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other])
    found = sealed.faults("archive", env={"AUDITKEEP_KEY": str(other)})
    assert ("checkpoint_invalid", day_key(DAY1)) in found


# ---- heartbeats ----

def beats_of(world):
    return {key: json.loads(data) for key, data in world.archive.objects(".json").items()
            if "-heartbeat-" in key}


def test_idle_chain_writes_heartbeats(world):
    world.init().append(sample_events(30))
    process = world.start("archive", "--follow", "--flush-interval", "100ms",
                          "--heartbeat-interval", "1s")
    try:
        wait_for(lambda: len(beats_of(world)) >= 2, what="two heartbeats")
    finally:
        status, err = stop(process)
    assert status == 0, err
    head = world.state()["archived"]
    for key, beat in beats_of(world).items():
        assert (beat["index"], beat["id"], beat["hash"]) == (29, head["id"], head["hash"])
        assert beat["checkpoint"].split("\n")[:2] == ["auditkeep/main", "30"]
        assert beat["unchangedSince"] < beat["ts"]
        at = beat["ts"]
        assert key == f"audit/{at[:4]}/{at[5:7]}/{at[8:10]}/main-heartbeat-" \
            f"{at[11:13]}{at[14:16]}{at[17:19]}.json"
    world.verify()
    if world.archive.kind == "s3":
        for key in beats_of(world):
            _, headers = world.archive.client.head(world.archive.name, key)
            assert headers["x-amz-object-lock-mode"] == "COMPLIANCE"


def test_no_heartbeats_when_they_are_off(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(30))
    process = world.start("archive", "--follow", "--flush-interval", "100ms",
                          "--heartbeat-interval", "0s")
    try:
        wait_for(lambda: len(world.archive.objects("-seal.json")) == 3, what="the seals")
    finally:
        status, err = stop(process)
    assert status == 0, err
    assert beats_of(world) == {}
