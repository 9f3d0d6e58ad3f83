#!/usr/bin/env python3
"""Stands in for systemctl --user, for one unit of type notify.

Its folder is $HOME/.fake-systemd; `loaded.json` is the unit's text as it was when systemd read it."""

import os
import sys

import fake_supervisor as jobs
import unit_file

FOLDER = os.path.join(os.environ["HOME"], ".fake-systemd")
UNITS = os.path.join(os.environ["XDG_CONFIG_HOME"], "systemd/user")
NAME = "corral.service"
KNOWN = os.path.join(UNITS, NAME)


def end(status, words=""):
    print(words, file=sys.stderr)
    sys.exit(status)


def text():
    try:
        with open(KNOWN) as file:
            return file.read()
    except FileNotFoundError:
        return None


def loaded():
    known = jobs.read(FOLDER, "loaded.json")
    return text() if known is None else known


def daemon_reload():
    jobs.write(FOLDER, "loaded.json", text())


def check_unit(unit):
    if unit != NAME or loaded() is None:
        end(5, f"Failed to start {unit}: Unit {unit} not found.")
    if text() != loaded():
        print(f"Warning: The unit file, source configuration file or drop-ins of {NAME} changed on disk. "
              "Run 'systemctl --user daemon-reload' to reload units.", file=sys.stderr)


def start(unit):
    check_unit(unit)
    if jobs.is_alive(FOLDER):
        return
    if jobs.status(FOLDER)["phase"] == "failed":
        end(1, f"Job for {NAME} failed.\nStart request repeated too quickly.")
    unit = unit_file.settings(loaded())
    assert unit["Service", "Type"] == "notify"
    environment = {**os.environ, **unit_file.environment(unit["Service", "Environment"])}
    jobs.start(FOLDER, {
        "argv": unit_file.command(unit["Service", "ExecStart"]), "env": environment, "notify": True,
        "cwd": unit_file.folder(unit["Service", "WorkingDirectory"]), "log": os.path.join(FOLDER, "journal")})
    jobs.wait_for(lambda: jobs.status(FOLDER)["phase"] in ("running", "waiting", "failed", "stopped"), 60)
    if jobs.status(FOLDER)["phase"] != "running":
        end(1, f"Job for {NAME} failed because the control process exited with error code.\n"
               f'See "systemctl --user status {NAME}" and "journalctl --user -xeu {NAME}" for details.')


def stop(unit):
    if unit != NAME or loaded() is None:
        end(5, f"Failed to stop {unit}: Unit {unit} not loaded.")
    jobs.ask_to_stop(FOLDER)
    jobs.wait_for(lambda: not jobs.is_alive(FOLDER), 100)


def restart(unit):
    stop(unit)
    start(unit)


def link():
    return os.path.join(UNITS, unit_file.settings(text())["Install", "WantedBy"] + ".wants", NAME)


def enable(unit, now=False):
    if text() is None:
        end(1, f"Failed to enable unit: Unit file {unit} does not exist.")
    os.makedirs(os.path.dirname(link()), exist_ok=True)
    if not os.path.lexists(link()):
        os.symlink(KNOWN, link())
        print(f"Created symlink {link()} → {KNOWN}.", file=sys.stderr)
    if now:
        start(unit)


def disable(unit, now=False):
    if text() is None:
        end(1, f"Failed to disable unit: Unit file {unit} does not exist.")
    if os.path.lexists(link()):
        os.unlink(link())
    if now:
        stop(unit)


def reset_failed(unit):
    if loaded() is None:
        end(1, f"Failed to reset failed state of unit {unit}: Unit {unit} not loaded.")
    if not jobs.is_alive(FOLDER):
        jobs.remove(FOLDER, "status.json")


def show(option, names, unit):
    assert option == "-p" and unit == NAME
    status = jobs.status(FOLDER)
    phase = status["phase"] if jobs.is_alive(FOLDER) or status["phase"] == "failed" else "stopped"
    active, sub = {"starting": ("activating", "start"), "running": ("active", "running"),
                   "waiting": ("activating", "auto-restart"), "failed": ("failed", "failed"),
                   "stopped": ("inactive", "dead")}[phase]
    last = status["last"]
    values = {
        "LoadState": "not-found" if loaded() is None else "loaded", "ActiveState": active, "SubState": sub,
        "MainPID": status["pid"] if phase in ("starting", "running") else 0, "NRestarts": max(status["runs"] - 1, 0),
        "ExecMainStatus": abs(last) if last else 0,
        "Result": "success" if not last else "exit-code" if last > 0 else "signal",
        "NeedDaemonReload": "yes" if loaded() is not None and text() != loaded() else "no"}
    for name in names.split(","):
        print(f"{name}={values[name]}")


def main():
    words = sys.argv[1:]
    assert words[:3] == ["--user", "--no-pager", "--no-ask-password"], words
    verb, *words = words[3:]
    os.makedirs(FOLDER, exist_ok=True)
    jobs.note(FOLDER, [verb, *words])
    if os.path.exists(os.path.join(FOLDER, "no-bus")):
        end(1, "Failed to connect to bus: No medium found")
    failure = jobs.injected(FOLDER, verb)
    if failure is not None:
        end(*failure)
    now = {"now": True} if "--now" in words else {}
    words = [word for word in words if word != "--now"]
    {"daemon-reload": daemon_reload, "enable": enable, "disable": disable, "start": start, "stop": stop,
     "restart": restart, "reset-failed": reset_failed, "show": show}[verb](*words, **now)


main()
