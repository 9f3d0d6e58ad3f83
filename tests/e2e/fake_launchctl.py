#!/usr/bin/env python3
"""Stands in for launchctl, for one user agent: its statuses, and that bootout returns before the job is gone.

Its folder is $HOME/.fake-launchd. `loaded.json` is there as long as the job is known; `leaving` once it was booted out."""

import os
import plistlib
import stat
import sys
import time

import fake_supervisor as jobs

FOLDER = os.path.join(os.environ["HOME"], ".fake-launchd")
DOMAIN = f"gui/{os.getuid()}"
LINGERS = 0.3  # a job that is gone is known for so long still


def end(status, words=""):
    print(words, file=sys.stderr)
    sys.exit(status)


def label():
    return (jobs.read(FOLDER, "loaded.json") or {}).get("Label")


def forget_what_left():
    leaving = jobs.read(FOLDER, "leaving.json")
    if leaving is None or jobs.is_alive(FOLDER):
        return
    if leaving == 0:  # its process has just gone
        leaving = time.monotonic()
        jobs.write(FOLDER, "leaving.json", leaving)
    if time.monotonic() - leaving > LINGERS:
        jobs.remove(FOLDER, "loaded.json")
        jobs.remove(FOLDER, "leaving.json")


def find(target):
    if label() is None or target != f"{DOMAIN}/{label()}":
        end(113, f'Could not find service "{target.split("/")[-1]}" in domain for user gui: {os.getuid()}')


def run_job():
    plist = jobs.read(FOLDER, "loaded.json")
    kept = ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
            "XDG_STATE_HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    jobs.start(FOLDER, {
        "argv": plist["ProgramArguments"], "cwd": plist["WorkingDirectory"], "notify": False,
        "log": plist["StandardErrorPath"], "env": {**environment, **plist["EnvironmentVariables"]}})


def bootstrap(domain, path):
    if domain != DOMAIN:
        end(125, "Bootstrap failed: 125: Domain does not support specified action")
    if jobs.read(FOLDER, "leaving.json") is not None:
        end(5, "Bootstrap failed: 5: Input/output error")
    if label() is not None:
        end(37, "Bootstrap failed: 37: Operation already in progress")
    with open(path, "rb") as file:
        plist = plistlib.load(file)
    mode = os.stat(path).st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) or not os.path.isdir(os.path.dirname(plist["StandardErrorPath"])):
        end(5, "Bootstrap failed: 5: Input/output error")
    if plist["Label"] not in (jobs.read(FOLDER, "enabled.json") or []):
        end(119, "Bootstrap failed: 119: Service is disabled")
    jobs.write(FOLDER, "loaded.json", plist)
    if plist["RunAtLoad"]:
        run_job()


def kickstart(target):  # not -k
    find(target)
    if not jobs.is_alive(FOLDER):
        run_job()


def bootout(target):
    if label() is None or target != f"{DOMAIN}/{label()}":
        end(3, "Boot-out failed: 3: No such process")
    jobs.write(FOLDER, "leaving.json", 0)
    jobs.ask_to_stop(FOLDER)
    end(36, "Boot-out failed: 36: Operation now in progress")


def show(target):
    find(target)
    status = jobs.status(FOLDER)
    print(f"{target} = {{\n\tactive count = 1\n\ttype = LaunchAgent")
    running = status["pid"] != 0
    print("\tstate = " + ("running" if running else "spawn scheduled" if status["phase"] == "waiting" else "not running"))
    print("\n\targuments = {\n\t\tstate = not a state\n\t}")
    print(f"\truns = {status['runs']}")
    if running:
        print(f"\tpid = {status['pid']}")
    if status["last"] is not None and status["last"] < 0:
        print(f"\tlast terminating signal = {-status['last']}")
    else:
        print("\tlast exit code = " + ("(never exited)" if status["last"] is None else str(status["last"])))
    print("}")


def enable(target):
    jobs.write(FOLDER, "enabled.json", [target.split("/")[-1]])


def main():
    verb, *words = sys.argv[1:]
    os.makedirs(FOLDER, exist_ok=True)
    jobs.note(FOLDER, [verb, *words])
    failure = jobs.injected(FOLDER, verb)
    if failure is not None:
        end(*failure)
    forget_what_left()
    {"bootstrap": bootstrap, "kickstart": kickstart, "bootout": bootout, "print": show, "enable": enable}[verb](*words)


main()
