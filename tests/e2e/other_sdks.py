"""The workflows of tests/clients, written with AWS's own durable execution SDKs, as tests drive them."""
import json
import re
import tempfile

from holdpoint import ROOT, eventually

BINARIES = ROOT / "build/clients"  # where run.sh had tests/clients/install.sh make them
MARKS = {"Started": "+", "Succeeded": "=", "Failed": "!", "TimedOut": "?", "Stopped": "x"}


class Workflows:
    """The workflows in one language."""

    def __init__(self, server, language):
        self.server = server
        self.language = language
        self.function = f"{language}-workflows"
        self.others = {"durable": f"{self.function}:$LATEST", "plain": f"{language}-plain", "tenants": f"{language}-tenants"}
        self.reconnect()

    def reconnect(self):
        self.lambda_ = self.server.client("lambda")
        self.logs = self.server.client("logs")

    @property
    def is_python(self):
        return self.language == "python"

    def invoke(self, workflow, kind="Event", name=None, **event):
        names = {"DurableExecutionName": name} if name else {}
        return self.lambda_.invoke(FunctionName=f"{self.function}:$LATEST", InvocationType=kind, Payload=json.dumps({"workflow": workflow, **event}), **names)

    def start(self, workflow, **event):
        return self.invoke(workflow, **event)["DurableExecutionArn"]

    def execution(self, arn):
        return self.lambda_.get_durable_execution(DurableExecutionArn=arn)

    def ended(self, arn):
        return eventually(f"{arn} ends", lambda: (one := self.execution(arn))["Status"] != "RUNNING" and one)

    def result(self, arn):
        execution = self.ended(arn)
        assert execution["Status"] == "SUCCEEDED", execution
        return json.loads(execution["Result"])

    def run(self, workflow, **event):
        return self.result(self.start(workflow, **event))

    def events(self, arn, kind="", **options):
        pages = self.lambda_.get_paginator("get_durable_execution_history").paginate(DurableExecutionArn=arn, **options)
        return [event for page in pages for event in page["Events"] if event["EventType"].startswith(kind)]

    def callback_id(self, arn):
        started = eventually("a callback is there", lambda: self.events(arn, "CallbackStarted"))
        return started[-1]["CallbackStartedDetails"]["CallbackId"]

    def sleeps(self, arn, invocations=1):
        """Until its invocation has ended: the workflow waits for what comes from outside."""
        eventually("the invocation ends", lambda: len(self.events(arn, "InvocationCompleted")) >= invocations)

    def asleep(self, workflow, **event):
        """Starts one that waits for a callback; its ARN and the callback's id."""
        arn = self.start(workflow, **event)
        callback_id = self.callback_id(arn)
        self.sleeps(arn)
        return arn, callback_id


def deploy(server):
    server.deploy("clients", ROOT / "tests/clients/template.yaml", BINARIES)


def folder():
    """For notes that steps leave."""
    return tempfile.mkdtemp(prefix="holdpoint-clients-")


def notes(folder):
    with open(f"{folder}/notes") as file:
        return file.read().split("\n")[:-1]


def kind(event):
    """`Step+ name` for a StepStarted, and so on."""
    if event["EventType"] == "InvocationCompleted":
        return "Invocation!" if "Error" in event["InvocationCompletedDetails"] else "Invocation"
    prefix, suffix = re.fullmatch(r"(\w+?)(Started|Succeeded|Failed|TimedOut|Stopped)", event["EventType"]).groups()
    name = f" {event['Name']}" if "Name" in event and prefix != "Execution" else ""
    return prefix + MARKS[suffix] + name
