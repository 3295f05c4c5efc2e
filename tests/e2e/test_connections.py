"""Clients that are slow, silent, half gone or very many: everybody else is served, and the server goes on."""
import os
import resource
import signal
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from holdpoint import deployed, eventually

IDLE = 10_000


def connect(server, timeout=20):
    return socket.create_connection(("127.0.0.1", server.port), timeout)


def is_healthy(server, timeout=20):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health", timeout=timeout) as answer:
            return answer.status == 200
    except OSError:
        return False


def answer_of(connection):
    text = b""
    while part := connection.recv(65536):
        text += part
    return text


def open_files(server):
    try:
        return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
    except PermissionError:
        pytest.skip("the server lets no other process of its user look into it: run as root")


def memory_kb(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def works(approvals):
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"


def test_clients_that_want_every_file_keep_no_function_from_its_work(own_server):
    approvals = deployed(own_server, "callback")
    arn, approval_id = approvals.pending(timeout_seconds=20)
    assert approvals.execution(arn)["Status"] == "RUNNING"  # by a connection that stays, so this can be asked again
    for pid in own_server.children():
        os.kill(pid, signal.SIGKILL)  # what is left to do needs a new one, with its pipe and its connection
    limit = open_files(own_server) + 200
    before = resource.prlimit(own_server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(own_server.process.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    connections = [connect(own_server) for _ in range(limit)]
    eventually("its log says so", lambda: "connections are turned away" in own_server.tail())
    assert b" 503 " in answer_of(connections[-1])
    # Those that were taken are served.
    for connection in connections[:5]:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 ")
    assert approvals.ended(arn)["Result"]["decision"] == "timeout"
    assert not is_healthy(own_server, 5), "its clients left before it was over"
    for connection in connections:
        connection.close()
    eventually("it serves again", lambda: is_healthy(own_server, 5))
    resource.prlimit(own_server.process.pid, resource.RLIMIT_NOFILE, before)
    approvals.reconnect()
    assert approvals.agree(approval_id, arn) == "timeout"
    works(approvals)


def test_clients_that_send_a_byte_at_a_time_keep_nobody_waiting(server):
    slow = [connect(server) for _ in range(200)]
    text = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"
    longest = 0.0
    for at in range(8):
        for connection in slow:
            connection.send(text[at:at + 1])
        began = time.monotonic()
        assert is_healthy(server)
        longest = max(longest, time.monotonic() - began)
    assert longest < 10, "others wait for the slow ones"
    for connection in slow:
        connection.close()


def test_a_strangers_form_keeps_nobody_waiting(server):
    body = b"Action=" + b"+" * 2_000_000
    scope = "AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0"
    stranger = connect(server)
    stranger.sendall(f"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: {scope}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    assert b"<Code>InvalidClientTokenId</Code>" in answer_of(stranger)
    assert is_healthy(server)


def test_a_connection_whose_client_sends_no_more_still_gets_its_answer(server):
    connection = connect(server)
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
    connection.shutdown(socket.SHUT_WR)
    assert answer_of(connection).startswith(b"HTTP/1.1 200")
    half = connect(server)
    half.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n12345")
    half.shutdown(socket.SHUT_WR)
    assert not answer_of(half).startswith(b"HTTP/1.1 200"), "half a request was taken for a whole one"


def test_connections_that_are_gone_are_forgotten(server):
    before = open_files(server)
    for _ in range(100):
        connection = connect(server)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
        connection.close()
    eventually("their files are closed", lambda: open_files(server) <= before + 2)


def test_ten_thousand_idle_connections_cost_little(own_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 500:
        pytest.skip(f"this machine lets a process have {hard} files")
    wanted = IDLE + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    resource.prlimit(own_server.process.pid, resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    approvals = deployed(own_server, "callback")
    before = memory_kb(own_server)
    idle = []
    try:
        for _ in range(IDLE):
            idle.append(connect(own_server))
        eventually("all are taken", lambda: open_files(own_server) >= IDLE)
        each = (memory_kb(own_server) - before) / IDLE
        print(f"{each:.1f} KiB for an idle connection")
        assert each < 32
        works(approvals)
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    eventually("they are forgotten", lambda: open_files(own_server) < 200)
