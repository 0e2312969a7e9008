"""verify --ledger: the next verification goes on from the last one, and proves that it may."""
import json
import signal
import subprocess
import time

import pytest

from harness import sample_events, stop

EVERYTHING = "source,archive,cross"


class Auditor:
    """Somebody with a ledger and a key of their own."""

    def __init__(self, world):
        self.world = world
        self.folder = world.path / "ledger"
        self.folder.mkdir()
        self.key = world.path / "auditor.pem"
        world.run("init", "--key", self.key)

    @property
    def file(self):
        return self.folder / "main.ledger"

    def words(self, what, *more):
        return ("verify", "--what", what, "--ledger", self.folder, "--ledger-key", self.key,
                "--json", *more)

    def verify(self, *more, what=EVERYTHING, status=0):
        return self.world.run(*self.words(what, *more), status=status).json()

    def faults(self, *more, what=EVERYTHING):
        report = self.verify(*more, what=what, status=1)
        return [(fault["fault"], fault["key"]) for fault in report["faults"]]


def fill(world, count=90):
    world.init().append(sample_events(count)).archive_once("--segment-events", "10")
    return world


@pytest.fixture
def auditor(make_world):
    return Auditor(fill(make_world("sqlite", "file")))


def objects_of(report):
    return report["segments"], report["ledger"]["knownObjects"]


def test_second_time_reads_nothing(world):
    auditor = Auditor(fill(world))
    first = auditor.verify()
    assert first["segments"] > 8 and first["ledger"]["knownObjects"] == 0
    again = auditor.verify()
    assert again["segments"] == 0
    assert again["ledger"]["knownObjects"] > first["segments"]  # the seals are known as well
    assert again["source"]["events"] == 0
    for member in ("treeSize", "root"):
        assert again[member] == first[member]
    assert again["archive"]["head"] == first["archive"]["head"]
    assert again["source"]["head"] == first["source"]["head"]


def test_reads_what_is_new(auditor):
    first = auditor.verify()
    events = list(sample_events(120))[90:]
    auditor.world.append(events).archive_once("--segment-events", "10")
    report = auditor.verify()
    assert report["treeSize"] == 120
    assert report["source"]["events"] == 30 and report["archive"]["events"] == 30
    assert report["segments"] < first["segments"]
    assert report["root"] == auditor.world.verify("archive")["root"]


def test_cut_off_tail_shows_without_the_database(auditor):
    auditor.verify()
    archive = auditor.world.archive
    keys = list(archive.segments())
    day = keys[-1].rsplit("/", 1)[0]
    for key in archive.objects(""):
        if key >= day:
            archive.drop(key)
    # by itself, what is left is a whole archive
    auditor.world.run("verify", "--what", "archive", "--no-require-seals")
    found = auditor.faults("--no-require-seals", what="archive")
    assert ("object_missing", keys[-1]) in found
    assert ("object_missing", None) in found


def test_other_history_under_the_same_key(auditor, make_world):
    auditor.verify()
    forger = make_world("sqlite", "file")
    forger.keys, forger.signers = auditor.world.keys, auditor.world.signers
    events = list(sample_events(90))
    events[3]["payload"] = {"amount": 1}
    forger.init().append(events).archive_once("--segment-events", "10")
    forger.verify("archive")
    auditor.world.archive = forger.archive
    found = auditor.faults(what="archive")
    assert {fault for fault, _ in found} == {"object_corrupt", "tree_inconsistent"}


@pytest.mark.parametrize("place", [0, 200, -3])
def test_changed_ledger_is_refused(auditor, place):
    auditor.verify()
    data = bytearray(auditor.file.read_bytes())
    data[place] ^= 1
    auditor.file.write_bytes(data)
    done = auditor.world.run(*auditor.words(EVERYTHING), status=1)
    assert "no signature by the ledger's key" in done.err
    assert auditor.file.read_bytes() == data


def test_ledger_of_another_key_or_origin_is_refused(auditor):
    auditor.verify()
    done = auditor.world.run(*auditor.words("archive", "--origin", "somebody.else"), status=2)
    assert "it is about" in done.err
    other = auditor.world.path / "other.pem"
    auditor.world.run("init", "--key", other)
    auditor.key = other
    done = auditor.world.run(*auditor.words("archive"), status=1)
    assert "no signature by the ledger's key" in done.err


def test_sample_rotates_until_all_is_covered(auditor):
    first = auditor.verify("--read-limit", "1")
    assert first["ledger"]["coveredBytes"] < first["ledger"]["totalBytes"]
    covers = [first["ledger"]["coveredBytes"]]
    for _ in range(20):
        report = auditor.verify("--sample", "1")
        assert report["segments"] <= 1
        covers.append(report["ledger"]["coveredBytes"])
        if covers[-1] == report["ledger"]["totalBytes"]:
            break
    assert covers == sorted(covers) and covers[-1] == report["ledger"]["totalBytes"]
    assert len(covers) == first["segments"]


def test_limit_goes_on_where_it_ended(auditor):
    reports = [auditor.verify("--read-limit", "6KiB") for _ in range(12)]
    covered = [report["ledger"]["coveredBytes"] for report in reports]
    assert covered == sorted(covered) and covered[0] < covered[-1]
    assert covered[-1] == reports[-1]["ledger"]["totalBytes"]
    # every run knows the whole tree
    assert {report["treeSize"] for report in reports} == {90}


def test_known_object_that_changed(auditor):
    auditor.verify()
    archive = auditor.world.archive
    key = list(archive.segments())[2]
    data = archive.segments()[key]
    archive.overwrite(key, data[:40] + bytes([data[40] ^ 1]) + data[41:])
    # its time changed, so that nothing is taken from the ledger any more
    assert ("object_corrupt", key) in auditor.faults(what="archive")
    assert ("object_corrupt", key) in auditor.faults(what="archive")


def test_faults_come_again_until_they_are_gone(auditor):
    world = auditor.world
    key = list(world.archive.segments())[4]
    victim = [event["id"] for event in sample_events(90)]
    lines = subprocess.run(["zstdcat"], input=world.archive.segments()[key], capture_output=True,
                           check=True).stdout
    line = json.loads(lines.splitlines()[0])
    world.source.execute("UPDATE audit_events SET metadata = '{\"x\":1}' "
                         f"WHERE id = '{victim[line['index']]}'")
    for _ in range(2):
        assert auditor.faults() == [("envelope_changed", key)]
    world.source.execute("UPDATE audit_events SET metadata = NULL "
                         f"WHERE id = '{victim[line['index']]}'")
    assert auditor.verify()["faultCount"] == 0
    assert auditor.verify()["segments"] == 0


def test_last_row_of_the_last_time_is_gone(auditor):
    auditor.verify()
    last = list(sample_events(90))[-1]["id"]
    auditor.world.source.execute(f"DELETE FROM audit_events WHERE id = '{last}'")
    report = auditor.verify(what="source,archive", status=1)
    assert ("row_missing", last) in [(f["fault"], f["id"]) for f in report["faults"]]
    assert report["source"]["events"] == 89  # all of it is read then


def test_everything_is_read_when_asked(auditor):
    first = auditor.verify()
    again = auditor.verify("--no-incremental")
    assert objects_of(again) == objects_of(first)
    assert again["source"]["events"] == 90


def test_ended_by_a_signal_goes_on(auditor):
    process = auditor.world.start(*auditor.words("archive", "--request-rate", "8"))
    time.sleep(1)  # the moment is what is tested
    status, err = stop(process, signal.SIGTERM)
    # before the handlers stand, the signal ends the process as it does any other
    assert status in (0, 3, -signal.SIGTERM), err
    assert auditor.file.exists() or status == -signal.SIGTERM
    report = auditor.verify(what="archive")
    assert report["treeSize"] == 90 and report["faultCount"] == 0


@pytest.mark.parametrize("what, words", [("archive", ("--since", "2025-02-01")),
                                         ("archive", ("--limit", "3")),
                                         ("source", ()), ("cross", ())])
def test_part_of_the_archive_has_no_ledger(auditor, what, words):
    done = auditor.world.run(*auditor.words(what, *words), status=2)
    assert "--ledger is for the whole archive" in done.err


def test_needs_folder_and_key(auditor):
    done = auditor.world.run("verify", "--what", "archive", "--ledger", auditor.folder / "no",
                             "--ledger-key", auditor.key, status=2)
    assert "no folder" in done.err
    done = auditor.world.run("verify", "--what", "archive", "--ledger", auditor.folder, status=2)
    assert "--ledger-key" in done.err
