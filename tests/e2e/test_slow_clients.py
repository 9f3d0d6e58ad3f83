"""Clients that dawdle hold neither memory nor others up."""

import json

import processes
from raw import request
from waiting import eventually

DAWDLERS = 150
READERS = 30
HALF_A_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
ENDLESS = json.dumps({"model": "fake", "stream": True, "messages": []}).encode()


def test_clients_that_send_a_byte_now_and_then_and_readers_that_never_read(start_fake, sanitized):
    corral = start_fake(events=1_000_000_000)
    with corral.raw() as first:
        first.send(request("/v1/chat/completions", ENDLESS))
        eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1, "the engine is ready")
        before = processes.memory_kib(corral.pid, "VmRSS")

        clients = [corral.raw() for _ in range(2 * DAWDLERS + READERS)]
        heads, bodies, readers = (clients[:DAWDLERS], clients[DAWDLERS:2 * DAWDLERS],
                                  clients[2 * DAWDLERS:])
        for byte in HALF_A_HEAD:
            for client in heads:
                client.send(bytes([byte]))
        whole = request("/v1/chat/completions", ENDLESS)
        for client in bodies:
            client.send(whole[:-10])
        for byte in whole[-10:-1]:
            for client in bodies:
                client.send(bytes([byte]))
        for client in readers:
            client.send(whole)
        eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1 + READERS, "all are served")

        # Whoever asks meanwhile is answered, many times over.
        for _ in range(100):
            assert corral.http.get("/v1/models").status_code == 200
        growth = processes.memory_kib(corral.pid, "VmRSS") - before
        each = growth / len(clients)
        assert sanitized or each < 64, f"{each:.0f} KiB for each client that dawdles"
        for client in clients:
            client.socket.close()
    eventually(lambda: corral.running()["fake"]["in_flight"] == 0, "their places are free")
