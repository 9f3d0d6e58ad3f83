"""Fixtures: which binaries to test, and services that are stopped and checked afterwards."""

import os
import subprocess

import pytest

from fake import FakeEngine
from service import TINY_GGUF, Corral, Home
from waiting import SCALE

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        marker = item.get_closest_marker("timeout")
        seconds = marker.args[0] if marker else float(config.getini("timeout"))
        item.add_marker(pytest.mark.timeout(seconds * SCALE), append=False)


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("CORRAL_BINARY", os.path.join(ROOT, "build/release/corral"))
    assert os.access(path, os.X_OK), f"{path} is not there; build it, or set CORRAL_BINARY"
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def fake(binary):
    beside = os.path.join(os.path.dirname(binary), "tests/fake_engine/fake_engine")
    path = os.environ.get("CORRAL_FAKE_ENGINE", beside)
    assert os.access(path, os.X_OK), f"{path} is not there; build it, or set CORRAL_FAKE_ENGINE"
    return FakeEngine(os.path.abspath(path))


@pytest.fixture(scope="session")
def sanitized(binary):
    """Whether the binary takes more memory than usual, and reserves many times the addresses that it uses."""
    with open(binary, "rb") as file:
        program = file.read()
        return b"__asan_" in program or b"__tsan_" in program


@pytest.fixture(scope="session")
def has_engine(binary):
    text = subprocess.run([binary, "version"], capture_output=True, text=True).stdout
    return "llama.cpp none" not in text


@pytest.fixture(autouse=True)
def _skip_without_engine(request):
    if request.node.get_closest_marker("needs_engine"):
        if not request.getfixturevalue("has_engine"):
            pytest.skip("this corral has no embedded engine")


def _home(binary):
    home = Home(binary)
    yield home
    home.remove()


@pytest.fixture
def home(binary):
    yield from _home(binary)


@pytest.fixture(scope="module")
def shared_home(binary):
    yield from _home(binary)


@pytest.fixture
def start(home):
    """start(config=..., arguments=..., under=...) gives a Corral of this test's own."""
    services = []

    def start(config=None, arguments=(), under=()):
        services.append(Corral(home, config, arguments, under))
        return services[-1]

    yield start
    for service in services:
        service.stop()


@pytest.fixture
def start_fake(start, fake):
    """A service with one model `fake`; `entry` holds more keys of its config."""

    def start_fake(entry=None, **flags):
        return start({"models": {"fake": fake.model(entry, **flags)}})

    return start_fake


@pytest.fixture(scope="module")
def tiny(shared_home):
    """A service with the real tiny model in three roles, for tests that leave it as it is."""
    service = Corral(shared_home, {"models": {
        "tiny": {"gguf": TINY_GGUF, "aliases": ["small"]},
        "embedder": {"gguf": TINY_GGUF, "args": ["--embeddings", "--pooling", "mean"]},
        "ranker": {"gguf": TINY_GGUF, "args": ["--reranking"]},
    }})
    yield service
    service.stop()


@pytest.fixture(scope="module")
def plain(shared_home, fake):
    """A service with a well-behaved fake model, for tests that leave it as it is."""
    service = Corral(shared_home, {"models": {"fake": fake.model({"aliases": ["also/fake"]})}})
    yield service
    service.stop()
