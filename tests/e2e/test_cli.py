"""The commands of the terminal."""

import http.server
import os
import re
import signal
import subprocess
import threading

import pytest

from fake import words
from service import TINY_GGUF
from terminal import CTRL_C, CTRL_D, Terminal
from waiting import eventually

NOWHERE = "http://127.0.0.1:9"  # nobody listens there


@pytest.fixture
def cli(start_fake):
    """cli(...) runs a command for a service with the model `fake`; cli.corral is the service."""
    corral = start_fake(stderr_flood=500)

    def cli(*arguments, **more):
        return corral.home.command(*arguments, environment={"CORRAL_URL": corral.url}, **more)

    cli.corral = corral
    return cli


def test_run_prints_the_answer_of_the_service_s_model(cli):
    done = cli("run", "fake", "Hello")
    assert (done.returncode, done.stdout.strip()) == (0, words(5).strip())
    assert cli.corral.state_of("fake") == "ready"


def test_run_finds_the_service_by_its_url(cli):
    done = cli.corral.home.command("run", "--url", cli.corral.url, "fake", "Hello")
    assert done.stdout.strip() == words(5).strip()


def test_run_takes_the_words_of_a_prompt_without_quotes(cli):
    done = cli("run", "fake", "what", "is", "it")
    assert (done.returncode, done.stdout.strip()) == (0, words(5).strip())


def test_run_without_a_prompt_or_a_terminal_reads_it_from_stdin(cli):
    done = cli("run", "fake", stdin="one\ntwo\n")
    assert (done.returncode, done.stdout.strip()) == (0, words(5).strip())


@pytest.mark.parametrize("arguments, stdin", [([""], ""), ([], ""), ([], " \n")])
def test_an_empty_prompt_is_refused(cli, arguments, stdin):
    done = cli("run", "fake", *arguments, stdin=stdin)
    assert done.returncode == 2
    assert "prompt is empty" in done.stderr
    assert cli.corral.running() == {}


def test_run_whose_reader_leaves_ends_quietly(start_fake):
    corral = start_fake(events=100000, rate=200)
    home = corral.home
    with subprocess.Popen([home.binary, "run", "--url", corral.url, "fake", "Hello"],
                          env=home.environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.read(5) == "word0"
        running.stdout.close()
        eventually(lambda: running.poll() is not None, "the command ends", 20)
        assert (running.returncode, running.stderr.read()) == (0, "")
    eventually(lambda: corral.running()["fake"]["in_flight"] == 0, "the answer ends")


@pytest.fixture
def chat(start_fake):
    """chat(...) begins a chat with the model `fake` in a terminal."""
    terminals = []

    def chat(**flags):
        corral = start_fake(**flags)
        terminals.append(Terminal(corral.home, "run", "fake",
                                  environment={"CORRAL_URL": corral.url}))
        terminals[-1].corral = corral
        terminals[-1].wait_for("> ")
        return terminals[-1]

    yield chat
    for terminal in terminals:
        terminal.close()


@pytest.mark.parametrize("end", [CTRL_C, CTRL_D])
def test_a_chat_goes_on_until_it_is_ended(chat, end):
    terminal = chat()
    for question in ("one", "", "  ", "two"):
        terminal.type(question + "\n")
        before = terminal.wait_for("> ")
        assert (words(5).strip() in before) == bool(question.strip())
    terminal.type(end)
    assert terminal.wait() == 0


def test_ctrl_c_ends_an_answer_and_not_the_chat(chat):
    terminal = chat(events=100000, rate=50)
    for question in ("one", "two"):
        terminal.type(question + "\n")
        terminal.wait_for("word3 ")
        terminal.type(CTRL_C)
        terminal.wait_for("> ")
        eventually(lambda: terminal.corral.running()["fake"]["in_flight"] == 0, "the answer ends")
    terminal.type(CTRL_D)
    assert terminal.wait() == 0


def test_ctrl_c_ends_a_chat_with_a_service_of_its_own(home, fake):
    config = home.write_config({"models": {"fake": fake.model()}})
    terminal = Terminal(home, "run", "--config", config, "fake")
    try:
        terminal.wait_for("> ")
        terminal.type(CTRL_C)
        assert terminal.wait() == 0
        home.assert_nothing_left()
    finally:
        terminal.close()


def test_a_config_on_the_command_line_wins_over_the_environment_s_service(home, fake):
    config = home.write_config({"models": {"mine": fake.model()}})
    done = home.command("run", "-c", config, "mine", "Hello", environment={"CORRAL_URL": NOWHERE})
    assert (done.returncode, done.stdout.strip()) == (0, words(5).strip())


@pytest.mark.parametrize("form", ["http://127.0.0.1:{}/v1", "127.0.0.1:{}", "localhost:{}/v1/"])
def test_the_address_of_a_service_has_several_forms(cli, form):
    assert cli("ps", "--url", form.format(cli.corral.port)).returncode == 0


class Foreign(http.server.BaseHTTPRequestHandler):
    """Another program that answers everything with this body."""

    body = b""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("body", [
    b"<html></html>\n", b"[]\n", b'{"running": 3}\n', b'{"error": {"message": 3}}\n',
    b'{"error": 3, "running": {}}\n', b'{"state": 3, "progress": "x", "stage": []}\n'])
@pytest.mark.parametrize("command", [["ps"], ["load", "m"], ["run", "m", "Hello"], ["unload"]])
def test_a_server_that_is_no_corral_is_told_in_a_sentence(home, command, body):
    handler = type("Handler", (Foreign,), {"body": body})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        done = home.command(*command, "--url", f"127.0.0.1:{server.server_port}")
        server.shutdown()
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("corral: "), done.stderr


def test_ps_of_odd_entries_shows_what_it_can(home):
    body = b'{"models": [3, {}, {"model": 4, "state": null, "progress": {}, "pid": "x"}]}'
    handler = type("Handler", (Foreign,), {"body": body})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        done = home.command("ps", "--url", f"127.0.0.1:{server.server_port}")
        server.shutdown()
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 4


def test_run_of_an_unknown_model_names_the_nearest(cli):
    done = cli("run", "fakes", "Hello")
    assert done.returncode != 0
    assert "'fake'" in done.stderr


def test_run_tells_why_a_model_does_not_start(start_fake):
    corral = start_fake(fail_start="no more room")
    done = corral.home.command("run", "--url", corral.url, "fake", "Hello")
    assert done.returncode != 0
    assert "no more room" in done.stderr


@pytest.mark.needs_engine
def test_run_without_a_service_answers_with_the_built_in_model(home):
    done = home.command("run", "tiny", "What is the capital of France?")
    assert (done.returncode, done.stdout.strip()) == (0, "The capital of France is Paris.")
    home.assert_nothing_left()


def test_run_without_a_service_uses_the_named_config(home, fake):
    config = home.write_config({"models": {"mine": fake.model(spawn_child=True)}})
    done = home.command("run", "--config", config, "mine", "Hello")
    assert (done.returncode, done.stdout.strip()) == (0, words(5).strip())
    home.assert_nothing_left()


def test_ps_lists_what_runs(cli):
    assert "fake" not in cli("ps").stdout
    cli.corral.chat("fake")
    done = cli("ps")
    assert done.returncode == 0
    assert any("fake" in line and "ready" in line for line in done.stdout.splitlines())


def test_load_returns_when_the_model_is_ready(cli):
    assert cli("load", "fake").returncode == 0
    assert cli.corral.state_of("fake") == "ready"


def test_load_of_a_model_that_fails_tells_why(start_fake):
    corral = start_fake(fail_start="no more room")
    done = corral.home.command("load", "fake", "--url", corral.url)
    assert done.returncode != 0
    assert "no more room" in done.stderr


@pytest.mark.parametrize("arguments", [["fake"], []])
def test_unload_returns_when_the_engine_is_gone(cli, arguments):
    cli.corral.chat("fake")
    assert cli("unload", *arguments).returncode == 0
    assert cli.corral.running() == {}
    assert cli.corral.home.processes() == [cli.corral.pid]


def test_unload_with_nothing_loaded_says_so(cli):
    done = cli("unload")
    assert (done.returncode, done.stdout) == (0, "no model was loaded\n")


def test_unload_of_an_unknown_model_names_the_nearest(cli):
    done = cli("unload", "fakes")
    assert done.returncode != 0
    assert "'fake'" in done.stderr


def test_logs_show_corral_s_own_log(cli):
    cli.corral.chat("fake")
    done = cli("logs")
    assert done.returncode == 0
    assert done.stdout


def test_logs_of_a_model_show_what_its_engine_printed(cli):
    cli.corral.chat("fake")
    done = cli("logs", "fake")
    assert done.returncode == 0, done.stderr
    assert "xxxxxxxxxx" in done.stdout


def test_logs_follow_until_interrupted(cli):
    home = cli.corral.home
    follower = subprocess.Popen([home.binary, "logs", "-f", "fake", "--url", cli.corral.url],
                                stdout=subprocess.PIPE, env=home.environment, text=True,
                                # A shell's background jobs are born deaf to it.
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        cli.corral.chat("fake")
        while "xxxxxxxxxx" not in follower.stdout.readline():
            assert follower.poll() is None
        follower.send_signal(signal.SIGINT)
        eventually(lambda: follower.poll() is not None, "the command ends")
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()


@pytest.mark.parametrize("arguments", [
    ["ps"], ["load", "fake"], ["unload"], ["logs"], ["logs", "-f"], ["run", "fake", "Hello"]])
def test_without_a_service_a_command_says_what_to_do(home, arguments):
    done = home.command(*arguments, "--url", NOWHERE)
    assert done.returncode != 0
    assert NOWHERE in done.stderr and "corral serve" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_version_names_corral_and_its_engine(home):
    done = home.command("version")
    assert done.returncode == 0
    assert "corral 0." in done.stdout and "llama.cpp" in done.stdout


def test_version_shows_the_licences_of_what_is_linked_in(home, has_engine):
    text = home.command("version", "--licenses").stdout
    for name in ["libuv", "yaml", "nlohmann", *(["llama.cpp"] if has_engine else [])]:
        assert name in text.lower()


@pytest.mark.parametrize("arguments", [[], ["sevre"], ["run"], ["serve", "--nope"],
                                       ["serve", "--listen", "127.0.0.1:99999"]])
def test_a_wrong_command_line_is_refused(home, arguments):
    done = home.command(*arguments)
    assert done.returncode != 0
    assert done.stderr


@pytest.mark.parametrize("arguments", [[], ["config"]])
def test_without_a_command_there_is_the_list_of_them(home, arguments):
    done = home.command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Subcommands:" in done.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["-v"]])
def test_the_version_is_also_an_option(home, arguments):
    assert home.command(*arguments).stdout == home.command("version").stdout


def test_the_example_of_serve_names_a_model_that_can_answer(start, fake):
    corral = start({"models": {"z": fake.model(), "y": {"gguf": "none.gguf"},
                               "x": {"gguf": TINY_GGUF}, "a": {"gguf": TINY_GGUF}}})
    line = eventually(lambda: re.search(r'curl .*"model": "(.*?)"', "".join(corral.printed)),
                      "the example comes")
    assert line.group(1) == "x"


@pytest.mark.needs_engine
def test_without_a_home_the_model_is_unpacked_into_a_private_folder(home):
    del home.environment["HOME"], home.environment["XDG_CACHE_HOME"]
    planted = home.path("tmp/corral-cache-" + str(os.getuid()))
    os.symlink(home.path("elsewhere"), planted)
    done = home.command("config", "check")
    assert done.returncode == 0, done.stderr
    assert os.listdir(home.path("run/corral/models")) == ["tiny-chat-1m-q8_0.gguf"]
    del home.environment["XDG_RUNTIME_DIR"]
    os.symlink(home.path("elsewhere"), home.path("tmp/corral-" + str(os.getuid())))
    done = home.command("config", "check")
    assert done.returncode == 1
    assert not os.path.exists(home.path("elsewhere"))


def test_help_is_no_error(home):
    done = home.command("--help")
    assert done.returncode == 0
    assert "serve" in done.stdout
