"""What the stand-ins for launchd and systemd have in common: one job that runs, in a process of its own.

A job's folder has spec.json (what shall run) and status.json (what became of it). `python3 fake_supervisor.py FOLDER`
runs it until it is over; SIGTERM to that process stops the job."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

PAUSE = 0.05  # between two starts; the real ones wait for seconds
MOST_STARTS = 5


def read(folder, name):
    try:
        with open(os.path.join(folder, name)) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def write(folder, name, value):
    path = os.path.join(folder, name)
    with open(path + ".new", "w") as file:
        json.dump(value, file)
    os.rename(path + ".new", path)


def remove(folder, name):
    try:
        os.unlink(os.path.join(folder, name))
    except FileNotFoundError:
        pass


def injected(folder, verb):
    """The (status, words) that a test wants of the next call of that verb, once."""
    wanted = read(folder, "failures.json") or {}
    if not wanted.get(verb):
        return None
    failure = wanted[verb].pop(0)
    write(folder, "failures.json", wanted)
    return failure


def note(folder, words):
    with open(os.path.join(folder, "calls"), "a") as file:
        file.write(json.dumps(words) + "\n")


def start(folder, spec):
    """`spec` has argv, env, cwd, log, notify, stop_limit."""
    remove(folder, "status.json")
    write(folder, "spec.json", spec)
    process = subprocess.Popen(
        [sys.executable, __file__, folder], start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    write(folder, "supervisor.json", process.pid)


def is_alive(folder):
    pid = read(folder, "supervisor.json")
    if pid is None:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def status(folder):
    return read(folder, "status.json") or {"phase": "starting", "pid": 0, "runs": 0, "last": None}


def ask_to_stop(folder):
    if is_alive(folder):
        os.kill(read(folder, "supervisor.json"), signal.SIGTERM)


def wait_for(condition, within):
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


class Job:
    def __init__(self, folder):
        self.folder = folder
        self.spec = read(folder, "spec.json")
        self.stopping = False
        self.process = None
        self.runs = 0
        self.last = None
        self.socket = None
        if self.spec["notify"]:
            path = os.path.join(folder, "notify")
            remove(folder, "notify")
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(path)
            self.socket.settimeout(0.02)
            self.spec["env"]["NOTIFY_SOCKET"] = path

    def tell(self, phase):
        alive = self.process is not None and self.process.poll() is None
        write(self.folder, "status.json", {"phase": phase, "runs": self.runs, "last": self.last,
                                           "pid": self.process.pid if alive else 0})

    def on_sigterm(self, *_):
        self.stopping = True
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def run_once(self):
        with open(self.spec["log"], "ab") as log:
            self.process = subprocess.Popen(
                self.spec["argv"], env=self.spec["env"], cwd=self.spec["cwd"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        self.runs += 1
        self.tell("starting" if self.socket else "running")
        while self.process.poll() is None:
            if self.socket is None:
                time.sleep(0.02)
                continue
            try:
                if b"READY=1" in self.socket.recv(4096):
                    self.tell("running")
            except TimeoutError:
                pass
        self.last = self.process.returncode

    def run(self):
        signal.signal(signal.SIGTERM, self.on_sigterm)
        while not self.stopping:
            self.run_once()
            if self.last == 0 or self.stopping or self.runs >= MOST_STARTS:
                break
            self.tell("waiting")
            time.sleep(PAUSE)
        self.tell("stopped" if self.last == 0 or self.stopping else "failed")


if __name__ == "__main__":
    Job(sys.argv[1]).run()
