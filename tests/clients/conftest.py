"""Fixtures: a server with the stack of operations.yaml, boto3 and the command line in front of it."""
import http.server
import json
import shutil
import sys
import threading
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "e2e"))

from callers import STACK, Boto3, CommandLine  # noqa: E402
from holdpoint import Server, eventually  # noqa: E402


class Functions:
    """The functions of the stack, held in the test's hand."""

    def __init__(self, folder):
        self.folder = folder
        self.held, self.plain = f"{STACK}-held", f"{STACK}-plain"

    def event(self, name):
        """What the function was invoked with for the execution of this name."""
        return json.loads(eventually("the function is invoked", lambda: (f := self.folder / f"{name}.event").exists() and f.read_text()))

    def answer(self, name, **answer):
        (self.folder / f"{name}.part").write_text(json.dumps(answer))
        (self.folder / f"{name}.part").rename(self.folder / f"{name}.answer")


def deployed(folder):
    binaries, meeting = folder / "bin", folder / "meeting"
    binaries.mkdir()
    meeting.mkdir()
    shutil.copy(FOLDER / "held.py", binaries / "held")
    (binaries / "held").chmod(0o755)
    server = Server(folder).start()
    server.deploy(STACK, FOLDER / "operations.yaml", binaries, Folder=meeting)
    return server, Functions(meeting)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    server, functions = deployed(tmp_path_factory.mktemp("clients"))
    yield server, functions
    server.stop()


@pytest.fixture(scope="session")
def server(world):
    return world[0]


@pytest.fixture(scope="session")
def functions(world):
    return world[1]


@pytest.fixture(scope="session")
def boto3_(server):
    return Boto3(server)


@pytest.fixture(scope="session")
def command_line(server, tmp_path_factory):
    return CommandLine(server, tmp_path_factory.mktemp("aws"))


@pytest.fixture(scope="session", params=["boto3_", "command_line"])
def aws(request):
    """Each test that takes it runs with both clients."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def tag(aws):
    """A word that no other client's tests use, for names."""
    return type(aws).__name__.lower()


class Endpoint:
    """An HTTP endpoint that keeps the notifications it gets."""

    def __init__(self):
        self.messages = messages = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="session")
def endpoint():
    one = Endpoint()
    yield one
    one.server.shutdown()
