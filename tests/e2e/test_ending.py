"""SIGTERM with work under way: in bounded time, and at once when it comes twice. What was under way goes on after the next start."""
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from holdpoint import DEADLINE, Server, copy_of_binaries, deployed, eventually, follow

HANGS = """#!/usr/bin/env python3
import os, pathlib, time, urllib.request
with urllib.request.urlopen(f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/next"):
    pathlib.Path("BUSY").touch()
    time.sleep(600)
"""


DEAF = """#!/usr/bin/env python3
import http.client, os, signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = http.client.HTTPConnection("server")
server.sock = socket.socket(socket.AF_UNIX)
server.sock.connect(os.environ["HOLDPOINT_FUNCTIONS_SOCKET"])
invocation = os.environ["HOLDPOINT_RUNTIME_PATH"] + "/2018-06-01/runtime/invocation/"
while True:
    server.request("GET", invocation + "next")
    work = server.getresponse()
    work.read()
    server.request("POST", f"{invocation}{work.getheader('Lambda-Runtime-Aws-Request-Id')}/response", "{}")
    server.getresponse().read()
"""


def with_function(tmp_path, program):
    """The binaries, but that one function is this program."""
    binaries = copy_of_binaries(tmp_path / "bin")
    (binaries / "approval_api").unlink()
    (binaries / "approval_api").write_text(program)
    (binaries / "approval_api").chmod(0o755)
    return binaries


@pytest.fixture
def busy(tmp_path, drain):
    """A server one of whose functions is at work and will not answer, and a call that waits for it."""
    mark = tmp_path / "busy"
    one = Server(tmp_path, flags=["--drain-seconds", drain]).start()
    one.deploy(binaries=with_function(tmp_path, HANGS.replace("BUSY", str(mark))))
    with ThreadPoolExecutor() as pool:
        call = pool.submit(one.client("lambda").invoke, FunctionName="app-sam-ApprovalApi", Payload="{}")
        eventually("it is under way", mark.exists)
        yield one, call
        one.process.kill()


@pytest.mark.parametrize("drain", [3])
def test_sigterm_ends_in_bounded_time(busy):
    one, call = busy
    one.process.terminate()
    assert one.process.wait(DEADLINE) == 0, one.tail()
    with pytest.raises((BotoCoreError, ClientError)):
        call.result(DEADLINE)


@pytest.mark.parametrize("drain", [600])
def test_a_second_sigterm_ends_at_once(busy):
    one, _ = busy
    one.process.terminate()
    eventually("it goes down", lambda: not (one.data / "server.json").exists())
    one.process.terminate()
    assert one.process.wait(DEADLINE) == -signal.SIGTERM


def test_a_function_that_asks_for_work_and_does_not_end_is_in_nobodys_way(tmp_path):
    """Its request is open to the last, and is dropped when the server goes down. Memory that was freed is filled, so that who uses it still crashes."""
    one = Server(tmp_path, variables={"MALLOC_CONF": "junk:true"}).start()
    try:
        one.deploy(binaries=with_function(tmp_path, DEAF))
        assert one.client("lambda").invoke(FunctionName="app-sam-ApprovalApi", Payload="{}")["Payload"].read() == b"{}"
        metrics = f"{one.env['AWS_ENDPOINT_URL']}/metrics"
        eventually("it asks for more", lambda: 'holdpoint_function_processes{state="idle"} 1' in follow(metrics))
    finally:
        one.stop()


def test_what_was_under_way_at_sigterm_goes_on_after_the_next_start(own_server):
    approvals = deployed(own_server, "callback")
    arns = [approvals.submit(name=f"n-{number}", document_id=f"doc-{number}") for number in range(20)]
    own_server.stop()
    own_server.start()
    approvals.reconnect()
    ids = {arn: approvals.record_of(arn)["approval_id"] for arn in arns}
    assert all(approvals.decide(approval_id)[0] == 200 for approval_id in ids.values())
    for arn, approval_id in ids.items():
        assert approvals.agree(approval_id, arn) == "approved"
