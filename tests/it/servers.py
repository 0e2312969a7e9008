"""Servers of a test's own, to be killed: PostgreSQL with a replica, and an S3 gateway."""
import glob
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.parse
import uuid

from harness import ROOT, Bucket, Postgres, call, wait_for
from s3_client import S3

OWNER = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]


def service(name, verb, path):
    call([ROOT / "tests/services" / name, verb, path])


def environment(file):
    """The variables that a service wrote for the shell."""
    return dict(re.findall(r"export (\w+)='?([^'\n]*)'?", file.read_text()))


def children(pid):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True,
                          check=False)
    return [int(word) for word in done.stdout.split()]


def is_alive(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """One PostgreSQL; what it has confirmed survives a SIGKILL."""

    def __init__(self, data, port, password):
        self.data, self.port, self.password = data, port, password
        self.bin = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1]).parent

    def url(self, database="postgres", port=None):
        return f"postgresql://ak:{self.password}@127.0.0.1:{port or self.port}/{database}"

    def ctl(self, *words):
        owner = OWNER if os.geteuid() == 0 else []
        call([*owner, self.bin / "pg_ctl", "-D", self.data, "-w", "-t", "60", *words], cwd="/",
             stdin=subprocess.DEVNULL)

    def start(self):
        self.ctl("-l", self.data / "server.log", "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
                 "-c fsync=off -c max_connections=100 -c restart_after_crash=on", "start")

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split("\n")[0])

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            self.ctl("-m", "immediate", "stop")

    def restart(self):
        self.ctl("-m", "fast", "stop")
        self.start()

    def kill(self):
        """The server and all its processes at once."""
        postmaster = self.pid()
        pids = [postmaster, *children(postmaster)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not any(map(is_alive, pids)), what="the server's end")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def sql(self, text, database="postgres"):
        return Postgres._psql(self.url(database), text).strip()


class Cluster:
    """A primary and, when asked for, a streaming replica."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="auditkeep-cluster."))
        service("postgres", "start", self.path)
        url = urllib.parse.urlsplit(environment(self.path / "postgres.env")["AK_TEST_POSTGRES"])
        service("postgres", "stop", self.path)
        self.primary = Server(self.path / "postgres-data", url.port, url.password)
        self.primary.start()
        self.replica = None

    def add_replica(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        data = self.path / f"replica-{uuid.uuid4().hex[:6]}"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
        owner = OWNER if os.geteuid() == 0 else []
        call([*owner, self.primary.bin / "pg_basebackup", "-R", "-c", "fast", "-D", data,
              "-d", self.primary.url()], cwd="/")
        self.replica = Server(data, port, self.primary.password)
        self.replica.start()
        self.wait_replicated()

    def wait_replicated(self):
        target = self.primary.sql("SELECT pg_current_wal_lsn()")
        wait_for(lambda: self.replica.sql(f"SELECT pg_last_wal_replay_lsn() >= '{target}'") == "t",
                 what="the replica")

    def cut_replication(self):
        self.replica.sql("ALTER SYSTEM SET primary_conninfo = ''")
        self.replica.sql("SELECT pg_reload_conf()")
        wait_for(lambda: self.replica.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0",
                 what="the end of replication")

    def fail_over(self):
        """The primary is gone for good; the replica knows what it knows."""
        self.primary.kill()
        self.replica.ctl("promote")

    def close(self):
        for server in (self.primary, self.replica):
            if server:
                server.stop()
        shutil.rmtree(self.path)


class Database(Postgres):
    """A database on a server of our own."""

    def __init__(self, server):
        self.server_object, self.server = server, server.url()
        self.name = "it_" + uuid.uuid4().hex[:12]
        server.sql(f"CREATE DATABASE {self.name}")
        self.url = server.url(self.name)

    def through(self, proxy):
        return self.server_object.url(self.name, proxy.port)

    def move(self, server):
        """It is to be found elsewhere now."""
        self.server_object, self.server, self.url = server, server.url(), server.url(self.name)

    def close(self):
        """It goes with its server."""


class Gateway:
    """An S3 gateway whose process can be killed while its storage stays."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="auditkeep-gateway."))
        service("s3", "start", self.path)
        env = environment(self.path / "s3.env")
        self.client = S3(env["AK_TEST_S3_ENDPOINT"], env["AWS_ACCESS_KEY_ID"],
                         env["AWS_SECRET_ACCESS_KEY"])

    def bucket(self):
        return Bucket(client=self.client)

    def kill(self):
        pid = int((self.path / "run/client.rgw.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(pid), what="the gateway's end")

    def start(self):
        call(["radosgw", "-c", self.path / "ceph.conf", "-n", "client.rgw"],
             stdin=subprocess.DEVNULL)
        wait_for(self._answers, 60, "the gateway")

    def _answers(self):
        try:
            return self.client.request("GET", "/")[0] == 200
        except OSError:
            return False

    def close(self):
        service("s3", "stop", self.path)
        shutil.rmtree(self.path, ignore_errors=True)
