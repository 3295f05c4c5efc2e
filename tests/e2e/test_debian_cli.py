"""Debian's own `aws` (2.9): it ignores AWS_ENDPOINT_URL, so it is told the endpoint; it has what version 1 lacks."""
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from holdpoint import DEADLINE, eventually

DEBIAN = Path("/usr/bin/aws")


@pytest.fixture(scope="module", autouse=True)
def installed():
    if not DEBIAN.exists():
        if os.environ.get("CI"):
            pytest.fail("Debian's awscli is not installed: tools/install_packages.sh test")
        pytest.skip("Debian's awscli is not installed: tools/install_packages.sh test")


@pytest.fixture
def debian(polling):
    """Python of Debian, whatever else is first on the PATH."""
    server = polling.server
    def run(*arguments):
        return server.aws("--endpoint-url", server.env["AWS_ENDPOINT_URL"], *arguments, program=DEBIAN)
    return run


def test_payload_as_it_stands(debian, polling, tmp_path):
    event = '{"document_id":"doc-deb","document_name":"Q4 Budget Proposal","requester":"user@example.com"}'
    started = debian("lambda", "invoke", "--function-name", f"{polling.stack}-Workflow:1", "--invocation-type", "Event",
                     "--cli-binary-format", "raw-in-base64-out", "--payload", event, tmp_path / "response.json")
    assert json.loads(started.stdout)["StatusCode"] == 202
    approval_id = eventually("it is pending", lambda: polling.records(document_id="doc-deb"))[0]["approval_id"]
    decision = {"action": "decide", "approval_id": approval_id, "decision": "approved", "approver": "test-approver"}
    debian("lambda", "invoke", "--function-name", f"{polling.stack}-ApprovalApi", "--cli-binary-format", "raw-in-base64-out",
           "--payload", json.dumps(decision), tmp_path / "answer.json")
    assert json.loads((tmp_path / "answer.json").read_text())["statusCode"] == 200


def test_logs_are_followed(debian, polling):
    server = polling.server
    follower = subprocess.Popen(
        [DEBIAN, "--endpoint-url", server.env["AWS_ENDPOINT_URL"], "logs", "tail", f"/aws/lambda/{polling.stack}-Workflow", "--follow"],
        env=server.environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(DEADLINE, follower.kill)
    watchdog.start()
    try:
        _, approval_id = polling.pending()
        assert any(approval_id in line for line in follower.stdout), "the follower ended without the line"
    finally:
        watchdog.cancel()
        follower.kill()
        follower.wait()
