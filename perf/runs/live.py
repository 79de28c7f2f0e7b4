"""What runs with live load share: the program, a model server, and load on them, each a process.

Everything listens on loopback, on ports that were free, and is ended by its process id.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable

ROOT = pathlib.Path(os.environ["PERF_ROOT"])
SCRATCH = pathlib.Path(os.environ["PERF_SCRATCH"])
PATIENCE_SECONDS = 60
START_SECONDS_MAX = 180
VOID = 3
# What shares the machine with the program under test compiles quickly and keeps one heap small.
JAVA = [
    os.environ["PERF_JAVA"] + "/bin/java",
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Xshare:auto"),
    *("-cp", os.environ["PERF_CLASSPATH"]),
]
RUNNING: list[subprocess.Popen] = []
# From here on nothing is started again.
ENDING = threading.Event()


def stop(process: subprocess.Popen) -> None:
    """Ends a process that we started, and waits for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_SECONDS)
    if process in RUNNING:
        RUNNING.remove(process)


def stop_all() -> None:
    """Ends all that still runs, the last one first."""
    ENDING.set()
    for process in reversed(list(RUNNING)):
        with contextlib.suppress(subprocess.TimeoutExpired):
            stop(process)


def ahead_of_others() -> None:
    """Lets a new process run as soon as it wants to, where we may say so.

    Callers and model servers have machines of their own in earnest: what else this one has to do,
    the program included, must not delay them. They take a tenth of a processor.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def above_the_rest() -> None:
    """Lets a new process, and all that it starts, go before what else this machine has to do.

    For what is compared with each other, where we may: less noise, the same for all.
    """
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


def spawn(command: list, errors: pathlib.Path, **options) -> subprocess.Popen:
    """Starts a process whose stdout we read; what it says on stderr goes to a file."""
    with open(errors, "w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True,
            **({"stdin": subprocess.DEVNULL} | options),
        )
    RUNNING.append(process)
    return process


def first_line(process: subprocess.Popen, wanted: str, errors: pathlib.Path) -> str:
    """Gives the first line of a process that holds `wanted`; one that hangs is ended."""
    watchdog = threading.Timer(START_SECONDS_MAX, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            if wanted in line:
                return line
        raise RuntimeError(f"{process.args[0]} ended early: {errors.read_text(encoding='utf-8')}")
    finally:
        watchdog.cancel()


def made_certificate(name: str) -> pathlib.Path:
    """Gives a folder with a new authority, a certificate for this machine of it, and the key."""
    folder = SCRATCH / name
    folder.mkdir()
    subprocess.run([os.environ["PERF_JAVA"] + "/bin/java",
                    ROOT / "perf/runs/MadeCertificate.java", folder], check=True, timeout=60)
    return folder


class ModelServer:
    """A model server whose slots, service time and faults are changed while it runs.

    With the folder of a certificate it speaks TLS.
    """

    def __init__(self, slots: int, service_nanos: int, seconds_max: int = 900, port: int = 0,
                 certificate: pathlib.Path | None = None) -> None:
        errors = SCRATCH / "model-server.errors"
        shown = (["--certificate-file", certificate / "server.pem",
                  "--key-file", certificate / "server.key"] if certificate else [])
        self.process = spawn(
            [*JAVA, "triage.perf.live.SlotServerCommand", "--slots", str(slots),
             "--service-nanos", str(service_nanos), "--seconds-max", str(seconds_max),
             "--port", str(port), *shown],
            errors, preexec_fn=ahead_of_others)
        ports = json.loads(first_line(self.process, "controlPort", errors))
        self.port = ports["port"]
        self.control = f"http://127.0.0.1:{ports['controlPort']}/"

    def change(self, **conduct) -> dict:
        """Changes what is named, such as slots=32 or fault="hang"; gives its state.

        Raises where the state is then another: a change that is ignored would go unnoticed.
        """
        query = "&".join(f"{name.replace('_', '-')}={value}" for name, value in conduct.items())
        state = self._ask(urllib.request.Request(f"{self.control}?{query}", method="POST"))
        for name, value in conduct.items():
            first, *rest = name.split("_")
            found = state.get(first + "".join(word.capitalize() for word in rest))
            wanted = value.upper() if isinstance(value, str) else value
            if found != wanted:
                raise RuntimeError(f"model server: {name}: {found} (expected: {wanted})")
        return state

    def state(self) -> dict:
        """Gives how it behaves, and what it has done."""
        return self._ask(self.control)

    @staticmethod
    def _ask(request) -> dict:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


def backends(ports: Iterable[int], scheme: str = "http", more: str = "") -> str:
    """Gives model servers as the settings name them."""
    return ", ".join(f"{{url: '{scheme}://127.0.0.1:{port}'{more}}}" for port in ports)


class Service:
    """The program, started with scratch data in front of model servers for one model."""

    def __init__(self, model: str, *backend_ports: int, more: str = "", models: str = "",
                 limit: int | None = None, server: str = "", folder: str = "service",
                 **options) -> None:
        folder = SCRATCH / folder
        folder.mkdir()
        self.settings = folder / "config.yml"
        named = backends(backend_ports, more=f", limit: {limit}" if limit else "")
        self.settings.write_text(
            "server: {host: 127.0.0.1, port: 0, adminPort: 0, drainNotice: 0s"
            f"{server}}}\n"
            f"models: {{{model}: {{backends: [{named}]}}{models}}}\n"
            + more,
            encoding="utf-8",
        )
        self.errors = folder / "errors"
        self.process = spawn([ROOT / "triage", "server", self.settings], self.errors, cwd=folder,
                             **options)
        listens = first_line(self.process, "Triage listens on", self.errors)
        self.port, self.admin_port = map(int, re.findall(r"https?://\S+?:(\d+)", listens))
        # What it logs is kept, to be shown when something is amiss; a full pipe would stop it.
        self.log: list[str] = []
        threading.Thread(target=self._read_log, daemon=True).start()

    def _read_log(self) -> None:
        for line in self.process.stdout:
            if len(self.log) < 1000:
                self.log.append(line)

    def token(self, caller: str, ceiling: str) -> pathlib.Path:
        """Gives the file with a token that lets a caller be as critical as that."""
        file = self.settings.parent / f"{caller}.token"
        file.touch(mode=0o600)
        file.write_text(self._made_token(caller, "--ceiling", ceiling), encoding="utf-8")
        return file

    def _made_token(self, caller: str, *more: str) -> str:
        return subprocess.run(
            [ROOT / "triage", "token", self.settings, "--caller", caller, *more],
            cwd=self.settings.parent, check=True, capture_output=True, text=True, timeout=60,
        ).stdout

    @functools.cached_property
    def operator(self) -> str:
        """Gives the token of somebody who may operate the program."""
        return self._made_token("olga", "--role", "operate").strip()

    def operate(self, task: str) -> bytes:
        """Has the program do one of the operators' tasks, such as `gc`; gives what it says."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.admin_port}/tasks/{task}", method="POST",
            headers={"Authorization": f"Bearer {self.operator}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def memory_mb(self) -> tuple[float, float]:
        """Gives the heap after a collection, and the memory of direct buffers."""
        for _ in range(2):
            self.operate("gc")
        metrics = self.metrics()
        heap = metrics.total("jvm_memory_used_bytes", area="heap")
        direct = metrics.total("jvm_buffer_pool_used_bytes", pool="direct")
        if heap <= 0 or direct <= 0:
            raise RuntimeError(f"heap {heap:.0f} B, direct buffers {direct:.0f} B (expected: > 0)")
        return heap / 1e6, direct / 1e6

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def metrics(self) -> "Metrics":
        """Gives what the program counts at present."""
        return metrics(self.admin_port)

    def settled(self, sent: int) -> tuple[float, float, float]:
        """Gives what is still held, what has leaked, and the requests counted, once all ended."""
        for _ in range(100):
            metrics = self.metrics()
            held = metrics.total("triage_in_flight")
            counted = (metrics.total("triage_requests_total")
                       + metrics.total("triage_door_shed_total"))
            if held == 0 and counted >= sent:
                break
            time.sleep(0.1)
        return held, metrics.total("triage_gate_leaked_total"), counted


def metrics(admin_port: int) -> "Metrics":
    """Gives what a program counts at present, by its operators' port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/metrics", timeout=60) as answer:
        return Metrics(answer.read().decode())


class Metrics:
    """The lines of one look at the program's metrics."""

    def __init__(self, text: str) -> None:
        lines = (line for line in text.splitlines() if line and not line.startswith("#"))
        self.pairs = [(name, float(value)) for name, _, value in
                      (line.rpartition(" ") for line in lines)]

    def total(self, name: str, **labels: str) -> float:
        """Gives the sum over all labels but for those that are given.

        Raises where there is no such metric: nothing would be 0, and 0 is what many a check wants.
        """
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        found = [value for key, value in self.pairs
                 if key.partition("{")[0] == name and all(pair in key for pair in wanted)]
        if not found:
            raise LookupError(f"{name} {labels}: the program has no such metric")
        return sum(found)


def cpu_seconds(pid: int) -> float:
    """Gives the processor time that a process has used, its children apart."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processors_taken() -> tuple[int, int, int]:
    """Gives the machine's busy, stolen and whole processor time so far, in ticks."""
    numbers = [int(word) for word in pathlib.Path("/proc/stat").read_text().split()[1:9]]
    return sum(numbers) - numbers[3] - numbers[4], numbers[7], sum(numbers)


class Load:
    """Results of one run of the generator."""

    def __init__(self, lines: list[dict], void: bool) -> None:
        self.void = void
        self.run = lines[-1]
        self.sections = [line for line in lines if line["line"] == "section"]
        self._seconds = {
            (line["class"], line["second"]): line for line in lines if line["line"] == "second"
        }

    def goodput(self, seconds: range) -> float:
        """Gives the good answers a second of all classes, by when they came."""
        wanted = [line for (_, at), line in self._seconds.items() if at in seconds]
        return sum(line["goodput"] for line in wanted) / len(seconds)

    def count(self, key: str, name: str = "") -> int:
        """Gives how many requests came to `key`, an outcome or `offered`, with the warm-up: of one
        class, or of all."""
        return sum(line[key] for (of, _), line in self._seconds.items() if name in ("", of))

    def broken(self) -> int:
        """Gives how many requests had no answer, not even one that is an error: only of these the
        program may know nothing."""
        answered = sum(count for line in self.sections
                       for reason, count in line["reasons"].items() if reason.startswith("status-"))
        return self.count("timeout") + self.count("error") - answered

    def section(self, number: int, name: str) -> dict:
        """Gives the figures of one class in one section."""
        return next(line for line in self.sections
                    if line["section"] == number and line["class"] == name)


def load(
    port: int,
    path: str,
    classes: list[str],
    *,
    sections: list[int],
    warm_up: int = 0,
    seed: int = 1,
    token: pathlib.Path | None = None,
    at: dict[float, Callable[[], None]] | None = None,
) -> Load:
    """Offers load to 127.0.0.1:`port`, and calls each of `at` at its second of the run.

    `classes` are as LoadCommand takes them: "name=critical,rate=40,urgency=0,timeout-ms=500".
    """
    command = [*JAVA, "triage.perf.live.LoadCommand", "--port", str(port), "--path", path,
               "--warm-up", str(warm_up), "--sections", ",".join(map(str, sections)),
               "--seed", str(seed)]
    for spec in classes:
        command += ["--class", spec]
    if token:
        command += ["--token-file", str(token)]
    errors = SCRATCH / "load.errors"
    process = spawn(command, errors, preexec_fn=ahead_of_others)
    watchdog = threading.Timer(warm_up + sum(sections) + PATIENCE_SECONDS, process.kill)
    watchdog.start()
    try:
        began = json.loads(first_line(process, "monotonicNanos", errors))["monotonicNanos"] / 1e9
        for second, act in sorted((at or {}).items()):
            time.sleep(max(0.0, began + second - time.monotonic()))
            act()
        lines = [json.loads(line) for line in process.stdout]
        code = process.wait()
    finally:
        watchdog.cancel()
        stop(process)
    if code not in (0, VOID) or not lines:
        raise RuntimeError(f"the generator ended with {code}: {errors.read_text('utf-8')}")
    return Load(lines, code == VOID)


class Generator:
    """A generator that stays: what it is told to send, it sends warm."""

    def __init__(self) -> None:
        self.errors = SCRATCH / "generator.errors"
        self.process = spawn([*JAVA, "triage.perf.live.LoadSession"], self.errors,
                             stdin=subprocess.PIPE, preexec_fn=ahead_of_others)

    def load(self, port: int, path: str, spec: str, *, seconds: int, seed: int = 1,
             token: pathlib.Path | None = None, piece_micros: int = 500,
             more: list | None = None) -> Load:
        """Offers one class of load, named `all`, as LoadCommand takes it, for some seconds."""
        words = ["--port", port, "--path", path, "--class", spec, "--sections", seconds,
                 "--seed", seed, "--piece-micros", piece_micros]
        words += ["--token-file", token] if token else []
        words += more or []
        watchdog = threading.Timer(seconds + PATIENCE_SECONDS, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            lines = []
            for text in self.process.stdout:
                lines.append(json.loads(text))
                if lines[-1]["line"] == "run":
                    return Load(lines[1:], lines[-1]["void"])
        finally:
            watchdog.cancel()
        raise RuntimeError(f"the generator ended: {self.errors.read_text(encoding='utf-8')}")
