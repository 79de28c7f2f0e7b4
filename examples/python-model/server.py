"""A model server for the example model, speaking Open Inference Protocol v2 over HTTP/1.1.

One thread per connection, at most `CONNECTIONS_MAX` of them; at most `--workers` requests are
scored at once, the others wait for `--queue-ms` and are then answered 503. Needs nothing but the
standard library; scores with scikit-learn where that is installed.
"""

import argparse
import contextlib
import email.utils
import pathlib
import re
import select
import signal
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import protocol
import scorer
from protocol import Message, Refused, json_message

CONNECTIONS_MAX = 256
IDLE_SECONDS = 75
DRAIN_SECONDS = 5
UNREAD_BYTES_MAX = 4 << 20
UNREAD_SECONDS = 2
CHUNK_LINE_BYTES_MAX = 1024
TRAILERS_MAX = 100

MODEL_PATH = r"/v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[^/]+))?"
ROUTES = (
    (re.compile(r"/v2/?"), "GET", "server_metadata"),
    (re.compile(r"/v2/health/live"), "GET", "server_live"),
    (re.compile(r"/v2/health/ready"), "GET", "server_ready"),
    (re.compile(MODEL_PATH), "GET", "model_metadata"),
    (re.compile(MODEL_PATH + "/ready"), "GET", "model_ready"),
    (re.compile(MODEL_PATH + "/infer"), "POST", "infer"),
)


class Limits(NamedTuple):
    """What one server takes on."""

    workers: int
    queue_seconds: float
    delay_seconds: float
    body_bytes_max: int


class ClientGone(ConnectionError):
    """The client hung up before its answer was ready."""


class ModelServer(ThreadingHTTPServer):
    """The listening socket and what all its connections share. Safe for any thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], model: scorer.Scorer, limits: Limits) -> None:
        self.model = model
        self.limits = limits
        self.stopping = threading.Event()
        self._connections = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._workers = threading.BoundedSemaphore(limits.workers)
        self._settled = threading.Condition()
        self._open_requests = 0
        super().__init__(address, Exchange)

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        """Gives the connection a thread, or answers 503 and closes it when all are taken."""
        if not self._connections.acquire(blocking=False):
            refusal = json_message({"error": "too many connections; try again"})
            request.sendall(response(503, refusal, {"Retry-After": "1"}, close=True))
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._connections.release()
            raise

    def process_request_thread(
        self, request: socket.socket, client_address: tuple[str, int]
    ) -> None:
        """Serves one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        """Says in one line what broke a connection; a client that hung up is not worth one."""
        if not isinstance(sys.exception(), OSError):
            print(f"event=connection-failed cause={sys.exception()!r}", file=sys.stderr)

    @contextlib.contextmanager
    def open_request(self) -> Iterator[None]:
        """Counts a request as unanswered while the block runs."""
        with self._settled:
            self._open_requests += 1
        try:
            yield
        finally:
            with self._settled:
                self._open_requests -= 1
                self._settled.notify_all()

    @contextlib.contextmanager
    def worker(self) -> Iterator[None]:
        """Holds one of the workers while the block runs; Refused 503 when none comes free."""
        if not self._workers.acquire(timeout=self.limits.queue_seconds):
            text = f"all {self.limits.workers} workers are busy; try again"
            raise Refused(503, text, {"Retry-After": "1"})
        try:
            yield
        finally:
            self._workers.release()

    def stop(self) -> None:
        """Takes no more connections and gives the open requests some seconds to be answered."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._settled:
            self._settled.wait_for(lambda: self._open_requests == 0, DRAIN_SECONDS)


class Exchange(BaseHTTPRequestHandler):
    """One connection and, one after another, its requests. Confined to its thread."""

    server: ModelServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    expects_continue = False
    body_unread = False

    def exchange(self) -> None:
        """Reads one request and answers it; the connection stays usable unless it says so."""
        with self.server.open_request():
            try:
                body = self.read_body()
                status, message, headers = 200, self.result(body), {}
            except Refused as refusal:
                status, headers = refusal.status, refusal.headers
                message = json_message({"error": refusal.text})
            except ConnectionError:
                self.close_connection = True
                return
            except Exception as cause:
                print(f"event=request-failed cause={cause!r}", file=sys.stderr)
                status, headers = 500, {}
                message = json_message({"error": "internal error"})
            self.write(status, message, headers)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = exchange

    def result(self, body: bytes) -> Message:
        """The successful answer to this request; Refused when there is none."""
        path = self.path.partition("?")[0]
        for pattern, method, name in ROUTES:
            found = pattern.fullmatch(path)
            if not found:
                continue
            if "model" in pattern.groupindex:
                self.check_model(**found.groupdict())
            if self.command != method:
                text = f"method: {self.command} (expected: {method})"
                raise Refused(405, text, {"Allow": method})
            return getattr(self, name)(body)
        raise Refused(404, f"path: {protocol.shown(path)} (expected: one under /v2)")

    def check_model(self, model: str, version: str | None) -> None:
        """Refuses any model and version but the one served."""
        model = urllib.parse.unquote(model)
        if model != scorer.NAME:
            raise Refused(404, f"model: {protocol.shown(model)} (expected: {scorer.NAME})")
        if version not in (None, self.server.model.version):
            expected = self.server.model.version
            raise Refused(404, f"version: {protocol.shown(version)} (expected: {expected})")

    def server_metadata(self, _: bytes) -> Message:
        """What this server is."""
        extensions = ["binary_tensor_data"]
        return json_message({"name": "python-model", "version": "1", "extensions": extensions})

    def server_live(self, _: bytes) -> Message:
        """That the process answers."""
        return json_message({"live": True})

    def server_ready(self, _: bytes) -> Message:
        """That it takes inferences; Refused 503 once it is stopping."""
        self.check_ready()
        return json_message({"ready": True})

    def model_ready(self, _: bytes) -> Message:
        """The same for the model."""
        self.check_ready()
        return json_message({"name": scorer.NAME, "ready": True})

    def check_ready(self) -> None:
        """Refuses while the server is stopping."""
        if self.server.stopping.is_set():
            raise Refused(503, "stopping", {"Retry-After": "1"})

    def model_metadata(self, _: bytes) -> Message:
        """What goes into the model and what comes out."""
        model = self.server.model
        return json_message({
            "name": scorer.NAME,
            "versions": [model.version],
            "platform": f"python_{model.variant}",
            "inputs": [protocol.INPUT],
            "outputs": [protocol.OUTPUT],
        })

    def infer(self, body: bytes) -> Message:
        """The probabilities for the rows in `body`."""
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(415, "Content-Encoding: unsupported (expected: identity)")
        json_bytes = self.number("Inference-Header-Content-Length")
        model = self.server.model
        with self.server.worker():
            self.wait(0)
            inference = protocol.parse(body, json_bytes)
            self.wait(self.server.limits.delay_seconds)
            try:
                rows = model.score(inference.rows)
            except ValueError as cause:
                raise Refused(400, str(cause)) from cause
            return protocol.answer(inference, scorer.NAME, model.version, rows)

    def wait(self, seconds: float) -> None:
        """Lets `seconds` pass, or raises ClientGone as soon as the client has closed its side."""
        end = time.monotonic() + seconds
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if not readable:
            return
        if not self.connection.recv(1, socket.MSG_PEEK):
            raise ClientGone
        # The next request is there already: from here on a hang-up cannot be seen.
        time.sleep(max(0.0, end - time.monotonic()))

    def read_body(self) -> bytes:
        """The request's body, by length or by chunks, up to the limit."""
        self.body_unread = True
        encodings = self.headers.get_all("Transfer-Encoding", [])
        length = self.number("Content-Length")
        if encodings and length is not None:
            raise Refused(400, "both Content-Length and Transfer-Encoding (expected: one)")
        if encodings and [encoding.strip().lower() for encoding in encodings] != ["chunked"]:
            raise Refused(501, "Transfer-Encoding: unsupported (expected: chunked)")
        if length is None and not encodings and self.command == "POST":
            raise Refused(411, "Content-Length: missing (expected: the body's size in bytes)")
        self.check_size(length or 0)
        if self.expects_continue:
            self.expects_continue = False
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            body = self.read_chunks() if encodings else self.read_exactly(length or 0)
        except TimeoutError as cause:
            raise Refused(408, f"body: nothing came for {IDLE_SECONDS} s") from cause
        self.body_unread = False
        return body

    def read_chunks(self) -> bytes:
        """A body in chunked transfer coding; extensions and trailers are skipped."""
        body = bytearray()
        while size := self.chunk_size():
            self.check_size(len(body) + size)
            body += self.read_exactly(size)
            if self.read_exactly(2) != b"\r\n":
                raise Refused(400, "chunk: longer than it said")
        for _ in range(TRAILERS_MAX):
            if self.line() == b"\r\n":
                return bytes(body)
        raise Refused(400, f"trailers: too many (expected: <= {TRAILERS_MAX})")

    def chunk_size(self) -> int:
        """The size on the next chunk's first line."""
        digits = self.line().partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", digits):
            raise Refused(400, "chunk size: not a hexadecimal number")
        return int(digits, 16)

    def line(self) -> bytes:
        """The next line with its CR LF."""
        line = self.rfile.readline(CHUNK_LINE_BYTES_MAX)
        if not line:
            raise ClientGone
        if not line.endswith(b"\r\n"):
            raise Refused(400, f"chunk line: no end within {CHUNK_LINE_BYTES_MAX} bytes")
        return line

    def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        read = self.rfile.read(size)
        if len(read) < size:
            raise ClientGone
        return read

    def check_size(self, size: int) -> None:
        """Refuses a body of more bytes than the limit."""
        limit = self.server.limits.body_bytes_max
        if size > limit:
            raise Refused(413, f"body: more than {limit} bytes (expected: <= {limit})")

    def number(self, name: str) -> int | None:
        """The header `name` as a number from 0; None when it is absent."""
        values = set(self.headers.get_all(name, []))
        if not values:
            return None
        value = values.pop()
        if values or not re.fullmatch(r"[0-9]{1,18}", value):
            raise Refused(400, f"{name}: {protocol.shown(value)} (expected: one number >= 0)")
        return int(value)

    def handle_expect_100(self) -> bool:
        """Remembers `Expect: 100-continue`, to be answered once the size has been checked."""
        self.expects_continue = True
        return True

    def write(self, status: int, message: Message, headers: dict[str, str]) -> None:
        """Sends the whole answer in one write, so that no part waits for an acknowledgement."""
        self.close_connection |= self.body_unread or self.server.stopping.is_set()
        sent = response(status, message, headers, self.close_connection)
        self.wfile.write(sent if self.command != "HEAD" else sent[: -len(message.content)])
        if self.body_unread:
            self.discard()

    def discard(self) -> None:
        """Reads away what the client still sends, within bounds, so that it sees the answer.

        Closing with bytes unread would reset the connection and could take the answer with it.
        """
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(UNREAD_SECONDS)
        end = time.monotonic() + UNREAD_SECONDS
        left = UNREAD_BYTES_MAX
        with contextlib.suppress(OSError):
            while left > 0 and time.monotonic() < end:
                read = self.connection.recv(1 << 16)
                if not read:
                    return
                left -= len(read)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers a request that could not even be parsed, in the protocol's own form."""
        self.body_unread = True
        self.write(code, json_message({"error": message or self.responses[code][0]}), {})

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing per request: whoever stands in front counts them."""


def response(status: int, message: Message, headers: dict[str, str], close: bool) -> bytes:
    """A complete HTTP/1.1 response."""
    fields = message.headers | headers | {
        "Date": email.utils.formatdate(usegmt=True),
        "Content-Length": str(len(message.content)),
        "Connection": "close" if close else "keep-alive",
    }
    lines = [f"HTTP/1.1 {status} {BaseHTTPRequestHandler.responses[status][0]}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + message.content


def bounded(low: int, high: int):
    """A parser of command-line integers from `low` to `high`."""

    def number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} (expected: {low} to {high})")
        return value

    return number


def arguments() -> argparse.Namespace:
    """The command line; argparse ends the process with status 2 when it is wrong."""
    models = pathlib.Path(__file__).resolve().parent.parent / "models"
    parser = argparse.ArgumentParser(description="Serve the example model breast-cancer.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=bounded(0, 65535), default=9100,
        help="port; 0 takes a free one (default: %(default)s)")
    add("--variant", choices=["auto", "sklearn", "stdlib"], default="auto",
        help="what scores; auto takes scikit-learn where it is installed")
    add("--model-dir", type=pathlib.Path, default=models,
        help="folder with breast-cancer.json and train.py (default: the one beside this)")
    add("--workers", type=bounded(1, 128), default=8,
        help="requests scored at once (default: %(default)s)")
    add("--queue-ms", type=bounded(0, 60_000), default=1000,
        help="how long a request waits for a worker before 503 (default: %(default)s)")
    add("--delay-ms", type=bounded(0, 600_000), default=0,
        help="sleep before each answer, to play a slow model (default: %(default)s)")
    add("--body-bytes-max", type=bounded(1, 1 << 30), default=1 << 20,
        help="longest request body (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    """Serves until SIGTERM or SIGINT."""
    options = arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    limits = Limits(
        workers=options.workers,
        queue_seconds=options.queue_ms / 1000,
        delay_seconds=options.delay_ms / 1000,
        body_bytes_max=options.body_bytes_max,
    )
    try:
        model = scorer.load(options.variant, options.model_dir)
        server = ModelServer((options.host, options.port), model, limits)
    except (ImportError, OSError) as cause:
        sys.exit(f"cannot start: {cause}")
    threading.Thread(target=server.serve_forever, args=(0.1,), name="accept", daemon=True).start()
    url = f"http://{options.host}:{server.server_port}"
    print(f"listening on {url} variant={model.variant}", flush=True)
    stop.wait()
    server.stop()


if __name__ == "__main__":
    main()
