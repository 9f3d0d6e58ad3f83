"""What is compared: how each subject is configured and started, and which processes are its own.

These stand before bench/upstream.cc and have one core to themselves; engine_subjects.py has those
before the real engine.
"""

import json
import os
import time

import processes
from client import BenchError, ask_until_answered, wait_until_listening


class Subject:
    name = ""
    model = "bench"

    def __init__(self, bench):
        self.bench = bench
        self.yard = bench.yard
        self.process = None
        self.port = 0
        self.started_ns = 0

    def cores(self):
        return {self.bench.cores.subject}

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def start(self):
        """Starts it and waits until it listens; returns how long that took, in nanoseconds."""
        self.port = processes.free_port()
        command = self.command()
        self.started_ns = time.monotonic_ns()
        self.process = self.yard.start(self.name, command, self.cores(), self.environment())
        try:
            return wait_until_listening(self.port, self.process) - self.started_ns
        except BenchError as error:
            raise BenchError(f"{error}; {self.yard.log(self.name)}") from None

    def start_ready(self):
        """Starts it and has it answer once, so that a supervisor's engine runs."""
        self.start()
        ask_until_answered(self.port, self.model)
        return self

    def stop(self):
        if self.process:
            self.yard.stop(self.process)
            self.process = None

    def __enter__(self):
        return self.start_ready()

    def __exit__(self, *_):
        self.stop()

    def is_engine(self, pid):
        """Whether this process is one that it supervises, not one of its own."""
        words = processes.command_line(pid)
        return words[:1] == [self.bench.program("upstream")] or words[1:2] == ["engine"]

    def own(self):
        return processes.descendants(self.process.pid, leave_out=self.is_engine)

    def engines(self):
        return [pid for pid in processes.descendants(self.process.pid)
                if pid != self.process.pid and self.is_engine(pid)]

    def cpu_ns(self):
        return processes.cpu_ns(self.own())

    def pss(self):
        return processes.pss_bytes(self.own())


# Before the stand-in engine


class Direct(Subject):
    """No proxy: the upstream itself, which nobody measures but for its answers."""
    name = "direct"

    def cores(self):
        return {self.bench.cores.load}

    def command(self):
        return [self.bench.program("upstream"), "--port", str(self.port)]


class Relay(Subject):
    name = "relay"

    def command(self):
        return [self.bench.program("relay"), str(self.port), str(self.bench.upstream_port())]


class Nginx(Subject):
    name = "nginx"

    def command(self):
        folder = self.yard.path(f"nginx-{self.port}")
        os.mkdir(folder)
        user = "user root;\n" if os.geteuid() == 0 else ""
        temp = "".join(f"{kind}_temp_path {folder}/{kind};\n"
                       for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.yard.write(f"nginx-{self.port}/nginx.conf", f"""
daemon off;
{user}worker_processes 1;
worker_rlimit_nofile 10000;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
access_log off;
{temp}client_max_body_size 0;
keepalive_timeout 600;
keepalive_requests 1000000000;
upstream engine {{
  server 127.0.0.1:{self.bench.upstream_port()};
  keepalive 512;
  keepalive_requests 1000000000;
}}
server {{
  listen 127.0.0.1:{self.port} backlog=4096;
  location / {{
    proxy_pass http://engine;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_read_timeout 600;
  }}
}}
}}
""")
        return [self.bench.tool("nginx"), "-e", "stderr", "-p", folder, "-c", config]


class Haproxy(Subject):
    name = "haproxy"

    def command(self):
        config = self.yard.write(f"haproxy-{self.port}.cfg", f"""
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-no-delay
  http-reuse always
frontend clients
  bind 127.0.0.1:{self.port} backlog 4096
  default_backend engine
backend engine
  server engine 127.0.0.1:{self.bench.upstream_port()}
""")
        return [self.bench.tool("haproxy"), "-db", "-f", config]


class Swapper(Subject):
    """Corral and llama-swap, which read the same config file."""
    def models(self):
        """By id. The engine goes back to the load's core; --parallel tells what it can take."""
        command = (f"taskset -c {self.bench.cores.load} {self.bench.program('upstream')} "
                   "--port ${PORT} --parallel 4096")
        return {"bench": external(command)}

    def config(self):
        value = {"startPort": processes.free_port(4), "models": self.models()}
        return self.yard.write(f"{self.name}-{self.port}.yaml", json.dumps(value, indent=1))


def external(command):
    """A config's entry for a command; concurrencyLimit is llama-swap's, whose default is 10."""
    return {"cmd": command, "proxy": "http://127.0.0.1:${PORT}", "concurrencyLimit": 4096}


class Corral(Swapper):
    name = "corral"

    def command(self):
        return [self.bench.corral, "serve", "--listen", f"127.0.0.1:{self.port}",
                "--config", self.config()]


class LlamaSwap(Swapper):
    name = "llama-swap"

    def command(self):
        return [self.bench.llama_swap, "-listen", f"127.0.0.1:{self.port}",
                "-config", self.config()]


TRAFFIC = (Direct, Relay, Nginx, Haproxy, Corral, LlamaSwap)


def subjects_but(bench, left_out=None):
    """One of each that this run compares, in the table's order, but for one that a measure does
    not fit."""
    return [kind(bench) for kind in TRAFFIC if kind is not left_out and bench.compares(kind.name)]
