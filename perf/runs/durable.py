"""What shows that nothing acknowledged is lost: callers that remember what they were told, a model
server whose every answer has a number of its own, and the program on a data folder that stays.

Callers submit analyses at once, later and at once-or-later, most of them with an Idempotency-Key,
and send what was not acknowledged again with the same key, to the next instance where there are
several. Invariants, each of which ends a run with 3: every acknowledged job is there (acknowledged
= done + failed + waiting, 0 lost); a job has one answer, whenever and however it is asked for; a
key stands for one job and one answer, byte for byte.
"""

import collections
import contextlib
import hashlib
import http.client
import http.server
import itertools
import json
import os
import pathlib
import random
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import live

CALLERS = 12
# So many of them only want a 202, without a key: nothing but the commit stands between a submission
# and its acknowledgement, so that a program that acknowledges too early is found out.
HASTY_CALLERS = 6
DRAIN_SECONDS = 60
COMMAND = [live.ROOT / "triage"]
MODEL = "echo"
SUBMISSIONS = "/api/v1/analyses"
MODES = [
    ("sync", None, True), ("sync", None, False),
    ("async", "respond-async", True), ("async", "respond-async", False),
    ("deferral", "respond-async, wait=1", True),
]
HASTY = [("async", "respond-async", False)]


class Echo(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A model server whose every answer has a number of its own, and says for whom it is.

    Each gateway reaches it below a path of its own name. Inferences whose id begins with `held`
    wait until that name is let through.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.held_by: dict[str, set] = collections.defaultdict(set)
        self.let_through: dict[str, threading.Event] = collections.defaultdict(threading.Event)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # As model servers do; else answers may take 40 ms more.

            def do_POST(self) -> None:  # noqa: N802
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.work(self.path.split("/")[1], asked.get("id") or "")
                body = json.dumps({
                    "id": asked.get("id"), "outputs": [],
                    "parameters": {"answer": next(outer.numbers),
                                   "asker": self.path.split("/")[1]}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def work(self, asker: str, name: str) -> None:
        if name.startswith("held"):
            self.held_by[asker].add(name)
            self.let_through[asker].wait(10 * DRAIN_SECONDS)
        else:
            time.sleep(random.uniform(0.001, 0.02))

    def handle_error(self, *_) -> None:
        """A gateway that is killed breaks its connections off."""


class Program:
    """An instance of the program on a data folder of its own, started anew after each crash."""

    def __init__(self, name: str, backend: str, *, models: str = "", settings: str = "",
                 lease: str = "2s", intake: str = "", limit: int = 8, **options) -> None:
        self.name, self.options = name, options
        self.folder = live.SCRATCH / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.settings = self.folder / "config.yml"
        self.settings.write_text(
            "server: {host: 127.0.0.1, port: 0, adminPort: 0, drainNotice: 0s}\n"
            f"models: {{{MODEL}: {{backends: [{{url: '{backend}', limit: {limit}}}], "
            f"breaker: {{hungAfter: 10m}}}}{models}}}\n"
            f"analysis: {{lease: {lease}, attemptsMax: 100{intake}}}\n" + settings,
            encoding="utf-8")
        self.port = self.admin_port = 0
        self.starts = 0
        self.log: collections.deque = collections.deque(maxlen=2000)
        self.start()
        self.token = self.token_file("perf").read_text(encoding="utf-8").strip()

    def start(self) -> None:
        self.starts += 1
        errors = self.folder / f"errors-{self.starts}"
        self.process = live.spawn([*COMMAND, "server", self.settings], errors, cwd=self.folder,
                                  **self.options)
        listens = live.first_line(self.process, "Triage listens on", errors)
        self.port, self.admin_port = map(int, re.findall(r"http://\S+?:(\d+)", listens))
        lines = self.process.stdout
        threading.Thread(target=lambda: self.log.extend(lines), daemon=True).start()

    def token_file(self, caller: str) -> pathlib.Path:
        made = subprocess.run(
            [*COMMAND, "token", self.settings, "--caller", caller], cwd=self.folder, check=True,
            capture_output=True, text=True, timeout=180)
        file = self.folder / f"{caller}.token"
        file.touch(0o600)
        file.write_text(made.stdout, encoding="utf-8")
        return file

    def kill(self) -> None:
        """Ends it with `kill -9`."""
        self.process.kill()
        self.process.wait()
        live.RUNNING.remove(self.process)
        self.port = 0

    def metrics(self) -> live.Metrics:
        return live.metrics(self.admin_port)


@dataclass(frozen=True)
class Told:
    """What a caller was told, and when, on the monotonic clock; status 0: nothing."""

    began: float
    seconds: float
    mode: str
    status: int
    retry_after: str | None


class Callers:
    """Callers that submit, send again what was not acknowledged, and note what they were told."""

    def __init__(self, programs: list[Program], *, seed: int, patience: float = 20,
                 pause: float = 0.05) -> None:
        self.programs = programs
        self.seed, self.patience, self.pause = seed, patience, pause
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.acknowledged: dict[str, str] = {}  # id -> mode
        self.answers: dict[str, set] = collections.defaultdict(set)  # id -> results seen
        self.by_key: dict[str, tuple] = {}  # key -> (status, body sent, answer)
        self.told: list[Told] = []
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True)
                        for number in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def await_more(self) -> None:
        """Waits until the load is on again after a crash."""
        before = len(self.acknowledged)
        give_up = time.monotonic() + DRAIN_SECONDS
        while len(self.acknowledged) < before + CALLERS and time.monotonic() < give_up:
            time.sleep(0.02)

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(DRAIN_SECONDS)

    def run(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        while not self.stopped.is_set():
            mode, prefer, keyed = chance.choice(HASTY if number < HASTY_CALLERS else MODES)
            name = f"{number}-{next(self.numbers)}"
            self.submit(mode, prefer, f"key-{name}" if keyed else None, name, first=number)

    def submit(self, mode: str, prefer: str | None, key: str | None, name: str,
               first: int = 0) -> str | None:
        """Submits until it is acknowledged; gives the id of the job."""
        body = json.dumps({"model": MODEL, "study": "S-1", "input": {"id": name, "inputs": []}})
        headers = {"Prefer": prefer} if prefer else {}
        if key:
            headers["Idempotency-Key"] = key
        give_up = time.monotonic() + 2 * DRAIN_SECONDS
        for attempt in itertools.count(first):
            program = self.programs[attempt % len(self.programs)]
            began = time.monotonic()
            status, answer, retry_after = self.ask(program, "POST", SUBMISSIONS, body, headers)
            self.told.append(Told(began, time.monotonic() - began, mode, status, retry_after))
            if status in (200, 202):
                return self.note(mode, key, status, body, answer)
            if (not key and status == 0) or time.monotonic() > give_up:
                return None  # It may have been written or not: nobody was told.
            time.sleep(self.pause)
        return None

    def note(self, mode: str, key: str | None, status: int, body: str, answer: bytes) -> str:
        told = json.loads(answer)
        with self.lock:
            self.acknowledged[told["id"]] = mode
            if status == 200:
                self.answers[told["id"]].add(json.dumps(told["result"]))
            if key:
                self.by_key[key] = (status, body, answer)
        return told["id"]

    def ask(self, program: Program, method: str, path: str, body: str | None,
            headers: dict) -> tuple[int, bytes, str | None]:
        """Gives status, body and Retry-After; status 0: the connection broke or there was none."""
        if program.port == 0:
            time.sleep(0.1)
            return 0, b"", None
        connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=self.patience)
        try:
            connection.request(method, path, body,
                               {"Authorization": f"Bearer {program.token}"} | headers)
            response = connection.getresponse()
            return response.status, response.read(), response.headers.get("Retry-After")
        except (OSError, http.client.HTTPException):
            return 0, b"", None
        finally:
            connection.close()

    def states(self) -> collections.Counter:
        """Looks up every acknowledged job; notes the results that are there."""
        counts = collections.Counter()
        ids = list(self.acknowledged)
        for start in range(0, len(ids), 200):
            part = ids[start:start + 200]
            found = {job["id"]: job for job in json.loads(self.surely(
                "POST", "/api/v1/jobs:query", json.dumps({"ids": part})))["jobs"]}
            for job_id in part:
                job = found.get(job_id)
                counts["lost" if job is None else job["state"]] += 1
                if job and "result" in job:
                    self.answers[job_id].add(json.dumps(job["result"]))
        return counts

    def final_states(self) -> collections.Counter:
        """Looks up every acknowledged job once none is waiting any more, or after a minute."""
        give_up = time.monotonic() + DRAIN_SECONDS
        states = self.states()
        while (states["waiting"] or states["running"]) and time.monotonic() < give_up:
            time.sleep(0.5)
            states = self.states()
        return states

    def surely_result(self, job_id: str) -> str:
        """Gives the result of a job once it has ended; a minute later at most."""
        for _ in range(10 * DRAIN_SECONDS):
            job = json.loads(self.surely("GET", f"/api/v1/jobs/{job_id}", None))
            if job["state"] not in ("waiting", "running"):
                return json.dumps(job.get("result"))
            time.sleep(0.1)
        raise RuntimeError(f"job {job_id} does not end")

    def surely(self, method: str, path: str, body: str | None) -> bytes:
        for attempt in range(600):
            program = self.programs[attempt % len(self.programs)]
            status, answer, _ = self.ask(program, method, path, body, {})
            if status == 200:
                return answer
            time.sleep(0.1)
        raise RuntimeError(f"{path} is not answered")

    def send_keys_again(self) -> int:
        """Gives how many keys did not give their first answer once more, whomever one asks."""
        wrong = 0
        for number, (key, (status, body, answer)) in enumerate(self.by_key.items()):
            for attempt in range(number, number + 100):
                program = self.programs[attempt % len(self.programs)]
                again = self.ask(program, "POST", SUBMISSIONS, body, {"Idempotency-Key": key})
                if again[0] not in (0, 409, 503):
                    break
                time.sleep(0.1)
            wrong += again[:2] != (status, answer)
        return wrong


class Verdict:
    """What became of all that was acknowledged."""

    def __init__(self, callers: Callers) -> None:
        states = callers.final_states()
        wrong = callers.send_keys_again()
        self.states = states
        self.modes = dict(collections.Counter(callers.acknowledged.values()))
        self.twice = sum(len(seen) > 1 for seen in callers.answers.values())
        told = collections.Counter(told.status for told in callers.told)
        self.left = states["waiting"] + states["running"] + states["dead"] + states["cancelled"]
        self.figures = {
            "acknowledged": len(callers.acknowledged),
            "byMode": self.modes,
            "states": dict(states),
            "lost": states["lost"],
            "answeredTwice": self.twice,
            "keys": len(callers.by_key),
            "keysWrong": wrong,
            "told": {str(status): n for status, n in sorted(told.items())},
        }
        self.broken = bool(states["lost"] or self.twice or wrong)

    def count(self, callers: Callers, jobs: list[tuple[str, str, str]]) -> None:
        """Counts, in what the store itself has, the keys that do not stand for one job: a key must
        have one row, that of the job which its caller was told of, and a submission under a key
        may be there once, whatever became of its key."""
        by_key, by_body = collections.defaultdict(list), collections.Counter()
        for job_id, key, body in jobs:
            by_body[body] += 1
            if key:
                by_key[key].append(job_id)
        wrong = sum(len(ids) > 1 for ids in by_key.values())
        for key, (_, body, answer) in callers.by_key.items():
            told = json.loads(answer)["id"]
            times = by_body[hashlib.sha256(body.encode()).hexdigest()]
            wrong += len(by_key[key]) < 2 and (by_key[key] != [told] or times != 1)
        self.figures |= {"jobsInStore": len(jobs), "keysNotOneJob": wrong}
        self.broken = self.broken or wrong > 0

    def write(self, **more) -> None:
        """Adds a line to the results."""
        with open(os.environ["PERF_RESULTS"], "a", encoding="utf-8") as results:
            results.write(json.dumps({"line": "run"} | more | self.figures) + "\n")

    def print(self) -> int:
        """Prints it, and gives the code that a run ends with because of it."""
        figures = self.figures
        print(f"\nacknowledged {figures['acknowledged']} ({self.modes}) = "
              + " + ".join(f"{n} {state}" for state, n in sorted(self.states.items()) if n))
        print(f"lost {figures['lost']}; jobs with two answers {self.twice}; "
              f"keys {figures['keys']}, with another answer than the first {figures['keysWrong']}; "
              f"statuses {figures['told']}")
        if "keysNotOneJob" in figures:
            print(f"in the store: {figures['jobsInStore']} jobs; keys that are not one job "
                  f"{figures['keysNotOneJob']}")
        if self.broken:
            print("BROKEN  what was acknowledged is lost, or was answered differently",
                  file=sys.stderr)
            return 3
        if self.left or not figures["acknowledged"]:
            print(f"MISSED  {self.left} jobs were not done a minute after the last fault")
            return 1
        return 0


def run(main) -> None:
    """Runs a measurement to its end, and ends what it started; threads may hang."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    code = 1
    try:
        code = main()
    finally:
        with contextlib.suppress(Exception):
            live.stop_all()
    sys.stdout.flush()
    os._exit(code)


def jobs_in_store(program: Program) -> list[tuple[str, str, str]]:
    """Gives id, key and hash of every job in an instance's own PostgreSQL, by that one's word."""
    folder, target = program.folder / "data/postgresql", live.ROOT / "service/target"
    port = (folder / "data/postmaster.pid").read_text().splitlines()[3]
    asked = subprocess.run(
        [os.environ["PERF_JAVA"] + "/bin/java", "-cp",
         f"{target}/triage-service.jar:{target}/lib/*", live.ROOT / "perf/runs/JobsInStore.java",
         f"jdbc:postgresql://127.0.0.1:{port}/triage", "triage_admin", folder / "admin.secret"],
        check=True, capture_output=True, text=True, timeout=180)
    return [tuple(line.split("\t")) for line in asked.stdout.splitlines()]


def postgres_of(program: Program) -> int | None:
    """Gives the process of an instance's own PostgreSQL."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        pid = int((program.folder / "data/postgresql/data/postmaster.pid").read_text().split()[0])
        # It may be on its way down or up, and the file that of its predecessor.
        if "postgres" in pathlib.Path(f"/proc/{pid}/comm").read_text():
            return pid
    return None
