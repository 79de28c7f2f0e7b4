"""Requests that are held: they fill the house, so that the front door refuses whoever comes."""

import pathlib
import select
import selectors
import socket
import threading
import time

PATIENCE_SECONDS = 30


class Sink:
    """A model server on a free port that takes every request and never answers."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        waiting = selectors.DefaultSelector()
        waiting.register(self.listener, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is self.listener:
                    waiting.register(self.listener.accept()[0], selectors.EVENT_READ)
                    continue
                try:
                    gone = not key.fileobj.recv(65536)
                except OSError:
                    gone = True
                if gone:
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()


class Requests:
    """As many requests as the house holds, all waiting for the sink, from `with` to its end."""

    def __init__(self, port: int, token: pathlib.Path, count: int, sink: Sink) -> None:
        self.port, self.count = port, count
        self.request = (
            "POST /v2/models/hold/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nPriority: u=0\r\n"
            f"Authorization: Bearer {token.read_text(encoding='utf-8').strip()}\r\n"
            "Request-Timeout: 600\r\nContent-Length: 2\r\n\r\n{}").encode()
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> "Requests":
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            while len(self.sockets) < self.count:
                caller = socket.create_connection(("127.0.0.1", self.port))
                caller.sendall(self.request)
                self.sockets.append(caller)
            # Whoever is answered is not held. The rest are all there is room for.
            answered = select.select(self.sockets, [], [], 0.5)[0]
            for caller in answered:
                caller.close()
                self.sockets.remove(caller)
            if not answered and self._is_full():
                return self
        self.__exit__()
        raise RuntimeError(f"{len(self.sockets)} requests do not fill a house of {self.count}")

    def _is_full(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS) as caller:
            caller.sendall(self.request)
            return bool(select.select([caller], [], [], 1.0)[0]) and b" 503 " in caller.recv(4096)

    def __exit__(self, *_) -> None:
        for caller in self.sockets:
            caller.close()
        self.sockets.clear()
        time.sleep(0.3)  # Those who hang up are noticed, and make room.
