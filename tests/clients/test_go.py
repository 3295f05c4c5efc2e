"""AWS's SDK for Go as a client, and functions with its runtime for Go. (go/)"""
import base64
import json
import shutil
import subprocess

import pytest

from holdpoint import ROOT, Server

BINARIES = ROOT / "build/clients/go"  # where run.sh had go/install.sh make them
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("go")
    properties = {"PackageType": "Image", "Timeout": 30, "MemorySize": 256}
    metadata = {"HoldpointExecutable": "function"}
    more = {"plain": {}, "tenants": {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, "called": {}}
    resources = {name.capitalize(): {"Type": "AWS::Serverless::Function", "Metadata": metadata, "Properties": {**properties, **of_it, "FunctionName": f"go-{name}"}}
                 for name, of_it in more.items()}
    template = folder / "template.json"
    template.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
    (folder / "bin").mkdir()
    shutil.copy(BINARIES / "function", folder / "bin")
    server = Server(folder).start()
    server.deploy("go", template, folder / "bin")
    yield server
    server.stop()


def test_the_sdk_calls(server):
    done = subprocess.run([BINARIES / "calls", "go-called"], env=server.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def invoke(server, what="", name="go-plain", **more):
    client = server.client("lambda")
    client.meta.events.register("before-send.lambda.Invoke", lambda request, **_: request.headers.update({"X-Amzn-Trace-Id": TRACE}))
    answer = client.invoke(FunctionName=name, Payload=json.dumps({"do": what}), **more)
    return answer.get("FunctionError"), answer["Payload"].read().decode()


def test_a_function_finds_what_it_finds_on_aws(server):
    custom = base64.b64encode(json.dumps({"custom": {"who": "Ann"}}).encode()).decode()
    found = json.loads(invoke(server, ClientContext=custom)[1])
    assert found["arn"].endswith(":function:go-plain") and 0 < found["left"] <= 30
    assert (found["custom"], found["group"], found["trace"]) == ("Ann", "/aws/lambda/go-plain", TRACE)
    assert json.loads(invoke(server, name="go-tenants", TenantId="blue")[1])["tenant"] == "blue"


@pytest.mark.parametrize("what, kind, message", [
    ("fail", "noSuchOrder", "order 7"), ("panic", "string", "oh no"), ("exit", "Runtime.ExitError", "exit status 3"), ("break off", "noSuchOrder", "order 7")])
def test_a_function_fails(server, what, kind, message):
    error, body = invoke(server, what)
    told = json.loads(body)
    assert (error, told["errorType"]) == ("Unhandled", kind) and message in told["errorMessage"], body


def test_a_function_streams(server):
    assert invoke(server, "stream") == (None, "<html>")


def test_a_function_may_want_to_hear_of_its_end(server):
    """Its runtime registers an extension for that, and warns in the log where it cannot."""
    invoke(server)
    events = server.client("logs").filter_log_events(logGroupName="/aws/lambda/go-plain")["events"]
    assert events and not [event["message"] for event in events if "WARNING" in event["message"]]
