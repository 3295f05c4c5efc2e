"""What others send is never kept in a form that the server cannot read back: such a row would end it at every start."""
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from holdpoint import ROOT, copy_of_binaries, deployed, eventually

NO_TEXT = b"\xff\xfe caf\xe9"


def restarts(server):
    """True when everything that is kept can be read: what waits is looked at in the first seconds."""
    server.restart()
    eventually("it serves", lambda: server.client("sts").get_caller_identity())
    return server.process.poll() is None


class Bytes(str):
    """A text of bytes, one for each character: what is signed is what is sent."""

    def encode(self, *_):
        return super().encode("latin-1")


class BytesAuth(SigV4Auth):
    def string_to_sign(self, request, canonical_request):
        return super().string_to_sign(request, Bytes(canonical_request))


def post(server, path, headers, body=b"{}"):
    """A signed request to Lambda with headers that no client would send."""
    headers = {name: value.decode("latin-1") for name, value in headers.items()}
    signed = AWSRequest("POST", server.env["AWS_ENDPOINT_URL"] + path, data=body, headers={"X-Amz-Invocation-Type": "Event", **headers})
    keys = Credentials(server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"])
    BytesAuth(keys, "lambda", server.env["AWS_DEFAULT_REGION"]).add_auth(signed)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", path, body=body, headers=dict(signed.headers))
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_tenant_that_is_no_text_is_refused(own_server):
    approvals = deployed(own_server, "callback")
    status, body = post(own_server, f"/2015-03-31/functions/{approvals.stack}-Workflow%3A1/invocations", {"X-Amz-Tenant-Id": NO_TEXT})
    assert status == 400 and b"tenantId" in body, (status, body)
    assert restarts(own_server)


class Grumpy(BaseHTTPRequestHandler):
    """Confirms its subscription, and answers everything else with an error in Latin-1."""
    token = None

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).token = message.get("Token") or self.token
        self.send_response(200 if "Token" in message else 500)
        self.send_header("Content-Length", str(len(NO_TEXT)))
        self.end_headers()
        self.wfile.write(NO_TEXT)

    def log_message(self, *_):
        pass


def test_a_subscriber_whose_error_is_no_text(own_server):
    sns = own_server.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    with HTTPServer(("127.0.0.1", 0), Grumpy) as subscriber:
        threading.Thread(target=subscriber.serve_forever, daemon=True).start()
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{subscriber.server_port}/")
        sns.confirm_subscription(TopicArn=topic, Token=eventually("it is asked", lambda: Grumpy.token))
        log = own_server.data / "holdpoint.db-wal"
        before = log.stat().st_size
        sns.publish(TopicArn=topic, Message="hello")
        eventually("the failure is recorded", lambda: own_server.process.poll() is not None or log.stat().st_size > before + 8192)
        assert own_server.process.poll() is None, own_server.tail()
        assert restarts(own_server)
        subscriber.shutdown()


ANSWERS = """#!/usr/bin/env python3
import os, sys, urllib.request
runtime = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{runtime}/next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
    sys.stdout.buffer.write(b"caf\\xe9 \\xff\\n")
    sys.stdout.buffer.flush()
    urllib.request.urlopen(f"{runtime}/{request_id}/response", data=b'"caf\\xe9"')
"""


def test_log_lines_that_are_no_text_are_shown(own_server, tmp_path):
    binaries = copy_of_binaries(tmp_path / "bin")
    (binaries / "approval_api").unlink()
    (binaries / "approval_api").write_text(ANSWERS)
    (binaries / "approval_api").chmod(0o755)
    own_server.deploy(binaries=binaries)
    own_server.client("lambda").invoke(FunctionName="app-sam-ApprovalApi", Payload="{}")["Payload"].read()
    logs = own_server.client("logs")
    lines = eventually("its line is there", lambda: [event["message"] for event in logs.filter_log_events(
        logGroupName="/aws/lambda/app-sam-ApprovalApi")["events"] if "caf" in event["message"]])
    assert lines[0].startswith("caf\ufffd")


CIRCLE = "Resources: &all\n  T:\n    Type: AWS::SNS::Topic\n    Properties: *all\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 8)}]\n" for before, name in zip("abcdefgh", "bcdefghi"))


@pytest.mark.parametrize("text", [CIRCLE, BOMB], ids=["circle", "bomb"])
def test_a_template_that_never_ends_is_refused(own_server, tmp_path, text):
    template = tmp_path / "template.yaml"
    template.write_text(text)
    done = own_server.deploy(template=template, check=False)
    assert done.returncode != 0 and "line" in done.stderr, done.stderr
    assert own_server.process.poll() is None, own_server.tail()


def test_the_template_of_this_project_is_small_enough(own_server):
    assert own_server.deploy(template=ROOT / "template.yaml").returncode == 0
