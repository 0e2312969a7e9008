"""Archives that are absent, refuse, lie or run full: a clear text, the right status, nothing lost."""
import http.server
import os
import subprocess
import threading
import time

import pytest

from harness import Bucket, Folder, aws_env, gateway, limited_user, sample_events
from s3_client import S3


@pytest.fixture
def pending(make_world):
    """A chain that waits for a bucket."""
    world = make_world("sqlite", "s3")
    world.init().append(sample_events(60))
    return world


def assert_nothing_lost(world):
    """What failed left the pointer where it was; the next run does it all."""
    assert world.state()["pending"] == 60
    world.assert_whole()


def refused(world, *words, env=None, status=3):
    result = world.archive_once(status=status, env=env)
    for word in words:
        assert word.lower() in result.err.lower(), str(result)
    assert "hint" in result.err, str(result)
    assert world.archive.client.secret_key not in result.err + result.out
    return result


def test_absent_bucket(pending):
    refused(pending, "no-such-bucket-here", env={"AUDITKEEP_ARCHIVE": "s3://no-such-bucket-here"})
    assert_nothing_lost(pending)


def test_bucket_without_lock(pending):
    plain = Bucket(lock=False)
    refused(pending, plain.name, "lock", env={"AUDITKEEP_ARCHIVE": plain.url})
    assert plain.client.versions(plain.name) == []
    assert_nothing_lost(pending)


def test_access_denied(pending):
    refused(pending, "denied", pending.archive.name, env=aws_env(limited_user()))
    assert_nothing_lost(pending)


def test_wrong_secret(pending):
    main = gateway()
    wrong = S3(main.endpoint, main.access_key, "wrong" + main.secret_key)
    result = refused(pending, "SignatureDoesNotMatch", env=aws_env(wrong))
    assert wrong.secret_key not in result.err
    assert_nothing_lost(pending)


def test_unknown_access_key(pending):
    main = gateway()
    refused(pending, "InvalidAccessKeyId",
            env=aws_env(S3(main.endpoint, "AKIAUNKNOWN", main.secret_key)))
    assert_nothing_lost(pending)


def test_no_credentials(pending):
    result = pending.archive_once(status=2, env={"AWS_ACCESS_KEY_ID": "",
                                                 "AWS_SECRET_ACCESS_KEY": ""})
    assert "AWS_ACCESS_KEY_ID" in result.err
    assert_nothing_lost(pending)


def test_endpoint_that_is_not_there(pending):
    env = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "2"}
    refused(pending, "127.0.0.1", env=env)
    assert_nothing_lost(pending)


class Scripted(http.server.BaseHTTPRequestHandler):
    """Gives every request the same answer, as the AWS documentation words it."""
    protocol_version = "HTTP/1.1"
    status, code, message, more, headers_out, ahead_seconds = 400, "", "", "", {}, 0
    seen = None

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.ahead_seconds)

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append(self.command)
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{self.code}</Code>'
                f"<Message>{self.message}</Message>{self.more}"
                f"<RequestId>4442587FB7D0A2F9</RequestId></Error>").encode()
        self.send_response(self.status)
        for name, value in self.headers_out.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def scripted():
    """scripted(status, code, message, more of the body, headers): (environment, requests seen)."""
    servers = []

    def start(status, code, message="", more="", headers=None, ahead_seconds=0):
        seen = []
        handler = type("Handler", (Scripted,), {
            "status": status, "code": code, "message": message, "more": more,
            "headers_out": headers or {}, "ahead_seconds": ahead_seconds, "seen": seen})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_address[1]}"}, seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_wrong_region(pending, scripted):
    env, _ = scripted(400, "AuthorizationHeaderMalformed",
                      "The authorization header is malformed; the region 'us-east-1' is wrong; "
                      "expecting 'eu-west-3'", "<Region>eu-west-3</Region>")
    refused(pending, "AWS_REGION", "eu-west-3", env=env, status=2)
    assert_nothing_lost(pending)


def test_redirect_to_another_region(pending, scripted):
    env, _ = scripted(301, "PermanentRedirect", "The bucket you are attempting to access must be "
                      "addressed using the specified endpoint.",
                      headers={"x-amz-bucket-region": "eu-west-3"})
    refused(pending, "AWS_REGION", "eu-west-3", env=env, status=2)
    assert_nothing_lost(pending)


def test_clock_skew(pending, scripted):
    env, _ = scripted(403, "RequestTimeTooSkewed", "The difference between the request time and "
                      "the current time is too large.", ahead_seconds=3600)
    refused(pending, "clock is +3", "s from ours", env=env, status=2)
    assert_nothing_lost(pending)


def test_throttling_is_tried_again_then_told(pending, scripted):
    env, seen = scripted(503, "SlowDown", "Please reduce your request rate.")
    refused(pending, "SlowDown", env={**env, "AWS_MAX_ATTEMPTS": "3"})
    assert len(seen) == 3
    assert_nothing_lost(pending)


# ---- what is in the way ----

def test_object_with_other_content_is_in_the_way(archive_world, make_world):
    world = archive_world
    world.init().append(sample_events(60))
    rehearsal = make_world("sqlite", world.archive.kind)
    rehearsal.source, rehearsal.keys = make_world.keep(world.source.copy()), world.keys
    rehearsal.archive_once("--segment-events", "20")
    keys = sorted(rehearsal.archive.segments())
    world.archive.occupy(keys[1], b"somebody else's")
    result = world.archive_once("--segment-events", "20", status=1)
    assert keys[1] in result.err
    assert world.state()["archived"]["index"] == 19
    if world.archive.kind == "file":
        assert (world.archive.path / keys[1]).read_bytes() == b"somebody else's"
        world.archive.drop(keys[1])
        world.assert_whole()
    else:
        # S3 cannot take it away again; the evidence stays, and the next run says the same.
        world.archive_once("--segment-events", "20", status=1)
        assert world.archive.client.get(world.archive.name, keys[1]) == b"somebody else's"


def test_object_of_an_earlier_attempt_is_adopted(archive_world, make_world):
    """The database lost what it knew (a backup came back): the same object, locked as long as the
    new plan asks for or longer, is no conflict."""
    world = archive_world
    world.init().append(sample_events(60))
    before = world.source.copy()
    world.archive_once("--segment-events", "20", "--retention", "2 days")
    objects = world.archive.segments()
    world.source = make_world.keep(before)
    world.env["AUDITKEEP_RETENTION"] = "1 day"
    world.archive_once("--segment-events", "20")
    assert world.archive.segments() == objects
    if world.archive.kind == "s3":
        keys = [key for key, *_ in world.archive.client.versions(world.archive.name)
                if key in objects]
        assert sorted(keys) == sorted(objects), "no second version of any object"
    world.assert_whole()


# ---- folders ----

@pytest.fixture
def small_disk(tmp_path):
    """A file system of 400 KiB; grow(KIB) makes it larger."""
    path = tmp_path / "small"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(path)]
    assert os.geteuid() == 0, "this test mounts a file system: run it as root"
    subprocess.run(mount, check=True)
    yield path, lambda kib: subprocess.run(
        ["mount", "-o", f"remount,size={kib}k", str(path)], check=True)
    subprocess.run(["umount", "-l", str(path)], check=True)


def random_text(count):
    return os.urandom(count).hex()


def test_disk_full(make_world, small_disk):
    path, grow = small_disk
    world = make_world("sqlite", "file")
    world.archive = make_world.keep(Folder(path / "archive"))
    events = list(sample_events(200))
    for event in events:
        event["payload"]["noise"] = random_text(4000)
    world.init().append(events)
    result = world.archive_once("--segment-events", "20", status=3)
    assert "space" in result.err
    state = world.state()
    assert 0 < state["pending"] < 200
    # what is there is right; its days wait for the rest before they are sealed
    assert {f["fault"] for f in world.verify("archive", status=1)["faults"]} == {"day_unsealed"}
    grow(8192)
    world.assert_whole()


def test_folder_that_is_a_file(make_world, tmp_path):
    world = make_world("sqlite", "file")
    (tmp_path / "file").write_text("x")
    world.init().append(sample_events(60))
    result = world.archive_once(status=None, env={"AUDITKEEP_ARCHIVE": f"file:{tmp_path}/file"})
    assert result.status in (2, 3), str(result)
    assert str(tmp_path / "file") in result.err
    assert_nothing_lost(world)
