"""corral top: a live picture of the service in a terminal."""

import os
import select
import signal
import termios

import pytest

from picture import Picture
from raw import request
from terminal import CTRL_C, Terminal
from waiting import SCALE, eventually

CTRL_Z = "\x1a"
DOWN, ESCAPE = "\x1b[B", "\x1b"


class Top(Terminal):
    """`corral top` in a terminal whose screen is looked at."""

    def __init__(self, home, *arguments, size=(80, 24), environment=None, **more):
        self.picture = Picture(*size)
        self.received = 0  # bytes
        self.looked_at = 0  # letters of what was seen
        self.rest = ""
        environment = {"TERM": "xterm", **(environment or {})}
        super().__init__(home, "top", *arguments, size=size, environment=environment, **more)

    def text(self):
        new = self._read()[self.looked_at:]
        self.looked_at += len(new)
        self.received += len(new.encode())
        self.rest = self.picture.feed(self.rest + new)
        return "\n".join(self.picture.lines())

    def shows(self, text):
        eventually(lambda: text in self.text(), f"{text!r} is shown", 20)

    def shows_no_more(self, text):
        eventually(lambda: text not in self.text(), f"{text!r} is gone", 20)

    def grow(self, columns, rows):
        self.picture.resize(columns, rows)
        self.resize(columns, rows)

    def line_with(self, text):
        return next(line for line in self.text().splitlines() if text in line)

    def silent_for(self, seconds):
        self.text()
        return not select.select([self.master], [], [], seconds)[0]


@pytest.fixture
def top():
    tops = []

    def top(home, *arguments, **more):
        tops.append(Top(home, *arguments, **more))
        return tops[-1]

    yield top
    for each in tops:
        each.close()


def begin_stream(corral):
    """A long reply to a client that reads nothing of it."""
    connection = corral.raw()
    connection.send(request("/v1/chat/completions", {
        "model": "fake", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}))
    return connection


def requests_of(corral):
    return corral.http.get("/api/requests").json()["requests"]


def test_it_shows_models_as_they_load_and_run(start_fake, top):
    corral = start_fake(load_ms=500)
    screen = top(corral.home)
    screen.shows("1 model, 0 loaded")
    assert "stopped" in screen.line_with("› fake")
    screen.type("l")
    screen.shows("loading fake")
    screen.shows("1 model, 1 loaded")
    screen.shows("fake is ready")
    assert "ready" in screen.line_with("› fake")
    assert str(corral.running()["fake"]["pid"]) in screen.text()
    screen.shows("0 running")
    screen.type("u")
    screen.shows("fake is unloaded")
    assert corral.state_of("fake") == "stopped"


def test_a_failure_is_shown_with_its_words_and_none_of_its_control_characters(start_fake, top):
    corral = start_fake(fail_start="no \x1b[31mroom \x1b]0;title\x07 \x9b here")
    screen = top(corral.home)
    screen.shows("0 loaded")
    screen.type("l")
    screen.shows("failed")
    screen.shows("no room")  # and the picture would have refused a strange sequence


def test_names_of_any_width_stand_in_their_columns(start, fake, top):
    names = ["模型-千问", "한국어", "plain", "e\u0301te\u0301"]
    corral = start({"models": {name: fake.model() for name in names}})
    screen = top(corral.home)
    screen.shows("4 models")
    begins = [column for row in screen.picture.cells[3:7] for column in range(80)
              if "".join(row[column:]).startswith("stopped")]
    assert len(begins) == 4 and len(set(begins)) == 1


def test_a_request_is_shown_and_cancelled_after_a_second_word(start_fake, top):
    corral = start_fake(events=100000, rate=50)
    with begin_stream(corral):
        screen = top(corral.home)
        screen.shows("1 request in flight")
        screen.shows("/v1/chat/completions")
        screen.type("c")
        screen.type("c")
        screen.shows("Cancel request")
        screen.type("n")
        screen.shows_no_more("Cancel request")
        assert len(requests_of(corral)) == 1
        screen.type("cy")
        screen.shows("is cancelled")
        screen.shows("No requests in flight")
        assert requests_of(corral) == []


def test_unloading_a_busy_model_asks_once_more(start_fake, top):
    corral = start_fake(events=100000, rate=50)
    with begin_stream(corral):
        screen = top(corral.home)
        screen.shows("1 request in flight")
        screen.shows("1 running")
        screen.type("u")
        screen.shows("Unload fake with 1 request running?")
        screen.type(ESCAPE)
        screen.shows_no_more("Unload fake")
        assert corral.state_of("fake") == "ready"


def test_no_byte_is_written_while_nothing_changes(start_fake, top):
    screen = top(start_fake().home)
    screen.shows("0 loaded")
    eventually(lambda: screen.silent_for(0.5), "it has drawn")
    assert screen.silent_for(3.5)  # longer than it takes to ask the service again


def test_a_change_costs_only_what_has_changed(start, fake, top):
    corral = start({"models": {f"m{i}": fake.model() for i in range(10)}})
    screen = top(corral.home, size=(200, 60))
    screen.shows("10 models")
    eventually(lambda: screen.silent_for(0.5), "it has drawn")
    assert screen.received < 8000
    before = screen.received
    corral.chat("m9")
    screen.shows("1 loaded")
    eventually(lambda: screen.silent_for(0.3), "it has drawn")
    assert 0 < screen.received - before < 1000


def test_it_follows_the_size_of_its_terminal(start_fake, top):
    screen = top(start_fake().home)
    screen.shows("0 loaded")
    assert "LAST ERROR" not in screen.text()
    screen.grow(200, 60)
    screen.shows("LAST ERROR")
    assert screen.text().splitlines()[-1].startswith("q quit")
    screen.grow(30, 8)
    screen.shows("STATE")
    assert "HEALTH" not in screen.text()


def test_it_waits_for_a_service_and_comes_back_to_it(start_fake, top):
    first = start_fake()
    screen = top(first.home)
    screen.shows("1 model, 0 loaded")
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    screen.shows("no service answers")
    screen.shows_no_more("1 model")
    second = start_fake()
    screen.shows(second.url)
    screen.shows("1 model, 0 loaded")
    assert "no service answers" not in screen.text()


def test_a_service_that_is_not_there_yet_is_waited_for(home, start_fake, top):
    screen = top(home)
    screen.shows("no service answers")
    start_fake()
    screen.shows("1 model, 0 loaded")


def line_mode(terminal):
    return termios.tcgetattr(terminal)[:4]


def is_as_before(screen):
    screen.text()
    fresh = os.openpty()
    untouched = line_mode(screen.master) == line_mode(fresh[0])
    for end in fresh:
        os.close(end)
    modes = {"other_screen": False, "cursor_shown": True, "wraps": True}
    return untouched and screen.picture.modes == modes and not screen.picture.styled


WAYS_OUT = ["q", CTRL_C, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_the_terminal_is_as_before_at_every_way_out(start_fake, top, way):
    screen = top(start_fake().home)
    screen.shows("0 loaded")
    assert screen.picture.modes["other_screen"] and not screen.picture.modes["cursor_shown"]
    assert not line_mode(screen.master)[3] & termios.ICANON
    if isinstance(way, str):
        screen.type(way)
    else:
        os.kill(screen.process.pid, way)
    assert screen.wait() == 0
    assert is_as_before(screen)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_the_terminal_is_as_before_after_a_crash(start_fake, top, sanitized, number):
    screen = top(start_fake().home)
    screen.shows("0 loaded")
    os.kill(screen.process.pid, number)
    assert screen.wait() == -number or sanitized
    assert is_as_before(screen)


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(start_fake, top):
    script = 'set -m; "$@"; echo "$?" >stopped; read line; fg >fg; echo "$?" >ended'
    home = start_fake().home
    screen = top(home, under=["bash", "-c", script, "bash"])
    screen.shows("0 loaded")
    screen.type(CTRL_Z)
    eventually(lambda: os.path.exists(home.path("stopped")), "it stops", 20)
    assert is_as_before(screen)
    screen.type("\n")
    eventually(lambda: screen.text() and screen.picture.modes["other_screen"], "it goes on", 20)
    screen.shows("0 loaded")
    screen.type("q")
    assert screen.wait() == 0


def test_colours_are_used_unless_they_are_not_wanted(start_fake, top):
    corral = start_fake()
    corral.chat("fake")
    colourful, plain = top(corral.home), top(corral.home, environment={"NO_COLOR": "1"})
    for screen in (colourful, plain):
        screen.shows("1 loaded")
        screen.type(DOWN)
        eventually(lambda: screen.silent_for(0.2), "it has drawn")
    assert colourful.picture.colours and not plain.picture.colours


def test_a_terminal_without_utf_8_gets_ascii(start_fake, top):
    screen = top(start_fake().home, environment={"LC_ALL": "C"})
    screen.shows("0 loaded")
    assert screen.text().isascii() and "> fake" in screen.text()


def test_once_prints_one_picture_as_text(start_fake):
    corral = start_fake(fail_start="no room")
    corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": []})
    done = corral.home.command("top", "--once")
    assert done.returncode == 0, done.stderr
    for words in (corral.url, "MODEL", "fake", "failed", "no room"):
        assert words in done.stdout
    assert "\x1b" not in done.stdout


def test_without_a_terminal_it_says_what_else_there_is(start_fake):
    home = start_fake().home
    done = home.command("top", environment={"TERM": "xterm"})
    assert done.returncode == 1 and "--once" in done.stderr
    done = home.command("top", environment={"TERM": "dumb"})
    assert done.returncode == 1 and "--once" in done.stderr


def test_once_without_a_service_says_how_to_start_one(home):
    done = home.command("top", "--once")
    assert done.returncode == 1 and "corral serve" in done.stderr
