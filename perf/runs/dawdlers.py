"""Callers that dawdle, in the clear and on TLS: two thousand connections in one thread.

Each gets a byte a second, if any, and is timed until it is closed.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Callable

SLOW = 2000
# Who dawdles once TLS stands: their handshakes are work that no one could do without.
AGREED = 200
OPEN_SECONDS = 2
READER_EACH = 20
# More than the kernel takes for one connection, at 96 KB each.
ANSWERS = 80
PATH = "/v2/models/slots/infer"
READ_PATH = "/openapi.json"
HTTP_KINDS = ("header", "body", "reader")
# Nothing at all; and a handshake that is begun, of which a byte comes each second.
STALLED_KINDS = ("silent", "partial")


def http_kind(number: int) -> str:
    """Gives what the caller of this number does: one in twenty reads nothing."""
    return "reader" if number % READER_EACH == 0 else HTTP_KINDS[number % 2]


def client_hello() -> bytes:
    """Gives the first flight of a handshake, which must not become whole."""
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    engine = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    try:
        engine.do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()
    raise AssertionError("a handshake without a server")


class Caller:
    """One slow connection."""

    def __init__(self, kind: str, sock: socket.socket, drops: bytes) -> None:
        self.kind, self.sock, self.drops = kind, sock, drops
        self.opened = time.monotonic()

    def ends(self) -> bool:
        """Takes what has come; tells whether the other side has closed."""
        try:
            return not self.sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True

    def is_over(self) -> bool:
        """Tells whether the other side has closed, by the state of the connection alone."""
        return self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1

    def drip(self) -> bool:
        """Sends the next byte, if any; tells whether the other side has closed."""
        try:
            if self.drops:
                self.sock.send(self.drops[:1])
                self.drops = self.drops[1:] or self.drops
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            return True
        return False


class Dawdlers:
    """Slow callers of one round; with a context of TLS most of them never agree on it."""

    def __init__(self, port: int, token: str, tls: ssl.SSLContext | None = None) -> None:
        self.port, self.tls = port, tls
        self.auth = f"Host: h\r\nAuthorization: Bearer {token}\r\n"
        self.kinds = [http_kind(i) for i in range(SLOW)]
        if tls:
            self.hello = client_hello()
            # The agreed ones evenly among the others.
            self.kinds = []
            for i in range(SLOW):
                self.kinds.append(STALLED_KINDS[i % 2])
                if i % (SLOW // AGREED) == 0:
                    self.kinds.append(http_kind(i // (SLOW // AGREED)))
        self.closed: dict[str, list[float]] = {kind: [] for kind in dict.fromkeys(self.kinds)}
        self.left = dict.fromkeys(self.closed, 0)
        self.selector = selectors.DefaultSelector()
        self.open: dict[socket.socket, Caller] = {}

    def run(self, seconds: float) -> None:
        """Opens them all within some two seconds, and lets them dawdle until so many are over."""
        began = time.monotonic()
        for i, kind in enumerate(self.kinds):
            caller = self._connect(kind)
            self.open[caller.sock] = caller
            if kind != "reader":
                self.selector.register(caller.sock, selectors.EVENT_READ, caller)
            if i % 20 == 19:
                self._look(max(0.0, began + OPEN_SECONDS * i / len(self.kinds) - time.monotonic()))
        next_byte = next_state = time.monotonic() + 1
        while self.open and time.monotonic() - began < seconds:
            self._look(0.05)
            if time.monotonic() >= next_state:
                next_state += 0.2
                self._each(lambda caller: caller.kind == "reader" and caller.is_over())
            if time.monotonic() >= next_byte:
                next_byte += 1
                self._each(Caller.drip)
        for caller in self.open.values():
            self.left[caller.kind] += 1
        ended = {kind: len(times) for kind, times in self.closed.items()}
        if sum(ended.values()) + sum(self.left.values()) != len(self.kinds):
            raise RuntimeError(f"of {len(self.kinds)} slow callers were closed {ended}, left"
                               f" {self.left} (expected: all of them)")
        for caller in self.open.values():
            caller.sock.close()

    def _each(self, is_over: Callable[[Caller], bool]) -> None:
        for caller in list(self.open.values()):
            if is_over(caller):
                self._end(caller)

    def _look(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            if key.data.ends():
                self._end(key.data)

    def _connect(self, kind: str) -> Caller:
        sock = socket.socket()
        if kind == "reader":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", self.port))
        drops = b"" if kind in ("reader", "silent") else b"x"
        if kind == "partial":
            half = len(self.hello) // 2
            sock.send(self.hello[:half])
            drops = self.hello[half:-1]
        elif kind != "silent":
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_hostname="localhost")
            sock.sendall(self._begin(kind))
        sock.setblocking(False)
        return Caller(kind, sock, drops)

    def _begin(self, kind: str) -> bytes:
        if kind == "reader":
            return (f"GET {READ_PATH} HTTP/1.1\r\n{self.auth}\r\n" * ANSWERS).encode()
        if kind == "body":
            return f"POST {PATH} HTTP/1.1\r\n{self.auth}Content-Length: 900\r\n\r\n".encode()
        return f"POST {PATH} HTTP/1.1\r\nX-Slow: ".encode()

    def _end(self, caller: Caller) -> None:
        if self.open.pop(caller.sock, None):
            self.closed[caller.kind].append(time.monotonic() - caller.opened)
            if caller.kind != "reader":
                self.selector.unregister(caller.sock)
            caller.sock.close()
