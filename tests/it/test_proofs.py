"""Proofs of single events: made from the archive, checked offline, refused when anything differs."""
import base64
import hashlib
import json
import struct

import pytest

from harness import call, sample_events


def sha(data):
    return hashlib.sha256(data).digest()


def root_from(leaf, index, size, path):
    """RFC 9162 §2.1.3.2, from its text."""
    node, first, last = leaf, index, size - 1
    for other in path:
        assert last > 0
        if first & 1 or first == last:
            node = sha(b"\x01" + other + node)
            while first & 1 == 0 and first:
                first, last = first >> 1, last >> 1
        else:
            node = sha(b"\x01" + node + other)
        first, last = first >> 1, last >> 1
    assert last == 0
    return node


def note_parts(note):
    """(text, origin, size, root) of a checkpoint."""
    text = note[:note.rindex("\n\n") + 1]
    origin, size, root = text.split("\n")[:3]
    return text, origin, int(size), base64.b64decode(root)


def signed_by(note, vkey, path):
    """Is a line of the note by the Ed25519 key, according to openssl?"""
    name, key_id, key = vkey.split("+", 2)
    text = note_parts(note)[0]
    raw = base64.b64decode(key)
    assert raw[0] == 1 and sha(f"{name}\n".encode() + raw)[:4].hex() == key_id
    (path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw[1:])
    (path / "text").write_text(text)
    line = next(l for l in note.split("\n") if l.startswith(f"— {name} "))
    signature = base64.b64decode(line.split(" ")[2])
    assert signature[:4].hex() == key_id
    (path / "signature").write_bytes(signature[4:])
    call(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", path / "key.der",
          "-rawin", "-in", path / "text", "-sigfile", path / "signature"])


def check_by_hand(proof, path):
    """What 'check-proof' has to find, without auditkeep."""
    _, origin, size, root = note_parts(proof["checkpoint"])
    line = json.loads(proof["event"])
    assert origin == f"auditkeep/{line['chain']}"
    assert line["index"] == proof["index"] < size
    leaf = sha(b"\0" + proof["event"].encode())
    assert root_from(leaf, proof["index"], size, map(base64.b64decode, proof["proof"])) == root
    signed_by(proof["checkpoint"], proof["checkpointKey"], path)


@pytest.fixture(name="proven")
def fixture_proven(make_world):
    """A world with 700 events in segments of 100, and the proof of number 345."""
    world = make_world("sqlite", "file")
    events = list(sample_events(700))
    world.init().append(events).archive_once("--segment-events", "100")
    world.proof = world.run("prove", events[345]["id"]).json()
    return world


def check(world, proof, *words, status=0, env=None):
    text = proof if isinstance(proof, str) else json.dumps(proof, ensure_ascii=False)
    return world.run("check-proof", *words, stdin=text, status=status, env=env)


ALONE = {"AUDITKEEP_KEY": "", "AUDITKEEP_SIGNERS": "", "DATABASE_URL": "", "AUDITKEEP_ARCHIVE": ""}


def test_every_event_has_a_proof(archive_world):
    world = archive_world
    events = list(sample_events(300))
    world.init().append(events).archive_once("--segment-events", "70")
    for index in (0, 1, 69, 70, 255, 256, 298, 299):
        proof = world.run("prove", events[index]["id"]).json()
        assert proof["index"] == index
        check_by_hand(proof, world.path)
        found = check(world, proof, "--json").json()
        assert (found["verdict"], found["id"], found["index"]) == (
            "proven", events[index]["id"], index)
        assert (found["keyFrom"], found["signature"], found["signerFrom"]) == (
            "caller", "valid", "caller")


def test_proof_stands_alone(proven):
    """With nothing but the document: it holds, and says whose keys it took."""
    out = check(proven, proven.proof, env=ALONE).out
    assert "Proven: event" in out and "the PROOF'S OWN" in out
    found = check(proven, proven.proof, "--json", env=ALONE).json()
    assert (found["keyFrom"], found["signerFrom"]) == ("proof", "proof")
    out = check(proven, proven.proof).out
    assert "the one given by --key" in out and "OWN" not in out


def test_public_key_is_enough(proven):
    proven.keys.public = proven.path / "archiver.pub"
    call(["openssl", "pkey", "-in", proven.keys.archiver, "-pubout", "-out", proven.keys.public])
    check(proven, proven.proof, "--key", proven.keys.public)


def test_other_key_is_refused(proven):
    other = proven.path / "other.pem"
    call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other])
    found = check(proven, proven.proof, "--key", other, "--json", status=1).json()
    assert found["faults"] == ["checkpoint_invalid"]
    result = proven.run("prove", json.loads(proven.proof["event"])["id"], "--key", other, status=None)
    assert result.status != 0 and result.out == ""


def test_other_origin_is_refused(proven):
    check(proven, proven.proof, "--origin", "auditkeep")
    found = check(proven, proven.proof, "--origin", "audit.example", "--json", status=1).json()
    assert found["faults"] == ["checkpoint_invalid"]


def test_unknown_signer_is_said(proven):
    proof = {**proven.proof, "signer": None}
    env = {"AUDITKEEP_SIGNERS": ""}
    assert "NOT checked" in check(proven, proof, env=env).out
    empty = proven.path / "nobody.json"
    empty.write_text("[]")
    found = check(proven, proof, "--signers", empty, "--json", status=1).json()
    assert found["faults"] == ["signer_unknown"] and found["signature"] == "invalid"


def flip(text, at):
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def tamperings(proof):
    line = json.loads(proof["event"])
    path = proof["proof"]

    def event(**members):
        return {"event": json.dumps({**line, **members}, ensure_ascii=False, sort_keys=True,
                                    separators=(",", ":"))}

    yield "payload", event(payload={**line["payload"], "n": 1}), "tree_inconsistent"
    yield "metadata", event(metadata={"a": 1}), "tree_inconsistent"
    yield "type", event(eventType="other"), "tree_inconsistent"
    yield "chain", event(chain="other"), "checkpoint_invalid"
    yield "line's index", event(index=346), "tree_inconsistent"
    yield "index", {"index": 346}, "tree_inconsistent"
    yield "index beyond the tree", {"index": 10**6}, "tree_inconsistent"
    yield "short path", {"proof": path[:-1]}, "tree_inconsistent"
    yield "long path", {"proof": path + path[-1:]}, "tree_inconsistent"
    yield "no path", {"proof": []}, "tree_inconsistent"
    yield "swapped path", {"proof": path[1:2] + path[:1] + path[2:]}, "tree_inconsistent"
    for i in range(len(path)):
        changed = path[:i] + [flip(path[i], i % 32)] + path[i + 1:]
        yield f"hash {i}", {"proof": changed}, "tree_inconsistent"
    note = proof["checkpoint"]
    _, _, size, root = note_parts(note)
    yield "size", {"checkpoint": note.replace(f"\n{size}\n", f"\n{size + 1}\n")}, "checkpoint_invalid"
    other = base64.b64encode(sha(root)).decode()
    yield "root", {"checkpoint": note.replace(base64.b64encode(root).decode(), other)}, \
        "checkpoint_invalid"
    yield "unsigned", {"checkpoint": note_parts(note)[0] + "\n"}, "checkpoint_invalid"


def test_nothing_can_be_changed(proven):
    for name, change, fault in tamperings(proven.proof):
        for env in (None, ALONE):
            found = check(proven, {**proven.proof, **change}, "--json", status=1, env=env).json()
            assert found["verdict"] == "faults" and fault in found["faults"], name
            assert found["details"], name


def test_forged_archive_has_its_own_key(proven):
    """Whoever signs a tree of their own fits together by itself, and fails against our key."""
    forger = proven.path / "forger.pem"
    call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", forger])
    event = json.dumps({**json.loads(proven.proof["event"]), "eventType": "forged", "index": 0},
                       ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = f"auditkeep/main\n1\n{base64.b64encode(sha(bytes(1) + event.encode())).decode()}\n"
    (proven.path / "forged").write_text(text)
    public = call(["openssl", "pkey", "-in", forger, "-pubout", "-outform", "PEM"])
    raw = b"\x01" + base64.b64decode("".join(public.split("\n")[1:-2]))[-32:]
    key_id = sha(b"auditkeep/main\n" + raw)[:4]
    call(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", forger, "-in", proven.path / "forged",
          "-out", proven.path / "forged.sig"])
    signature = key_id + (proven.path / "forged.sig").read_bytes()
    forged = {**proven.proof, "event": event, "index": 0, "proof": [],
              "checkpoint": f"{text}\n— auditkeep/main {base64.b64encode(signature).decode()}\n",
              "checkpointKey": f"auditkeep/main+{key_id.hex()}+{base64.b64encode(raw).decode()}"}
    assert "PROOF'S OWN" in check(proven, forged, env=ALONE).out
    found = check(proven, forged, "--json", status=1).json()
    assert found["faults"] == ["checkpoint_invalid"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"format":"auditkeep-proof/2"}'])
def test_no_proof_is_a_wrong_call(proven, text):
    assert check(proven, text, status=2).out == ""


def test_archive_that_does_not_lead_to_its_root(proven):
    """The line is there, a leaf hash before it is not: no proof is handed out."""
    key = sorted(proven.archive.segments())[1]
    data = bytearray(proven.archive.segments()[key])
    at = data.rindex(struct.pack("<II", 0x184D2A50, 3200)) + 8
    data[at] ^= 1
    proven.archive.overwrite(key, bytes(data))
    wanted = json.loads(proven.proof["event"])["id"]
    result = proven.run("prove", wanted, status=2)
    assert "tree_inconsistent" in result.err and result.out == ""


def test_unknown_event(proven):
    result = proven.run("prove", "00000000-0000-4000-8000-000000000000", status=3)
    assert "is in no object of chain 'main'" in result.err
