"""A PostgreSQL of our own that stands for one that somebody else runs, and a way to ask it.

The programs are those that come with Triage. It listens on a port of 127.0.0.1, and for us on a
Unix socket without a password. Where asked, its data lie on a small file system of their own.
"""

import contextlib
import os
import pathlib
import platform
import pwd
import secrets
import signal
import socket
import subprocess
import tarfile
import threading
import time
import zipfile

import live
import peer

USER = "triage"
ADMIN = "postgres"
START_SECONDS_MAX = 60
RESTART_SECONDS = 1.0
SMALL_MIB = 384


class Refused(Exception):
    """What the server said no with: its code."""


class Session:
    """One connection over the Unix socket: the simple protocol, all values as text."""

    def __init__(self, folder: pathlib.Path, port: int, user: str = ADMIN, database: str = USER,
                 patience: float = 30) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        self.unread = b""
        try:
            self.socket.connect(str(folder / f".s.PGSQL.{port}"))
            words = b"\0".join(word.encode() for word in ("user", user, "database", database))
            start = (196608).to_bytes(4, "big") + words + b"\0\0"
            self.socket.sendall((len(start) + 4).to_bytes(4, "big") + start)
            self._answer()
        except BaseException:
            self.socket.close()
            raise

    def ask(self, statement: str) -> list[list[str | None]]:
        """Runs a statement and gives its rows."""
        text = statement.encode() + b"\0"
        self.socket.sendall(b"Q" + (len(text) + 4).to_bytes(4, "big") + text)
        return self._answer()

    def close(self) -> None:
        self.socket.close()

    def _answer(self) -> list[list[str | None]]:
        rows, refusal = [], None
        while True:
            kind = self._take(1)
            body = self._take(int.from_bytes(self._take(4), "big") - 4)
            if kind == b"D":
                rows.append(self._row(body))
            elif kind == b"E":
                fields = {field[:1]: field[1:].decode() for field in body.split(b"\0") if field}
                refusal = Refused(f"{fields.get(b'C')}: {fields.get(b'M')}")
                if fields.get(b"V") in ("FATAL", "PANIC"):
                    raise refusal
            elif kind == b"Z":
                if refusal:
                    raise refusal
                return rows

    @staticmethod
    def _row(body: bytes) -> list[str | None]:
        values, at = [], 2
        for _ in range(int.from_bytes(body[:2], "big")):
            length = int.from_bytes(body[at:at + 4], "big", signed=True)
            at += 4
            values.append(None if length < 0 else body[at:at + length].decode())
            at += max(0, length)
        return values

    def _take(self, count: int) -> bytes:
        while len(self.unread) < count:
            more = self.socket.recv(65536)
            if not more:
                raise OSError("the server closed the connection")
            self.unread += more
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken


class Postgres:
    """A server that can be stopped, held still, and started again, as whoever runs it may."""

    def __init__(self, *, small_disk: bool = False, connections: int = 100) -> None:
        self.folder = live.SCRATCH / "postgres"
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.binaries = self.folder / "bin"
        unpack(self.binaries)
        self.sockets = self.folder / "s"
        self.port = peer.free_port()
        self.connections = connections
        self.process: subprocess.Popen | None = None
        self.ended = threading.Event()
        self.wanted = False
        self.keeper: subprocess.Popen | None = None
        disk = self.folder / "disk"
        for made in (self.sockets, disk):
            made.mkdir()
        self.prefix, self.account = as_another(), account()
        if small_disk:
            self._mount(disk)
        self.data = disk / "data"
        self._give(self.sockets)
        self._give(self.seen(disk))
        self.password = secrets.token_hex(16)
        self._run("initdb", "--pgdata", self.data, "--username", ADMIN, "--auth-local=trust",
                  "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()
        with contextlib.closing(self.session(database="postgres")) as admin:
            admin.ask("SET password_encryption = 'scram-sha-256'")
            admin.ask(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password}'")
            admin.ask(f"CREATE ROLE triage_app; GRANT triage_app TO {USER}")
            admin.ask(f"CREATE DATABASE {USER} OWNER {USER}")
        self.password_file = self.folder / "password"
        self.password_file.touch(0o600)
        self.password_file.write_text(self.password, encoding="utf-8")

    def settings(self) -> str:
        """Gives what a settings file says under `store`."""
        return (f"{{url: 'jdbc:postgresql://127.0.0.1:{self.port}/{USER}', user: {USER}, "
                f"passwordFile: '{self.password_file}'}}")

    def session(self, user: str = ADMIN, database: str = USER, patience: float = 30) -> Session:
        return Session(self.sockets, self.port, user, database, patience)

    def ask(self, statement: str) -> list[list[str | None]]:
        with contextlib.closing(self.session()) as session:
            return session.ask(statement)

    def start(self) -> None:
        """Starts it, and starts it again whenever it ends, as a service manager does."""
        self.wanted = True
        self.ended.clear()
        threading.Thread(target=self._keep_running, daemon=True).start()
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                self.session(database="postgres").close()
                return
            except (OSError, Refused):
                if time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL does not start: {self.log()[-500:]}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stops it as `pg_ctl stop` does: connections are ended, and nothing is lost."""
        self.wanted = False
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        self.ended.wait(live.PATIENCE_SECONDS)

    def hold_still(self) -> None:
        """Stops all its processes where they are; whoever asks gets no answer."""
        for pid in [self.process.pid, *peer.descendants(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        for pid in [*peer.descendants(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def fill_disk(self) -> pathlib.Path:
        """Takes all room on its file system; gives the file that does."""
        filler = self.seen(self.data.parent) / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 20))
        with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
        return filler

    def seen(self, path: pathlib.Path) -> pathlib.Path:
        """Gives the way to a path of its file system from outside."""
        return path if self.keeper is None else pathlib.Path(
            f"/proc/{self.keeper.pid}/root{path}")

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def _mount(self, disk: pathlib.Path) -> None:
        """Mounts a small file system where only it, and a process that waits, can see it."""
        own = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
        self.keeper = live.spawn(
            ["unshare", *own, "--mount", "sh", "-c",
             f"mount -t tmpfs -o size={SMALL_MIB}m none '{disk}' && echo mounted "
             "&& exec sleep 7200"],
            self.folder / "mount")
        live.first_line(self.keeper, "mounted", self.folder / "mount")
        entering = ["--user", "--preserve-credentials"] if own else []
        self.prefix = ["nsenter", "--target", str(self.keeper.pid), *entering, "--mount",
                       "--", *self.prefix]

    def _give(self, path: pathlib.Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _run(self, program: str, *words) -> None:
        done = subprocess.run(
            [*self.prefix, self.binaries / "bin" / program, *map(str, words)], cwd="/",
            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr[-500:]}")

    def _keep_running(self) -> None:
        while self.wanted and not live.ENDING.is_set():
            with open(self.folder / "log", "a", encoding="utf-8") as log:
                self.process = subprocess.Popen(
                    [*self.prefix, self.binaries / "bin/postgres", "-D", self.data,
                     "-p", str(self.port), "-k", self.sockets,
                     "-c", "listen_addresses=127.0.0.1",
                     "-c", f"max_connections={self.connections}",
                     "-c", "max_wal_size=128MB", "-c", "min_wal_size=32MB"],
                    cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=live.above_the_rest)
            live.RUNNING.append(self.process)
            self.process.wait()
            with contextlib.suppress(ValueError):
                live.RUNNING.remove(self.process)
            if self.wanted:
                time.sleep(RESTART_SECONDS)
        self.ended.set()


def unpack(folder: pathlib.Path) -> None:
    """Unpacks PostgreSQL's programs from the jar that Triage has them in."""
    arm = platform.machine() in ("aarch64", "arm64")
    jar, = (live.ROOT / "service/target/lib").glob(
        f"embedded-postgres-binaries-linux-{'arm64v8' if arm else 'amd64'}-*.jar")
    with zipfile.ZipFile(jar) as archive:
        name, = (name for name in archive.namelist() if name.endswith(".txz"))
        with archive.open(name) as packed, tarfile.open(fileobj=packed, mode="r|xz") as files:
            files.extractall(folder, filter="tar")


def account() -> pwd.struct_passwd | None:
    """Gives the user that PostgreSQL runs as where we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def as_another() -> list[str]:
    """Gives the words that go before a program of PostgreSQL."""
    other = account()
    return [] if other is None else [
        "setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups", "--"]
