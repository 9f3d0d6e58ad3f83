"""Corral under a service manager: the files for launchd and systemd, and the commands, with stand-ins for both."""

import json
import os
import plistlib
import shutil
import signal
import subprocess

import pytest

import fake_supervisor as jobs
import unit_file
from service import free_ports
from waiting import eventually

HERE = os.path.dirname(os.path.abspath(__file__))
USUAL = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
MANAGERS = ["launchd", "systemd"]

# Each is the name of a config file, and of its folder.
HOSTILE = [
    "plain", "with space", " around ", "qu\"ote", "it's", "back\\slash", "back\\", "50%", "%h%%", "$HOME", "${X}$$",
    "a&b<c>]]>", ";", "#x", "-dash", "tab\there", "new\nline", "carriage\rreturn", "grüße 世界 😀",
    "/".join(["x" * 250] * 4)]
# What the working folder's line of a unit cannot hold.
NOT_IN_A_UNIT = {" around ", "back\\", "tab\there", "new\nline", "carriage\rreturn"}


class Installed:
    """A home with a service manager's stand-in, and what it did."""

    def __init__(self, home, manager, fake):
        self.home = home
        self.manager = manager
        self.fake = fake
        self.folder = home.path(".fake-" + manager)
        self.file = home.path({"launchd": "Library/LaunchAgents/local.corral.plist",
                               "systemd": ".config/systemd/user/corral.service"}[manager])
        self.port = free_ports(1)
        self.config = home.write_config({"models": {"fake": fake.model()}})

    def run(self, verb, *arguments, **more):
        return self.home.command("service", verb, "--manager", self.manager, *arguments,
                                 within=60, **more)

    def install(self, *arguments):
        return self.run("install", "--config", self.config, "--listen", f"127.0.0.1:{self.port}", *arguments)

    def status(self):
        done = self.run("status", "--json")
        report = json.loads(done.stdout)
        assert report["exit_status"] == done.returncode
        return report

    def calls(self):
        """The verbs that the manager's tool was called with, but those that only ask."""
        try:
            with open(os.path.join(self.folder, "calls")) as file:
                calls = [json.loads(line) for line in file]
        except FileNotFoundError:
            return []
        return [" ".join(word for word in call if not word.startswith(("gui/", "/", "corral.")))
                for call in calls if call[0] not in ("print", "show")]

    def forget_calls(self):
        os.unlink(os.path.join(self.folder, "calls"))

    def fail_next(self, verb, *failures):
        os.makedirs(self.folder, exist_ok=True)
        jobs.write(self.folder, "failures.json", {verb: failures})


@pytest.fixture
def tools(home):
    """Puts the stand-ins in front of everything on PATH."""
    os.mkdir(home.path("bin"))
    for name in ("launchctl", "systemctl"):
        os.symlink(os.path.join(HERE, f"fake_{name}.py"), home.path("bin/" + name))
    home.environment["PATH"] = home.path("bin") + ":" + home.environment["PATH"]


@pytest.fixture(params=MANAGERS)
def installed(request, home, tools, fake):
    yield Installed(home, request.param, fake)
    home.kill_all()


@pytest.fixture
def launchd(home, tools, fake):
    yield Installed(home, "launchd", fake)
    home.kill_all()


@pytest.fixture
def systemd(home, tools, fake):
    yield Installed(home, "systemd", fake)
    home.kill_all()


def sentence(done):
    """The one sentence of a command that failed."""
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("corral: "), done.stderr
    return done.stderr


# The files


def printed(home, manager, config, *arguments):
    return home.command("service", "install", "--print", "--manager", manager, "--config", config, *arguments)


def config_named(home, name):
    folder = home.path(name)
    os.makedirs(folder)
    path = os.path.join(folder, os.path.basename(name))
    with open(path, "w") as file:
        file.write("models: {}\n")
    return path


def expected_path(home):
    folders = [os.path.dirname(home.binary), *home.environment["PATH"].split(":"), *USUAL.split(":")]
    return ":".join(dict.fromkeys(folders))


@pytest.mark.parametrize("name", HOSTILE)
def test_the_plist_says_value_by_value_what_shall_run(home, name):
    config = config_named(home, name)
    done = printed(home, "launchd", config, "--listen", "127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    log = home.path("Library/Logs/Corral/corral.log")
    assert plistlib.loads(done.stdout.encode()) == {
        "Label": "local.corral",
        "ProgramArguments": [home.binary, "serve", "--config", config, "--listen", "127.0.0.1:1"],
        "EnvironmentVariables": {"PATH": expected_path(home)},
        "WorkingDirectory": os.path.dirname(config),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ProcessType": "Interactive",
        "SoftResourceLimits": {"NumberOfFiles": 16384},
        "ExitTimeOut": 90,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_the_unit_says_what_shall_run_or_is_refused(home, name):
    config = config_named(home, name)
    done = printed(home, "systemd", config, "--listen", "127.0.0.1:1")
    if name in NOT_IN_A_UNIT:
        assert "working folder" in sentence(done)
        return
    assert done.returncode == 0, done.stderr
    unit = unit_file.settings(done.stdout)
    assert unit_file.command(unit.pop(("Service", "ExecStart"))) == [
        home.binary, "serve", "--config", config, "--listen", "127.0.0.1:1"]
    assert unit_file.environment(unit.pop(("Service", "Environment"))) == {"PATH": expected_path(home)}
    assert unit_file.folder(unit.pop(("Service", "WorkingDirectory"))) == os.path.dirname(config)
    unit.pop(("Unit", "Description"))
    assert {f"{section}.{key}": value for (section, key), value in unit.items()} == {
        "Unit.StartLimitIntervalSec": "300", "Unit.StartLimitBurst": "5", "Service.Type": "notify",
        "Service.Restart": "on-failure", "Service.RestartSec": "10", "Service.WatchdogSec": "60",
        "Service.KillMode": "mixed", "Service.TimeoutStopSec": "90", "Service.LimitNOFILE": "16384",
        "Service.OOMPolicy": "continue", "Service.Delegate": "memory", "Service.NoNewPrivileges": "yes",
        "Service.LockPersonality": "yes", "Service.RestrictRealtime": "yes", "Install.WantedBy": "default.target"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in NOT_IN_A_UNIT])
def test_systemd_itself_reads_the_unit_so(home, name):
    config = config_named(home, name)
    with open(home.path("corral.service"), "w") as file:
        file.write(printed(home, "systemd", config).stdout)
    command = ["systemd-analyze", "--user", "--man=no", "verify", home.path("corral.service")]
    quiet = subprocess.run(command, capture_output=True, text=True, env=home.environment)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    # Its debug log has what it made of the file.
    told = subprocess.run(command, capture_output=True, env={**home.environment, "SYSTEMD_LOG_LEVEL": "debug"})
    told = told.stdout.decode("utf-8", "surrogateescape").replace("\\$", "$").replace("\\`", "`")
    line = told.split("Command Line: ")[1].split("\n")[0]
    # "$" is expanded later, when the command is executed.
    assert [word.replace("$$", "$") for word in unit_file.words(line)] == [home.binary, "serve", "--config", config]
    assert f"WorkingDirectory: {os.path.dirname(config)}\n" in told
    assert f"Environment: PATH={expected_path(home)}\n" in told


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("name", [b"control\x01", b"bell\x07x", b"not utf-8 \xff", b"surrogate \xed\xa0\x80"])
def test_a_name_that_the_file_cannot_hold_is_refused_before_anything_is_written(home, tools, manager, name):
    config = os.path.join(os.fsencode(home.folder), name, name)
    os.mkdir(os.path.dirname(config))
    with open(config, "w") as file:
        file.write("models: {}\n")
    done = home.command("service", "install", "--manager", manager, "--config", config)
    assert "another name" in sentence(done)
    assert not os.path.exists(home.path("Library")) and not os.path.exists(home.path(".config"))


def test_printing_changes_nothing(home):
    before = sorted(os.listdir(home.folder))
    for manager in MANAGERS:
        assert home.command("service", "install", "--print", "--manager", manager).returncode == 0
    assert sorted(os.listdir(home.folder)) == before


def test_the_program_goes_by_the_name_that_the_person_has_for_it(home):
    os.mkdir(home.path("bin"))
    os.symlink(home.binary, home.path("bin/corral"))
    home.environment["PATH"] = home.path("bin") + ":" + home.environment["PATH"]
    done = home.command("service", "install", "--print", "--manager", "launchd")
    assert plistlib.loads(done.stdout.encode())["ProgramArguments"][0] == home.path("bin/corral")


# The commands


def test_install_starts_the_service_and_tells_its_address(installed):
    done = installed.install()
    assert done.returncode == 0, done.stderr
    url = f"http://127.0.0.1:{installed.port}"
    assert url in done.stdout and installed.file in done.stdout
    assert os.stat(installed.file).st_mode & 0o777 == 0o600
    report = installed.status()
    assert (report["status"], report["url"]) == ("answers", url)
    assert [layer["ok"] for layer in report["layers"]] == [True] * 4
    # Every other command finds it by itself.
    assert installed.home.command("ps").returncode == 0
    assert installed.home.command("run", "fake", "Hello").returncode == 0
    expected = {"launchd": ["enable", "bootstrap", "kickstart"],
                "systemd": ["daemon-reload", "reset-failed", "enable --now"]}[installed.manager]
    assert installed.calls() == expected


def test_installing_again_leaves_the_service_alone(installed):
    assert installed.install().returncode == 0
    pid = installed.status()["pid"]
    assert installed.install().returncode == 0
    assert installed.status()["pid"] == pid


def test_installing_with_another_address_starts_it_anew(installed):
    assert installed.install().returncode == 0
    pid = installed.status()["pid"]
    installed.port = free_ports(1)
    done = installed.install()
    assert done.returncode == 0, done.stderr
    report = installed.status()
    assert report["url"] == f"http://127.0.0.1:{installed.port}"
    assert report["pid"] != pid


def test_stop_start_and_restart(installed):
    assert installed.install().returncode == 0
    first = installed.status()["pid"]
    done = installed.run("stop")
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(f"/proc/{first}")
    assert installed.status()["exit_status"] == 4
    assert installed.run("stop").returncode == 0
    done = installed.run("start")
    assert done.returncode == 0 and f":{installed.port}" in done.stdout, done.stderr
    second = installed.status()["pid"]
    assert installed.run("start").returncode == 0
    assert installed.status()["pid"] == second
    done = installed.run("restart")
    assert done.returncode == 0, done.stderr
    assert installed.status()["exit_status"] == 0
    assert installed.status()["pid"] != second


def test_a_request_may_end_before_a_restart(installed):
    installed.config = installed.home.write_config(
        {"models": {"fake": installed.fake.model(events=40, rate=20)}})
    assert installed.install().returncode == 0
    home = installed.home
    with subprocess.Popen([home.binary, "run", "fake", "Hello"], env=home.environment, text=True,
                          stdout=subprocess.PIPE) as running:
        assert running.stdout.read(5) == "word0"
        assert installed.run("restart").returncode == 0
        assert running.stdout.read().split()[-1] == "word39"


def test_uninstall_removes_the_service_and_keeps_what_is_the_persons(installed):
    assert installed.install().returncode == 0
    done = installed.run("uninstall")
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(installed.file)
    assert os.path.exists(installed.config)
    assert installed.status()["exit_status"] == 3
    installed.home.assert_nothing_left()
    assert installed.run("uninstall").returncode == 0
    # And back.
    assert installed.install().returncode == 0


def test_what_is_not_installed_cannot_be_started(installed):
    for verb in ("start", "restart"):
        assert "corral service install" in sentence(installed.run(verb))
    assert installed.run("stop").returncode == 0
    assert installed.status()["exit_status"] == 3
    assert "corral service install" in installed.run("status").stdout


@pytest.mark.needs_engine
def test_without_any_config_a_new_one_is_written_that_works(installed):
    os.unlink(installed.config)
    done = installed.run("install", "--listen", f"127.0.0.1:{installed.port}")
    assert done.returncode == 0, done.stderr
    config = installed.home.path(".config/corral/config.yaml")
    assert config in done.stdout
    assert installed.home.command("config", "check").returncode == 0
    assert "Paris" in installed.home.command("run", "tiny", "What is the capital of France?").stdout


def test_the_config_of_llama_swap_is_taken_where_there_is_no_own(installed):
    os.mkdir(installed.home.path(".llamaswap"))
    swap = installed.home.path(".llamaswap/config.yaml")
    os.rename(installed.config, swap)
    done = installed.run("install", "--listen", f"127.0.0.1:{installed.port}")
    assert done.returncode == 0 and swap in done.stdout, done.stderr
    assert not os.path.exists(installed.home.path(".config/corral"))
    own = installed.home.path(".config/corral/config.yaml")
    os.makedirs(os.path.dirname(own))
    shutil.copy(swap, own)
    assert own in installed.run("install", "--print").stdout


@pytest.mark.parametrize("config", ["models: {}\n", "models: [\n"])
def test_a_config_that_cannot_be_served_is_not_installed(installed, config):
    installed.config = installed.home.write_config(config)
    done = installed.install()
    assert done.returncode == 1
    assert "config.yaml:" in done.stderr and "nothing was installed" in done.stderr
    assert not os.path.exists(installed.file)
    assert installed.calls() == []


def test_an_open_address_needs_keys(installed):
    done = installed.run("install", "--config", installed.config, "--listen", "0.0.0.0:0")
    assert "apiKeys" in sentence(done)
    assert not os.path.exists(installed.file)


def test_a_port_that_another_has_is_told_and_nothing_is_installed(installed, start):
    other = start({"models": {"fake": installed.fake.model()}})
    installed.port = other.port
    assert f"(pid {other.pid})" in sentence(installed.install())
    assert not os.path.exists(installed.file)
    report = installed.status()
    assert report["exit_status"] == 3
    assert other.url in report["layers"][3]["found"]


def test_a_service_that_does_not_stay_is_told(installed):
    """Its config is taken away behind its back."""
    assert installed.install().returncode == 0
    assert installed.run("stop").returncode == 0
    os.unlink(installed.config)
    done = installed.run("start")
    assert "corral service logs" in sentence(done)
    eventually(lambda: installed.status()["exit_status"] == 5, "it has failed")
    installed.config = installed.home.write_config({"models": {"fake": installed.fake.model()}})
    assert installed.run("restart").returncode == 0
    assert installed.status()["exit_status"] == 0


def test_a_service_that_was_killed_comes_back(installed):
    assert installed.install().returncode == 0
    pid = installed.status()["pid"]
    installed.home.kill(pid)
    eventually(lambda: installed.status()["status"] == "answers", "it answers again", 20)
    report = installed.status()
    assert report["pid"] != pid
    assert "started again 1 time" in report["layers"][2]["found"]


def test_a_service_that_hangs_runs_and_does_not_answer(installed):
    assert installed.install().returncode == 0
    pid = installed.status()["pid"]
    os.kill(pid, signal.SIGSTOP)
    report = installed.status()
    os.kill(pid, signal.SIGCONT)
    assert (report["exit_status"], report["pid"]) == (6, pid)
    assert [layer["ok"] for layer in report["layers"]] == [True, True, True, False]


@pytest.mark.parametrize("verb, status, words", [
    ("enable", 1, "first\nCould not enable service: 1: Operation not permitted"),
    ("bootstrap", 125, "Bootstrap failed: 125: Domain does not support specified action"),
    ("kickstart", 78, "Could not kickstart service: 78"), ("print", 112, "Could not find domain for user gui")])
def test_a_failure_of_launchctl_is_told_in_its_own_words(launchd, verb, status, words):
    launchd.fail_next(verb, (status, words))
    told = sentence(launchd.install())
    assert words.splitlines()[-1] in told and f"(status {status})" in told
    # What is missing is done the next time.
    assert launchd.install().returncode == 0
    assert launchd.status()["exit_status"] == 0


@pytest.mark.parametrize("status, words", [(5, "Input/output error"), (36, "Operation now in progress")])
def test_a_bootstrap_that_is_too_early_is_made_again(launchd, status, words):
    launchd.fail_next("bootstrap", (status, words), (status, words))
    assert launchd.install().returncode == 0
    assert launchd.calls().count("bootstrap") == 3


def test_a_job_that_lingers_after_bootout_is_waited_for(launchd):
    assert launchd.install().returncode == 0
    launchd.forget_calls()
    assert launchd.run("restart").returncode == 0
    assert launchd.calls() == ["bootout", "enable", "bootstrap", "kickstart"]


def test_a_large_log_of_launchd_is_put_aside_before_a_start(launchd):
    log = launchd.home.path("Library/Logs/Corral/corral.log")
    os.makedirs(os.path.dirname(log))
    with open(log, "w") as file:
        file.truncate(17 * 1024 * 1024)
    assert launchd.install().returncode == 0
    assert os.path.getsize(log) < 1024 * 1024 < os.path.getsize(log + ".old")


@pytest.mark.parametrize("verb, status, words", [
    ("daemon-reload", 1, "Failed to reload daemon: Access denied"),
    ("enable", 1, "Failed to enable unit: Refusing to operate on linked unit file"),
    ("show", 1, "Failed to get properties: Connection reset by peer")])
def test_a_failure_of_systemctl_is_told_in_its_own_words(systemd, verb, status, words):
    systemd.fail_next(verb, (status, words))
    assert words in sentence(systemd.install())
    assert systemd.install().returncode == 0
    assert systemd.status()["exit_status"] == 0


def test_where_systemd_does_not_run_for_the_user_it_says_so(systemd):
    os.makedirs(systemd.folder)
    open(os.path.join(systemd.folder, "no-bus"), "w").close()
    for verb in ("start", "stop", "uninstall"):
        done = systemd.run(verb)
        if verb == "start":
            assert "corral service install" in sentence(done)
        else:
            assert "enable-linger" in sentence(done)
    assert "enable-linger" in sentence(systemd.install())
    assert not os.path.exists(systemd.file)
    assert systemd.status()["exit_status"] == 1


def test_a_unit_that_was_edited_is_told(systemd):
    assert systemd.install().returncode == 0
    with open(systemd.file, "a") as file:
        file.write("# mine\n")
    report = systemd.status()
    assert not report["layers"][0]["ok"] and report["layers"][0]["hint"] == "corral service restart"
    assert systemd.run("restart").returncode == 0
    assert systemd.status()["layers"][0]["ok"]


def test_the_stopped_process_is_gone_when_stop_returns(installed):
    """With an engine, which is slow to leave."""
    installed.config = installed.home.write_config(
        {"models": {"fake": installed.fake.model(ignore_sigterm=True)}})
    assert installed.install().returncode == 0
    assert installed.home.command("load", "fake").returncode == 0
    assert installed.run("stop").returncode == 0
    installed.home.assert_nothing_left()


def test_a_machine_without_a_manager_is_told(home):
    os.mkdir(home.path("empty"))
    home.environment["PATH"] = home.path("empty")
    for verb in ("install", "start", "stop", "restart", "status", "uninstall", "logs"):
        assert "corral serve" in sentence(home.command("service", verb))
    assert "no systemctl" in sentence(home.command("service", "stop", "--manager", "systemd"))
    assert "no launchctl" in sentence(home.command("service", "stop", "--manager", "launchd"))


# The log


def test_the_log_of_launchd_is_a_file(launchd):
    assert launchd.install().returncode == 0
    done = launchd.run("logs")
    assert done.returncode == 0 and f":{launchd.port}" in done.stdout
    with subprocess.Popen([launchd.home.binary, "service", "logs", "-f", "--manager", "launchd"], text=True,
                          env=launchd.home.environment, stdout=subprocess.PIPE) as following:
        log = launchd.home.path("Library/Logs/Corral/corral.log")
        while f":{launchd.port}" not in following.stdout.readline():
            pass
        with open(log, "a") as file:
            file.write("what comes later\n")
        while "what comes later" not in following.stdout.readline():
            pass
        following.send_signal(signal.SIGINT)


@pytest.mark.parametrize("follow, last", [((), "--no-pager"), (("-f",), "-f")])
def test_the_log_of_systemd_is_in_the_journal(systemd, follow, last):
    script = systemd.home.path("bin/journalctl")
    with open(script, "w") as file:
        file.write('#!/bin/sh\necho "$@"\n')
    os.chmod(script, 0o755)
    assert systemd.run("logs", *follow).stdout == f"--user -u corral.service -n 200 {last}\n"
