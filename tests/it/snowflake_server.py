"""
A Snowflake on loopback: Snowpipe Streaming's REST calls with named channels, and the SQL API.

It is strict: a request that is not to the letter of the documented protocol is refused and noted in
'violations'. Faults are scripted per call, see script().
"""
import collections
import gzip
import http.server
import json
import re
import socket
import threading
import time
import urllib.parse

import snowflake_token
from snowflake_sql import Database, SqlError, Statements, unzstd

WIRE_MAX, PLAIN_MAX = 4 * 1024 * 1024, 16 * 1024 * 1024
NAMES = "/v2/streaming(?P<data>/data)?/databases/(?P<db>[^/]+)/schemas/(?P<schema>[^/]+)/pipes/"
CHANNEL = re.compile(NAMES + "(?P<pipe>[^/]+)/channels/(?P<channel>[^/]+)(?P<rows>/rows)?$")
STATUS = re.compile(NAMES + "(?P<pipe>[^/:]+):bulk-channel-status$")
STATEMENT = re.compile("/api/v2/statements(?:/(?P<handle>[^/]+)(?P<cancel>/cancel)?)?$")
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Reply(Exception):
    """Ends a request with this answer."""

    def __init__(self, status, body="", headers=None):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


def refusal(status, code, message="refused"):
    return Reply(status, {"code": code, "message": message})


class Channel:
    """One named channel: what is committed, what is buffered, who holds it."""

    def __init__(self):
        self.client, self.row = 0, 0
        self.committed = None
        self.pending = collections.deque()  # [polls left, end token, rows]
        self.inserted = self.errors = 0
        self.error_upper = None
        self.code = "ACTIVE"
        self.used = set()

    def continuation(self):
        return f"{self.client}/{self.row}+="

    def status(self, errors_name):
        return {"channel_status_code": self.code, "last_committed_offset_token": self.committed,
                "rows_inserted": self.inserted, "rows_parsed": self.inserted + self.errors,
                errors_name: self.errors, "last_error_offset_upper_bound": self.error_upper,
                "last_error_message": "a row's text: SECRET-PAYLOAD" if self.errors else None}


class Snowflake:
    """The service's state. The server's threads hold 'lock' while they work on it."""
    account, user = "MYORG-MYACCT", "AUDIT_SVC"
    database, schema, table = "AUDIT", "LAND", "AUDIT_EVENTS_LAND"

    def __init__(self, keys, archive=None):
        self.keys = keys
        self.lock = threading.RLock()
        self.channels = collections.defaultdict(Channel)
        self.db = Database(self.table, archive)
        self.statements = Statements(self.db)
        self.faults = collections.defaultdict(collections.deque)
        self.requests, self.violations, self.tokens = [], [], {}
        self.commit_polls = 0     # how often a status is asked for before rows are committed
        self.is_bare = False      # answers with bare text where JSON is documented
        self.spelling = "new"     # of the offset tokens' parameters
        self.is_rejected = lambda row: False  # rows the table does not take
        self.pipes = {f"{self.table}-STREAMING"}
        self.skew = 0             # of its clock, seconds
        self.hosts = 0
        self.released = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def ingest(self):
        """The ingest host, in its usable spelling."""
        return f"my-org-ingest{self.hosts}.localhost:{self.server.server_address[1]}"

    def now(self):
        return time.time() + self.skew

    # ---- what tests do to it ----

    def script(self, call, *faults):
        """
        What the next requests of a call (hostname, token, open, append, status, drop, sql) meet:
        "lost" (done, connection cut), "cut" (cut before), "late" (done, answered after release),
        "garbage", a Reply (refused), or ("done", Reply) (done, but answered with this).
        """
        with self.lock:
            self.faults[call].extend(faults)

    def invalidate(self, name, code="CHANNEL_INVALIDATED"):
        with self.lock:
            self.channels[name].code = code

    def fail_over(self):
        """The pipe moves: the old host's tokens are worth nothing, its channels answer 410."""
        with self.lock:
            self.hosts += 1

    def expire_tokens(self):
        with self.lock:
            self.tokens.clear()

    def commit(self, channel):
        """What is buffered goes into the table."""
        while channel.pending and channel.pending[0][0] <= 0:
            _, end, rows = channel.pending.popleft()
            good = [row for row in rows if not self.is_rejected(row)]
            if len(good) < len(rows):
                channel.errors += len(rows) - len(good)
                channel.error_upper = end
            channel.inserted += len(good)
            channel.committed = end
            self.db.insert(good)

    def tick(self, channel):
        for entry in channel.pending:
            entry[0] -= 1
        self.commit(channel)

    def count(self, call):
        with self.lock:
            return sum(1 for made in self.requests if made[0] == call)


class Request:
    """One request, and what is made of it."""

    def __init__(self, sf, method, target, headers, body):
        self.sf, self.method, self.headers, self.body = sf, method, headers, body
        parts = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(parts.path)
        pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(
            parts.query))
        self.query = dict(pairs)
        if len(pairs) != len(self.query):
            self.bad("a parameter twice")
        self.names = None

    def bad(self, what):
        self.sf.violations.append(f"{self.method} {self.path}: {what}")
        raise refusal(400, "ERR_VIOLATION", what)

    def need(self, is_met, what):
        if not is_met:
            self.bad(what)

    def call(self):
        """The name of the call, and the function that does it."""
        self.names = CHANNEL.match(self.path) or STATUS.match(self.path)
        statement = STATEMENT.match(self.path)
        if self.path == "/v2/streaming/hostname" and self.method == "GET":
            return "hostname", self.hostname
        if self.path == "/oauth/token" and self.method == "POST":
            return "token", self.token
        if statement:
            self.names = statement
            return "sql", self.sql
        if self.names and self.names.re is STATUS and self.method == "POST":
            return "status", self.status
        if self.names and self.names["rows"] and self.names["data"] and self.method == "POST":
            return "append", self.append
        if self.names and not self.names["rows"] and not self.names["data"]:
            known = {"PUT": ("open", self.open), "DELETE": ("drop", self.drop)}
            if self.method in known:
                return known[self.method]
        return self.bad("no such call")

    # ---- who asks ----

    def bearer(self):
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        self.need(kind == "Bearer" and token, "no bearer")
        return token

    def check_key_pair(self):
        token = self.bearer()
        self.need(self.headers.get("Host") == self.sf.url[len("http://"):], "not the account's host")
        if self.headers.get("X-Snowflake-Authorization-Token-Type") != "KEYPAIR_JWT":
            raise refusal(401, "390303", "Invalid OAuth access token.")
        try:
            snowflake_token.check(token, self.sf.keys, self.sf.account, self.sf.user,
                                  self.sf.now())
        except snowflake_token.Refused as error:
            raise refusal(401, "390144", f"JWT token is invalid. [{error}]") from error

    def check_scoped(self):
        host = self.headers.get("Host", "")
        self.need("X-Snowflake-Authorization-Token-Type" not in self.headers,
                  "token type beside a scoped token")
        if host != self.sf.ingest:
            raise Reply(410, "")
        if self.sf.tokens.get(self.bearer()) != host:
            raise refusal(401, "390114", "Authentication token has expired.")

    def text_reply(self, name, value):
        return value + "\n" if self.sf.is_bare else {name: value}

    # ---- the calls ----

    def hostname(self):
        self.check_key_pair()
        return self.text_reply("hostname", self.sf.ingest.replace("-", "_"))

    def token(self):
        self.check_key_pair()
        self.need(self.headers.get("Content-Type") == "application/x-www-form-urlencoded", "type")
        form = dict(urllib.parse.parse_qsl(self.body.decode(), strict_parsing=True))
        self.need(form == {"grant_type": GRANT, "scope": self.sf.ingest}, f"form {form}")
        token = f"ver:1-hint:{len(self.sf.tokens)}-ETMsDgAAAX{len(self.sf.requests)}"
        self.sf.tokens[token] = self.sf.ingest
        return self.text_reply("token", token)

    def channel(self):
        self.check_scoped()
        wanted = (self.sf.database, self.sf.schema)
        self.need((self.names["db"], self.names["schema"]) == wanted, "another schema")
        if self.names["pipe"] not in self.sf.pipes:
            raise refusal(404, "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED")
        return self.names["channel"].upper() if self.names.re is CHANNEL else None

    def json_body(self):
        self.need(self.headers.get("Content-Type") == "application/json", "not JSON")
        return json.loads(self.body)

    def open(self):
        name = self.channel()
        body = self.json_body()
        self.need(set(self.query) == {"requestId"}, "parameters")
        self.need(set(body) == {"fail_on_uncommitted_rows"}, "the offset token is set anew")
        channel = self.sf.channels[name]
        self.sf.tick(channel)
        if channel.pending and body["fail_on_uncommitted_rows"]:
            raise refusal(409, "ERR_CHANNEL_HAS_UNCOMMITTED_DATA")
        channel.pending.clear()
        channel.client, channel.row, channel.code = channel.client + 1, 0, "ACTIVE"
        return {"next_continuation_token": channel.continuation(),
                "channel_status": channel.status("rows_error_count")}

    def drop(self):
        self.sf.channels.pop(self.channel(), None)
        return ""

    def status(self):
        self.channel()
        names = self.json_body()["channel_names"]
        found = {}
        for name in names:
            if name in self.sf.channels:
                self.sf.tick(self.sf.channels[name])
                found[name] = self.sf.channels[name].status("rows_errors")
        return {"channel_statuses": found}

    def offsets(self):
        """Start and end of the rows, as the parameters say in the spelling of this server."""
        new = self.sf.spelling == "new"
        names = {"startOffsetToken", "endOffsetToken"} if new else {"offsetToken"}
        self.need(set(self.query) == {"continuationToken", "requestId"} | names, "parameters")
        end = self.query["endOffsetToken" if new else "offsetToken"]
        start = self.query["startOffsetToken"] if new else None
        for token in filter(None, (start, end)):
            self.need(re.fullmatch(r"0|[1-9]\d*", token), f"offset token {token}")
        return start, end

    def lines(self):
        """The rows: NDJSON to the letter, and not too large."""
        self.need(self.headers.get("Content-Type") == "application/x-ndjson", "type")
        if len(self.body) > WIRE_MAX:
            raise Reply(413, "")
        coding = self.headers.get("Content-Encoding")
        plain = {None: lambda data: data, "gzip": gzip.decompress, "zstd": unzstd}[coding](self.body)
        self.need(plain is not None, "not zstd")
        if len(plain) > PLAIN_MAX:
            raise Reply(413, "")
        self.need(plain.endswith(b"\n"), "the last row has no newline")
        rows = [json.loads(line) for line in plain[:-1].split(b"\n")]
        self.need(all(isinstance(row, dict) for row in rows), "a row is no object")
        return rows

    def append(self):
        channel = self.sf.channels.get(self.channel())
        if channel is None:
            raise refusal(404, "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED")
        start, end = self.offsets()
        rows = self.lines()
        token = self.query["continuationToken"]
        self.need(token not in channel.used, "the same append once more")
        if channel.code != "ACTIVE":
            raise refusal(400, "ERR_CHANNEL_MUST_BE_REOPENED")
        if token.split("/")[0] != str(channel.client):
            raise refusal(400, "STALE_CONTINUATION_TOKEN_SEQUENCER")
        if token != channel.continuation():
            raise refusal(400, "ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP")
        indexes = [int(row["SEQ"]) for row in rows]
        self.need(indexes == list(range(indexes[0], indexes[-1] + 1)), "rows out of order")
        self.need(end == str(indexes[-1]) and start in (None, str(indexes[0])), "offset tokens")
        channel.used.add(token)
        channel.row += 1
        channel.pending.append([self.sf.commit_polls, end, rows])
        self.sf.commit(channel)
        return {"next_continuation_token": channel.continuation()}

    def sql(self):
        self.check_key_pair()
        statements, handle = self.sf.statements, self.names["handle"]
        self.need(self.headers.get("User-Agent"), "no user agent")
        if handle is None:
            self.need(self.method == "POST" and "requestId" in self.query, "parameters")
            try:
                handle = statements.submit(self.query["requestId"],
                                           self.query.get("retry") == "true", self.json_body())
            except SqlError as error:
                raise Reply(422, {"code": error.code, "sqlState": "42000", "message": str(error),
                                  "statementHandle": "none"}) from error
        elif handle not in statements.results:
            raise refusal(404, "390404")
        elif self.names["cancel"]:
            statements.cancelled.append(handle)
            return {"statementHandle": handle, "message": "successfully canceled"}
        if statements.is_running(handle):
            raise Reply(202, {"code": "333334", "statementHandle": handle,
                              "message": "Asynchronous execution in progress."})
        return statements.reply(handle, int(self.query.get("partition", 0)))


def handler(sf):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 120

        def date_time_string(self, timestamp=None):
            return super().date_time_string(sf.now() if timestamp is None else timestamp)

        def log_message(self, *words):
            pass

        def send(self, status, body, headers):
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            data = body.encode() if isinstance(body, str) else body
            # partitions after the first are documented to be compressed
            if "partition=" in self.path and status == 200:
                data, headers = gzip.compress(data), {**headers, "Content-Encoding": "gzip"}
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def work(self):
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size)
            with sf.lock:
                answer, fault = self.answer(body)
            if fault == "late":
                sf.released.wait(120)
            if fault in ("lost", "cut", "late"):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send(*answer)

        def answer(self, body):
            """(status, body, headers), and the fault that is left to act out."""
            fault = None
            try:
                request = Request(sf, self.command, self.path, self.headers, body)
                name, work = request.call()
                sf.requests.append((name, self.command, request.path, request.query,
                                    dict(self.headers), len(body)))
                fault = sf.faults[name].popleft() if sf.faults[name] else None
                if isinstance(fault, Reply):
                    raise fault
                if fault == "cut":
                    return None, fault
                made = work()
                if isinstance(fault, tuple):
                    raise fault[1]
                return (200, "{\"next_" if fault == "garbage" else made, {}), fault
            except Reply as reply:
                return (reply.status, reply.body, reply.headers), fault if fault == "late" else None
            except Exception as error:  # a fault of the tests' own, or a request beyond reading
                sf.violations.append(f"{self.command} {self.path}: {error!r}")
                return (400, "", {}), None

        do_GET = do_POST = do_PUT = do_DELETE = work

    return Handler
