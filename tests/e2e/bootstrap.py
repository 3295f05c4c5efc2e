#!/usr/bin/env python3
"""The `bootstrap` of functions under test: does what the event says, and tells what it was given."""
import json
import os
import sys
import time
import urllib.error
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
VERSION = "VERSION-OF-THE-CODE"


def post(path, body):
    urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", json.dumps(body).encode(), method="POST")).read()


def answer(event):
    if "requestContext" in event and "http" in event["requestContext"]:
        query = event.get("queryStringParameters", {})
        if "sleep" in query:
            time.sleep(float(query["sleep"]))
        if "answer" in query:
            return json.loads(query["answer"])
        return event
    taken = b"x" * (event.get("take_mb", 0) << 20)
    if "sleep" in event:
        time.sleep(event["sleep"])
    if event.get("fail"):
        raise ValueError(event["fail"])
    return {"event": event, "code": VERSION, "version": os.environ["AWS_LAMBDA_FUNCTION_VERSION"], "cwd": os.getcwd(),
            "environment": dict(os.environ),
            "taken_mb": len(taken) >> 20}


def main():
    while True:
        with urllib.request.urlopen(f"{API}/invocation/next") as response:
            request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(response)
        print("event", json.dumps(event)[:2000], flush=True)
        try:
            post(f"invocation/{request_id}/response", answer(event))
        except ValueError as error:
            post(f"invocation/{request_id}/error", {"errorType": "ValueError", "errorMessage": str(error), "stackTrace": [{"path": "bootstrap", "line": 1, "label": "answer"}], "cause": None})


try:
    main()
except (urllib.error.URLError, ConnectionError):
    sys.exit(0)  # the server ended
