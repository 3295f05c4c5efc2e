"""Every conformance function against its expectation. (tests/conformance/README.md)"""
import json
import random
import re
import string
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from holdpoint import ROOT, eventually

FOLDER = ROOT / "tests/conformance"
EXPECTED = {id: dict(expected or {}) for file in sorted((FOLDER / "expectations").glob("*.yaml"))
            for id, expected in yaml.safe_load(file.read_text()).items()}
MARKS = {"Started": "+", "Succeeded": "=", "Failed": "!", "TimedOut": "?", "Stopped": "x"}
# Where an expectation's member is in an event's details.
PATHS = {"payload": ("Result", "Payload"), "input": ("Input", "Payload"), "type": ("Error", "Payload", "ErrorType"),
         "message": ("Error", "Payload", "ErrorMessage"), "attempt": ("RetryDetails", "CurrentAttempt"),
         "delay": ("RetryDetails", "NextAttemptDelaySeconds"), "seconds": ("Duration",), "timeout": ("Timeout",),
         "heartbeat": ("HeartbeatTimeout",), "tenant": ("TenantId",)}


def test_the_template_is_what_its_generator_writes():
    subprocess.run([sys.executable, FOLDER / "make_template.py", "--check"], check=True)


def test_every_function_has_an_expectation():
    sources = "".join(file.read_text() for file in FOLDER.glob("*.cpp"))
    assert sorted(re.findall(r'function\("(\d+-\d+)"', sources)) == sorted(EXPECTED)


def filled(value, words):
    if isinstance(value, str):
        return re.sub(r"\$[a-h]\b", lambda match: words[match.group()], value)
    if isinstance(value, dict):
        return {filled(key, words): filled(inner, words) for key, inner in value.items()}
    return [filled(inner, words) for inner in value] if isinstance(value, list) else value


class Run:
    """One invocation of a function, to its end."""

    def __init__(self, clients, id):
        words = {f"${letter}": "".join(random.choices(string.ascii_lowercase, k=10)) for letter in "abcdefgh"}
        self.expected = filled(EXPECTED[id], words)
        self.lambda_, self.logs_ = clients
        self.function = f"conf-{id}"
        self.started_at = int(time.time() * 1000) - 1000
        payload = json.dumps(self.expected.get("input"))
        self.arn = self.lambda_.invoke(FunctionName=f"{self.function}:$LATEST", InvocationType="Event", Payload=payload)["DurableExecutionArn"]
        self.answer_callbacks()
        if self.expected.get("ends"):
            eventually(f"{self.function} ends", lambda: self.execution()["Status"] != "RUNNING")
        wanted = [event for event in self.expected["events"] if event != "..."]
        eventually(f"{self.function} comes to its last event", lambda: len(self.history()) >= len(wanted))
        self.events = self.history()

    def execution(self):
        return self.lambda_.get_durable_execution(DurableExecutionArn=self.arn)

    def history(self):
        return self.lambda_.get_durable_execution_history(DurableExecutionArn=self.arn, IncludeExecutionData=True)["Events"][1:]

    def answer_callbacks(self):
        closed = set()
        outcomes = [at for at, event in enumerate(self.expected["events"]) if "Callback=" in event or "Callback!" in event]
        for answer in self.expected.get("answers", []):
            (how, name), *_ = answer.items()

            def find(name=name):
                for event in self.history():
                    if event["EventType"] == "CallbackStarted" and name in ("*", event.get("Name")) and event["Id"] not in closed:
                        return event
                return None
            event = eventually(f"the callback {name} of {self.function}", find)
            id = event["CallbackStartedDetails"]["CallbackId"]
            if how == "heartbeat":
                self.lambda_.send_durable_execution_callback_heartbeat(CallbackId=id)
                continue
            eventually(f"{self.function} comes to what is before the answer", lambda at=outcomes[len(closed)]: len(self.history()) >= at)
            closed.add(event["Id"])
            if how == "succeed":
                self.lambda_.send_durable_execution_callback_success(CallbackId=id, Result=json.dumps(answer.get("with")))
            else:
                self.lambda_.send_durable_execution_callback_failure(CallbackId=id, Error=answer["with"])

    def lines(self):
        """What the function wrote for this execution, in order."""
        pattern = f'{{ ($.durableExecutionArn = "{self.arn}") || ($.executionArn = "{self.arn}") }}'
        pages = self.logs_.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self.function}", startTime=self.started_at, filterPattern=pattern)
        return [json.loads(event["message"]) for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def runs(server):
    server.deploy("conf", FOLDER / "template.yaml")
    clients = server.client("lambda"), server.client("logs")
    with ThreadPoolExecutor(24) as pool:
        return {id: pool.submit(Run, clients, id) for id in EXPECTED}


def kind(event):
    if event["EventType"] == "InvocationCompleted":
        return "Invocation"
    prefix, suffix = re.fullmatch(r"(\w+?)(Started|Succeeded|Failed|TimedOut|Stopped)", event["EventType"]).groups()
    return prefix + MARKS[suffix]


def member(event, name):
    if name in ("name", "sub"):
        return event.get({"name": "Name", "sub": "SubType"}[name])
    value = event.get(event["EventType"] + "Details", {})
    for step in PATHS[name]:
        value = value.get(step, {}) if isinstance(value, dict) else {}
    return None if value == {} else value


def agrees(wanted, found):
    if isinstance(wanted, str) and (bounds := re.fullmatch(r"(\d+)\.\.(\d+)", wanted)):
        return int(bounds[1]) <= found <= int(bounds[2])
    return wanted == found


def check_events(wanted, found, operations):
    for number, event in enumerate(wanted, 2):
        if event == "...":
            return
        (name, members), = event.items() if isinstance(event, dict) else [(event, {})]
        assert number - 2 < len(found), f"event {number}: {name} expected, but the history has no more"
        actual = found[number - 2]
        assert kind(actual) == name, f"event {number}: {name} expected, found {kind(actual)}"
        for key, value in members.items():
            if key in ("op", "in"):
                id = actual.get("Id" if key == "op" else "ParentId")
                assert operations.setdefault(value, id) == id, f"event {number} ({name}): not the operation {value}"
            else:
                assert agrees(value, member(actual, key)), f"event {number} ({name}): {key} is {member(actual, key)!r}, expected {value!r}"
        if "op" in members and "in" not in members:
            assert "ParentId" not in actual, f"event {number} ({name}) has a parent"
    assert len(found) == len(wanted), f"more events than expected: {[kind(event) for event in found[len(wanted):]]}"


def line_matches(wanted, line, operations):
    for key, value in wanted.items():
        if key not in line:
            return False
        text = line[key] if isinstance(line[key], str) else json.dumps(line[key])
        if isinstance(value, str) and value.startswith("/") and value.endswith("/"):
            if not re.search(value[1:-1], text):
                return False
        elif isinstance(value, str) and value.startswith("@"):
            if operations.get(value[1:]) != line[key]:
                return False
        elif line[key] != value:
            return False
    return True


def check_logs(wanted, lines, operations):
    for log in wanted:
        found = [i for i, line in enumerate(lines) if line_matches(log["line"], line, operations)]
        if "times" in log:
            assert len(found) == log["times"], f"{log['line']}: {len(found)} times, expected {log['times']}: {lines}"
        else:
            assert len(found) >= log.get("at_least", 1), f"{log['line']}: {len(found)} times: {lines}"
        for earlier in log.get("after", []):
            before = [i for i, line in enumerate(lines) if line_matches(earlier, line, operations)]
            assert before and found and max(before) < min(found), f"{log['line']} does not come after {earlier}: {lines}"


@pytest.mark.parametrize("id", EXPECTED)
def test_conformance(runs, id):
    run = runs[id].result()
    operations = {}
    check_events(run.expected["events"], run.events, operations)
    if "result" in run.expected:
        assert json.loads(run.execution().get("Result") or "null") == run.expected["result"]
    if run.expected.get("ends"):
        assert run.execution()["Status"] == run.expected["ends"]
    if "logs" in run.expected:
        check_logs(run.expected["logs"], run.lines(), operations)
