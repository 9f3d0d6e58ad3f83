"""The commands of the terminal."""

import signal
import subprocess

import pytest

from fake import words
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


def test_run_without_a_prompt_chats_line_by_line(cli):
    done = cli("run", "fake", stdin="one\ntwo\n")
    assert done.returncode == 0
    assert [line.strip() for line in done.stdout.splitlines()] == [words(5).strip()] * 2


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
                                stdout=subprocess.PIPE, env=home.environment, text=True)
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


def test_help_is_no_error(home):
    done = home.command("--help")
    assert done.returncode == 0
    assert "serve" in done.stdout
