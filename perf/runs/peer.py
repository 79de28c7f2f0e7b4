"""The peers that the program is measured against: HAProxy, nginx, and two proxies in Go.

Each is a process of ours that listens on a port of 127.0.0.1 that was free, keeps what it writes in
the scratch folder, writes no access log, and may hold as many connections as it needs. What is not
installed is unpacked from the distribution's packages into perf/target/, and installed nowhere.
"""

import os
import pathlib
import platform
import shutil
import socket
import subprocess
import sys
import time

import live

KEPT = live.ROOT / "perf/target/peers"
PATH = "/v2/models/slots/infer"
REFUSED_PATH = "/refused"
BUILD_SECONDS_MAX = 1200
LIBRARIES = f"/usr/lib/{platform.machine()}-linux-gnu"

NGINX = """
daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/log error; {user}
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; tcp_nodelay on;
  client_body_buffer_size 256k; client_max_body_size 16m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream slots {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ proxy_pass http://slots; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    location = {refused} {{ return 503; }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 2
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  http-request deny deny_status 503 if {{ path {refused} }}
  default_backend slots
backend slots
  server slots 127.0.0.1:{upstream}
"""


class Absent(Exception):
    """A peer that cannot be had here, and why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A peer that runs."""

    def __init__(self, name: str, port: int, command: list, **options) -> None:
        self.name, self.port = name, port
        errors = live.SCRATCH / f"{name}.errors"
        self.process = live.spawn(command, errors, preexec_fn=live.above_the_rest, **options)
        until = time.monotonic() + 30
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Absent("did not start: " + errors.read_text("utf-8").strip()[-300:])
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu_nanos(self) -> dict[str, int]:
        return {self.name: cpu_nanos(self.process.pid, with_children=True)}


def nginx(upstream: int) -> Proxy:
    program, environment = find("nginx", ["nginx", "nginx-common"])
    folder = live.SCRATCH / "nginx"
    folder.mkdir()
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(
        folder=folder, port=port, upstream=upstream, refused=REFUSED_PATH,
        user="user root;" if os.geteuid() == 0 else ""), encoding="utf-8")
    return Proxy("nginx", port, [program, "-p", folder, "-e", folder / "log", "-c", settings],
                 env=environment)


def haproxy(upstream: int) -> Proxy:
    program, environment = find("haproxy", ["haproxy", "liblua5.3-0", "libopentracing1", "libopentracing-c-wrapper0"])
    port = free_port()
    settings = live.SCRATCH / "haproxy.cfg"
    settings.write_text(
        HAPROXY.format(port=port, upstream=upstream, refused=REFUSED_PATH), encoding="utf-8")
    return Proxy("haproxy", port, [program, "-db", "-f", settings], env=environment)


def go_proxy(kind: str, name: str, upstream: int) -> Proxy:
    port = free_port()
    return Proxy(name, port, [go_program(), "-kind", kind, "-port", str(port),
                              "-target", f"127.0.0.1:{upstream}"], cwd=live.SCRATCH)


def find(name: str, packages: list[str]) -> tuple[str, dict]:
    """Gives a program, with the environment that it needs."""
    installed = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if installed:
        return installed, dict(os.environ)
    root = KEPT / name
    program = root / "usr/sbin" / name
    if not program.exists():
        unpack(packages, root)
    if not program.exists():
        raise Absent(f"{name} is not installed, and its Debian package cannot be had")
    return str(program), os.environ | {"LD_LIBRARY_PATH": f"{root}{LIBRARIES}"}


def unpack(packages: list[str], root: pathlib.Path) -> None:
    """Unpacks what there is of these packages, without installing anything."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return
    folder = live.SCRATCH / "packages"
    folder.mkdir(exist_ok=True)
    for package in packages:
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=False,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    root.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", file, root], check=False, capture_output=True, timeout=60)
        file.unlink()


def go_program() -> pathlib.Path:
    """Builds the proxies in Go, as far as that has not been done."""
    program = KEPT / "gozero"
    go = shutil.which("go", path=os.environ["PATH"] + ":/usr/local/go/bin")
    if not go:
        raise Absent("there is no Go")
    sources = live.ROOT / "perf/peers/gozero"
    if not program.exists() or any(
            file.stat().st_mtime > program.stat().st_mtime for file in sources.iterdir()):
        print("  building perf/peers/gozero; the first time this takes minutes", file=sys.stderr)
        KEPT.mkdir(parents=True, exist_ok=True)
        built = subprocess.run(
            [go, "build", "-mod=readonly", "-trimpath", "-o", program, "."], cwd=sources,
            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=BUILD_SECONDS_MAX, env=os.environ | {"GOTOOLCHAIN": "local"})
        if built.returncode != 0:
            raise Absent("the build in Go failed: " + built.stderr.strip()[-300:])
    return program


def descendants(pid: int) -> list[int]:
    """Gives the processes below one, all generations."""
    parents: dict[int, list[int]] = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found, look_at = [], [pid]
    while look_at:
        children = parents.get(look_at.pop(), [])
        found += children
        look_at += children
    return found


def cpu_nanos(pid: int, with_children: bool = False) -> int:
    """Gives the processor time of a process: all its threads, by its own clock in nanoseconds.

    /proc/PID/stat counts the same in ticks of 10 ms, too coarse for a window of a second.
    """
    total = 0
    for each in [pid, *(descendants(pid) if with_children else [])]:
        try:
            total += time.clock_gettime_ns((~each) << 3 | 2)
        except OSError:
            continue
    return total


def compiler_nanos(pid: int) -> int:
    """Gives the processor time that the compilers of a JVM have used."""
    total = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            if (thread / "comm").read_text().startswith(("C1 Compiler", "C2 Compiler")):
                total += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total
