"""Open Inference Protocol v2, the JSON and the binary form of it, for the one model served here.

Pure functions from bytes to values and back; no sockets.
"""

import json
import math
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

FEATURES = 30
INPUT = {"name": "x", "datatype": "FP64", "shape": [-1, FEATURES]}
OUTPUT = {"name": "probability", "datatype": "FP64", "shape": [-1, 2]}
FP64_BYTES = 8
SHOWN_CHARACTERS_MAX = 80


class Refused(Exception):
    """A request that gets no result: the status and the text its caller is to see."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers or {}


class Inference(NamedTuple):
    """A request that has been checked: finite rows of 30, and how the answer is to look."""

    id: str | None
    rows: list[list[float]]
    binary: bool


class Message(NamedTuple):
    """A body and the headers that describe it."""

    content: bytes
    headers: dict[str, str]


def json_message(document: dict[str, Any]) -> Message:
    """`document` as JSON. The media type bears no charset: clients compare it literally."""
    content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    return Message(content, {"Content-Type": "application/json"})


def parse(body: bytes, json_bytes: int | None) -> Inference:
    """The inference asked for by `body`, whose first `json_bytes` are JSON (None: all of it).

    Raises Refused with status 400 and a text naming the field, its value and the rule.
    """
    if json_bytes is not None and not 0 < json_bytes <= len(body):
        raise invalid("Inference-Header-Content-Length", json_bytes, f"1 to {len(body)}")
    document = json_object(body if json_bytes is None else body[:json_bytes])
    tail = b"" if json_bytes is None else body[json_bytes:]

    request_id = document.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise invalid("id", request_id, "a string")
    rows = input_rows(document, tail)
    return Inference(request_id, rows, wants_binary(document))


def json_object(text: bytes) -> dict[str, Any]:
    """The JSON object in `text`; NaN and Infinity, which JSON does not have, are refused."""
    try:
        document = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as cause:
        raise Refused(400, f"body is not valid JSON: {shown(str(cause))}") from cause
    if not isinstance(document, dict):
        raise invalid("body", document, "a JSON object")
    return document


def refuse_constant(name: str) -> None:
    """Refuses the constants Python's parser adds to JSON."""
    raise ValueError(f"{name} is not a JSON number")


def input_rows(document: dict[str, Any], tail: bytes) -> list[list[float]]:
    """The rows of the one input tensor `x`, from its `data` or from the binary `tail`."""
    tensors = document.get("inputs")
    if not isinstance(tensors, list) or not all(isinstance(one, dict) for one in tensors):
        raise invalid("inputs", tensors, "a list of tensors")
    names = [tensor.get("name") for tensor in tensors]
    if names != [INPUT["name"]]:
        raise invalid("inputs", names, "exactly one tensor named x")
    (tensor,) = tensors
    if tensor.get("datatype") != INPUT["datatype"]:
        raise invalid("x.datatype", tensor.get("datatype"), "FP64")
    count = row_count(tensor.get("shape"))
    size = parameters(tensor, "x.parameters").get("binary_data_size")
    if size is None:
        if tail:
            raise invalid("x.parameters.binary_data_size", size, f"{len(tail)}, the bytes sent")
        values = flat(tensor.get("data"), count)
    else:
        values = unpacked(tail, size, count)
    return [values[start : start + FEATURES] for start in range(0, len(values), FEATURES)]


def row_count(shape: Any) -> int:
    """How many rows a shape of [n, 30] announces."""
    if (
        not isinstance(shape, list)
        or [type(size) for size in shape] != [int, int]
        or shape[0] < 1
        or shape[1] != FEATURES
    ):
        raise invalid("x.shape", shape, f"[n, {FEATURES}] with n >= 1")
    return shape[0]


def flat(data: Any, count: int) -> list[float]:
    """`count` rows of finite numbers in row order, from flat or nested JSON lists."""
    if not isinstance(data, list):
        raise invalid("x.data", data, "a list of numbers")
    if data and all(isinstance(row, list) for row in data):
        if len(data) != count or any(len(row) != FEATURES for row in data):
            raise Refused(400, f"x.data: nested lists (expected: {count} of {FEATURES} numbers)")
        data = [value for row in data for value in row]
    if len(data) != count * FEATURES:
        raise invalid("x.data", f"{len(data)} values", f"{count * FEATURES}, as the shape says")
    if not set(map(type, data)) <= {int, float}:
        raise Refused(400, "x.data: holds something else than numbers (expected: numbers only)")
    return finite(data)


def unpacked(tail: bytes, size: Any, count: int) -> list[float]:
    """`count` rows of finite numbers from little-endian doubles."""
    expected = count * FEATURES * FP64_BYTES
    if type(size) is not int or size != expected or len(tail) != expected:
        raise invalid("x.parameters.binary_data_size", size, f"{expected}, and as many bytes sent")
    return finite(struct.unpack(f"<{count * FEATURES}d", tail))


def finite(values: Sequence[float]) -> list[float]:
    """`values` as doubles, refused if one of them is not finite."""
    try:
        doubles = list(map(float, values))
    except OverflowError:
        doubles = [math.inf]
    if not all(map(math.isfinite, doubles)):
        raise Refused(400, "x.data: holds NaN, or a number too large (expected: finite numbers)")
    return doubles


def wants_binary(document: dict[str, Any]) -> bool:
    """Whether the output is asked for as raw bytes; also checks the list of outputs."""
    binary = parameters(document, "parameters").get("binary_data_output", False)
    outputs = document.get("outputs") or []
    if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs):
        raise invalid("outputs", outputs, "a list of tensors")
    for output in outputs:
        if output.get("name") != OUTPUT["name"]:
            raise invalid("outputs", output.get("name"), "probability")
        binary = parameters(output, "outputs.parameters").get("binary_data", binary)
    if not isinstance(binary, bool):
        raise invalid("binary_data", binary, "true or false")
    return binary


def parameters(owner: dict[str, Any], path: str) -> dict[str, Any]:
    """The optional `parameters` object of a request or a tensor."""
    found = owner.get("parameters", {})
    if not isinstance(found, dict):
        raise invalid(path, found, "an object")
    return found


def answer(inference: Inference, model: str, version: str, rows: list[list[float]]) -> Message:
    """The response to `inference`: `rows` of [malignant, benign], in JSON or as raw bytes."""
    values = [value for row in rows for value in row]
    output = OUTPUT | {"shape": [len(rows), 2]}
    document = {"model_name": model, "model_version": version, "outputs": [output]}
    if inference.id is not None:
        document["id"] = inference.id
    if not inference.binary:
        output["data"] = values
        return json_message(document)
    raw = struct.pack(f"<{len(values)}d", *values)
    output["parameters"] = {"binary_data_size": len(raw)}
    head = json_message(document).content
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(head)),
    }
    return Message(head + raw, headers)


def invalid(name: str, value: Any, rule: str) -> Refused:
    """The refusal of one field: its name, its value and what was expected."""
    return Refused(400, f"{name}: {shown(value)} (expected: {rule})")


def shown(value: Any) -> str:
    """`value` short enough for an error text."""
    text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "..."
