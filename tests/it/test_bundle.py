"""export-bundle: an auditor checks it with sh, zstd, jq, sha256sum and openssl, and nothing else."""
import json
import os
import shutil
import subprocess

import pytest

from harness import call, sample_events

TOOLS = ("zstd", "jq", "sha256sum", "openssl")


@pytest.fixture
def tools(tmp_path):
    """A folder that is all there is on the PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


@pytest.fixture
def check(tools):
    """check(bundle): (exit status, output) of its check.sh."""
    def run(bundle, **env):
        done = subprocess.run(["/bin/sh", str(bundle / "check.sh")], capture_output=True, text=True,
                              timeout=300, cwd="/", env={"PATH": str(tools), **env})
        return done.returncode, done.stdout + done.stderr
    return run


def export(world, folder, *words, status=0):
    return world.run("export-bundle", folder, "--json", *words, status=status)


@pytest.fixture
def archived(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(90)).archive_once("--segment-events", "10")
    return world


def faults_of(result):
    status, text = result
    assert status == 1, text
    return [line for line in text.splitlines() if line.startswith("FAULT")]


def public_key(folder):
    """Of somebody else's key, which lies about in the folder: base64 of its DER."""
    key = folder / "key"
    call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key])
    return "".join(call(["openssl", "pkey", "-in", key, "-pubout"]).splitlines()[1:-1])


def copy_of(bundle, name):
    other = bundle.parent / name
    shutil.copytree(bundle, other)
    return other


def retally(bundle):
    """Who forges a bundle forges SHA256SUMS with it."""
    files = sorted(str(file.relative_to(bundle)) for file in bundle.rglob("*")
                   if file.is_file() and file.parts[-2] != "work" and file.name != "SHA256SUMS")
    (bundle / "SHA256SUMS").write_text(subprocess.run(
        ["sha256sum", *files], cwd=bundle, capture_output=True, text=True, check=True).stdout)


def rewrite(path, change):
    """Changes the lines of a segment, and loses its footer as any forger might."""
    lines = subprocess.run(["zstdcat", path], capture_output=True, check=True).stdout
    path.write_bytes(subprocess.run(["zstd", "-c"], input=change(lines), capture_output=True,
                                    check=True).stdout)


def test_whole_archive(world, tmp_path, check):
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    report = export(world, tmp_path / "bundle").json()
    assert report["events"] == 90 and report["firstIndex"] == 0 and report["lastIndex"] == 89
    status, text = check(tmp_path / "bundle")
    assert status == 0, text
    assert "90 events, index 0 to 89; 90 signatures checked" in text
    assert world.verify("archive")["root"] in text
    assert text.endswith("everything fits\n")


def test_some_days(archived, tmp_path, check):
    report = export(archived, tmp_path / "bundle", "--since", "2025-02-02T00:00:00Z").json()
    assert 0 < report["firstIndex"] <= report["lastIndex"] == 89
    status, text = check(tmp_path / "bundle")
    assert status == 0, text
    assert f"{90 - report['firstIndex']} events" in text
    report = export(archived, tmp_path / "early", "--until", "2025-02-02T00:00:00Z").json()
    assert report["firstIndex"] == 0 and report["lastIndex"] < 89
    status, text = check(tmp_path / "early")
    assert status == 0, text


def test_every_kind_of_forgery_is_found(archived, tmp_path, check):
    bundle = tmp_path / "bundle"
    export(archived, bundle, "--until", "2025-02-02T00:00:00Z")
    first, second, *_ = sorted((bundle / "objects").rglob("*.ndjson.zst"))

    def forge(name, change):
        other = copy_of(bundle, name)
        change(other)
        retally(other)
        return "\n".join(faults_of(check(other)))

    def payload(lines):
        return lines.replace(b'"payload":{', b'"payload":{"!":1,', 1)

    def event_type(lines):
        line = json.loads(lines.splitlines()[0])["eventType"].encode()
        return lines.replace(b'"eventType":"' + line, b'"eventType":"x' + line, 1)

    def without_third(lines):
        rows = lines.splitlines(keepends=True)
        return b"".join(rows[:2] + rows[3:])

    def swapped(lines):
        rows = lines.splitlines(keepends=True)
        return b"".join([rows[1], rows[0], *rows[2:]])

    def segment(change):
        return lambda other: rewrite(other / first.relative_to(bundle), change)

    found = forge("payload", segment(payload))
    assert "its payload and predecessor give" in found and "the events give" in found
    assert "the events give" in forge("type", segment(event_type))
    assert "should come here" in forge("dropped", segment(without_third))
    assert "should come here" in forge("swapped", segment(swapped))
    assert "lists other bytes" in forge("seal", segment(lambda lines: lines))

    def drop_segment(other):
        text = json.loads((other / "bundle.json").read_text())
        del text["segments"][1]
        (other / "bundle.json").write_text(json.dumps(text))
        (other / second.relative_to(bundle)).unlink()
    assert "should come here" in forge("segment", drop_segment)

    def other_key(other):
        (other / "archiver.pem").write_text("-----BEGIN PUBLIC KEY-----\n" + public_key(other)
                                            + "\n-----END PUBLIC KEY-----\n")
    assert "its checkpoint is not the archiver's" in forge("key", other_key)

    def other_signer(other):
        signers = json.loads((other / "signers.json").read_text())
        signers[0]["publicKey"] = public_key(other)
        (other / "signers.json").write_text(json.dumps(signers))
    assert "its signature is not its signer's" in forge("signer", other_signer)

    def history(other):
        text = json.loads((other / "consistency.json").read_text())
        text["proof"][0] = "0" * 64
        (other / "consistency.json").write_text(json.dumps(text))
    assert "does not lead from the events here" in forge("history", history)


def test_accident_on_the_way(archived, tmp_path, check):
    bundle = tmp_path / "bundle"
    export(archived, bundle, "--until", "2025-02-02T00:00:00Z")
    path = sorted((bundle / "objects").rglob("*.ndjson.zst"))[0]
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    assert any("SHA256SUMS" in line for line in faults_of(check(bundle)))


def test_unsigned_event(archived, tmp_path, check):
    archived.run("append", stdin='{"eventType":"late","payload":{}}\n',
                 env={"AUDITKEEP_SIGNING_KEY": "", "AUDITKEEP_SIGNER_ID": ""})
    archived.archive_once()
    export(archived, tmp_path / "lenient", "--since", "2026-01-01T00:00:00Z")
    status, text = check(tmp_path / "lenient")
    assert status == 0, text
    export(archived, tmp_path / "strict", "--since", "2026-01-01T00:00:00Z", "--require-signatures")
    assert any("it has no signature" in line for line in faults_of(check(tmp_path / "strict")))


def test_odd_payloads(make_world, tmp_path, check):
    payloads = [{"prevHash": "x", "payload": {"payload": 1}}, {"": "\u2028\u00e4\\\"%s %d"},
                {"n": [1e21, 5e-324, -0.0, 0.1, 123456789012345680]}, {"a": "\",\"prevHash\":\""}]
    events = list(sample_events(len(payloads)))
    for event, payload in zip(events, payloads):
        event["payload"] = payload
        event["metadata"] = {"payload": {"prevHash": payload}}
    world = make_world("sqlite", "file")
    world.init().append(events).archive_once()
    export(world, tmp_path / "bundle")
    status, text = check(tmp_path / "bundle")
    assert status == 0, text


def test_says_how_it_can_be_checked(archived, tmp_path):
    export(archived, tmp_path / "bundle", "--until", "2025-02-02T00:00:00Z")
    names = {path.name for path in (tmp_path / "bundle").iterdir()}
    assert names >= {"CHECK.md", "check.sh", "SHA256SUMS", "bundle.json", "signers.json"}
    private = subprocess.run(["grep", "-rl", "PRIVATE", tmp_path / "bundle"], capture_output=True,
                             text=True, check=False).stdout
    assert private == ""


def test_refuses_a_folder_with_something_in_it(archived, tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "mine").write_text("x")
    assert "holds something already" in export(archived, folder, status=2).err
    assert os.listdir(folder) == ["mine"]


def test_no_event_in_the_range(archived, tmp_path):
    done = export(archived, tmp_path / "bundle", "--since", "2024-01-01", "--until", "2024-02-01",
                  status=2)
    assert "holds no event" in done.err
