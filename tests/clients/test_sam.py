"""AWS's SAM CLI: what it builds is deployed with `holdpoint deploy`, and its commands for what is deployed work here. (sam/)"""
import json
import os
import re
import shutil
import subprocess

import pytest

from holdpoint import BIN, ROOT, Server, eventually

SAM = ROOT / "build/sam/bin/sam"
STACK = "hi"
pytestmark = pytest.mark.skipif(not SAM.exists() and "CI" not in os.environ, reason="AWS's SAM CLI is not installed: run tools/python_env.sh")


class Sam:
    def __init__(self, server, project):
        self.server, self.project = server, project

    def __call__(self, *arguments, status=0):
        """What it says."""
        variables = {"SAM_CLI_TELEMETRY": "0", "HELLO_DURABLE": str(BIN / "hello_durable"), "NO_COLOR": "1"}
        done = subprocess.run([SAM, *arguments], cwd=self.project, env=self.server.environment(**variables), capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr

    def json(self, *arguments):
        return json.loads(self(*arguments))

    def invoke(self, event, *parameters):
        return self("remote", "invoke", "Hello", "--stack-name", STACK, "--event", json.dumps(event), "--parameter", "Qualifier=live", *parameters)

    def start(self, event):
        answer = self.invoke(event, "--parameter", "InvocationType=Event", "--output", "json")
        return json.loads(answer)["DurableExecutionArn"]

    def history(self, arn):
        return self.json("remote", "execution", "history", arn, "--format", "json")["Events"]

    def execution(self, arn):
        return self.json("remote", "execution", "get", arn, "--format", "json")

    def callback(self, arn):
        """The id of the callback that it waits for."""
        found = eventually("a callback is there", lambda: [event for event in self.history(arn) if event["EventType"] == "CallbackStarted"])
        return found[0]["CallbackStartedDetails"]["CallbackId"]

    def ended(self, arn):
        return eventually("it ends", lambda: (one := self.execution(arn))["Status"] != "RUNNING" and one)


@pytest.fixture(scope="module")
def sam(tmp_path_factory):
    """With the project of sam/ built by it, and deployed."""
    folder = tmp_path_factory.mktemp("sam")
    project = shutil.copytree(ROOT / "tests/clients/sam", folder / "project")
    server = Server(folder).start()
    one = Sam(server, project)
    one("validate", "--lint")
    one("build")
    server.deploy(STACK, project / ".aws-sam/build/template.yaml")
    yield one
    server.stop()


def test_a_callback_is_answered(sam):
    arn = sam.start({"name": "Ada", "pause": 1})
    callback = sam.callback(arn)
    sam("remote", "callback", "heartbeat", callback)
    sam("remote", "callback", "succeed", callback, "--result", '"at last"')
    assert json.loads(sam.ended(arn)["Result"]) == {"greeting": "Hello, Ada!", "reply": "at last"}
    assert [event["EventType"] for event in sam.history(arn) if event.get("Name") == "greet"] == ["StepStarted", "StepSucceeded"]
    assert "SUCCEEDED" in sam("remote", "execution", "get", arn)
    assert re.search(r"CallbackSucceeded.*reply", sam("remote", "execution", "history", arn))


def test_a_callback_is_failed_and_an_execution_stopped(sam):
    failed, stopped = sam.start({"name": "Bob", "pause": 1}), sam.start({"name": "Cleo", "pause": 1})
    sam("remote", "callback", "fail", sam.callback(failed), "--error-type", "Refused", "--error-message", "not today")
    ended = sam.ended(failed)
    assert (ended["Status"], ended["Error"]["ErrorMessage"]) == ("FAILED", "not today")
    sam.callback(stopped)
    sam("remote", "execution", "stop", stopped, "--error-type", "Cancelled", "--error-message", "not wanted any more")
    ended = sam.ended(stopped)
    assert (ended["Status"], ended["Error"]["ErrorType"]) == ("STOPPED", "Cancelled")


def test_what_fails_is_shown(sam):
    answer = json.loads(sam.invoke({"name": 7}))
    assert "name" in answer["errorMessage"] and answer["errorType"]


def test_the_stack_is_listed(sam):
    resources = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in sam.json("list", "resources", "--stack-name", STACK, "--output", "json")}
    assert resources["Hello"] == f"{STACK}-Hello"
    outputs = {one["OutputKey"]: one["OutputValue"] for one in sam.json("list", "stack-outputs", "--stack-name", STACK, "--output", "json")}
    assert outputs["Alias"].endswith(f":function:{STACK}-Hello:live")


def test_logs_are_found(sam):
    arn = sam.start({"name": "Dora", "pause": 1})
    sam.callback(arn)
    for chosen in (["--name", "Hello"], []):
        assert arn in eventually("its logs are there", lambda: sam("logs", "--stack-name", STACK, *chosen, "--filter", "Dora"))
