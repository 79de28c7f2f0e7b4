"""What connections cost the program: memory while nobody uses them, processor time when new."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable

import dawdlers
import live

IDLE = 400
NEW = 300
KEPT = 1500
PATH = "/v2/health/live"


def connect(service: live.Service, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    """Opens a connection that has been used once."""
    caller = (http.client.HTTPSConnection("127.0.0.1", service.port, timeout=30, context=tls)
              if tls else http.client.HTTPConnection("127.0.0.1", service.port, timeout=30))
    ask(caller)
    return caller


def ask(caller: http.client.HTTPConnection) -> None:
    caller.request("GET", PATH)
    answer = caller.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{PATH} was answered {answer.status}")


def idle_kb(service: live.Service, tls: ssl.SSLContext | None,
            heap_mb: Callable[[], float]) -> float:
    """Gives how much of the heap an idle connection holds after a collection, in KB."""
    before = heap_mb()
    callers = [connect(service, tls) for _ in range(IDLE)]
    held = (heap_mb() - before) * 1e3 / IDLE
    for caller in callers:
        caller.close()
    return held


def stalled_kb(service: live.Service, on_tls: bool, heap_mb: Callable[[], float]) -> float:
    """Gives how much of the heap a connection holds that has sent half of what it must send first,
    in KB; to be asked while no buffers are kept from others."""
    first = dawdlers.client_hello() if on_tls else b"GET / HTTP/1.1\r\nHost: h\r\nX-Slow: 1\r\n"
    held = 0.0
    for count in (20, IDLE):
        before = heap_mb()
        callers = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(count)]
        for caller in callers:
            caller.sendall(first[:len(first) // 2])
        time.sleep(0.2)  # Until all that has been read.
        held = (heap_mb() - before) * 1e3 / count
        for caller in callers:
            caller.close()
    return held


def cpu_micros(service: live.Service, tls: ssl.SSLContext | None) -> tuple[float, float]:
    """Gives the processor time of a request on a connection of its own, and on a kept one."""
    began = service.cpu_seconds()
    for _ in range(NEW):
        connect(service, tls).close()
    new = (service.cpu_seconds() - began) * 1e6 / NEW
    kept = connect(service, tls)
    began = service.cpu_seconds()
    for _ in range(KEPT):
        ask(kept)
    each = (service.cpu_seconds() - began) * 1e6 / KEPT
    kept.close()
    return new, each
