"""Config files: broken ones are refused with the place of what is wrong."""

import json
import re

import pytest

from fake import words

BAD = {
    "broken_yaml": ("models:\n  a: [1, 2\n", r"config\.yaml:\d+:\d+: "),
    "tab": ("models:\n\ta: 1\n", r"config\.yaml:2:\d+: "),
    "no_command": ("models:\n  a:\n    ttl: 5\n", r"config\.yaml:2:3: "),
    "both_kinds": ("models:\n  a:\n    cmd: x ${PORT}\n    gguf: y\n", r"config\.yaml:4:\d+: "),
    "ttl_is_text": ("models:\n  a:\n    cmd: x ${PORT}\n    ttl: soon\n",
                    r"config\.yaml:4:10: .*soon"),
    "unknown_macro": ("models:\n  a:\n    cmd: x ${PROT}\n", r"config\.yaml:3:\d+: .*PROT"),
    "alias_twice": ("models:\n  a: {cmd: 'x ${PORT}', aliases: [c]}\n"
                    "  b: {cmd: 'x ${PORT}', aliases: [c]}\n", r"config\.yaml:\d+:\d+: .*c"),
    "model_twice": ("models:\n  a: {cmd: 'x ${PORT}'}\n  a: {cmd: 'x ${PORT}'}\n",
                    r"config\.yaml:3:3: .*a"),
    "models_is_a_list": ("models:\n  - a\n", r"config\.yaml:2:3: "),
    "no_address": ("models:\n  a: {cmd: 'x --port 80'}\n", r"config\.yaml:2:\d+: .*PORT"),
    "open_quote": ("models:\n  a:\n    cmd: x 'y ${PORT}\n", r"config\.yaml:3:\d+: "),
    "not_utf_8": ("models:\n  a: {cmd: 'x ${PORT} \x00'}\n", r"config\.yaml:2:\d+: "),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_bad_config_is_refused_at_its_place(home, case, command):
    text, place = BAD[case]
    path = home.write_config(text)
    if command == "serve":
        done = home.command("serve", "--listen", "127.0.0.1:0", "--config", path)
    else:
        done = home.command("config", "check", path)
    assert done.returncode == 1
    assert re.search(place, done.stderr), done.stderr
    assert done.stdout == ""


def test_check_tells_all_errors_and_warnings_at_once(home):
    path = home.write_config("models:\n  a: {ggfu: x}\n  b: {gguf: y, ttl: soon}\n"
                             "  c: {gguf: y, args: --port=80}\n")
    done = home.command("config", "check", path)
    assert done.returncode == 1
    for place in ("2:7: .*did you mean 'gguf'", "2:7: .*unknown key 'ggfu'", "3:21: ", "4:22: "):
        assert re.search(r"config\.yaml:" + place, done.stderr), done.stderr


@pytest.mark.parametrize("text, hint", [("", "models"), ("model:\n  a: {gguf: x}\n", "'model'")])
def test_a_config_without_models_is_refused(home, text, hint):
    path = home.write_config(text)
    for command in (["config", "check", path], ["serve", "-l", "127.0.0.1:0", "-c", path]):
        done = home.command(*command)
        assert done.returncode == 1
        assert "config.yaml:1:1: " in done.stderr and hint in done.stderr


def test_check_warns_of_files_and_programs_that_are_not_there(home):
    path = home.write_config("models:\n  a: {gguf: none.gguf}\n  b: {cmd: 'no-such ${PORT}'}\n")
    done = home.command("config", "check", path)
    assert done.returncode == 0
    assert re.search(r"config\.yaml:2:13: .*none\.gguf", done.stderr), done.stderr
    assert re.search(r"config\.yaml:3:12: .*no-such", done.stderr), done.stderr


def test_check_warns_of_a_model_whose_file_is_none(home):
    page = home.path("page.gguf")
    with open(page, "w") as file:
        file.write("<html>not found</html>")
    path = home.write_config(f"models:\n  a: {{gguf: {page}}}\n")
    done = home.command("config", "check", path)
    assert done.returncode == 0 and "with 1 warning" in done.stdout
    assert re.search(r"config\.yaml:2:13: .*no GGUF file", done.stderr), done.stderr


def test_check_tells_all_that_is_wrong_in_a_mapping_of_limits(home):
    path = home.write_config("healthCheckTimeout: 5\nmodels:\n  a:\n    cmd: sleep 9\n"
                             "    limits: {memory: lots, openFiles: 3, nice: 50, cpu: 3}\n")
    done = home.command("config", "check", path)
    assert done.returncode == 1
    for word in ("memory", "openFiles", "nice", "cpu", "healthCheckTimeout is 15"):
        assert word in done.stderr, done.stderr


def test_a_good_config_is_fine(home, fake):
    path = home.write_config({"models": {"a": fake.model(), "b": fake.model()}})
    done = home.command("config", "check", path)
    assert done.returncode == 0
    assert "2" in done.stdout and done.stderr == ""


def test_an_unknown_key_is_a_warning_with_the_nearest(home, fake):
    path = home.write_config("modles: 1\nmodels:\n  a:\n    cmd: " + json.dumps(fake.command()) +
                             "\n    aliasses: [b]\n")
    done = home.command("config", "check", path)
    assert done.returncode == 0
    assert "config.yaml:1:1: " in done.stderr and "models" in done.stderr
    assert "config.yaml:5:5: " in done.stderr and "aliases" in done.stderr


def test_a_config_that_is_not_there_is_named(home):
    done = home.command("serve", "--config", "nowhere.yaml")
    assert done.returncode == 1
    assert "nowhere.yaml" in done.stderr


def test_macros_environment_and_aliases_reach_the_engine(start, fake):
    corral = start({
        "macros": {"engine": fake.command(), "count": 3},
        "models": {"a": {"cmd": "sh -c 'exec ${engine} --events \"$COUNT\"'",
                         "env": ["COUNT=${count}"], "aliases": ["first"]}}})
    assert corral.chat("first") == words(3)


def test_another_check_endpoint_is_asked(start, fake):
    corral = start({"models": {"a": fake.model({"checkEndpoint": "/v1/models"})}})
    assert corral.chat("a") == words(5)
