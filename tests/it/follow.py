"""Running exporters and appenders, and what has to be true when all the faults are over."""
import contextlib
import hashlib
import json
import re
import signal
import subprocess
import threading
import time
import uuid

from harness import PROGRAM, archived_lines, wait_for

QUICK = ("--segment-events", "20", "--flush-interval", "200ms", "--lease-ttl", "2s",
         "--connect-timeout", "2s", "--s3-connect-timeout", "1s", "--s3-stall-timeout", "1s",
         "--s3-request-timeout", "3s")


class Follower:
    """'archive --follow' in the background; its log is a file, so that it never blocks."""

    def __init__(self, world, *words, env=None):
        self.path = world.path / f"follower-{uuid.uuid4().hex[:6]}.log"
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), "archive", "--follow", *QUICK, *words], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, text=True, env={**world.environment(), **(env or {})})

    @property
    def pid(self):
        return self.process.pid

    @property
    def is_running(self):
        return self.process.poll() is None

    def log(self):
        return self.path.read_text()

    def signal(self, how):
        self.process.send_signal(how)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.ended()

    def stop(self, seconds=10):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.ended(seconds)

    def ended(self, seconds=20):
        """The exit status of one that ends by itself."""
        return self.process.wait(timeout=seconds)

    def close(self):
        if self.is_running:
            self.kill()


@contextlib.contextmanager
def followers(world, count=1, *words, env=None):
    """Running exporters, killed in the end if they still run."""
    running = [Follower(world, *words, env=env) for _ in range(count)]
    try:
        yield running
    finally:
        for follower in running:
            follower.close()


def writer_of(world):
    """The process id that holds the lease, or None."""
    writer = world.state()["writer"]
    return int(writer["holder"].split(":")[1]) if writer["held"] else None


def event(text="event", **members):
    return {"eventType": "it.event", "id": str(uuid.uuid4()), "payload": {"text": text, **members}}


class Appenders:
    """Threads that append a few events at a time until told to stop; outages only delay them."""

    def __init__(self, world, count=4, events=5):
        self._world, self._events = world, events
        self._end = threading.Event()
        self.appended, self._lock = 0, threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._end.is_set():
            lines = "".join(json.dumps(event()) + "\n" for _ in range(self._events))
            done = self._world.run("append", "--connect-timeout", "5s", stdin=lines, status=None)
            if done.status == 0:
                with self._lock:
                    self.appended += self._events
            self._end.wait(0.05)

    def wait_for(self, more, seconds=60):
        target = self.appended + more
        wait_for(lambda: self.appended >= target, seconds, f"{more} more events")

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join(timeout=150)
            assert not thread.is_alive()


@contextlib.contextmanager
def appenders(world, count=4, events=5):
    running = Appenders(world, count, events)
    try:
        yield running
    finally:
        running.stop()


def archived_index(world):
    return world.state()["archived"]["index"]


def wait_archived(world, more=1, seconds=60):
    """Until the pointer has moved over @more events from now on."""
    target = archived_index(world) + more
    wait_for(lambda: archived_index(world) >= target, seconds, "the pointer")


def wait_all_archived(world, seconds=60):
    wait_for(lambda: world.state()["pending"] == 0, seconds, "nothing pending")


def assert_versions(world, strictly=True):
    """
    One version of each object. A store that ignores conditions (the bare gateway, when a writer is
    replaced during its upload) may keep a second one: never with other bytes.
    """
    if world.archive.kind != "s3":
        return
    client, bucket = world.archive.client, world.archive.name
    seen = {}
    for key, version, _, marker in client.versions(bucket):
        assert not marker, key
        seen.setdefault(key, []).append(client.get(bucket, key, version))
    for key, found in seen.items():
        assert not strictly or len(found) == 1, f"{key}: {len(found)} versions"
        assert len({hashlib.sha256(data).digest() for data in found}) == 1, key


def assert_in_order(world):
    """Every row of the source in the archive, once, and in the order of the links."""
    lines = archived_lines(world.archive)
    assert [line["index"] for line in lines] == list(range(len(lines)))
    rows = {row["prev_hash"] or "": row for row in world.source.events()}
    head, walked = "", []
    while head in rows:
        walked.append(rows[head]["id"])
        head = rows[head]["hash"]
    assert len(walked) == len(rows), "the source's rows are one chain"
    assert [line["id"] for line in lines] == walked


def assert_all_well(world, strictly=True):
    """What is left is archived, and then nothing is missing and nothing is twice."""
    world.archive_after_crash()
    assert world.state()["pending"] == 0
    world.verify("source,archive,cross")
    assert_in_order(world)
    assert_versions(world, strictly)


# ---- rows of other writers, which take no lock ----

def chained_rows(prev, count, ts="2027-01-01T00:00:00.000000Z"):
    """Unsigned rows that follow the hash @prev."""
    rows = []
    for n in range(count):
        payload = json.dumps({"n": n, "of": uuid.uuid4().hex}, separators=(",", ":"))
        digest = hashlib.sha256(payload.encode() + bytes.fromhex(prev or "")).hexdigest()
        rows.append({"id": str(uuid.uuid4()), "event_type": "it.other", "payload": payload,
                     "prev_hash": prev, "hash": digest, "signature": None, "signer_id": None,
                     "ts": ts})
        prev = digest
    return rows


def insert_of(rows):
    """The rows as one INSERT into the table that 'init' makes."""
    def literal(value):
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
    columns = list(rows[0])
    names = ",".join("created_at" if c == "ts" else c for c in columns)
    return (f"INSERT INTO audit_events ({names}) VALUES " + ",".join(
        "(" + ",".join(literal(row[c]) for c in columns) + ")" for row in rows) + ";\n")


class Session:
    """psql that is kept open: a transaction of its own beside everything else."""

    def __init__(self, url):
        self._psql = subprocess.Popen(
            ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, sql):
        """Lines that it prints."""
        mark = uuid.uuid4().hex
        self._psql.stdin.write(f"{sql}\n\\echo {mark}\n")
        self._psql.stdin.flush()
        lines = []
        while (line := self._psql.stdout.readline().rstrip("\n")) != mark:
            assert self._psql.poll() is None or line, f"psql ended: {lines}"
            lines.append(line)
        return lines

    def close(self):
        self._psql.communicate(timeout=30)


@contextlib.contextmanager
def session(url):
    opened = Session(url)
    try:
        yield opened
    finally:
        opened.close()


def head_of(world):
    """The hash of the row that nobody follows."""
    rows = world.source.rows("SELECT hash FROM audit_events e WHERE NOT EXISTS "
                             "(SELECT 1 FROM audit_events n WHERE n.prev_hash = e.hash)")
    assert len(rows) == 1
    return rows[0]["hash"]


def commit_late(world, count=6, while_open=lambda: None):
    """Rows whose first one becomes visible last: while_open() runs before it is committed."""
    with session(world.source.url) as lock, session(world.source.url) as slow:
        # auditkeep's own appenders queue here and do not see a head that is none
        lock.run("SELECT pg_advisory_lock(hashtextextended("
                 "'auditkeep ' || (SELECT events FROM auditkeep.chain), 0));")
        rows = chained_rows(head_of(world), count, time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                                 time.gmtime()))
        slow.run("BEGIN; " + insert_of(rows[:1]))
        world.source.execute(insert_of(rows[1:]))
        while_open()
        slow.run("COMMIT;")
    return rows


def said(follower, *words):
    """Has the log a line with all of the words?"""
    return any(all(re.search(word, line) for word in words) for line in follower.log().split("\n"))
