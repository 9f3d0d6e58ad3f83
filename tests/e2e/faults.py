"""The faults of docs/reliability.md: how each is made. A function's name is the fault's, with underscores.

A fault is done to a Scene, which has a service with one model `m` that has answered once, where it could. The function
makes the fault and says in `scene.request` what became of a request under it; where the fault can be mended, it leaves
what mends it in `scene.mend`.
"""

import functools
import os
import shlex
import shutil
import signal
import socket
import struct
import sys

import processes
from memory_group import memory_group
from service import TINY_GGUF, free_ports
from test_continue import HELLO
from test_health import in_background
from test_status import status_of
from waiting import eventually

FAULTS = {}
IMPATIENT = {"canaryInterval": 0.1, "stuckAfter": 1}
GIGABYTE = 1_000_000_000


def fault(make):
    FAULTS[make.__name__.replace("_", " ")] = make
    return make


class Scene:
    def __init__(self, start, fake, home):
        self.start_corral, self.engine, self.home = start, fake, home
        self.corral = self.pid = self.request = self.reply = None
        self.mend = None
        self.events = 0  # of streams, so far

    # The model

    def serve(self, entry):
        self.corral = self.start_corral({"models": {"m": entry}})

    def fake(self, entry=None, **flags):
        self.serve(self.engine.model(entry, **flags))

    def real(self, entry=None, bytes=None):
        """Our own worker with a copy of the tiny model, or a file of these bytes."""
        self.file = self.home.path("m.gguf")
        if bytes is None:
            shutil.copy(TINY_GGUF, self.file)
        else:
            self.write(bytes)
        self.serve({"gguf": self.file, **(entry or {})})

    def write(self, bytes):
        with open(self.file, "wb") as file:
            file.write(bytes)

    def restore(self):
        shutil.copy(TINY_GGUF, self.file + ".new")
        os.rename(self.file + ".new", self.file)

    def run(self):
        """It has answered once, and its process is known."""
        self.corral.chat("m", max_tokens=2)
        self.pid = self.status()["pid"]

    def status(self):
        return status_of(self.corral, "m")

    # Requests

    def body(self, **more):
        return {"model": "m", "messages": HELLO, "temperature": 0, "max_tokens": 40, **more}

    def ask(self, **more):
        self.reply = self.corral.http.post("/v1/chat/completions", json=self.body(**more))
        self.request = "answered" if self.reply.status_code == 200 else str(self.reply.status_code)
        self.reply = self.reply.text

    def ask_stream(self, **more):
        with self.corral.http.stream("POST", "/v1/chat/completions",
                                     json=self.body(stream=True, **more)) as reply:
            for line in reply.iter_lines():
                if line.startswith("data: "):
                    self.reply = line
                    self.events += 1
        continued = self.corral.metric("corral_streams_continued_total", model="m")
        if self.reply != "data: [DONE]":
            self.request = "error event" if '"error"' in self.reply else "silent"
        else:
            self.request = "goes on" if continued else "answered"

    def under(self, ask, harm, events=0):
        """harm() while ask() is under way, and has brought so many events."""
        _, thread = in_background(ask)
        eventually(lambda: self.status()["in_flight"] == 1, "the request runs")
        eventually(lambda: self.events >= events, "the stream runs")
        harm()
        thread.join(60)
        assert not thread.is_alive(), "the request hangs"

    def kill(self, number=signal.SIGKILL):
        os.kill(self.status()["pid"], number)

    def ended(self):
        eventually(lambda: self.status()["state"] == "failed", "its end is noticed", within=10)


SLOW = {"events": 30, "rate": 20}


@fault
def killed_while_idle(scene):
    scene.real()
    scene.run()
    scene.kill()
    scene.ended()
    scene.ask()


@fault
def killed_under_a_request(scene):
    scene.fake(**SLOW)
    scene.run()
    scene.under(scene.ask, scene.kill)


@fault
def killed_under_a_stream(scene):
    scene.fake(**SLOW)
    scene.run()
    scene.under(scene.ask_stream, scene.kill, events=5)


@fault
def killed_under_a_stream_with_a_grammar(scene):
    scene.fake(**SLOW)
    scene.run()
    ask = functools.partial(scene.ask_stream, response_format={"type": "json_object"})
    scene.under(ask, scene.kill, events=5)
    scene.ended()


@fault
def asked_to_end_by_a_person(scene):
    scene.fake()
    scene.run()
    scene.kill(signal.SIGTERM)
    scene.ended()
    scene.ask()


@fault
def a_bad_memory_access(scene):
    scene.fake()  # a worker with a sanitizer has a handler of its own for it
    scene.run()
    scene.kill(signal.SIGSEGV)
    scene.ended()
    scene.ask()


@fault
def gives_up_under_a_request(scene):
    scene.fake(crash_on_request=2)
    scene.run()
    scene.ask()


@fault
def ends_by_itself(scene):
    scene.fake(exit_after_ms=300)
    scene.run()
    scene.ended()
    scene.ask()


@fault
def its_guard_is_killed(scene):
    scene.fake()
    scene.run()
    with open(f"/proc/{scene.pid}/stat") as file:
        os.kill(int(file.read().rpartition(")")[2].split()[1]), signal.SIGKILL)
    scene.ended()
    scene.ask()


@fault
def leaves_a_daemon_behind(scene):
    scene.fake(spawn_daemon=True)
    scene.run()
    scene.kill()
    scene.ended()
    scene.ask()


@fault
def fails_to_start(scene):
    scene.fake(fail_start="no luck today")
    scene.ask()


@fault
def fails_until_it_is_repaired(scene):
    repaired = scene.home.path("repaired")
    script = f"test -e {repaired} || exit 9; exec {scene.engine.command()}"
    scene.serve({"cmd": "sh -c " + shlex.quote(script)})
    for _ in range(3):
        scene.ask()
    scene.mend = lambda: open(repaired, "w").close()


@fault
def its_program_is_not_there(scene):
    program = scene.home.path("engine")
    scene.serve({"cmd": program + " --port ${PORT}"})
    scene.ask()
    scene.mend = lambda: shutil.copy(scene.engine.path, program)


@fault
def its_program_may_not_be_executed(scene):
    program = scene.home.path("engine")
    shutil.copy(scene.engine.path, program)
    os.chmod(program, 0o600)
    scene.serve({"cmd": program + " --port ${PORT}"})
    scene.ask()
    scene.mend = lambda: os.chmod(program, 0o700)


@fault
def its_program_is_for_another_machine(scene):
    program = scene.home.path("engine")
    with open(scene.engine.path, "rb") as file:
        elf = bytearray(file.read(4096))
    elf[18:20] = struct.pack("<H", 0xF7)  # BPF, which nobody's processor is
    with open(program, "wb") as file:
        file.write(elf)
    os.chmod(program, 0o700)
    scene.serve({"cmd": program + " --port ${PORT}"})
    scene.ask()


@fault
def its_program_is_deleted_while_it_runs(scene):
    program = scene.home.path("engine")
    shutil.copy(scene.engine.path, program)
    scene.serve({"cmd": program + " --port ${PORT}"})
    scene.run()
    os.unlink(program)
    scene.kill()
    scene.ended()
    scene.ask()
    scene.mend = lambda: shutil.copy(scene.engine.path, program)


@fault
def corrals_own_program_is_deleted(scene):
    binary, own = scene.home.binary, scene.home.path("corral")
    shutil.copy(binary, own)
    scene.home.binary = own
    scene.real()
    scene.home.binary = binary
    os.unlink(own)
    scene.run()
    scene.ask()


@fault
def the_folder_of_sockets_is_deleted(scene):
    scene.real()
    scene.run()
    shutil.rmtree(scene.home.path("run/corral"))
    scene.kill()
    scene.ended()
    scene.ask()


@fault
def a_library_is_missing(scene):
    scene.fake(fail_start="engine: error while loading shared libraries: libcudart.so.12: cannot "
               "open shared object file: No such file or directory")
    scene.ask()


@fault
def refuses_a_flag(scene):
    scene.real({"args": ["--nope"]})
    scene.ask()


@fault
def its_port_is_taken(scene):
    port = free_ports(1)
    other = socket.create_server(("127.0.0.1", port))
    command = scene.engine.command().replace("${PORT}", str(port))
    scene.serve({"cmd": command, "proxy": f"http://127.0.0.1:{port}"})
    scene.ask()
    scene.mend = other.close


@fault
def no_memory_is_left_for_it(scene):
    scene.fake(fail_start="ggml_aligned_malloc: insufficient memory (attempted to allocate 9 MB)")
    scene.ask()


@fault
def the_kernel_kills_it_for_want_of_memory(scene):
    # It is also looked at between the kill and its end.
    scene.fake({"canaryInterval": 0.01}, eat_memory_on=2, crash_once="ate")
    scene.run()
    with memory_group(48 * 1024 * 1024) as put:
        put(scene.pid)
        scene.ask()


@fault
def the_graphics_card_is_full(scene):
    scene.fake(fail_start="ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on "
               "device 0: cudaMalloc failed: out of memory")
    scene.ask()


@fault
def asks_for_more_memory_than_there_is(scene):
    scene.real({"ctx": 2_000_000_000})
    scene.ask()


def tiny_bytes():
    with open(TINY_GGUF, "rb") as file:
        return file.read()


@fault
def its_model_is_missing(scene):
    scene.real()
    os.unlink(scene.file)
    scene.ask()
    scene.mend = scene.restore


@fault
def its_model_is_still_growing(scene):
    whole = tiny_bytes()
    scene.real(bytes=whole[:len(whole) // 2])
    scene.ask()

    def grow():
        with open(scene.file, "ab") as file:
            file.write(whole[len(whole) // 2:])

    scene.mend = grow


@fault
def its_model_is_a_web_page(scene):
    scene.real(bytes=b"<!DOCTYPE html><title>Not found</title>")
    scene.ask()
    scene.mend = scene.restore


@fault
def its_model_is_of_a_later_version(scene):
    whole = tiny_bytes()
    scene.real(bytes=whole[:4] + struct.pack("<I", 99) + whole[8:])
    scene.ask()
    scene.mend = scene.restore


@fault
def its_model_is_of_an_unknown_kind(scene):
    scene.real(bytes=tiny_bytes().replace(b"llama", b"xlama"))
    scene.ask()
    scene.mend = scene.restore


@fault
def its_model_lacks_a_tensor(scene):
    scene.real(bytes=tiny_bytes().replace(b"blk.0.attn_q.weight", b"blk.0.attn_z.weight"))
    scene.ask()
    scene.mend = scene.restore


@fault
def its_model_is_replaced_while_loaded(scene):
    scene.real()
    scene.run()
    scene.restore()
    scene.ask()


@fault
def its_model_is_cut_short_while_loaded(scene):
    scene.real()
    scene.run()
    os.truncate(scene.file, os.path.getsize(scene.file) // 2)
    scene.kill()
    scene.ended()
    scene.ask()
    scene.mend = scene.restore


@fault
def is_never_ready(scene):
    scene.fake({"startupTimeout": 0.3}, hang=True)
    scene.ask()


@fault
def stopped_while_idle(scene):
    scene.real(IMPATIENT)
    scene.run()
    scene.kill(signal.SIGSTOP)
    scene.ended()
    scene.ask()


@fault
def stopped_under_a_stream(scene):
    scene.fake(IMPATIENT, **SLOW)
    scene.run()
    scene.under(scene.ask_stream, lambda: scene.kill(signal.SIGSTOP), events=5)


@fault
def answers_its_health_check_and_nothing_else(scene):
    scene.fake({**IMPATIENT, "unloadTimeout": 0.3}, stuck_after=2, ignore_sigterm=True)
    scene.run()
    scene.ask()


@fault
def computes_for_longer_than_the_limit(scene):
    scene.fake({**IMPATIENT, "stuckAfter": 0.5}, burn=1500)
    scene.run()
    scene.ask()


@fault
def answers_questions_late(scene):
    scene.fake({"canaryInterval": 0.1, "degradedAbove": 0.05}, slow_get=150)
    scene.run()
    eventually(lambda: scene.status()["health"] == "degraded", "it is found degraded")
    scene.ask()


@fault
def is_deaf_when_it_shall_stop(scene):
    scene.fake({"unloadTimeout": 0.3}, ignore_sigterm=True, spawn_child=True)
    scene.run()
    assert scene.corral.http.post("/api/models/unload/m").status_code == 200
    scene.pid = None
    scene.ask()


@fault
def floods_its_log(scene):
    scene.fake(stderr_flood=20_000_000)
    scene.run()
    scene.ask()


@fault
def prints_a_gigabyte_without_a_newline(scene):
    scene.fake({"startupTimeout": 60}, endless_line=GIGABYTE)
    before = processes.memory_kib(scene.corral.pid, "VmHWM")
    scene.run()
    growth = processes.memory_kib(scene.corral.pid, "VmHWM") - before
    # A sanitizer keeps what is freed for a while; all of it would be more.
    assert growth < 700_000, f"{growth} KiB more at the peak"
    scene.ask()


def scripted(scene, reply):
    file = scene.home.path("reply")
    with open(file, "wb") as out:
        out.write(reply)
    program = os.path.join(os.path.dirname(__file__), "scripted_engine.py")
    scene.serve({"cmd": shlex.join([sys.executable, program, "--reply", file]) + " --port ${PORT}"})
    scene.ask()
    scene.pid = scene.status()["pid"]


@fault
def answers_with_something_that_is_no_http(scene):
    scripted(scene, b"hello?\r\n\r\n")


@fault
def breaks_off_in_a_plain_reply(scene):
    scripted(scene, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")


@fault
def closes_without_an_answer(scene):
    scripted(scene, b"")
