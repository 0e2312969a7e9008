"""The world of one end-to-end test: a source, an archive, keys, and auditkeep run between them."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid

from s3_client import S3

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("AK_BUILD_DIR", ROOT / "build")) / "auditkeep"
NODE_TOOL = ROOT / "tests/tools/independent/audit.mjs"
COLUMNS = ("id", "event_type", "payload", "prev_hash", "hash", "signature", "signer_id", "ts")


def call(command, **more):
    """Runs a tool that has to succeed; its output as text."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def lines_of(text):
    """Lines as everybody but str.splitlines() counts them: U+2028 may stand in a JSON text."""
    return [line for line in text.split("\n") if line]


def wait_for(condition, seconds=90, what="condition"):
    """The first true value of condition(); a slow machine only makes it slower."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


# ---- sources ----

class Postgres:
    """A database of its own on the server of AK_TEST_POSTGRES."""
    kind = "postgres"
    kernel_table = """CREATE TABLE audit_events (
        id uuid PRIMARY KEY, event_type text NOT NULL, payload jsonb, prev_hash text,
        hash text NOT NULL, signature text, signer_id text,
        ts timestamptz NOT NULL DEFAULT now(), metadata jsonb)"""

    def __init__(self, template=None):
        self.server = os.environ["AK_TEST_POSTGRES"]
        self.name = "it_" + uuid.uuid4().hex[:12]
        self._psql(self.server, f"CREATE DATABASE {self.name}"
                   + (f" TEMPLATE {template}" if template else ""))
        self.url = self.server.rsplit("/", 1)[0] + "/" + self.name

    def copy(self):
        return Postgres(self.name)

    def close(self):
        self._psql(self.server, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    @staticmethod
    def _psql(url, sql):
        return call(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url], input=sql)

    def execute(self, sql):
        return self._psql(self.url, sql)

    def rows(self, query):
        """Rows as dicts of what JSON makes of the values."""
        return [json.loads(line) for line in
                lines_of(self.execute(f"SELECT row_to_json(q) FROM ({query}) q"))]

    def load(self, rows, columns=COLUMNS, table="audit_events"):
        """COPY of rows (dicts of text or None)."""
        lines = "".join(",".join("" if row[c] is None else '"' + row[c].replace('"', '""') + '"'
                                 for c in columns) + "\n" for row in rows)
        call(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-c",
              f"\\copy {table} ({','.join(columns)}) FROM STDIN CSV"], input=lines)

    def time_column(self):
        return "ts" if self.rows("SELECT 1 FROM pg_attribute WHERE attname = 'ts' AND "
                                 "attrelid = 'audit_events'::regclass") else "created_at"

    def events(self):
        return self.rows("SELECT id, event_type, payload::text AS payload, prev_hash, hash, "
                         f"signature, signer_id, {self.time_column()}::text AS ts "
                         "FROM audit_events ORDER BY id")


class Sqlite:
    """A database file."""
    kind = "sqlite"
    kernel_table = """CREATE TABLE audit_events (
        id text PRIMARY KEY, event_type text NOT NULL, payload text, prev_hash text,
        hash text NOT NULL, signature text, signer_id text, ts text NOT NULL, metadata text)"""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.url = f"sqlite:{path}"

    def copy(self):
        """A copy beside it, made by the database (a plain copy would miss the log)."""
        path = self.path.with_name(uuid.uuid4().hex[:12] + ".db")
        with sqlite3.connect(self.path) as old, sqlite3.connect(path) as new:
            old.backup(new)
        old.close()
        new.close()
        return Sqlite(path)

    def close(self):
        pass

    def _with(self, work):
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            connection.row_factory = sqlite3.Row
            with connection:
                return work(connection)
        finally:
            connection.close()

    def execute(self, sql):
        self._with(lambda connection: connection.executescript(sql))

    def rows(self, query):
        return self._with(lambda c: [dict(row) for row in c.execute(query)])

    def load(self, rows, columns=COLUMNS, table="audit_events"):
        marks = ",".join("?" * len(columns))
        self._with(lambda c: c.executemany(
            f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})",
            [[row[name] for name in columns] for row in rows]))

    def time_column(self):
        names = [row["name"] for row in self.rows("PRAGMA table_info(audit_events)")]
        return "ts" if "ts" in names else "created_at"

    def events(self):
        columns = ", ".join(COLUMNS[:-1])
        return self.rows(f"SELECT {columns}, {self.time_column()} AS ts "
                         "FROM audit_events ORDER BY id")


# ---- archives ----

class Folder:
    """file:DIR. What locks it (read-only, immutable) can be lifted by root, for tampering."""
    kind = "file"

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.url = f"file:{path}"
        self.env = {}

    def close(self):
        self._unlock(self.path, "-R")
        shutil.rmtree(self.path, ignore_errors=True)

    @staticmethod
    def _unlock(path, *how):
        subprocess.run(["chattr", *how, "-i", str(path)], capture_output=True, check=False)

    def segments(self):
        """{key: bytes} of the archive's segment objects."""
        return self.objects(".ndjson.zst")

    def objects(self, end):
        """{key: bytes} of the objects whose keys end so; "" for all of them."""
        files = sorted(f for f in (self.path / "audit").rglob("*" + end) if f.is_file())
        return {str(file.relative_to(self.path)): file.read_bytes() for file in files}

    def _writable(self, key):
        file = self.path / key
        self._unlock(file.parent)
        self._unlock(file)
        file.chmod(0o644)
        return file

    def overwrite(self, key, data):
        self._writable(key).write_bytes(data)

    def drop(self, key):
        self._writable(key).unlink()

    def forget(self, key):
        """Drops what stands beside an object, as if it had never been written."""
        self._writable(pathlib.Path(".auditkeep/keep") / key).unlink()

    def occupy(self, key, data):
        file = self.path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


class Bucket:
    """s3://BUCKET on the gateway, with Object Lock."""
    kind = "s3"

    def __init__(self, lock=True, client=None):
        self.client = client or gateway()
        self.name = "it-" + uuid.uuid4().hex[:16]
        self.client.make_bucket(self.name, lock)
        self.url = f"s3://{self.name}"
        self.env = aws_env(self.client)

    def close(self):
        """Locked objects stay: the gateway forgets them when it stops."""

    def segments(self):
        return self.objects(".ndjson.zst")

    def objects(self, end):
        keys = [key for key, _, latest, marker in self.client.versions(self.name)
                if latest and not marker and key.endswith(end)]
        return {key: self.client.get(self.name, key) for key in keys}

    def versions(self, key):
        return [found for found in self.client.versions(self.name, key) if found[0] == key]

    def overwrite(self, key, data):
        self.client.put(self.name, key, data)

    def drop(self, key):
        assert self.client.delete(self.name, key) == 204

    occupy = overwrite


def gateway():
    return S3(os.environ["AK_TEST_S3_ENDPOINT"], os.environ["AWS_ACCESS_KEY_ID"],
              os.environ["AWS_SECRET_ACCESS_KEY"])


def limited_user():
    """Another user of the gateway, whom no bucket policy lets in."""
    return S3(os.environ["AK_TEST_S3_ENDPOINT"], os.environ["AK_TEST_S3_LIMITED_KEY"],
              os.environ["AK_TEST_S3_LIMITED_SECRET"])


def aws_env(client, endpoint=None):
    return {"AWS_ENDPOINT_URL_S3": endpoint or client.endpoint, "AWS_REGION": client.region,
            "AWS_ACCESS_KEY_ID": client.access_key, "AWS_SECRET_ACCESS_KEY": client.secret_key}


# ---- auditkeep between them ----

class Keys:
    """A signing key and its registry, the archiver's key; made by openssl, not by auditkeep."""

    def __init__(self, path):
        self.signing, self.archiver = path / "signing.pem", path / "archiver.pem"
        self.signers = path / "signers.json"
        for file in (self.signing, self.archiver):
            call(["openssl", "genpkey", "-algorithm", "ed25519", "-out", file])
        public = call(["openssl", "pkey", "-in", self.signing, "-pubout"])
        self.signers.write_text(json.dumps(
            [{"signerId": "it", "algorithm": "ed25519", "publicKey": public}]))


class Result:
    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        return f"{self.command}\nexit {self.status}\n{self.out[-4000:]}\n{self.err[-4000:]}"

    def json(self):
        return json.loads(self.out)


class World:
    def __init__(self, path, source, archive):
        self.path, self.source, self.archive = path, source, archive
        self.keys = Keys(path)
        self.signers = self.keys.signers
        self.env = {}

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.path), "LC_ALL": "C.UTF-8",
                "DATABASE_URL": self.source.url, "AUDITKEEP_ARCHIVE": self.archive.url,
                "AUDITKEEP_SIGNERS": str(self.signers), "AUDITKEEP_KEY": str(self.keys.archiver),
                "AUDITKEEP_SIGNING_KEY": str(self.keys.signing), "AUDITKEEP_SIGNER_ID": "it",
                "AUDITKEEP_LOG_FORMAT": "text", **self.archive.env, **self.env,
                **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}

    def start(self, *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        """auditkeep in the background."""
        return subprocess.Popen([str(PROGRAM), *map(str, words)], stdin=stdin, stdout=stdout,
                                stderr=subprocess.PIPE, text=True, env=self.environment())

    def run(self, *words, status=0, stdin="", env=None, timeout=120):
        """auditkeep to its end; the exit status is part of what is tested. None: any."""
        done = subprocess.run([str(PROGRAM), *map(str, words)], input=stdin, capture_output=True,
                              text=True, env={**self.environment(), **(env or {})},
                              timeout=timeout)
        result = Result(words, done.returncode, done.stdout, done.stderr)
        assert status is None or result.status == status, str(result)
        return result

    def init(self):
        self.run("init")
        return self

    def append(self, events):
        self.run("append", stdin="".join(json.dumps(event) + "\n" for event in events))
        return self

    def archive_once(self, *words, **more):
        return self.run("archive", "--once", *words, **more)

    def archive_after_crash(self, *words):
        """A writer that was killed holds the chain until its lease ends."""
        return wait_for(lambda: self._unless_held(*words), what="the lease's end")

    def _unless_held(self, *words):
        result = self.archive_once(*words, status=None)
        assert result.status in (0, 4), str(result)
        return result if result.status == 0 else None

    def restore(self, target, **more):
        return self.run("restore", "--yes", env={"DATABASE_URL": target.url}, **more)

    def verify(self, what="source,archive,cross", status=0, **more):
        return self.run("verify", "--what", what, "--json", status=status, **more).json()

    def faults(self, what, **more):
        """Sorted (fault, id or key) of a verification that has to find some."""
        found = self.verify(what, status=1, **more)["faults"]
        return sorted({(f["fault"], f["id"] or f["key"]) for f in found})

    def state(self):
        return self.run("status", "--json").json()

    def is_held(self):
        writer = self.state()["writer"]
        return writer is not None and writer["held"]

    def export_rows(self, path):
        path.write_text("".join(json.dumps(row) + "\n" for row in self.source.events()))
        return path

    def assert_whole(self):
        """Archives what is left; then everything has to be there and right, once."""
        self.archive_once()
        self.verify()
        lines = archived_lines(self.archive)
        assert [line["index"] for line in lines] == list(range(len(lines)))
        assert sorted(line["id"] for line in lines) == [row["id"] for row in self.source.events()]


def archived_lines(archive):
    """The archive's events in key order, read with zstdcat."""
    lines = []
    for data in archive.segments().values():
        out = subprocess.run(["zstdcat"], input=data, capture_output=True, check=True).stdout
        lines += [json.loads(line) for line in out.splitlines()]
    return sorted(lines, key=lambda line: line["index"])


def node_make(path, count, seed, first="null"):
    """(rows, signers file) of a chain that the independent script made."""
    path.mkdir(exist_ok=True)
    call(["node", NODE_TOOL, "make", count, seed, path, first])
    rows = [json.loads(line) for line in lines_of((path / "rows.ndjson").read_text())]
    return rows, path / "signers.json"


def node_verify(rows_file, signers):
    """(exit status, output) of the independent script."""
    done = subprocess.run(["node", str(NODE_TOOL), "verify", str(rows_file), str(signers)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def sample_events(count, size=40, start="2025-02-01T22:00:00Z"):
    """Events for append: with times (two days when there are many), Unicode, doubles, nesting."""
    first = time.mktime(time.strptime(start, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    step = 4 * 3600 / max(count, 1)
    for i in range(count):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first + i * step))
        payload = {"n": i, "π": i / 7, "text": "x" * (size + i % 100),
                   "é\n": [None, True, {"a": 1e21}]}
        yield {"eventType": f"type.{i % 7}", "ts": at, "payload": payload,
               "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{start}{i}"))}


def stop(process, how=signal.SIGTERM, timeout=60):
    """Signals a process of ours; (exit status, stderr)."""
    process.send_signal(how)
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out + err
