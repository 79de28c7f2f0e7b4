"""A model server that fails in one way after the other, and what stands at its port meanwhile."""

import pathlib
import socket
import threading
from collections.abc import Callable

import live

# What a server that speaks TLS says to a request without it, and then hangs up.
TLS_ALERT = bytes.fromhex("15030100020246")


class Stub:
    """Stands at a port in place of a model server: nobody gets in, or all who do hear the same."""

    def __init__(self, port: int, backlog: int) -> None:
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(backlog)
        self.callers: list[socket.socket] = []
        self.accepted = 0

    @classmethod
    def black_hole(cls, port: int) -> "Stub":
        """Gives one that lets no connection come about."""
        stub = cls(port, 0)
        # These fill the backlog; what knocks after them is not heard.
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
            stub.callers.append(caller)
        return stub

    @classmethod
    def saying(cls, port: int, words: bytes) -> "Stub":
        """Gives one that answers whatever is sent with these words and hangs up; with none, it
        keeps silent and stays."""
        stub = cls(port, 128)
        threading.Thread(target=stub._accept, args=(words,), daemon=True).start()
        return stub

    def _accept(self, words: bytes) -> None:
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            self.callers.append(caller)
            self.accepted += 1
            if words:
                threading.Thread(target=self._say, args=(caller, words), daemon=True).start()

    @staticmethod
    def _say(caller: socket.socket, words: bytes) -> None:
        with caller:
            try:
                caller.settimeout(5)
                caller.recv(65536)
                caller.sendall(words)
            except OSError:
                pass

    def close(self) -> None:
        # A listener that is only closed goes on listening while a thread accepts.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for caller in self.callers:
            caller.close()


class Victim:
    """The model server that fails, and is whole again."""

    def __init__(self, start: Callable[..., live.ModelServer]) -> None:
        """Starts it.

        `start` takes the keywords of live.ModelServer that tell it from its peers.
        """
        self.start = start
        self.server = start()
        self.port = self.server.port
        self.stub: Stub | None = None
        self.disguised = False
        self.arrived_before = 0
        self.misled = 0
        self.at_first: dict = {}

    def arrived(self) -> int:
        """Gives how many requests have come to it, whatever process it was."""
        alive = self.server.process.poll() is None
        return self.arrived_before + (self.server.state()["arrived"] if alive else 0)

    def change(self, **conduct) -> None:
        """Lets it fail while it runs."""
        self.at_first = self.server.change(**conduct)

    def since(self, count: str) -> int:
        """Gives by how much one of its counts has grown since it began to fail while it runs."""
        return self.server.state()[count] - self.at_first[count]

    def lets_in(self) -> bool | None:
        """Tells whether somebody stands at its port; None where nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return True
        except TimeoutError:
            return None
        except OSError:
            return False

    def kill(self) -> None:
        """Ends it as `kill -9` does."""
        self.arrived_before = self.arrived()
        self.server.process.kill()
        self.server.process.wait()

    def replace(self, stub: Callable[..., Stub], *words: bytes) -> None:
        """Lets a stub stand at its port."""
        self.kill()
        self.stub = stub(self.port, *words)

    def disguise(self, certificate: pathlib.Path) -> None:
        """Lets it come back with a certificate of an authority that nobody knows: who sends it a
        request all the same is misled."""
        self.kill()
        self.server = self.start(port=self.port, certificate=certificate)
        self.disguised = True

    def mend(self) -> None:
        """Lets it be whole again."""
        if self.disguised:
            self.misled += self.server.state()["arrived"]
            self.kill()
            self.disguised = False
        if self.stub:
            self.stub.close()
            self.stub = None
        if self.server.process.poll() is None:
            self.server.change(fault="none", fault_share=0)
        else:
            self.server = self.start(port=self.port)


class Fault:
    """One way to fail, and what shows at its end, at the server, that callers have met it."""

    def __init__(self, begin: Callable[[Victim], object], met: Callable[[Victim], bool]) -> None:
        self.begin, self.met = begin, met


def wrong_answers(**conduct) -> Fault:
    return Fault(lambda victim: victim.change(**conduct),
                 lambda victim: victim.since("faulty") > 0)


def saying(words: bytes) -> Fault:
    return Fault(lambda victim: victim.replace(Stub.saying, words),
                 lambda victim: victim.stub.accepted > 0)


FAULTS = {
    "killed": Fault(lambda victim: victim.kill(), lambda victim: victim.lets_in() is False),
    "hangs": Fault(lambda victim: victim.change(fault="hang"),
                   lambda victim: victim.since("arrived") > 0 and victim.since("served") == 0),
    "5x slower": Fault(lambda victim: victim.change(fault="slow", fault_share=5),
                       lambda victim: victim.since("arrived") > 0),
    "50 % errors": wrong_answers(fault="error", fault_share=0.5),
    "refuses half (503)": wrong_answers(fault="refuse", fault_share=0.5),
    "cut off mid-body": wrong_answers(fault="cut", fault_share=1),
    "connect black hole": Fault(lambda victim: victim.replace(Stub.black_hole),
                                lambda victim: victim.lets_in() is None),
}
# Only where TLS is not expected.
SPEAKS_TLS = {"TLS mismatch": saying(TLS_ALERT)}
# What is answered with a failure at once, so that it is tried again, or is an error to a caller.
FAILS_AT_ONCE = {"killed", "50 % errors", "refuses half (503)", "cut off mid-body", "TLS mismatch",
                 "unknown authority", "no TLS"}
# Has a full share as long as it has room: the program's count of refusals tells.
REFUSES = "refuses half (503)"


def faults_of_tls(unknown: pathlib.Path) -> dict[str, Fault]:
    """Gives what goes wrong only where TLS is expected.

    `unknown` is the folder of a certificate whose authority is not believed.
    """
    return {
        "unknown authority": Fault(
            lambda victim: victim.disguise(unknown),
            lambda victim: victim.server.state()["handshakesFailed"] > 0),
        "silent handshake": saying(b""),
        "no TLS": saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    }
