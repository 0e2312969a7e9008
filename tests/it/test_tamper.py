"""Every change to what is kept is found, and named for what it is."""
import http.client
import http.server
import json
import threading
import urllib.parse

import pytest

from harness import aws_env, call, sample_events


@pytest.fixture
def archived(world):
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    world.verify()
    return world


def event_id(index):
    return list(sample_events(90))[index]["id"]


def segment_of(world, index):
    for key in world.archive.segments():
        first, last = key.rsplit("/", 1)[1].split(".")[0].split("-")[-2:]
        if int(first) <= index <= int(last):
            return key
    raise AssertionError(f"no segment holds {index}")


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@pytest.mark.parametrize("place", ["frame", "footer"])
def test_flipped_byte_in_a_folder(make_world, place):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    key = segment_of(world, 45)
    data = world.archive.segments()[key]
    world.archive.overwrite(key, flipped(data, 40 if place == "frame" else len(data) - 60))
    assert world.faults("archive") == [("object_corrupt", key)]


def test_every_byte_of_an_object_counts(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(3, start="2025-02-01T00:00:00Z")).archive_once()
    (key,) = world.archive.segments()
    data = world.archive.segments()[key]
    for at in range(0, len(data), max(1, len(data) // 60)):
        world.archive.overwrite(key, flipped(data, at))
        found = world.verify("archive", status=1)["faults"]
        assert {f["key"] for f in found} == {key}, f"byte {at}"
    world.archive.overwrite(key, data[:-1])
    assert world.faults("archive") == [("object_corrupt", key)]


class FlippingProxy(http.server.BaseHTTPRequestHandler):
    """Hands requests on to the gateway as they are, and flips a byte of the answers for one key."""
    endpoint, key, at = "", "", 0
    protocol_version = "HTTP/1.1"

    def forward(self):
        url = urllib.parse.urlsplit(self.endpoint)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(url.netloc, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        data = answer.read()
        if self.command == "GET" and self.key in self.path and len(data) > self.at:
            data = flipped(data, self.at)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        if length:
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

    def log_message(self, *_):
        pass


@pytest.fixture
def flipping():
    """flipping(client, key, at): an endpoint behind which that byte of that object is another."""
    servers = []

    def start(client, key, at):
        handler = type("Handler", (FlippingProxy,),
                       {"endpoint": client.endpoint, "key": key, "at": at})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_flipped_byte_behind_the_gateway(make_world, flipping):
    world = make_world("sqlite", "s3")
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    key = segment_of(world, 45)
    # The signature covers the Host header: the proxy's own address is what gets signed and checked.
    endpoint = flipping(world.archive.client, key, 40)
    env = aws_env(world.archive.client, endpoint)
    assert world.faults("archive", env=env) == [("object_corrupt", key)]
    world.verify("archive")


def test_dropped_object(source_world):
    world = source_world
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    key = segment_of(world, 45)
    world.archive.drop(key)
    assert world.faults("source,archive,cross") == [("object_missing", key)]
    assert world.faults("cross") == [("object_missing", key)]
    # Without the source only the hole is seen.
    assert world.faults("archive") == [("object_missing", None)]


def test_delete_marker_is_found_and_harmless(make_world):
    world = make_world("sqlite", "s3")
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    key = segment_of(world, 45)
    world.archive.drop(key)
    assert world.faults("archive") == [("object_extra", key)]
    assert world.faults("source,archive,cross") == [("object_extra", key)]
    line = json.loads(world.run("get", event_id(45)).out)
    assert line["index"] == 45


def test_shadowing_version_is_found_and_harmless(make_world):
    world = make_world("sqlite", "s3")
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    key = segment_of(world, 45)
    original = world.archive.segments()[key]
    world.archive.overwrite(key, flipped(original, 40))
    assert world.faults("archive") == [("object_extra", key)]
    assert world.faults("source,archive,cross") == [("object_extra", key)]
    kept = [version for _, version, latest, _ in world.archive.versions(key) if not latest]
    assert [world.archive.client.get(world.archive.name, key, v) for v in kept] == [original]


def test_object_that_nobody_planned(archived):
    key = "audit/2025/02/01/main-000000000900-000000000930.ndjson.zst"
    archived.archive.occupy(key, b"not ours")
    assert key in {name for _, name in archived.faults("archive")}


def test_unlocked_object(make_world):
    world = make_world("sqlite", "s3")
    world.init().append(sample_events(30))
    other = make_world("sqlite", "s3")
    world.archive_once()
    for key, data in world.archive.segments().items():
        _, headers = world.archive.client.head(world.archive.name, key)
        meta = {k: v for k, v in headers.items() if k.startswith("x-amz-meta-")}
        other.archive.client.put(other.archive.name, key, data, meta)
    other.signers, other.keys = world.signers, world.keys
    assert "object_unlocked" in {fault for fault, _ in other.faults("archive")}


def test_retention_shorter_than_the_policy(archive_world):
    archive_world.init().append(sample_events(30)).archive_once("--retention", "30 days")
    keys = sorted(archive_world.archive.objects(""))
    assert len(keys) > len(archive_world.archive.segments())
    assert archive_world.faults("archive", env={"AUDITKEEP_RETENTION": "7 years"}) == \
        [("retention_too_short", key) for key in keys]
    archive_world.verify("archive", env={"AUDITKEEP_RETENTION": "30 days"})


def test_checkpoint_of_another_key(archive_world):
    archive_world.init().append(sample_events(30)).archive_once()
    other = archive_world.path / "other.pem"
    call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other])
    keys = sorted(archive_world.archive.objects(""))
    assert archive_world.faults("archive", env={"AUDITKEEP_KEY": str(other)}) == \
        [("checkpoint_invalid", key) for key in keys]


def swap(world, columns, first, second):
    """Swaps the columns' values between two events."""
    names = ", ".join(columns)
    world.source.execute(f"""
        CREATE TABLE held AS SELECT id, {names} FROM audit_events
            WHERE id IN ('{first}', '{second}');
        UPDATE audit_events SET ({names}) =
            (SELECT {names} FROM held WHERE held.id <> audit_events.id)
            WHERE id IN ('{first}', '{second}');
        DROP TABLE held;""")


def test_swapped_payloads(archived):
    first, second = event_id(10), event_id(50)
    swap(archived, ["payload"], first, second)
    wrong = sorted([("hash_mismatch", first), ("hash_mismatch", second)])
    assert archived.faults("source") == wrong
    assert archived.faults("cross") == sorted(("hash_mismatch", i) for i in (first, second))
    archived.verify("archive")


def test_swapped_rows(archived):
    """What the two rows say changes place, their ids and links stay."""
    first, second = event_id(10), event_id(50)
    swap(archived, ["event_type", "payload", "signature", archived.source.time_column()],
         first, second)
    assert archived.faults("source") == sorted(
        (fault, i) for fault in ("hash_mismatch", "signature_invalid") for i in (first, second))
    assert archived.faults("cross") == sorted(("hash_mismatch", i) for i in (first, second))


@pytest.mark.parametrize("change", ["event_type = 'other'", "TS = '2025-02-01T22:00:01Z'",
                                    "metadata = '{\"a\": 1}'"])
def test_changed_envelope(archived, change):
    victim = event_id(20)
    change = change.replace("TS", archived.source.time_column())
    archived.source.execute(f"UPDATE audit_events SET {change} WHERE id = '{victim}'")
    assert archived.faults("cross") == [("envelope_changed", victim)]


def test_changed_payload_is_found_at_the_source(source_world):
    source_world.init().append(sample_events(30))
    source_world.source.execute(
        "UPDATE audit_events SET payload = '{\"n\": 7}' WHERE event_type = 'type.6'")
    changed = {row["id"] for row in source_world.source.rows(
        "SELECT id FROM audit_events WHERE event_type = 'type.6'")}
    assert source_world.faults("source") == sorted(("hash_mismatch", i) for i in changed)


def test_missing_row_is_a_gap_and_row_missing(archived):
    victim, after = event_id(20), event_id(21)
    archived.source.execute(f"DELETE FROM audit_events WHERE id = '{victim}'")
    assert archived.faults("source") == [("prev_hash_gap", after)]
    assert archived.faults("cross") == [("row_missing", victim)]


def test_gap_stops_the_archive_and_names_it(source_world):
    source_world.init().append(sample_events(30))
    ids = [event["id"] for event in sample_events(30)]
    late = f"audit_events WHERE id = '{ids[20]}'"
    source_world.source.execute(f"CREATE TABLE held AS SELECT * FROM {late}; DELETE FROM {late};")
    result = source_world.archive_once(status=1)
    assert ids[21] in result.err
    assert source_world.state()["archived"]["index"] == 19
    source_world.source.execute("INSERT INTO audit_events SELECT * FROM held")
    source_world.assert_whole()


def test_wrong_signature_is_archived_with_its_fault(source_world):
    source_world.init().append(sample_events(30))
    ids = [event["id"] for event in sample_events(30)]
    source_world.source.execute(
        "UPDATE audit_events SET signature = (SELECT signature FROM audit_events "
        f"WHERE id = '{ids[3]}') WHERE id = '{ids[4]}'")
    source_world.archive_once(status=None)
    assert source_world.state()["pending"] == 0
    assert source_world.faults("source") == [("signature_invalid", ids[4])]
    assert ("signature_invalid", ids[4]) in source_world.faults("archive")


def test_all_faults_are_reported_not_the_first(archived):
    victims = [event_id(i) for i in (3, 40, 80)]
    archived.source.execute("UPDATE audit_events SET payload = '[]' WHERE id IN ('"
                            + "','".join(victims) + "')")
    assert archived.faults("source") == sorted(("hash_mismatch", i) for i in victims)
