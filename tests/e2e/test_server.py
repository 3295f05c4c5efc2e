"""The server as a process: one for each folder, its files, its end."""
import os
import re
import resource
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdpoint import BIN, DEADLINE, ROOT, Server, copy_of_binaries, deployed, eventually


def test_env_prints_exports_for_a_shell(server):
    """AWS's command line and boto3 read AWS_DEFAULT_REGION, its SDKs for JavaScript, Java, Go and Rust AWS_REGION alone."""
    exports = dict(re.findall(r"^export (\w+)=(.*)$", server.run("env", "--data", server.data).stdout, re.M))
    assert list(exports) == ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"]
    assert exports["AWS_REGION"] == exports["AWS_DEFAULT_REGION"]


def test_env_without_a_server_says_what_to_do(tmp_path):
    done = subprocess.run([BIN / "holdpoint", "env", "--data", tmp_path / "none"], capture_output=True, text=True)
    assert done.returncode == 1 and "holdpoint up" in done.stderr and done.stdout == ""


def test_env_warns_of_a_server_that_was_killed(tmp_path):
    server = Server(tmp_path).start()
    asked = [BIN / "holdpoint", "env", "--data", server.data]
    assert "nothing answers" not in subprocess.run(asked, capture_output=True, text=True).stderr
    server.kill()
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0 and server.env["AWS_ENDPOINT_URL"] in done.stdout
    assert f"nothing answers at {server.env['AWS_ENDPOINT_URL']} (" in done.stderr and "holdpoint up" in done.stderr


def test_env_warns_of_a_command_line_that_would_talk_to_aws(server, tmp_path):
    old = tmp_path / "aws"
    old.write_text("#!/bin/sh\necho 'aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12'\n")
    old.chmod(0o755)
    done = subprocess.run([BIN / "holdpoint", "env", "--data", server.data], capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 0 and "ignores AWS_ENDPOINT_URL" in done.stderr


def test_a_second_server_over_the_same_folder_is_refused(server):
    done = subprocess.run([BIN / "holdpoint", "up", "--data", server.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and str(server.data) in done.stderr


def test_a_port_that_is_taken_is_refused(server, tmp_path):
    done = subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", "--listen", f"127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and str(server.port) in done.stderr


def test_a_start_that_fails_ends_whoever_asks_meanwhile(tmp_path):
    """Requests that come before everything is built wait for it, and must not keep the process from its end."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(tmp_path, flags=["--metrics", f"127.0.0.1:{taken.getsockname()[1]}"])

        def ask():
            while not over.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", server.port), timeout=1) as connection:
                        connection.sendall(b"GET /2015-03-31/functions/ HTTP/1.1\r\nHost: h\r\n\r\n")
                        connection.recv(10)
                except OSError:
                    pass

        with ThreadPoolExecutor(6) as clients:
            asking = [clients.submit(ask) for _ in range(6)]
            try:
                for _ in range(10):
                    up = subprocess.Popen([BIN / "holdpoint", "up", "--data", server.data, "--listen", f"127.0.0.1:{server.port}", *server.flags],
                                          stderr=subprocess.PIPE, text=True)
                    try:
                        assert up.wait(DEADLINE) != 0 and "in use" in up.stderr.read()
                    finally:
                        up.kill()
            finally:
                over.set()
            for one in asking:
                one.result()


def test_a_start_that_gets_too_few_threads_says_so(tmp_path):
    """Whichever of its threads is the one that there is no room for."""
    if os.geteuid() != 0:
        pytest.skip("only root may run it as a user who has no other processes")
    user = 40_000 + os.getpid() % 20_000
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(BIN / "holdpoint", folder)
        for one in (folder, program):
            os.chown(one, user, user)
        starts = 0
        is_ready = False
        while not is_ready:
            starts += 1
            allowed = (starts, starts)
            up = subprocess.Popen(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", program, "up", "--data", f"{folder}/data", "--listen", "127.0.0.1:0"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, allowed))
            text = ""
            for line in up.stdout:
                text += line
                if "Holdpoint listens" in line:
                    is_ready = True
                    up.terminate()
            status = up.wait(DEADLINE)
            assert status == 0 if is_ready else status == 1 and "no thread can be started" in text, (starts, status, text)
        assert starts > 10


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1:", "127.0.0.1:99999", ":x"])
def test_a_listen_address_that_is_none_is_refused(tmp_path, listen):
    done = subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", "--listen", listen], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "--listen" in done.stderr + done.stdout


def test_an_ipv6_address_is_served(tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = Server(tmp_path, host="[::1]").start()
    try:
        assert server.env["AWS_ENDPOINT_URL"] == f"http://[::1]:{server.port}"
        server.deploy("conf", ROOT / "tests/conformance/template.yaml")
        assert server.client("lambda").invoke(FunctionName="conf-target-plain", Payload=b"{}")["StatusCode"] == 200
        assert server.run("executions", "list", "--function", "conf-caller", "--json").stdout.strip() == "[]"
        assert server.run("doctor", "--data", server.data).returncode == 0
    finally:
        server.stop()


@pytest.mark.parametrize("flags, words", [(["--listen", "0.0.0.0:0"], "without TLS"), (["--encrypt-payloads"], "needs a master key"),
                                          (["--master-key-file", "/nonexistent"], "no master key file"), (["--io-thread", "3"], "--io-thread"),
                                          (["--io-threads", "2", "--io-threads", "3"], "--io-threads"), (["--config", "/"], "configuration file /")])
def test_what_another_start_does_not_help_ends_with_78(tmp_path, flags, words):
    done = subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", *flags], capture_output=True, text=True, timeout=30)
    assert done.returncode == 78 and words in done.stderr, done.stderr


def test_a_limit_that_is_none_is_refused(tmp_path):
    done = subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", "--limit", "steps=5"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "--limit" in done.stderr + done.stdout and "operations" in done.stderr + done.stdout


def test_what_is_secret_is_readable_by_its_owner_alone(server):
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for file in server.data.rglob("*"):
        if file.is_file() and file.parent.name != "code":
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_health(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health") as answer:
        assert answer.status == 200


def test_an_unsigned_call_is_refused(server):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/2015-03-31/functions", method="GET")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403


def test_sigterm_ends_functions_at_once_when_they_are_idle(tmp_path):
    one = Server(tmp_path, flags=["--drain-seconds", 600]).start()
    approvals = deployed(one, "polling")
    approvals.pending()
    assert one.children()
    one.stop()  # within its deadline: it does not drain as if work were under way


def test_the_server_takes_all_the_files_it_may_and_gives_functions_as_many_as_aws(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    one = Server(tmp_path)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard - 1, hard))
    try:
        one.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(one.process.pid, resource.RLIMIT_NOFILE) == (hard, hard)
    approvals = deployed(one, "polling")
    approvals.pending()
    function = eventually("a function runs", one.children)
    assert resource.prlimit(next(iter(function)), resource.RLIMIT_NOFILE) == (min(hard, 1024), hard)
    one.stop()


SLOW_FUNCTION = """#!/usr/bin/env python3
import os, pathlib, time, urllib.request
runtime = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
with urllib.request.urlopen(f"{runtime}/next") as work:
    request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
pathlib.Path("BUSY").touch()
while not pathlib.Path("GO").exists():
    time.sleep(0.01)
urllib.request.urlopen(f"{runtime}/{request_id}/response", data=b'"done"')
"""


def test_an_invocation_under_way_at_sigterm_still_gets_its_answer(tmp_path):
    busy, go = tmp_path / "busy", tmp_path / "go"
    binaries = copy_of_binaries(tmp_path / "bin")
    (binaries / "approval_api").unlink()
    (binaries / "approval_api").write_text(SLOW_FUNCTION.replace("BUSY", str(busy)).replace("GO", str(go)))
    (binaries / "approval_api").chmod(0o755)
    one = Server(tmp_path).start()
    one.deploy(binaries=binaries)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(one.client("lambda").invoke, FunctionName="app-sam-ApprovalApi", Payload="{}")
        eventually("it is under way", busy.exists)
        stopping = pool.submit(one.stop)
        eventually("the server goes down", lambda: not (one.data / "server.json").exists())
        go.touch()
        assert answer.result()["Payload"].read() == b'"done"'
        stopping.result()


def test_credentials_stay_over_restarts_and_sigterm_ends_cleanly(tmp_path):
    one = Server(tmp_path).start()
    before = dict(one.env)
    one.stop()
    assert not (one.data / "server.json").exists()
    one.start()
    assert one.env == before
    one.stop()
