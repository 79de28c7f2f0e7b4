"""Real clients, unmodified but for URL and token, before a model server and before Triage: they
must get the same answers.

Usage: check.py TRIAGE_LAUNCHER SCRATCH_FOLDER GOLDEN_ROWS
  [FOLDER_OF_PROGRAMS_WITH_MLSERVER or ""] [PYTHON_WITH_RAY_SERVE or ""]"""

import asyncio
import http.client
import importlib.metadata
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid

import numpy
import openai
import tritonclient.http as triton
from tritonclient.utils import np_to_triton_dtype

import servers

try:
    import kserve
except ImportError:
    kserve = None

PATIENCE = 60


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MlServer:
    """MLServer with a model of scikit-learn's, on free ports."""

    TRAIN = """
import joblib, sys
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
x, y = load_breast_cancer(return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
joblib.dump(model.fit(x, y), sys.argv[1])
"""

    def __init__(self, programs, scratch):
        folder = scratch / "mlserver"
        folder.mkdir()
        file = folder / "model.joblib"
        subprocess.run([programs / "python", "-c", self.TRAIN, file], check=True)
        model = {"name": "cancer", "implementation": "mlserver_sklearn.SKLearnModel"}
        model["parameters"] = {"uri": "model.joblib", "version": "1"}
        (folder / "model-settings.json").write_text(json.dumps(model))
        port = free_port()
        settings = {"host": "127.0.0.1", "parallel_workers": 0, "http_port": port}
        settings |= {"grpc_port": free_port(), "metrics_port": free_port()}
        (folder / "settings.json").write_text(json.dumps(settings))
        self.address = f"127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [programs / "mlserver", "start", folder],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def await_ready(self):
        until = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://{self.address}/v2/models/cancer/ready").close()
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise RuntimeError("MLServer does not start")


class RayServe:
    """Ray Serve on a local cluster of its own, with a model that gives each row's sum."""

    START_SECONDS = 45
    # Neither fixed ports nor a token in the home folder.
    SETTINGS = {"AUTOSCALER_METRIC_PORT": "0", "DASHBOARD_METRIC_PORT": "0"}
    SETTINGS |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}

    def __init__(self, python, scratch):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.log = scratch / "ray.log"
        program = pathlib.Path(__file__).resolve().parent / "ray_model.py"
        with self.log.open("w") as log:
            # A session of its own, by which to find its processes: they are in several groups.
            self.process = subprocess.Popen(
                [python, program, str(port), scratch / "r"],
                cwd=scratch,
                env=os.environ | self.SETTINGS | {"RAY_AUTH_TOKEN": secrets.token_hex(32)},
                start_new_session=True,
                stdout=log,
                stderr=log,
            )

    def is_ready(self):
        """Waits for it; says why when it does not start."""
        until = time.monotonic() + self.START_SECONDS
        while (ended := self.process.poll()) is None and time.monotonic() < until:
            if "ready" in self.log.read_text().splitlines():
                print("Ray Serve: runs", flush=True)
                return True
            time.sleep(0.2)
        late = f"was not ready after {self.START_SECONDS} s"
        why = late if ended is None else f"ended with {ended}"
        print(f"Ray Serve: not run, it {why}:", self.log.read_text()[-1000:], flush=True)
        return False

    def stop(self):
        """Kills what runs in its session, also what is only starting: nothing of it is kept."""
        until = time.monotonic() + PATIENCE
        while (running := self.running()) and time.monotonic() < until:
            for process in running:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
        self.process.wait(PATIENCE)

    def running(self):
        found = []
        for file in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                # After the name, which may hold anything.
                state, _, _, session, *_ = file.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(session) == self.process.pid and state not in "ZX":
                found.append(int(file.parent.name))
        return found


class Triage:
    """The gateway before the model servers, on free ports."""

    def __init__(self, launcher, scratch, chat, echo, mlserver, ray):
        self.launcher = launcher
        self.file = scratch / "config.yml"
        self.file.write_text(
            "server: {port: 0, adminPort: 0, host: 127.0.0.1, drainNotice: 0s}\n"
            f"data: '{scratch}/data'\n"
            "logging: {level: WARN}\n"
            # What else this machine does is no part of this.
            "door: {mode: observe}\n"
            "models:\n"
            f"  acme/chat:7b: {{backends: [{{url: 'http://{chat}'}}]}}\n"
            # A limit that the gate finds starts lower than what one test has in flight.
            f"  echo: {{backends: [{{url: 'http://{echo}', limit: 16}}]}}\n"
            f"  breast-cancer: {{backends: [{{file: '{GOLDEN.parent}/breast-cancer.onnx'}}]}}\n"
            + (
                f"  cancer: {{protocols: [oip], backends: [{{url: 'http://{mlserver}'}}]}}\n"
                if mlserver
                else ""
            )
            + (f"  sum: {{protocols: [oip], backends: [{{url: 'http://{ray}'}}]}}\n" if ray else "")
        )
        self.process = subprocess.Popen(
            [launcher, "server", str(self.file)], cwd=scratch, stdout=subprocess.PIPE, text=True
        )

    def await_ready(self):
        self.address = self.listens()
        command = [self.launcher, "token", str(self.file), "--caller", "conformance"]
        self.token = subprocess.run(
            command, cwd=self.file.parent, check=True, capture_output=True, text=True
        ).stdout.strip()

    def listens(self):
        for line in self.process.stdout:
            if line.startswith("Triage listens on http://"):
                # What comes later must not fill the pipe.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return line.split("http://")[1].split()[0]
        raise RuntimeError("Triage ended before it listened")


CHAT = ECHO = TRIAGE = MLSERVER = RAY = None


def setUpModule():
    global CHAT, ECHO, TRIAGE, MLSERVER, RAY
    signal.signal(signal.SIGTERM, give_up)
    unittest.addModuleCleanup(stop_all)
    CHAT, ECHO = servers.Server(servers.OpenAi), servers.Server(servers.Oip)
    if RAY_PYTHON:
        RAY = RayServe(RAY_PYTHON, SCRATCH)
        if not RAY.is_ready():
            RAY.stop()
            RAY = None
    if PROGRAMS:
        MLSERVER = MlServer(PROGRAMS, SCRATCH)
        MLSERVER.await_ready()
    mlserver, ray = MLSERVER and MLSERVER.address, RAY and RAY.address
    TRIAGE = Triage(LAUNCHER, SCRATCH, CHAT.address, ECHO.address, mlserver, ray)
    TRIAGE.await_ready()


def stop_all():
    if RAY:
        RAY.stop()
    for program in (TRIAGE, MLSERVER):
        if program:
            stop(program.process)
    for server in (CHAT, ECHO):
        if server:
            server.stop()


def give_up(*_):
    stop_all()
    os._exit(143)


class OpenAiClient(unittest.TestCase):
    MODEL = "acme/chat:7b"
    QUESTION = [{"role": "user", "content": "what is \u00e4 tensor, really?"}]

    def setUp(self):
        self.direct = openai.OpenAI(base_url=f"http://{CHAT.address}/v1", api_key="none")
        self.through = openai.OpenAI(base_url=f"http://{TRIAGE.address}/v1", api_key=TRIAGE.token)
        CHAT.asked.clear()

    def tearDown(self):
        self.direct.close()
        self.through.close()

    def both(self, ask):
        """Gives what one and the same call gives directly; through Triage it must be the same."""
        expected = ask(self.direct)
        self.assertEqual(ask(self.through), expected)
        if len(CHAT.asked) == 2:
            self.assertEqual(CHAT.asked[0], CHAT.asked[1], "the very bytes were asked")
        return expected

    def test_chat(self):
        def ask(client):
            raw = client.chat.completions.with_raw_response.create(
                model=self.MODEL, messages=self.QUESTION, max_tokens=7, temperature=0.1
            )
            return raw.content, raw.parse().model_dump()

        content, parsed = self.both(ask)
        self.assertIn("\u00e4 tensor", parsed["choices"][0]["message"]["content"])

    def test_chat_stream(self):
        def ask(client):
            with client.chat.completions.create(
                model=self.MODEL, messages=self.QUESTION, stream=True
            ) as stream:
                return [chunk.model_dump() for chunk in stream]

        self.assertEqual(len(self.both(ask)), 6)

    def test_chat_stream_asynchronously(self):
        async def ask(address, token):
            async with openai.AsyncOpenAI(base_url=f"http://{address}/v1", api_key=token) as client:
                stream = await client.chat.completions.create(
                    model=self.MODEL, messages=self.QUESTION, stream=True
                )
                return [chunk.model_dump() async for chunk in stream]

        expected = asyncio.run(ask(CHAT.address, "none"))
        self.assertEqual(asyncio.run(ask(TRIAGE.address, TRIAGE.token)), expected)
        self.assertEqual(len(expected), 6)

    def test_stream_as_bytes(self):
        def ask(client):
            with client.chat.completions.with_streaming_response.create(
                model=self.MODEL, messages=self.QUESTION, stream=True
            ) as answer:
                return b"".join(answer.iter_bytes())

        self.assertTrue(self.both(ask).endswith(b"data: [DONE]\n\n"))

    def test_completions(self):
        def ask(client):
            return client.completions.create(model=self.MODEL, prompt="a b c").model_dump()

        def stream(client):
            chunks = client.completions.create(model=self.MODEL, prompt="a b c", stream=True)
            return [chunk.model_dump() for chunk in chunks]

        self.assertEqual(self.both(ask)["choices"][0]["text"], "a b c")
        CHAT.asked.clear()
        self.assertEqual(len(self.both(stream)), 4)

    def test_embeddings(self):
        for encoding in ("base64", "float", openai.NOT_GIVEN):
            CHAT.asked.clear()

            def ask(client):
                answer = client.embeddings.create(
                    model=self.MODEL, input=["one", "two\u20ac"], encoding_format=encoding
                )
                return [data.embedding for data in answer.data]

            self.assertEqual(len(self.both(ask)), 2)

    def test_models(self):
        self.assertEqual([model.id for model in self.through.models.list()], [self.MODEL, "echo"])
        self.assertEqual(self.through.models.retrieve("echo").id, "echo")

    def test_errors_of_the_server(self):
        for status in (400, 422, 429, 500, 503):
            CHAT.asked.clear()

            def ask(client):
                question = [{"role": "user", "content": f"refuse {status}"}]
                with self.assertRaises(openai.APIStatusError) as caught:
                    client.chat.completions.create(model=self.MODEL, messages=question)
                error = caught.exception
                return type(error), error.status_code, error.body, error.code

            # x-should-retry: false is obeyed, so that each client asks once.
            self.assertEqual(self.both(ask)[3], "own-code")
            self.assertEqual(len(CHAT.asked), 2)

    def test_errors_of_triage(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.through.chat.completions.create(model="nobody", messages=self.QUESTION)
        self.assertEqual(caught.exception.code, "model_not_found")
        self.assertEqual(caught.exception.param, "model")
        stranger = openai.OpenAI(base_url=f"http://{TRIAGE.address}/v1", api_key="wrong")
        with self.assertRaises(openai.AuthenticationError) as caught:
            stranger.models.list()
        self.assertEqual(caught.exception.code, "invalid_api_key")
        with self.assertRaises(openai.InternalServerError) as caught:
            self.through.chat.completions.create(
                model=self.MODEL,
                messages=self.QUESTION,
                extra_headers={"Request-Timeout": "0.000001"},
            )
        self.assertIn(caught.exception.code, ("deadline-exceeded", "deadline-unreachable"))

    def test_stream_that_breaks_off(self):
        question = [{"role": "user", "content": "one two break"}]
        got = []
        with self.assertRaises(openai.APIError) as caught:
            for chunk in self.through.chat.completions.create(
                model=self.MODEL, messages=question, stream=True
            ):
                got.append(chunk.choices[0].delta.content)
        self.assertEqual(got, ["one ", "two "])
        self.assertIn("broke off", caught.exception.message)

    def test_stream_with_an_error_in_its_midst(self):
        question = [{"role": "user", "content": "one two fail"}]

        def ask(client):
            got = []
            with self.assertRaises(openai.APIError) as caught:
                for chunk in client.chat.completions.create(
                    model=self.MODEL, messages=question, stream=True
                ):
                    got.append(chunk.choices[0].delta.content)
            error = caught.exception
            return got, type(error), error.message, error.body, error.code

        def read(client):
            with client.chat.completions.with_streaming_response.create(
                model=self.MODEL, messages=question, stream=True
            ) as answer:
                return b"".join(answer.iter_bytes())

        got, _, message, _, code = self.both(ask)
        self.assertEqual((got, message, code), (["one ", "two "], "as asked", "own-code"))
        CHAT.asked.clear()
        self.assertIn(b'data: {"error"', self.both(read))

    def test_stream_that_the_caller_leaves(self):
        question = [{"role": "user", "content": "endless"}]
        CHAT.cancelled.clear()
        stream = self.through.chat.completions.create(
            model=self.MODEL, messages=question, stream=True
        )
        next(iter(stream))
        stream.close()
        self.assertTrue(CHAT.cancelled.wait(PATIENCE), "the server sees the cancel")


def plain(array):
    """What can be compared of an array; text is the same as bytes of it."""
    values = array.tolist()
    if array.dtype == object:
        values = [v.encode() if isinstance(v, str) else v for v in values]
    return str(array.dtype), array.shape, values


class TritonClient(unittest.TestCase):
    TOGETHER = 4
    TENSORS = {
        "FP64": numpy.array([0.1, -2.5e300, 3.0]),
        "FP32": numpy.array([[0.1, 2.5]], dtype=numpy.float32),
        "INT64": numpy.array([-(2**62), 5]),
        "FP16": numpy.array([0.1, -65504, 6e-8], dtype=numpy.float16),
        "INT32": numpy.array([-7], dtype=numpy.int32),
        "INT16": numpy.array([-(2**15), 2**15 - 1], dtype=numpy.int16),
        "INT8": numpy.array([-128, 127], dtype=numpy.int8),
        "UINT64": numpy.array([0, 2**64 - 1, 2**53 + 1], dtype=numpy.uint64),
        "UINT32": numpy.array([[0], [2**32 - 1]], dtype=numpy.uint32),
        "UINT16": numpy.array([0, 2**16 - 1], dtype=numpy.uint16),
        "UINT8": numpy.array([0, 255], dtype=numpy.uint8),
        "BOOL": numpy.array([True, False]),
        "BYTES": numpy.array(["a\u00e4", ""], dtype=object),
    }

    def setUp(self):
        self.direct = triton.InferenceServerClient(ECHO.address)
        self.through = triton.InferenceServerClient(TRIAGE.address)

    @property
    def headers(self):
        # A new one each time: the client writes into what it is given.
        return {"Authorization": "Bearer " + TRIAGE.token}

    def tearDown(self):
        self.direct.close()
        self.through.close()

    def test_health_and_metadata(self):
        self.assertTrue(self.through.is_server_live())
        self.assertTrue(self.through.is_server_ready())
        self.assertTrue(self.through.is_model_ready("echo", headers=self.headers))
        self.assertIn(
            "binary_tensor_data", self.through.get_server_metadata(self.headers)["extensions"]
        )
        self.assertEqual(
            self.through.get_model_metadata("echo", headers=self.headers),
            self.direct.get_model_metadata("echo"),
        )

    def ask(self, client, binary_in, binary_out, up, down, headers):
        inputs, outputs = [], []
        for name, values in self.TENSORS.items():
            tensor = triton.InferInput(name, values.shape, np_to_triton_dtype(values.dtype))
            tensor.set_data_from_numpy(values, binary_data=binary_in)
            inputs.append(tensor)
            outputs.append(triton.InferRequestedOutput(name, binary_data=binary_out))
        result = client.infer(
            "echo",
            inputs,
            outputs=outputs if binary_out is not None else None,
            headers=headers,
            request_compression_algorithm=up,
            response_compression_algorithm=down,
        )
        return {name: plain(result.as_numpy(name)) for name in self.TENSORS}

    def test_tensors_in_every_form(self):
        given = {name: plain(values) for name, values in self.TENSORS.items()}
        for binary_in in (True, False):
            for binary_out in (True, False, None):
                for up, down in ((None, None), ("gzip", "gzip"), ("deflate", "deflate")):
                    with self.subTest(raw_in=binary_in, raw_out=binary_out, up=up, down=down):
                        ECHO.asked.clear()
                        form = (binary_in, binary_out, up, down)
                        expected = self.ask(self.direct, *form, None)
                        self.assertEqual(self.ask(self.through, *form, self.headers), expected)
                        self.assertEqual(expected, given)
                        self.assertEqual(ECHO.asked[0], ECHO.asked[1])
                        self.assertEqual(ECHO.asked[1][0], up)

    def test_several_at_once(self):
        def ask(address, headers):
            results = []
            with triton.InferenceServerClient(address, concurrency=self.TOGETHER) as client:
                for number in range(2 * self.TOGETHER):
                    values = numpy.array([number, -number], dtype=numpy.int32)
                    tensor = triton.InferInput("x", values.shape, "INT32")
                    tensor.set_data_from_numpy(values, binary_data=number % 2 == 0)
                    results.append(
                        client.async_infer(
                            "echo",
                            [tensor],
                            request_id=f"r-{number}",
                            headers=headers(),
                            parameters={"together": self.TOGETHER},
                        )
                    )
                results = [result.get_result(timeout=PATIENCE) for result in results]
            return [(r.get_response()["id"], r.as_numpy("x").tolist()) for r in results]

        expected = ask(ECHO.address, lambda: None)
        self.assertEqual(expected[7], ("r-7", [7, -7]))
        self.assertEqual(ask(TRIAGE.address, lambda: self.headers), expected)

    def test_model_in_process(self):
        golden = json.loads(GOLDEN.read_text())
        rows = numpy.array(golden["x"])
        given = []
        for raw_in, raw_out in ((True, True), (False, False), (True, False), (False, True)):
            for up in (None, "gzip", "deflate"):
                tensor = triton.InferInput("x", rows.shape, "FP64")
                tensor.set_data_from_numpy(rows, binary_data=raw_in)
                result = self.through.infer(
                    "breast-cancer",
                    [tensor],
                    outputs=[triton.InferRequestedOutput("probability", binary_data=raw_out)],
                    headers=self.headers,
                    request_compression_algorithm=up,
                    response_compression_algorithm="gzip",
                )
                given.append(result.as_numpy("probability"))
        for probabilities in given:
            self.assertTrue(numpy.allclose(probabilities, golden["probability"], atol=1e-5))
            self.assertTrue(numpy.array_equal(probabilities, given[0]), "the same in every form")

    def test_model_of_mlserver(self):
        if MLSERVER is None:
            self.skipTest("MLServer is not there")
        rows = numpy.array(json.loads(GOLDEN.read_text())["x"])
        direct = triton.InferenceServerClient(MLSERVER.address)
        self.assertEqual(
            self.through.get_model_metadata("cancer", headers=self.headers),
            direct.get_model_metadata("cancer"),
        )

        def ask(client, raw, up, headers):
            tensor = triton.InferInput("x", rows.shape, "FP64")
            tensor.set_data_from_numpy(rows, binary_data=raw)
            output = triton.InferRequestedOutput("predict_proba", binary_data=raw)
            try:
                result = client.infer(
                    "cancer",
                    [tensor],
                    outputs=[output],
                    headers=headers,
                    request_compression_algorithm=up,
                    response_compression_algorithm=up,
                )
            except triton.InferenceServerException as refused:
                return refused.status(), refused.message()
            return result.as_numpy("predict_proba").tolist()

        # MLServer refuses raw tensors: that comes through as it is, too.
        for raw in (False, True):
            for up in (None, "gzip"):
                with self.subTest(raw=raw, up=up):
                    expected = ask(direct, raw, up, None)
                    self.assertEqual(ask(self.through, raw, up, self.headers), expected)
                    self.assertEqual(len(expected), 2 if raw else len(rows))

    def test_model_of_ray_serve(self):
        if RAY is None:
            self.skipTest("Ray Serve is not there")
        rows = numpy.array(json.loads(GOLDEN.read_text())["x"])
        direct = triton.InferenceServerClient(RAY.address)
        self.assertEqual(
            self.through.get_model_metadata("sum", headers=self.headers),
            direct.get_model_metadata("sum"),
        )

        def ask(client, headers):
            tensor = triton.InferInput("x", rows.shape, "FP64")
            tensor.set_data_from_numpy(rows, binary_data=False)
            output = triton.InferRequestedOutput("sum", binary_data=False)
            result = client.infer("sum", [tensor], outputs=[output], headers=headers)
            return result.as_numpy("sum").tolist()

        expected = ask(direct, None)
        self.assertTrue(numpy.allclose(expected, rows.sum(axis=1)))
        self.assertEqual(ask(self.through, self.headers), expected)

    def test_caller_who_leaves_a_model_of_ray_serve(self):
        if RAY is None:
            self.skipTest("Ray Serve is not there")

        def until(expected):
            """Waits until the model holds, and was left by, as many requests."""
            last = time.monotonic() + PATIENCE
            while True:
                with urllib.request.urlopen(f"http://{RAY.address}/held") as answer:
                    counts = json.load(answer)
                if counts == expected or time.monotonic() > last:
                    return self.assertEqual(counts, expected)
                time.sleep(0.05)

        caller = http.client.HTTPConnection(TRIAGE.address)
        body = json.dumps({"inputs": [], "parameters": {"hold": True}})
        caller.request("POST", "/v2/models/sum/infer", body, self.headers)
        until({"held": 1, "left": 0})
        caller.close()
        until({"held": 0, "left": 1})

    def test_errors_of_triage(self):
        with self.assertRaises(triton.InferenceServerException) as caught:
            self.through.infer("nobody", [], headers=self.headers)
        self.assertIn("no model `nobody` is served here", caught.exception.message())


@unittest.skipIf(kserve is None, "kserve's client is not there")
class KServeClient(unittest.TestCase):
    # Half floats it refuses to write as JSON.
    TENSORS = {name: t for name, t in TritonClient.TENSORS.items() if name != "FP16"}

    def run_with(self, ask, base, token=None):
        async def run():
            config = kserve.RESTConfig(protocol="v2", retries=0)
            async with kserve.InferenceRESTClient(config) as client:
                # A new one each time: the client writes into what it is given.
                return await ask(client, base, token and {"Authorization": "Bearer " + token})

        return asyncio.run(run())

    def both(self, ask):
        """Gives what one and the same call gives directly; through Triage it must be the same."""
        expected = self.run_with(ask, f"http://{ECHO.address}")
        through = self.run_with(ask, f"http://{TRIAGE.address}", TRIAGE.token)
        self.assertEqual(through, expected)
        return expected

    def test_tensors(self):
        given = {name: plain(values) for name, values in self.TENSORS.items()}
        for raw_in in (True, False):
            for raw_out in (True, False):

                async def ask(client, base, headers):
                    inputs = []
                    for name, values in self.TENSORS.items():
                        kind = np_to_triton_dtype(values.dtype)
                        inputs.append(kserve.InferInput(name, list(values.shape), kind))
                        inputs[-1].set_data_from_numpy(values, binary_data=raw_in)
                    request = kserve.InferRequest(
                        "echo", inputs, "r-1", parameters={"binary_data_output": raw_out}
                    )
                    result = await client.infer(base, request, "echo", headers)
                    got = {output.name: plain(output.as_numpy()) for output in result.outputs}
                    return result.id, result.model_name, got

                with self.subTest(raw_in=raw_in, raw_out=raw_out):
                    ECHO.asked.clear()
                    self.assertEqual(self.both(ask), ("r-1", "echo", given))
                    self.assertEqual(ECHO.asked[0], ECHO.asked[1])
                    self.assertEqual(ECHO.asked[1][1] is not None, raw_in)

    def test_readiness_and_errors_of_triage(self):
        async def ask(client, base, headers):
            self.assertTrue(await client.is_server_ready(base, headers))
            self.assertTrue(await client.is_model_ready(base, "echo", headers))
            self.assertFalse(await client.is_model_ready(base, "nobody", headers))
            with self.assertRaisesRegex(Exception, "no model `nobody` is served here"):
                await client.infer(base, {"inputs": []}, "nobody", headers)

        self.run_with(ask, f"http://{TRIAGE.address}", TRIAGE.token)


class Document(unittest.TestCase):
    """Requests that the OpenAPI document allows, and some that it does not, the same in each run:
    none ends in a server error, and each gets a status and a type that the document names."""

    CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"

    def call(self, path, body=None):
        headers = {"Authorization": "Bearer " + TRIAGE.token, "Content-Type": "application/json"}
        url = f"http://{TRIAGE.address}{path}"
        data = body and json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
            return json.load(answer)

    def document(self):
        """The document, with names of what there is: else most requests would end in 404."""
        row = json.loads(GOLDEN.read_text())["x"][0]
        tensor = {"name": "x", "shape": [1, 30], "datatype": "FP64", "data": row}
        analysis = {"model": "breast-cancer", "study": "S-1", "input": {"inputs": [tensor]}}
        job = self.call("/api/v1/analyses", analysis)["id"]
        document = self.call("/openapi.json")
        components = document["components"]
        model = {"enum": ["breast-cancer", "nobody"]}
        components["parameters"]["model"]["schema"] = model
        components["parameters"]["version"]["schema"] = {"enum": ["1", "2"]}
        components["parameters"]["job"]["schema"] = {"enum": [job, str(uuid.UUID(int=1))]}
        components["schemas"]["Analysis"]["properties"]["model"] = model
        # No request body of NDJSON can be drawn.
        del document["paths"]["/api/v1/batches"]
        # A stream without an end.
        del document["paths"]["/api/v1/events"]
        # Whether a drawn deadline passes depends on the machine.
        late = {"$ref": "#/components/parameters/Request-Timeout"}
        for path in document["paths"].values():
            for operation in path.values():
                if isinstance(operation, dict) and late in operation.get("parameters", []):
                    operation["parameters"].remove(late)
        return document

    def test_requests_drawn_from_it(self):
        folder = SCRATCH / "document"
        folder.mkdir()
        (folder / "openapi.json").write_text(json.dumps(self.document()))
        program = pathlib.Path(sys.executable).parent / "schemathesis"
        command = [program, "run", "openapi.json", "--url", f"http://{TRIAGE.address}"]
        command += ["--header", "Authorization: Bearer " + TRIAGE.token, "--checks", self.CHECKS]
        command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "20"]
        command += ["--generation-deterministic", "--no-color"]
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=2 * PATIENCE
        )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    LAUNCHER, SCRATCH, GOLDEN = [pathlib.Path(argument).resolve() for argument in sys.argv[1:4]]
    # Not resolved: the Python of an environment is a link to the machine's.
    PROGRAMS, RAY_PYTHON = [a and pathlib.Path(a).absolute() for a in (sys.argv[4:] + ["", ""])[:2]]
    print("openai", openai.__version__, "numpy", numpy.__version__, flush=True)
    print("kserve", importlib.metadata.version("kserve") if kserve else "not run", flush=True)
    unittest.main(argv=sys.argv[:1], verbosity=2)
