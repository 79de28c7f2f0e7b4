"""A model server that answers at length, and callers that listen to it, each a process of its own.

    streamed.py serve                  the server; prints its port, and runs until it is ended
    streamed.py listen {JSON}          callers of token streams; prints what each has got
    streamed.py hold PORT BYTES MORE   sends what comes on stdin, reads so many bytes and says so;
                                       then it reads on, where MORE is 1, and stays until killed

What a request wants stands in its JSON: under /v1 its own keys, under /v2 its `parameters`. The
server keeps what came of each by its id, and tells it under /told/ID. Times are of the monotonic
clock, in nanoseconds, which all processes of a machine share.
"""

import array
import asyncio
import contextlib
import hashlib
import json
import math
import random
import socket
import sys
import time

PIECE_BYTES = 1 << 20
LARGE_BYTES = 64 << 20
TENTHS = 10


def head_of(fields: list[str]) -> bytes:
    return ("\r\n".join(fields) + "\r\n\r\n").encode()


def number(head: bytes, name: bytes) -> int | None:
    """Gives the number in a header, or nothing where there is none."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return int(value)
    return None


def turned(noise: bytes, by: int) -> list[memoryview]:
    """Gives noise from some byte on and then from its beginning, without a copy."""
    view = memoryview(noise)
    return [view[by:], view[:by]]


class Server:
    """Answers at length, and notes when it is no longer listened to."""

    def __init__(self) -> None:
        self.told: dict[str, dict] = {}
        self.noise = random.Random(2).randbytes(LARGE_BYTES)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await self.exchange(reader, writer):
                pass
        writer.close()

    async def exchange(self, reader, writer) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        if path.startswith("/told/"):
            body = json.dumps(self.told.get(path[6:])).encode()
            writer.write(head_of(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}"]) + body)
            return True
        length = number(head, b"content-length") or 0
        json_length = number(head, b"inference-header-content-length") or length
        text = await reader.readexactly(json_length)
        asked = json.loads(text)
        told = {"cancelled": None, "whole": False}
        self.told[asked["id"]] = told
        digest = hashlib.sha256(text)
        try:
            left = length - json_length
            while left:
                piece = await reader.read(min(left, PIECE_BYTES))
                if not piece:
                    raise ConnectionResetError("the body broke off")
                left -= len(piece)
                digest.update(piece)
        except OSError:
            told["cancelled"] = time.monotonic_ns()
            return False
        told |= {"sha256": digest.hexdigest(), "whole": True}
        return await self.answer(reader, writer, asked, told)

    async def answer(self, reader, writer, asked: dict, told: dict) -> bool:
        """Answers until it has said all, or the other side is gone."""
        wanted = asked if "stream" in asked else asked["parameters"]
        if "stream" in asked:
            work = self.stream(writer, wanted, told)
        elif wanted.get("hold"):
            work = asyncio.sleep(3600)
        else:
            work = self.large(writer, asked["id"], wanted, told)
        working = asyncio.ensure_future(work)
        watching = asyncio.ensure_future(reader.read(1))
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        gone = watching.done() or working.exception() is not None
        if gone:
            told["cancelled"] = time.monotonic_ns()
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
        return not gone

    async def stream(self, writer, wanted: dict, told: dict) -> None:
        digest = hashlib.sha256()
        writer.write(head_of(["HTTP/1.1 200 OK", "Content-Type: text/event-stream",
                              "Transfer-Encoding: chunked"]))
        began = time.monotonic()
        for count in range(int(wanted["seconds"] * wanted["rate"])):
            await asyncio.sleep(began + count / wanted["rate"] - time.monotonic())
            event = {"object": "chat.completion.chunk", "model": wanted["model"], "choices": [
                {"index": 0, "delta": {"content": f" token {count}"}, "finish_reason": None}],
                "sent": time.monotonic_ns()}
            self.chunk(writer, digest, f"data: {json.dumps(event)}\n\n".encode())
            await writer.drain()
        self.chunk(writer, digest, b"data: [DONE]\n\n")
        told["answer"] = digest.hexdigest()
        writer.write(b"0\r\n\r\n")

    @staticmethod
    def chunk(writer, digest, piece: bytes) -> None:
        digest.update(piece)
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    async def large(self, writer, name: str, wanted: dict, told: dict) -> None:
        tensor = {"name": "y", "datatype": "UINT8", "shape": [LARGE_BYTES],
                  "parameters": {"binary_data_size": LARGE_BYTES}}
        text = json.dumps({"model_name": "large", "id": name, "outputs": [tensor]}).encode()
        chunked = wanted["chunked"]
        framing = ("Transfer-Encoding: chunked" if chunked
                   else f"Content-Length: {len(text) + LARGE_BYTES}")
        writer.write(head_of(["HTTP/1.1 200 OK", "Content-Type: application/octet-stream",
                              f"Inference-Header-Content-Length: {len(text)}", framing]))
        parts = [memoryview(text), *turned(self.noise, wanted["turn"])]
        digest = hashlib.sha256()
        pieces = [part[at:at + PIECE_BYTES] for part in parts
                  for at in range(0, len(part), PIECE_BYTES)]
        for piece in pieces:
            digest.update(piece)
        told["answer"] = digest.hexdigest()
        for piece in pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")


async def serve() -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, limit=2 * PIECE_BYTES,
                                        backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


class Listener:
    """One caller of a stream."""

    def __init__(self, plan: dict, name: str) -> None:
        self.plan, self.name = plan, name
        self.digest = hashlib.sha256()
        # By the tenth of the time in which they were sent.
        self.delays = [array.array("q") for _ in range(TENTHS)]
        self.status, self.done = 0, False

    async def run(self) -> None:
        plan = self.plan
        body = json.dumps({"model": plan["model"], "stream": True, "id": self.name,
                           "seconds": plan["seconds"], "rate": plan["rate"]}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", plan["port"])
        writer.write(head_of([
            "POST /v1/chat/completions HTTP/1.1", "Host: 127.0.0.1", "Priority: u=0",
            "Content-Type: application/json", *plan["headers"],
            f"Content-Length: {len(body)}"]) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        self.status = int(head.split(b" ", 2)[1])
        rest = b""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while size := int(await reader.readuntil(b"\r\n"), 16):
                piece = await reader.readexactly(size)
                now = time.monotonic_ns()
                self.digest.update(piece)
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    self.arrived(event, now)
                # What ends a chunk may come with the next one.
                await reader.readexactly(2)
        writer.close()

    def arrived(self, event: bytes, now: int) -> None:
        if event == b"data: [DONE]":
            self.done = True
            return
        sent = int(event[event.rindex(b":") + 1:-1])
        start, end = self.plan["from"], self.plan["to"]
        if start <= sent < end:
            self.delays[(sent - start) * TENTHS // (end - start)].append(now - sent)


async def listen(plan: dict) -> None:
    """Opens the plan's streams over a second, and prints what each got and the delays of all."""
    listeners = [Listener(plan, f"{plan['name']}-{i}") for i in range(plan["count"])]
    running = []
    for listener in listeners:
        running.append(asyncio.ensure_future(listener.run()))
        await asyncio.sleep(1 / plan["count"])
    await asyncio.gather(*running)
    tenths = [sorted(delay for listener in listeners for delay in listener.delays[i])
              for i in range(TENTHS)]
    delays = sorted(delay for tenth in tenths for delay in tenth)

    def at(share: float, delays: list[int]) -> float:
        return delays[max(0, math.ceil(share * len(delays)) - 1)] / 1e6 if delays else math.nan

    print(json.dumps({
        "events": len(delays), "p50Ms": at(0.5, delays), "p99Ms": at(0.99, delays),
        "maxMs": at(1, delays), "p99TenthsMs": [round(at(0.99, tenth), 2) for tenth in tenths],
        "streams": [{"id": each.name, "status": each.status, "done": each.done,
                     "sha256": each.digest.hexdigest()} for each in listeners]}))


def begin(port: int, request: bytes, wanted: int) -> socket.socket:
    """Sends a request and reads so many bytes of its answer."""
    caller = socket.create_connection(("127.0.0.1", port), 30)
    caller.sendall(request)
    while wanted > 0:
        piece = caller.recv(min(wanted, PIECE_BYTES))
        if not piece:
            raise ConnectionError("closed before it had answered")
        wanted -= len(piece)
    return caller


def hold(port: int, wanted: int, more: bool) -> None:
    caller = begin(port, sys.stdin.buffer.read(), wanted)
    caller.settimeout(None)
    print("ready", flush=True)
    while more and caller.recv(PIECE_BYTES):
        pass
    time.sleep(3600)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    elif sys.argv[1] == "listen":
        asyncio.run(listen(json.loads(sys.argv[2])))
    else:
        hold(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1")
