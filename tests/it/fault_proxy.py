"""Proxies on loopback that stand between auditkeep and its engines, and fail on demand.

HttpProxy understands S3's requests: it may answer in the store's stead, lose the answer, cut or
delay it. TcpProxy knows nothing of what it carries: it cuts connections, or lets them stand still.
"""
import collections
import http.client
import random
import socket
import struct
import threading
import urllib.parse

PIECE = 2048
PIECE_SECONDS = 0.02


class Lost(Exception):
    """The other side has hung up."""


def reset(sock):
    """Closes with a RST instead of a FIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()


class Listener:
    """Accepts connections on a free port; serve(sock) runs in a thread of its own for each."""

    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._open = set()
        self.closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock = self._server.accept()[0]
            except OSError:
                return
            with self._lock:
                self._open.add(sock)
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        try:
            self.serve(sock)
        except (OSError, Lost, http.client.HTTPException):
            pass
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()

    def serve(self, sock):
        raise NotImplementedError

    def open_sockets(self):
        with self._lock:
            return list(self._open)

    def close(self):
        self.closing.set()
        self._server.close()
        for sock in self.open_sockets():
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


# ---- S3 ----

class Request:
    def __init__(self, method, target, fields, body):
        self.method, self.target, self.fields, self.body = method, target, fields, body
        self.is_segment = urllib.parse.urlsplit(target).path.endswith(".ndjson.zst")

    def field(self, name):
        return next((v for n, v in self.fields if n.lower() == name), None)


class Faults:
    """Draws a fault for some of the requests; the same seed draws the same ones in order."""

    def __init__(self, seed, rate, kinds):
        self._draw, self.rate, self.kinds = random.Random(seed), rate, list(kinds)

    def __call__(self, _request):
        return self._draw.choice(self.kinds) if self._draw.random() < self.rate else None


class First:
    """@kind for the first @count requests that @wanted says yes to, then nothing any more."""

    def __init__(self, kind, count=1, wanted=lambda request: True):
        self.kind, self.left, self.wanted = kind, count, wanted

    def __call__(self, request):
        if self.left == 0 or not self.wanted(request):
            return None
        self.left -= 1
        return self.kind


def segment_put(request):
    """An upload of a segment; the program's probes are none."""
    return request.method == "PUT" and request.is_segment and len(request.body) > 5


class HttpProxy(Listener):
    """
    @choose (a function of Request) names the fault of a request, or None:
      error_500 error_503  the store's own words, without the store
      reset_before         the connection is reset before the body is read
      reset_after          … after it, and the store never sees the request
      reply_lost           the store does it; the answer is lost
      slow                 the answer comes in small pieces
      truncated            half of the answer's body, then the end
      black_hole           no answer for as long as the client waits
      late                 the same, and once the client has given up, the store gets the request
    With @conditional it keeps to 'If-None-Match: *' as AWS does, which the gateway does not for
    buckets with versions. Both may be changed at any time. injected counts faults by kind.
    """
    kinds = ("error_500", "error_503", "reset_before", "reset_after", "reply_lost", "slow",
             "truncated", "black_hole", "late")

    def __init__(self, upstream, choose=None, conditional=True):
        self._upstream = urllib.parse.urlsplit(upstream)
        self.choose, self.conditional = choose, conditional
        self.injected, self.requests = collections.Counter(), 0
        self._choosing = threading.Lock()
        self._keys = collections.defaultdict(threading.Lock)
        self._stored = set()
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, sock):
        with sock.makefile("rb") as stream:
            while self._exchange(sock, stream):
                pass

    def _pick(self, request):
        with self._choosing:
            self.requests += 1
            kind = self.choose(request) if self.choose else None
            if kind:
                self.injected[kind] += 1
            return kind

    def _exchange(self, sock, stream):
        line = stream.readline()
        if not line:
            return False
        method, target, _ = line.decode().split(" ", 2)
        fields = []
        while (text := stream.readline().decode().rstrip("\r\n")):
            name, value = text.split(":", 1)
            fields.append((name, value.strip()))
        request = Request(method, target, fields, b"")
        length = int(request.field("content-length") or 0)
        request.body = b"-" * length  # not read yet, but of that size
        kind = self._pick(request)
        if kind == "reset_before":
            return reset(sock)
        request.body = stream.read(length)
        if len(request.body) != length:
            return False
        return getattr(self, f"_{kind or 'pass'}")(sock, request)

    def _forward(self, request):
        """(status, fields, body) of the store."""
        connection = http.client.HTTPConnection(self._upstream.hostname, self._upstream.port,
                                                timeout=30)
        try:
            connection.putrequest(request.method, request.target, skip_host=True,
                                  skip_accept_encoding=True)
            for name, value in request.fields:
                connection.putheader(name, value)
            connection.endheaders(request.body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _ask(self, request):
        path = urllib.parse.urlsplit(request.target).path
        if not self.conditional or request.method != "PUT" or not request.field("if-none-match"):
            return self._forward(request)
        with self._choosing:
            lock = self._keys[path]
        with lock:
            if path in self._stored:
                return self._words(412, "PreconditionFailed")
            answer = self._forward(request)
            if answer[0] == 200:
                self._stored.add(path)
            return answer

    @staticmethod
    def _words(status, code):
        return status, [], f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()

    @staticmethod
    def _head_of(answer):
        status, fields, body = answer
        kept = "".join(f"{n}: {v}\r\n" for n, v in fields if n.lower() not in
                       ("content-length", "transfer-encoding", "connection", "keep-alive"))
        length = next((v for n, v in fields if n.lower() == "content-length"), len(body))
        return f"HTTP/1.1 {status} -\r\n{kept}Content-Length: {length}\r\n\r\n".encode()

    def _reply(self, sock, request, answer):
        body = b"" if request.method == "HEAD" else answer[2]
        sock.sendall(self._head_of(answer) + body)
        return True

    def _pass(self, sock, request):
        return self._reply(sock, request, self._ask(request))

    def _error_500(self, sock, request):
        return self._reply(sock, request, self._words(500, "InternalError"))

    def _error_503(self, sock, request):
        return self._reply(sock, request, self._words(503, "SlowDown"))

    def _reset_after(self, sock, _request):
        return reset(sock)

    def _reply_lost(self, sock, request):
        self._ask(request)
        return reset(sock)

    def _slow(self, sock, request):
        answer = self._ask(request)
        data = self._head_of(answer) + (b"" if request.method == "HEAD" else answer[2])
        for at in range(0, len(data), PIECE):
            sock.sendall(data[at:at + PIECE])
            if self.closing.wait(PIECE_SECONDS):
                raise Lost
        return True

    def _truncated(self, sock, request):
        answer = self._ask(request)
        sock.sendall(self._head_of(answer)[:None if len(answer[2]) > 1 else -2]
                     + answer[2][:len(answer[2]) // 2])
        return False

    @staticmethod
    def _black_hole(sock, _request):
        sock.recv(1)  # until the client hangs up
        return False

    def _late(self, sock, request):
        self._black_hole(sock, request)
        self._ask(request)
        return False


# ---- any protocol ----

class TcpProxy(Listener):
    """Carries bytes to @upstream (host, port), which may be changed: failover."""

    def __init__(self, upstream):
        self.upstream = upstream
        self._flow = threading.Event()
        self._flow.set()
        super().__init__()

    def serve(self, sock):
        self._flow.wait()
        with socket.create_connection(self.upstream, timeout=10) as far:
            far.settimeout(None)
            back = threading.Thread(target=self._carry, args=(far, sock), daemon=True)
            back.start()
            self._carry(sock, far)
            back.join()

    def _carry(self, source, sink):
        try:
            while (data := source.recv(65536)):
                self._flow.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Ends all connections."""
        for sock in self.open_sockets():
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stall(self):
        """Nothing moves and nothing ends, on new connections neither: as when a server hangs."""
        self._flow.clear()

    def resume(self):
        self._flow.set()

    def close(self):
        super().close()
        self.resume()
