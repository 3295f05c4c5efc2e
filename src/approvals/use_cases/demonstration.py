"""What the demos of the use cases share: stacks are deployed, people decide, and whatever is not as promised ends the demo.

Uses the commands of `holdpoint` as a person would, and DynamoDB's API to look at a use case's table. Needs Python alone.
"""
import argparse
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 60  # seconds until a workflow has to have ended


class Demonstration:
    """A use case, deployed with these parameters; `stack` is what its stack is called."""

    def __init__(self, case, stack, **parameters):
        parser = argparse.ArgumentParser(description=f"Shows {case} on a server that is up; its variables (holdpoint env) are set.")
        parser.add_argument("--bin", type=Path, required=True, help="where the executables are")
        parser.add_argument("--data", type=Path, required=True, help="the server's folder")
        parser.add_argument("--mode", default="polling", choices=["polling", "callback"], help="how workflows wait")
        parser.add_argument("--approvals", help="an approvals stack that is deployed already; without it, one is deployed")
        self.arguments = parser.parse_args()
        self.approvals = self.arguments.approvals or "app-sam"
        self.stack = f"{stack}-{self.arguments.mode}"
        waiting = {"ApprovalWaitMode": self.arguments.mode, "PollIntervalSeconds": 1}
        if not self.arguments.approvals:
            self.deploy(ROOT / "template.yaml", self.approvals, **waiting)
        # A short time, because what may wait for a week polls every four minutes.
        self.deploy(ROOT / "src/approvals/use_cases" / case / "template.yaml", self.stack, ApprovalsStackName=self.approvals,
                    ApprovalTimeoutSeconds=600, **waiting, **parameters)

    def deploy(self, template, stack, **parameters):
        self.holdpoint("deploy", template, "--data", self.arguments.data, "--bin", self.arguments.bin, "--stack-name", stack,
                       "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()))
        print(f"The stack {stack} is deployed.")

    def holdpoint(self, *arguments, may_fail=False):
        """What a command answers; of one that may fail, what it says then, and None when it does not."""
        done = subprocess.run([self.arguments.bin / "holdpoint", *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE, check=False)
        if may_fail:
            return done.stderr.strip() if done.returncode else None
        if done.returncode:
            sys.exit(f"holdpoint {' '.join(map(str, arguments))}: {done.stderr}{done.stdout}")
        return done.stdout

    def submit(self, execution_name=None, **event):
        """Starts a workflow; its approval's id and its execution's ARN."""
        named = ["--name", execution_name] if execution_name else []
        answer = json.loads(self.holdpoint("approvals", "submit", "--stack-name", self.stack, "--event", json.dumps(event), "--json", *named))
        return answer["approval_id"], answer["execution_arn"]

    def refused(self, words, **event):
        """An event that is refused, and has to be."""
        said = self.holdpoint("approvals", "submit", "--stack-name", self.stack, "--event", json.dumps(event), "--json", may_fail=True)
        self.expect("it is refused", bool(said and words in said), True, said)
        print(f"  refused: {said.removeprefix('holdpoint: ')}")

    def decide(self, verb, approval, person, comments):
        self.holdpoint("approvals", verb, approval, "--stack-name", self.approvals, "--approver", person, "--comments", comments)
        print(f"  {person}: {verb}, \"{comments}\"")

    def approve(self, approval, person, comments="Fine"):
        self.decide("approve", approval, person, comments)

    def reject(self, approval, person, comments):
        self.decide("reject", approval, person, comments)

    def may_not_amend(self, approval, requester, change):
        said = self.holdpoint("approvals", "amend", approval, "--stack-name", self.approvals, "--requester", requester, *change, may_fail=True)
        self.expect("its document may not be changed", bool(said and "DOCUMENT_FIXED" in said), True, said)
        print(f"  {requester} may not: {said.removeprefix('holdpoint: ')}")

    def may_not_decide(self, approval, person, why):
        said = self.holdpoint("approvals", "approve", approval, "--stack-name", self.approvals, "--approver", person, may_fail=True)
        self.expect(f"{person} may not decide it", bool(said and why in said), True, said)
        print(f"  {person} may not: {said.removeprefix('holdpoint: ')}")

    def result(self, execution):
        """What a workflow ended with, once it has."""
        end = time.monotonic() + DEADLINE
        while True:
            shown = json.loads(self.holdpoint("executions", "show", execution, "--json"))
            if shown["Status"] != "RUNNING":
                self.expect("the workflow has succeeded", shown["Status"], "SUCCEEDED", shown.get("Error"))
                return json.loads(shown["Result"])
            if time.monotonic() > end:
                sys.exit(f"not within {DEADLINE} s: the end of {execution}")
            time.sleep(0.1)

    def items(self, table, key):
        """All items of one of the use case's tables, by a key."""
        answer = dynamodb("Scan", {"TableName": f"{self.stack}-{table}", "ConsistentRead": True})
        return sorted(({name: plain(value) for name, value in item.items()} for item in answer["Items"]), key=lambda item: item[key])

    @staticmethod
    def expect(what, found, expected, more=None):
        if found != expected:
            sys.exit(f"NOT AS PROMISED: {what}: expected {expected!r}, found {found!r}{'' if more is None else f' ({more})'}")


def say(text):
    print(f"\n\033[1m{text}\033[0m", flush=True)


def show(items, *columns):
    """Prints these members of items as a table."""
    rows = [columns, *([in_words(item.get(column, "")) for column in columns] for item in items)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def in_words(value):
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def plain(value):
    (kind, data), = value.items()
    return int(data) if kind == "N" else data


def dynamodb(action, request):
    """One call of DynamoDB's API, signed (Signature Version 4) with the keys of the environment."""
    endpoint, region = os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_DEFAULT_REGION"]
    body = json.dumps(request).encode()
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": endpoint.split("//", 1)[1], "x-amz-date": now, "x-amz-target": f"DynamoDB_20120810.{action}"}
    scope = f"{now[:8]}/{region}/dynamodb/aws4_request"
    names = ";".join(headers)
    canonical = "\n".join(["POST", "/", "", *(f"{name}:{value}" for name, value in headers.items()), "", names, hashlib.sha256(body).hexdigest()])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    headers["content-type"] = "application/x-amz-json-1.0"
    with urllib.request.urlopen(urllib.request.Request(endpoint, data=body, headers=headers), timeout=DEADLINE) as answer:
        return json.load(answer)
