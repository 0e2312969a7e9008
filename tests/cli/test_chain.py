"""The commands' reports on a small chain in SQLite and a folder, word for word where they can be."""
import hashlib
import json
import re
import sqlite3

import pytest

IDS = [f"00000000-0000-4000-8000-{n:012}" for n in range(3)]
EVENTS = [{"id": IDS[0], "ts": "2025-02-01T00:00:00Z", "eventType": "a", "payload": {"b": 1, "a": "é"}},
          {"id": IDS[1], "ts": "2025-02-01T00:00:01Z", "eventType": "b", "payload": None},
          {"id": IDS[2], "ts": "2025-02-01T00:00:02Z", "eventType": "c", "payload": [1.5, "x"]}]
CANONICAL = ['{"a":"é","b":1}', "null", '[1.5,"x"]']


def hashes():
    found, before = [], b""
    for text in CANONICAL:
        before = hashlib.sha256(text.encode() + before).digest()
        found.append(before.hex())
    return found


def lines(events):
    return "".join(json.dumps(event) + "\n" for event in events).encode()


class Trail:
    def __init__(self, auditkeep, folder):
        self.call, self.folder = auditkeep, folder
        self.env = {"DATABASE_URL": f"sqlite:{folder}/audit.db", "AUDITKEEP_SIGNER_ID": "app",
                    "AUDITKEEP_ARCHIVE": f"file:{folder}/archive", "AUDITKEEP_LOG_LEVEL": "warning",
                    "AUDITKEEP_FILE_IMMUTABLE": "false",
                    **{name: f"{folder}/{file}" for name, file in (
                        ("AUDITKEEP_KEY", "archiver.pem"), ("AUDITKEEP_SIGNERS", "signers.json"),
                        ("AUDITKEEP_SIGNING_KEY", "events.pem"))}}
        (folder / "archive").mkdir()
        self("init")

    def __call__(self, *words, **more):
        return self.call(*words, env={**self.env, **more.pop("env", {})}, **more)

    def refused(self, *words, **more):
        return self.call.refused(*words, env={**self.env, **more.pop("env", {})}, **more)

    def append(self):
        return self("append", stdin=lines(EVENTS))

    def sql(self, text):
        with sqlite3.connect(self.folder / "audit.db") as connection:
            return connection.execute(text).fetchall()


@pytest.fixture
def trail(auditkeep, tmp_path):
    return Trail(auditkeep, tmp_path)


# ---- append ----

def test_append_prints_id_and_hash(trail):
    assert trail.append().out == "".join(f"{i} {h}\n" for i, h in zip(IDS, hashes()))


def test_append_as_json(trail):
    out = trail("append", "--json", stdin=lines(EVENTS)).out
    assert out == "".join(f'{{"id":"{i}","hash":"{h}"}}\n' for i, h in zip(IDS, hashes()))


def test_append_dry_run_prints_and_writes_nothing(trail):
    out = trail("append", "--dry-run", stdin=lines(EVENTS)).out
    assert out == trail.append().out
    assert trail.sql("SELECT count(*) FROM audit_events") == [(3,)]


def test_append_without_a_key_does_not_sign(trail):
    trail("append", stdin=lines(EVENTS), env={"AUDITKEEP_SIGNING_KEY": ""})
    assert trail.sql("SELECT DISTINCT signature, signer_id FROM audit_events") == [(None, None)]


def test_append_of_nothing(trail):
    assert trail("append", stdin=b"\n \n").out == ""


def test_append_in_many_batches(trail):
    many = lines({"eventType": "a", "payload": n} for n in range(2500))
    assert len(trail("append", stdin=many).out.splitlines()) == 2500
    trail("verify", "--what", "source")
    assert trail.sql("SELECT count(DISTINCT created_at), count(*) FROM audit_events") == [(2500, 2500)]


def test_bad_line_stops_before_its_batch(trail):
    many = [{"eventType": "a", "payload": n} for n in range(1500)]
    many[1200] = {"eventType": "a"}
    result = trail("append", stdin=lines(many), status=2)
    assert result.err == ("auditkeep: 1000 events were appended, then: line 1201: member 'payload' "
                          "is missing\n")
    assert len(result.out.splitlines()) == 1000
    assert trail.sql("SELECT count(*) FROM audit_events") == [(1000,)]


def test_oversized_line_names_its_number(trail):
    text = trail.refused("append", "--max-event-bytes", "2KiB",
                         stdin=b"\n" + lines([{"eventType": "a", "payload": "x" * 2048}]))
    assert text == ("0 events were appended, then: line 2 is larger than 2048 bytes; "
                    "hint: --max-event-bytes sets the limit")


def test_signing_key_needs_a_signer_id(trail):
    assert "--signer-id" in trail.refused("append", env={"AUDITKEEP_SIGNER_ID": ""})


# ---- status ----

def test_status_of_an_empty_chain(trail):
    assert trail("status").out == ("chain    main\narchived nothing yet\n"
                                   "pending  nothing: every event is archived\n"
                                   "writer   none, epoch 0\n")
    assert json.loads(trail("status", "--json").out) == {
        "chain": "main", "archived": {"index": -1, "id": None, "hash": None, "at": None}, "pending": 0, "lagSeconds": 0, "oldestPending": None,
        "planned": 0, "writer": {"holder": None, "epoch": 0, "held": False, "until": None},
        "lastError": None, "sinks": []}


def test_status_before_and_after_archiving(trail):
    trail.append()
    state = json.loads(trail("status", "--json").out)
    assert state["pending"] == 3
    assert state["lagSeconds"] > 10_000_000
    assert state["oldestPending"] == {"id": IDS[0], "ts": "2025-02-01T00:00:00Z"}
    assert "pending  3 events, " in trail("status").out
    trail("archive")
    state = json.loads(trail("status", "--json").out)
    archived = state["archived"]
    assert (archived["index"], archived["id"], archived["hash"]) == (2, IDS[2], hashes()[2])
    assert state["writer"]["held"] is False
    assert state["pending"] == 0


# ---- explain ----

def test_explain_as_json(trail):
    trail.append()
    found = json.loads(trail("explain", IDS[2], "--json").out)
    assert found.pop("signature")
    assert found == {
        "id": IDS[2], "eventType": "c", "ts": "2025-02-01T00:00:02Z", "canonical": CANONICAL[2],
        "canonicalHex": CANONICAL[2].encode().hex(), "canonicalBytes": len(CANONICAL[2]),
        "prevHash": hashes()[1], "inputBytes": len(CANONICAL[2]) + 32,
        "computedHash": hashes()[2], "storedHash": hashes()[2], "hashMatches": True,
        "signerId": "app", "algorithm": "ed25519", "signatureVerdict": "valid", "faults": []}


def test_explain_as_text(trail):
    trail.append()
    out = trail("explain", IDS[0].upper()).out
    assert "  00000000  7b 22 61 22 3a 22 c3 a9 22 2c 22 62 22 3a 31 7d  {\"a\":\"..\",\"b\":1}\n" in out
    assert "none: the chain starts here" in out
    assert f"  computed {hashes()[0]}\n  stored   {hashes()[0]}\n  they are equal\n" in out
    assert out.endswith("  verdict   valid\n\nfaults: none\n")


def test_explain_of_a_changed_event(trail):
    trail.append()
    trail.sql(f"UPDATE audit_events SET payload = '[]' WHERE id = '{IDS[2]}'")
    result = trail("explain", IDS[2], status=1)
    assert "they DIFFER" in result.out
    assert "fault: hash_mismatch\n" in result.out
    assert json.loads(trail("explain", IDS[2], "--json", status=1).out)["hashMatches"] is False


def test_explain_without_signers(trail):
    trail.append()
    found = json.loads(trail("explain", IDS[0], "--json", env={"AUDITKEEP_SIGNERS": ""}).out)
    assert found["signatureVerdict"] == "not_checked"


def test_explain_of_an_unknown_event(trail):
    text = trail.refused("explain", IDS[0], status=3)
    assert text == f"table 'audit_events' holds no event '{IDS[0]}'"


# ---- archive, verify, get, restore ----

def test_archive_report(trail):
    trail.append()
    out = trail("archive", "--once").out
    assert re.fullmatch(r"archived 3 events in 1 object: \d+ bytes of lines, \d+ bytes stored\n"
                        r"sealed \d+ days in 2 objects\n"
                        rf"the pointer is at index 2, {IDS[2]}\n", out)
    again = json.loads(trail("archive", "--json").out)
    assert again["events"] == again["segments"] == 0
    assert again["faults"] == {}
    assert again["head"] == {"index": 2, "id": IDS[2], "hash": hashes()[2]}


def test_archive_dry_run(trail):
    trail.append()
    assert trail("archive", "--dry-run").out.startswith("would archive 3 events in 1 object")
    assert json.loads(trail("status", "--json").out)["archived"]["index"] == -1


def test_verify_reports(trail):
    trail.append()
    trail("archive")
    out = trail("verify").out
    assert out.startswith("source   3 events\narchive  3 events in 1 object\ncross    3 events\n")
    assert out.endswith("verdict  clean: no fault was found\n")
    found = json.loads(trail("verify", "--json").out)
    assert found["faults"] == found["notices"] == []
    assert (found["complete"], found["verdict"], found["treeSize"]) == (True, "clean", 3)
    assert found["source"] == {"events": 3, "head": {"index": 2, "id": IDS[2], "hash": hashes()[2]}}
    assert found["source"]["head"] == found["archive"]["head"]


def test_verify_looks_at_what_it_can_find(trail):
    trail.append()
    found = json.loads(trail("verify", "--json", env={"AUDITKEEP_ARCHIVE": ""}).out)
    assert found["source"]["events"] == 3
    assert found["archive"] is found["cross"] is None


def test_verify_with_the_public_half_of_the_key(trail, tmp_path):
    trail.append()
    trail("archive")
    (tmp_path / "archiver.pem").unlink()
    trail("verify", env={"AUDITKEEP_KEY": str(tmp_path / "archiver.pem.pub")})


def test_verify_names_the_fault(trail):
    trail.append()
    trail.sql(f"UPDATE audit_events SET payload = '[]' WHERE id = '{IDS[1]}'")
    out = trail("verify", "--what", "source", status=1).out
    assert f"FAULT hash_mismatch in source, index 1, event {IDS[1]}: " in out
    assert out.endswith("verdict  FAULTS, 1\n")
    found = json.loads(trail("verify", "--what", "source", "--json", status=1).out)
    assert [f["fault"] for f in found["faults"]] == ["hash_mismatch"]
    assert (found["verdict"], found["faultCount"]) == ("faults", 1)


def test_verify_counts_a_lossy_number_as_a_notice(trail):
    trail("append", stdin=b'{"eventType":"a","payload":12345678901234567890}\n')
    found = json.loads(trail("verify", "--what", "source", "--json").out)
    assert found["faults"] == []
    assert [n["fault"] for n in found["notices"]] == ["payload_lossy_number"]


def test_get(trail):
    trail.append()
    trail("archive")
    with_source = trail("get", IDS[1]).out
    assert json.loads(with_source)["hash"] == hashes()[1]
    assert trail("get", IDS[1], env={"DATABASE_URL": ""}).out == with_source


def test_restore_dry_run_and_restore(trail, tmp_path):
    trail.append()
    trail("archive")
    env = {"DATABASE_URL": f"sqlite:{tmp_path}/staging.db"}
    assert trail("restore", "--dry-run", env=env).out == (
        f"would restore 3 events of 1 object, up to {IDS[2]}\n")
    assert not (tmp_path / "staging.db").exists()
    assert trail("restore", "--yes", env=env).out == (
        f"restored 3 events of 1 object, up to {IDS[2]}\n")
    trail("verify", "--what", "source", env=env)


# ---- demo ----

def test_demo(auditkeep, tmp_path):
    env = {"TMPDIR": str(tmp_path), "DATABASE_URL": "postgresql://127.0.0.1:1/not-to-be-used"}
    out = auditkeep("demo", env=env).out
    assert "FAULT hash_mismatch" in out
    assert out.splitlines()[-1] == ("demo: 1000 events were chained, archived and verified, and "
                                    "the tampering with event 417 was caught")
    assert list(tmp_path.iterdir()) == []
