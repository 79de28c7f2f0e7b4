"""Small model servers on the standard library: one speaks OpenAI's API, one the Open Inference
Protocol with raw tensors and encoded bodies. They listen on free ports of this machine."""

import gzip
import json
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The datatypes of the Open Inference Protocol but BYTES, as `struct` names them.
FORMATS = {"FP64": "d", "FP32": "f", "FP16": "e", "BOOL": "?"}
FORMATS |= {"INT64": "q", "INT32": "i", "INT16": "h", "INT8": "b"}
FORMATS |= {"UINT64": "Q", "UINT32": "I", "UINT16": "H", "UINT8": "B"}
CREATED = 1700000000


class Handler(BaseHTTPRequestHandler):
    """What both have in common."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def read_body(self):
        length = self.headers.get("Content-Length")
        if length is not None:
            return self.rfile.read(int(length))
        body = b""
        while self.headers.get("Transfer-Encoding"):
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                break
        return body

    def answer(self, status, body, content_type="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status, value, headers=()):
        self.answer(status, json.dumps(value, indent=1).encode(), headers=headers)


class OpenAi(Handler):
    """Answers with the words of the question. What it is asked says how it behaves."""

    def do_POST(self):
        raw = self.read_body()
        asked = json.loads(raw)
        self.server.asked.append(raw)
        if self.path == "/v1/chat/completions":
            words = asked["messages"][-1]["content"].split()
            self.complete(asked, words, "chat.completion", chat_choice, chat_delta)
        elif self.path == "/v1/completions":
            words = asked["prompt"].split()
            self.complete(asked, words, "text_completion", text_choice, text_delta)
        else:
            self.embed(asked)

    def complete(self, asked, words, kind, whole, part):
        if words[0] == "refuse":
            status = int(words[1])
            error = {"message": "as asked", "type": "own", "param": None, "code": "own-code"}
            self.answer_json(status, {"error": error}, [("x-should-retry", "false")])
            return
        head = {"id": "c-1", "created": CREATED, "model": asked["model"]}
        if not asked.get("stream"):
            usage = {"prompt_tokens": len(words), "completion_tokens": len(words)}
            usage["total_tokens"] = 2 * len(words)
            choice = whole(" ".join(words))
            self.answer_json(200, head | {"object": kind, "choices": [choice], "usage": usage})
            return
        chunk = kind + ".chunk" if kind == "chat.completion" else kind
        self.stream(head | {"object": chunk}, words, part)

    def stream(self, head, words, part):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if words[0] == "endless":
            self.stream_until_cancelled(head, part)
            return
        for word in words:
            if word == "break":
                self.close_connection = True
                return
            if word == "fail":
                error = {"message": "as asked", "type": "own", "param": None, "code": "own-code"}
                self.event(json.dumps({"error": error}))
                break
            self.event(json.dumps(head | {"choices": [part(word + " ", None)]}))
        else:
            self.event(json.dumps(head | {"choices": [part("", "stop")]}))
        self.event("[DONE]")
        self.chunk(b"")

    def stream_until_cancelled(self, head, part):
        try:
            while True:
                self.event(json.dumps(head | {"choices": [part("more ", None)]}))
                if self.server.stopping.wait(0.02):
                    break
        except OSError:
            self.server.cancelled.set()
        self.close_connection = True

    def event(self, data):
        self.chunk(b"data: " + data.encode() + b"\n\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def embed(self, asked):
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        data = []
        for index, text in enumerate(texts):
            vector = [len(text) / 3, -1.5, sum(text.encode()) / 7]
            if asked.get("encoding_format") == "base64":
                import base64

                packed = struct.pack("<3f", *vector)
                data.append({"object": "embedding", "index": index})
                data[-1]["embedding"] = base64.b64encode(packed).decode()
            else:
                data.append({"object": "embedding", "index": index, "embedding": vector})
        usage = {"prompt_tokens": 2, "total_tokens": 2}
        model = asked["model"]
        self.answer_json(200, {"object": "list", "data": data, "model": model, "usage": usage})


def chat_choice(text):
    message = {"role": "assistant", "content": text}
    return {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}


def chat_delta(text, reason):
    delta = {"content": text} if text else {}
    return {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}


def text_choice(text):
    return {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}


def text_delta(text, reason):
    return {"index": 0, "text": text, "finish_reason": reason, "logprobs": None}


class Oip(Handler):
    """A model that gives its inputs back. Requests that say `together` wait for that many."""

    def do_GET(self):
        tensors = [{"name": n, "datatype": n, "shape": [-1]} for n in [*FORMATS, "BYTES"]]
        about = {"name": "echo", "versions": ["1"], "platform": "python"}
        self.answer_json(200, about | {"inputs": tensors, "outputs": tensors})

    def do_POST(self):
        body = self.read_body()
        encoding = self.headers.get("Content-Encoding")
        self.server.asked.append((encoding, self.headers.get("Inference-Header-Content-Length")))
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding == "deflate":
            body = zlib.decompress(body)
        length = int(self.headers.get("Inference-Header-Content-Length", len(body)))
        asked, rest = json.loads(body[:length]), body[length:]
        parameters = asked.get("parameters", {})
        raw_by_default = parameters.get("binary_data_output", False)
        if "together" in parameters:
            self.server.wait_for(parameters["together"])
        wanted = {o["name"]: o.get("parameters", {}) for o in asked.get("outputs", [])}
        outputs, raw = [], b""
        for tensor in asked["inputs"]:
            size = tensor.get("parameters", {}).get("binary_data_size")
            if size is not None:
                data, rest = rest[:size], rest[size:]
            else:
                data = packed(tensor["datatype"], tensor["data"])
            output = {k: tensor[k] for k in ("name", "datatype", "shape")}
            if wanted.get(tensor["name"], {}).get("binary_data", raw_by_default):
                output["parameters"] = {"binary_data_size": len(data)}
                raw += data
            else:
                output["data"] = unpacked(tensor["datatype"], data)
            outputs.append(output)
        head = {"model_name": "echo", "model_version": "1", "outputs": outputs}
        if "id" in asked:
            head["id"] = asked["id"]
        self.give(json.dumps(head).encode(), raw)

    def give(self, head, raw):
        headers, body = [], head + raw
        if raw:
            headers.append(("Inference-Header-Content-Length", str(len(head))))
        accepted = self.headers.get("Accept-Encoding", "")
        if "gzip" in accepted:
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        elif "deflate" in accepted:
            body = zlib.compress(body)
            headers.append(("Content-Encoding", "deflate"))
        kind = "application/octet-stream" if raw else "application/json"
        self.answer(200, body, kind, headers)


def packed(datatype, values):
    if datatype == "BYTES":
        texts = [v.encode() for v in values]
        return b"".join(struct.pack("<I", len(t)) + t for t in texts)
    return struct.pack("<%d%s" % (len(values), FORMATS[datatype]), *values)


def unpacked(datatype, data):
    if datatype != "BYTES":
        return [value for (value,) in struct.iter_unpack("<" + FORMATS[datatype], data)]
    texts = []
    while data:
        size = struct.unpack("<I", data[:4])[0]
        texts.append(data[4 : 4 + size].decode())
        data = data[4 + size :]
    return texts


class Server(ThreadingHTTPServer):
    """One of them, on threads of this process."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.asked = []
        self.cancelled = threading.Event()
        self.stopping = threading.Event()
        self.waiting = threading.Condition()
        self.arrived = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server_address[1]

    def wait_for(self, count):
        """Until as many requests are here at once; an error when they do not come."""
        with self.waiting:
            self.arrived += 1
            group = (self.arrived - 1) // count
            self.waiting.notify_all()
            if not self.waiting.wait_for(lambda: self.arrived >= (group + 1) * count, 10):
                raise TimeoutError(f"no {count} requests at once")

    def handle_error(self, *_):
        pass

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()
