"""Who may ask: keys, names of this machine, pages of others."""

import http.client
import json
import socket
import subprocess

import openai
import pytest

from waiting import SCALE

CHAT = json.dumps({"model": "fake", "messages": [{"role": "user", "content": "Hello"}]})


def ask(corral, method="GET", path="/v1/models", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", corral.port, timeout=10 * SCALE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    reply = connection.getresponse()
    reply.text = reply.read().decode()
    connection.close()
    return reply


def test_a_foreign_name_for_this_machine_is_refused(start_fake):
    corral = start_fake()
    reply = ask(corral, "POST", "/v1/chat/completions", CHAT, Host="rebound.example")
    assert reply.status == 403
    assert "rebound.example" in json.loads(reply.text)["error"]["message"]
    assert corral.running() == {}
    for host in ("localhost", f"127.0.0.1:{corral.port}", socket.gethostname()):
        assert ask(corral, Host=host).status == 200


def test_a_foreign_page_can_neither_ask_nor_unload(start_fake):
    corral = start_fake()
    corral.chat("fake")
    for origin in ("https://evil.example", "null"):
        assert ask(corral, "POST", "/v1/chat/completions", CHAT, Origin=origin).status == 403
        reply = ask(corral, "GET", "/unload", Origin=origin)
        assert reply.status == 403
        assert reply.headers["Access-Control-Allow-Origin"] is None
    assert corral.running()["fake"]["state"] == "ready"


def test_a_foreign_page_cannot_unload_by_a_picture(start_fake):
    corral = start_fake()
    corral.chat("fake")
    reply = ask(corral, "GET", "/unload", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")
    assert reply.status == 403
    assert corral.running()["fake"]["state"] == "ready"
    assert ask(corral, "GET", "/unload", Sec_Fetch_Site="none").status == 200


def test_a_local_page_may_ask_and_its_browser_is_told_so(start_fake):
    corral = start_fake()
    page = "http://localhost:3000"
    asked = ask(corral, "OPTIONS", "/v1/chat/completions", Origin=page,
                Access_Control_Request_Method="POST",
                Access_Control_Request_Headers="content-type, authorization")
    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Origin"] == page
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type, authorization"
    for reply in (ask(corral, "POST", "/v1/chat/completions", CHAT, Origin=page),
                  ask(corral, Origin=page), ask(corral, "POST", "/v1/completions", "{}", Origin=page)):
        assert reply.headers.get_all("Access-Control-Allow-Origin") == [page]


def test_origins_and_hosts_of_the_config_are_let_in(start, fake):
    corral = start({"models": {"fake": fake.model()}, "allowedOrigins": ["https://chat.example"],
                    "allowedHosts": ["ai.home"]})
    assert ask(corral, Host="ai.home:45786").status == 200
    assert ask(corral, Origin="https://chat.example").status == 200
    assert ask(corral, Origin="https://chat.example.evil").status == 403


def test_keys_are_asked_for_and_never_passed_on(start, fake, home):
    corral = start({"models": {"fake": fake.model()}, "apiKeys": ["sk-first", "sk-second"]})
    with pytest.raises(openai.AuthenticationError, match="asks for an API key"):
        corral.openai().models.list()
    for key in ("sk-first", "sk-second"):
        client = openai.OpenAI(base_url=f"{corral.url}/v1", api_key=key, max_retries=0)
        assert [model.id for model in client.models.list()] == ["fake"]
    assert ask(corral, path="/unload").status == 401
    assert ask(corral, path="/unload").headers["WWW-Authenticate"] == 'Basic realm="corral"'
    assert ask(corral, path="/health").status == 200
    assert ask(corral, X_Api_Key="sk-first", Origin="https://chat.example").status == 200
    assert "sk-" not in corral.stderr()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_network_is_not_let_in_by_accident(home, binary, host):
    config = home.write_config({"models": {"m": {"cmd": "true", "proxy": "http://127.0.0.1:1"}}})
    shown = f"[{host}]:0" if ":" in host else f"{host}:0"
    result = subprocess.run([binary, "serve", "--config", config, "--listen", shown],
                            capture_output=True, text=True, timeout=10 * SCALE)
    assert result.returncode == 1
    assert "apiKeys" in result.stderr and "--without-keys" in result.stderr


def test_the_network_is_let_in_with_keys(start):
    corral = start({"models": {"m": {"cmd": "true", "proxy": "http://127.0.0.1:1"}}, "apiKeys": ["sk-1"]}, ["--listen", "0.0.0.0:0"])
    assert ask(corral).status == 401


def test_the_network_is_let_in_when_said(start):
    corral = start({"models": {"m": {"cmd": "true", "proxy": "http://127.0.0.1:1"}}}, ["--listen", "0.0.0.0:0", "--without-keys"])
    assert ask(corral).status == 200


def test_the_commands_take_their_key_from_the_environment(start, fake, home):
    corral = start({"models": {"fake": fake.model()}, "apiKeys": ["sk-first"]})
    for key, code, words in (("", 1, "put one into CORRAL_API_KEY"),
                             ("sk-other", 1, "does not know the one in CORRAL_API_KEY"),
                             ("sk-first", 0, "")):
        for command in (["ps"], ["load", "fake"]):
            result = home.command(*command, "--url", corral.url,
                                  environment={"CORRAL_API_KEY": key})
            assert result.returncode == code, result.stderr
            assert words in result.stderr
