"""Runs workflows in AWS's local runner, of its test kit for Python: reads cases from stdin and writes what became of each to the file that
is named, both as JSON."""
import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aws_durable_execution_sdk_python.lambda_service import ErrorObject
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner

import plain


def answer(runner, arn, kind, what, _name):
    callback_id = runner.wait_for_callback(arn)
    if kind == "success":
        runner.send_callback_success(callback_id, what.encode())
    else:
        runner.send_callback_failure(callback_id, ErrorObject.from_dict(what))


def run(case):
    program = importlib.import_module(case["program"])
    with DurableFunctionTestRunner(program.handler, poll_interval=0.05, execution_timeout=600, skip_time=case.get("skip_time", True), region="us-east-1") as runner:
        runner.register_durable_function(f"python-{case['program']}", program.handler)
        runner.register_function("python-plain", plain.handler)
        arn = runner.run_async(input=json.dumps(case["event"]))
        if case.get("answer"):
            answer(runner, arn, *case["answer"])
        ended = runner.wait_for_result(arn)
        # Not by the runner's own function, which answers the first page alone.
        history = runner._executor.get_execution_history(arn, include_execution_data=True, max_items=1000)
        assert not history.next_marker, "a history of more than a page"
        events = [event.to_dict() for event in history.events]
    return {"Status": ended.execution_status.value, "Result": ended.result, "Error": ended.error and ended.error.to_dict(), "Events": events}


if __name__ == "__main__":
    with ThreadPoolExecutor(4) as pool:
        Path(sys.argv[1]).write_text(json.dumps(list(pool.map(run, json.load(sys.stdin))), default=str))
