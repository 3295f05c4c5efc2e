#!/usr/bin/env python3
"""A function that a test holds in its hand: what it is invoked with becomes a file, and the test's file its answer. Plain invocations are echoed."""
import json
import os
import pathlib
import time
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
FOLDER = pathlib.Path(os.environ["FOLDER"])

while True:
    with urllib.request.urlopen(f"{RUNTIME}/next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
        event = work.read()
    print("invoked with", event.decode(), flush=True)
    execution = json.loads(event)
    if isinstance(execution, dict) and "CheckpointToken" in execution:
        asked = FOLDER / execution["DurableExecutionArn"].split("/")[-2]
        asked.with_suffix(".part").write_bytes(event)
        asked.with_suffix(".part").rename(asked.with_suffix(".event"))
        while not asked.with_suffix(".answer").exists():
            time.sleep(0.01)
        event = asked.with_suffix(".answer").read_bytes()
    path = "error" if b"errorType" in event else "response"
    urllib.request.urlopen(f"{RUNTIME}/{request_id}/{path}", data=event).close()
