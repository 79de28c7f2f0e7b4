"""Tests of the model server over real sockets, one process per test class.

Run with `python -m unittest` in this folder. The scikit-learn variant is tested where that
library is installed, and skipped elsewhere.
"""

import contextlib
import http.client
import importlib.util
import json
import math
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = json.loads((HERE.parent / "models/breast-cancer.golden.json").read_text(encoding="utf-8"))
ROWS = GOLDEN["x"]
PROBABILITIES = GOLDEN["probability"]
TOLERANCE = 1e-5
MODEL = "/v2/models/breast-cancer"
INFER = MODEL + "/infer"
SECONDS_MAX = 30
BODY_BYTES_MAX = 100_000


class Server:
    """A server process on a free port; `errors` is what it wrote to stderr, once stopped."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, str(HERE / "server.py"), "--port", "0", *options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.greeting = self._process.stdout.readline()
        if not self.greeting.startswith("listening on http://127.0.0.1:"):
            self._process.kill()
            raise AssertionError(self._process.communicate()[1])
        self.port = int(self.greeting.split()[2].rpartition(":")[2])

    def stop(self) -> int:
        """Sends SIGTERM and gives the exit status."""
        self._process.send_signal(signal.SIGTERM)
        _, self.errors = self._process.communicate(timeout=SECONDS_MAX)
        return self._process.returncode

    def connect(self) -> http.client.HTTPConnection:
        """A new connection, closed at the end of a `with contextlib.closing` block."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_MAX)

    def ask(self, method: str, path: str, body=None, headers=None):
        """One exchange on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            return exchange(connection, method, path, body, headers)

    def raw(self, sent: bytes) -> bytes:
        """Everything the server answers to these bytes until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX) as connection:
            connection.sendall(sent)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def exchange(connection, method, path, body=None, headers=None):
    """Status, headers and body of one answer; a dict as body is sent as JSON."""
    content = json.dumps(body) if isinstance(body, dict) else body
    connection.request(method, path, content, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def request(rows, **changes):
    """An inference request; `changes` replace fields of its tensor."""
    data = [value for row in rows for value in row]
    tensor = {"name": "x", "datatype": "FP64", "shape": [len(rows), 30], "data": data}
    return {"inputs": [tensor | changes]}


class Served(unittest.TestCase):
    """Starts one server for all tests of a class and checks that it ends without complaint."""

    options = ("--variant", "stdlib", "--body-bytes-max", str(BODY_BYTES_MAX))

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        assert (status, cls.server.errors) == (0, ""), (status, cls.server.errors)

    def assert_probabilities(self, answer, expected):
        status, headers, body = answer
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        (output,) = json.loads(body)["outputs"]
        self.assertEqual(output["name"], "probability")
        self.assertEqual(output["datatype"], "FP64")
        self.assertEqual(output["shape"], [len(expected), 2])
        wanted = [value for row in expected for value in row]
        self.assertEqual(len(output["data"]), len(wanted))
        for got, value in zip(output["data"], wanted):
            self.assertLess(abs(got - value), TOLERANCE)

    def assert_refused(self, answer, status):
        self.assertEqual(answer[0], status, answer[2])
        self.assertEqual(answer[1]["Content-Type"], "application/json")
        document = json.loads(answer[2])
        self.assertEqual(list(document), ["error"])
        self.assertIsInstance(document["error"], str)


class GoldenTest(Served):
    """The answers of the standard-library variant."""

    variant = "stdlib"

    def test_says_which_variant_runs(self):
        self.assertTrue(self.server.greeting.endswith(f"variant={self.variant}\n"))

    def test_answers_the_golden_rows_one_by_one(self):
        with contextlib.closing(self.server.connect()) as connection:
            for row, expected in zip(ROWS, PROBABILITIES, strict=True):
                answer = exchange(connection, "POST", INFER, request([row]))
                self.assert_probabilities(answer, [expected])

    def test_answers_the_golden_rows_as_a_batch(self):
        answer = self.server.ask("POST", MODEL + "/versions/1/infer", request(ROWS))
        self.assert_probabilities(answer, PROBABILITIES)

    def test_takes_nested_data(self):
        answer = self.server.ask("POST", INFER, request(ROWS, data=ROWS))
        self.assert_probabilities(answer, PROBABILITIES)

    def test_stays_a_probability_far_outside_the_input_ranges(self):
        answer = self.server.ask("POST", INFER, request([[1e6] * 30, [-1e6] * 30]))
        self.assert_probabilities(answer, [[0.0, 1.0], [1.0, 0.0]])

    def test_refuses_numbers_too_large_to_score(self):
        row = [1e308] * 30
        self.assert_refused(self.server.ask("POST", INFER, request([row])), 400)


@unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not installed")
class SklearnGoldenTest(GoldenTest):
    """The same answers from scikit-learn."""

    variant = "sklearn"
    options = ("--variant", "sklearn")


class ProtocolTest(Served):
    """Metadata, the forms of a request, and refusals."""

    def test_serves_health(self):
        for path in ("/v2/health/live", "/v2/health/ready", MODEL + "/ready",
                     MODEL + "/versions/1/ready"):
            with self.subTest(path):
                self.assertEqual(self.server.ask("GET", path)[0], 200)

    def test_serves_metadata(self):
        for path in ("/v2", "/v2/"):
            self.assertIn("extensions", json.loads(self.server.ask("GET", path)[2]))
        for path in (MODEL, MODEL + "/versions/1"):
            model = json.loads(self.server.ask("GET", path)[2])
            self.assertEqual(model["name"], "breast-cancer")
            self.assertEqual(model["versions"], ["1"])
            self.assertEqual(
                model["inputs"], [{"name": "x", "datatype": "FP64", "shape": [-1, 30]}]
            )
            self.assertEqual(
                model["outputs"], [{"name": "probability", "datatype": "FP64", "shape": [-1, 2]}]
            )

    def test_returns_the_id(self):
        body = json.loads(self.server.ask("POST", INFER, request(ROWS[:1]) | {"id": "a 7"})[2])
        self.assertEqual(body["id"], "a 7")
        self.assertEqual((body["model_name"], body["model_version"]), ("breast-cancer", "1"))
        body = json.loads(self.server.ask("POST", INFER, request(ROWS[:1]))[2])
        self.assertNotIn("id", body)

    def test_takes_and_gives_binary_tensors(self):
        raw = struct.pack("<60d", *ROWS[0], *ROWS[1])
        asked = request(ROWS[:2], parameters={"binary_data_size": len(raw)})
        del asked["inputs"][0]["data"]
        head = json.dumps(asked | {"parameters": {"binary_data_output": True}}).encode()
        status, headers, body = self.server.ask(
            "POST", INFER, head + raw, {"Inference-Header-Content-Length": str(len(head))}
        )
        self.assertEqual(status, 200, body)
        split = int(headers["Inference-Header-Content-Length"])
        (output,) = json.loads(body[:split])["outputs"]
        self.assertEqual(output["parameters"], {"binary_data_size": 32})
        for got, value in zip(struct.unpack("<4d", body[split:]), sum(PROBABILITIES[:2], [])):
            self.assertLess(abs(got - value), TOLERANCE)

    def test_refuses_binary_tensors_that_do_not_fit(self):
        asked = request(ROWS[:1], parameters={"binary_data_size": 240})
        head = json.dumps(asked).encode()
        not_numbers = struct.pack("<30d", *[math.nan] * 30)
        for tail, length in ((b"\0" * 239, len(head)), (b"", len(head)), (not_numbers, len(head)),
                             (b"", 0), (b"", len(head) + 1)):
            with self.subTest(tail=len(tail), length=length):
                headers = {"Inference-Header-Content-Length": str(length)}
                self.assert_refused(self.server.ask("POST", INFER, head + tail, headers), 400)

    def test_refuses_wrong_tensors(self):
        row = ROWS[0]
        tensor = request([row])["inputs"][0]
        bodies = {
            "no inputs": {},
            "no tensor": {"inputs": []},
            "two tensors": {"inputs": [tensor, tensor]},
            "extra tensor": {"inputs": [tensor, tensor | {"name": "y"}]},
            "tensor no object": {"inputs": [7]},
            "other name": request([row], name="y"),
            "other datatype": request([row], datatype="FP32"),
            "no shape": request([row], shape=None),
            "other shape": request([row], shape=[30]),
            "other width": request([row], shape=[1, 29]),
            "no rows": request([], shape=[0, 30]),
            "negative rows": request([row], shape=[-1, 30]),
            "boolean shape": request([row], shape=[True, 30]),
            "too few values": request([row], data=row[:-1]),
            "too many values": request([row], data=row + [1.0]),
            "ragged rows": request([row, row], data=[row + [1.0], row[:-1]]),
            "three levels": request([row], data=[[row]]),
            "no data": request([row], data=None),
            "null": request([row], data=[None] + row[1:]),
            "text": request([row], data=["17.99"] + row[1:]),
            "boolean": request([row], data=[True] + row[1:]),
            "huge integer": request([row], data=[10**400] + row[1:]),
            "NaN": request([row], data=[math.nan] + row[1:]),
            "infinity": request([row], data=[math.inf] + row[1:]),
            "numeric id": request([row]) | {"id": 7},
            "other output": request([row]) | {"outputs": [{"name": "y"}]},
            "parameters no object": request([row]) | {"parameters": []},
        }
        for name, body in bodies.items():
            with self.subTest(name):
                self.assert_refused(self.server.ask("POST", INFER, body), 400)

    def test_refuses_what_is_not_a_json_object(self):
        for body in (b"", b"{", b"[]", b"\xff", b"[" * 50_000, b'{"inputs": 1e999}',
                     json.dumps(request(ROWS[:1])).replace("17.99", "1e999").encode()):
            with self.subTest(body[:20]):
                self.assert_refused(self.server.ask("POST", INFER, body), 400)

    def test_refuses_unknown_paths_and_models(self):
        for path in ("/", "/v3", "/v2/models", "/v2/models/other", MODEL + "/versions/2",
                     MODEL + "/versions/2/ready", MODEL + "/other"):
            with self.subTest(path):
                self.assert_refused(self.server.ask("GET", path), 404)
        for path in ("/v2/models/other/infer", MODEL + "/versions/2/infer"):
            with self.subTest(path):
                self.assert_refused(self.server.ask("POST", path, request(ROWS[:1])), 404)

    def test_refuses_other_methods(self):
        for method, path, allowed in (("GET", INFER, "POST"), ("PUT", INFER, "POST"),
                                      ("POST", MODEL, "GET"), ("DELETE", MODEL, "GET")):
            with self.subTest(method=method, path=path):
                answer = self.server.ask(method, path, "" if method == "POST" else None)
                self.assert_refused(answer, 405)
                self.assertEqual(answer[1]["Allow"], allowed)

    def test_refuses_compressed_bodies(self):
        answer = self.server.ask("POST", INFER, b"x", {"Content-Encoding": "gzip"})
        self.assert_refused(answer, 415)


class WireTest(Served):
    """HTTP itself: framing, limits, connections."""

    def test_keeps_the_connection_also_after_refusals(self):
        with contextlib.closing(self.server.connect()) as connection:
            exchange(connection, "GET", "/v2")
            first = connection.sock
            for method, path, body, status in (
                ("POST", INFER, request(ROWS[:1]), 200),
                ("POST", INFER, {}, 400),
                ("POST", "/v2/models/other/infer", request(ROWS), 404),
                ("PUT", INFER, request(ROWS), 405),
                ("GET", MODEL, None, 200),
            ):
                self.assertEqual(exchange(connection, method, path, body)[0], status)
                self.assertIs(connection.sock, first)

    def test_takes_chunked_bodies(self):
        content = json.dumps(request(ROWS)).encode()
        chunks = [content[start : start + 1000] for start in range(0, len(content), 1000)]
        with contextlib.closing(self.server.connect()) as connection:
            for _ in range(2):
                connection.request("POST", INFER, iter(chunks), encode_chunked=True,
                                   headers={"Transfer-Encoding": "chunked"})
                answer = connection.getresponse()
                self.assert_probabilities(
                    (answer.status, answer.headers, answer.read()), PROBABILITIES
                )

    def test_refuses_bodies_above_the_limit(self):
        answer = self.server.ask("POST", INFER, b" " * (BODY_BYTES_MAX + 1))
        self.assert_refused(answer, 413)
        self.assertEqual(answer[1]["Connection"], "close")
        answer = self.server.ask("POST", INFER, iter([b" " * BODY_BYTES_MAX, b" "]))
        self.assert_refused(answer, 413)

    def test_answers_broken_framing_and_closes(self):
        start = b"POST /v2/models/breast-cancer/infer HTTP/1.1\r\nHost: a\r\n"
        chunked = start + b"Transfer-Encoding: chunked\r\n\r\n"
        for sent, status in (
            (start + b"\r\n", 411),
            (start + b"Content-Length: -1\r\n\r\n", 400),
            (start + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (start + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (start + b"Transfer-Encoding: gzip\r\n\r\n", 501),
            (chunked + b"zz\r\n", 400),
            (chunked + b"1\r\nabc\r\n", 400),
            (b"nonsense\r\n\r\n", 400),
            (b"GET /v2 HTTP/9.9\r\n\r\n", 505),
            (b"BREW /v2 HTTP/1.1\r\n\r\n", 501),
            (b"GET /v2 HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n", 431),
            (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        ):
            with self.subTest(sent[:80]):
                head, _, body = self.server.raw(sent).partition(b"\r\n\r\n")
                self.assertEqual(int(head.split()[1]), status, head)
                self.assertIn(b"\r\nContent-Type: application/json\r\n", head)
                self.assertIsInstance(json.loads(body)["error"], str)

    def test_asks_for_the_body_only_when_it_will_take_it(self):
        start = b"POST /v2/models/breast-cancer/infer HTTP/1.1\r\nExpect: 100-continue\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port), SECONDS_MAX) as connection:
            connection.sendall(start + b"Content-Length: 2\r\n\r\n")
            self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"{}")
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 400 "))
        answer = self.server.raw(start + b"Content-Length: 100001\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)

    def test_survives_clients_that_leave(self):
        content = json.dumps(request(ROWS)).encode()
        whole = (b"POST /v2/models/breast-cancer/infer HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
                 % len(content)) + content
        linger = struct.pack("ii", 1, 0)
        for size in (10, len(whole) - 1, len(whole)):
            with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.sendall(whole[:size])
        self.assert_probabilities(self.server.ask("POST", INFER, content), PROBABILITIES)


class SlowTest(unittest.TestCase):
    """A server told to be slow."""

    def test_refuses_when_all_workers_stay_busy(self):
        server = Server("--variant", "stdlib", "--workers", "1", "--queue-ms", "0",
                        "--delay-ms", "3000")
        statuses = []
        threads = [
            threading.Thread(
                target=lambda: statuses.append(server.ask("POST", INFER, request(ROWS))[0])
            )
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS_MAX)
        self.assertEqual(sorted(statuses), [200, 503])
        self.assertEqual((server.stop(), server.errors), (0, ""))

    def test_drops_the_work_of_a_client_that_left(self):
        server = Server("--variant", "stdlib", "--delay-ms", "600000")
        content = json.dumps(request(ROWS)).encode()
        with socket.create_connection(("127.0.0.1", server.port), SECONDS_MAX) as connection:
            connection.sendall(
                b"POST /v2/models/breast-cancer/infer HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
                % len(content) + content
            )
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.recv(1), b"")
        self.assertEqual((server.stop(), server.errors), (0, ""))


if __name__ == "__main__":
    unittest.main()
