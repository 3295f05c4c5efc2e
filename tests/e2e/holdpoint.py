"""A Holdpoint server of a test's own, and what tests do with it over AWS's protocols."""
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

import contract

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("HOLDPOINT_BIN", ROOT / "build/release/bin"))
AWS = ROOT / "build/venv/bin/aws"
DEADLINE = 120  # seconds until a condition that must come true is given up; a busy machine needs its time


def eventually(what, condition, deadline=DEADLINE):
    """Calls `condition` until it answers something true, and answers that."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(0.05)


RESERVED = []


def free_port():
    """A port for somebody who listens with SO_REUSEADDR. It stays bound here, so that meanwhile, and while a server restarts, no other program and
    no connection's near end is given it."""
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    RESERVED.append(reservation)
    return reservation.getsockname()[1]


def follow(url, **headers):
    """A link that somebody was sent; the text behind it."""
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60).read().decode()


class Server:
    """`holdpoint up` over a folder; keeps its port over restarts."""

    def __init__(self, folder, binaries=BIN, flags=(), variables=None, host="127.0.0.1"):
        self.data = Path(folder) / "data"
        self.log = Path(folder) / "server.log"
        self.bin = Path(binaries)
        self.host = host
        self.port = free_port()
        self.process = None
        self.env = {}
        self.flags = flags  # of `up`, besides folder and address
        self.variables = variables or {}  # of its environment

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "holdpoint", "up", "--data", self.data, "--listen", f"{self.host}:{self.port}", *map(str, self.flags)],
                stdout=log, stderr=log, env={**os.environ, **self.variables})
        exports = self.run("env", "--data", self.data, "--wait", DEADLINE - 30).stdout
        self.env = dict(line.removeprefix("export ").split("=", 1) for line in exports.splitlines() if line.startswith("export "))
        return self

    def kill(self):
        """As a power cut would, as far as a process can tell."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(DEADLINE) == 0, self.tail()

    def restart(self):
        self.kill()
        return self.start()

    def tail(self):
        return self.log.read_text()[-4000:]

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, "AWS_PAGER": "", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", **self.env, **more}

    def run(self, *arguments, check=True, **more):
        """A command of `holdpoint`."""
        done = subprocess.run([str(self.bin / "holdpoint"), *map(str, arguments)], env=self.environment(), capture_output=True,
                              text=True, timeout=120, **more)
        assert not check or done.returncode == 0, f"holdpoint {arguments}: {done.stderr}{done.stdout}"
        return done

    def aws(self, *arguments, program=AWS, check=True, cwd=None):
        done = subprocess.run([str(program), *map(str, arguments)], env=self.environment(), capture_output=True, text=True, timeout=120, cwd=cwd)
        assert not check or done.returncode == 0, f"aws {arguments}: {done.stderr}{done.stdout}"
        return done

    def client(self, service, verify=None, **credentials):
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=50, inject_host_prefix=False)
        keys = credentials or {"aws_access_key_id": self.env["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": self.env["AWS_SECRET_ACCESS_KEY"]}
        made = boto3.client(service, endpoint_url=self.env["AWS_ENDPOINT_URL"], region_name=self.env["AWS_DEFAULT_REGION"], config=config, verify=verify, **keys)
        contract.watch(made)
        return made

    def deploy(self, stack="app-sam", template=ROOT / "template.yaml", binaries=None, check=True, **parameters):
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        return self.run("deploy", template, "--data", self.data, "--stack-name", stack, "--bin", binaries or self.bin, "--json",
                        *(["--parameter-overrides", *overrides] if overrides else []), check=check)

    def children(self, function=""):
        """Environments of the function processes by pid; of those whose function's name ends so."""
        found = {}
        for file in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for pid in map(int, there(file).split()):
                text = there(f"/proc/{pid}/environ")
                environment = dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)
                if environment.get("AWS_LAMBDA_FUNCTION_NAME", "").endswith(function):
                    found[pid] = environment
        return found


def there(file):
    """The text of a file of /proc; none when its thread or process has ended."""
    try:
        return Path(file).read_text()
    except OSError:
        return ""


class Approvals:
    """A deployed approvals stack, used as an application would."""

    def __init__(self, server, stack="app-sam"):
        self.server = server
        self.stack = stack
        self.table = f"{stack}-ApprovalRequests"
        self.audit_table = f"{stack}-ApprovalEvents"
        self.topic = None
        self.reconnect()

    def reconnect(self):
        self.lambda_ = self.server.client("lambda")
        self.dynamodb = self.server.client("dynamodb")
        self.sns = self.server.client("sns")

    @property
    def outputs(self):
        stack = self.server.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def submit(self, version="1", name=None, **event):
        """Starts a workflow; answers its execution's ARN."""
        event = {"document_id": "doc-123", "document_name": "Q4 Budget Proposal", "requester": "user@example.com", **event}
        answer = self.lambda_.invoke(FunctionName=f"{self.stack}-Workflow:{version}", InvocationType="Event", Payload=json.dumps(event),
                                     **({"DurableExecutionName": name} if name else {}))
        assert answer["StatusCode"] == 202
        return answer["DurableExecutionArn"]

    def confirm(self, address):
        """Whoever reads the address follows the link in the newest question of the outbox."""
        def questions():
            mails = json.loads(self.server.run("approvals", "outbox", "--to", address, "--stack-name", self.stack, "--json").stdout)
            return [mail["body"] for mail in mails if "Action=ConfirmSubscription" in mail["body"]]
        follow(re.search(r"^http\S+ConfirmSubscription\S+$", eventually("the question is there", questions)[0], re.MULTILINE).group())

    def publish(self):
        return self.lambda_.publish_version(FunctionName=f"{self.stack}-Workflow")["Version"]

    def records(self, **matching):
        found = []
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True):
            found += [flat(item) for item in page["Items"]]
        return [record for record in found if all(record.get(k) == v for k, v in matching.items())]

    def record(self, approval_id):
        return flat(self.dynamodb.get_item(TableName=self.table, Key={"approval_id": {"S": approval_id}}, ConsistentRead=True)["Item"])

    def record_of(self, arn):
        """The one record of an execution, once it is there."""
        found = eventually("the record is there", lambda: self.records(execution_arn=arn))
        assert len(found) == 1
        return found[0]

    def pending(self, **event):
        """Submits, and answers the execution's ARN and the approval's id, once the notification was recorded."""
        arn = self.submit(**event)
        approval_id = self.record_of(arn)["approval_id"]
        eventually("the notification was recorded", lambda: any(e["event"].startswith("notif") for e in self.audit(approval_id)))
        return arn, approval_id

    def api(self, **event):
        """Calls the approval API function; its status code and body."""
        answer = self.lambda_.invoke(FunctionName=f"{self.stack}-ApprovalApi", Payload=json.dumps(event))
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        result = json.loads(payload)
        return result["statusCode"], json.loads(result["body"])

    def decide(self, approval_id, decision="approved", approver="boss@example.com", **more):
        return self.api(action="decide", approval_id=approval_id, decision=decision, approver=approver, **more)

    def execution(self, arn):
        return self.lambda_.get_durable_execution(DurableExecutionArn=arn)

    def ended(self, arn, deadline=DEADLINE):
        """The execution, once it has ended; its Result as an object."""
        def over():
            execution = self.execution(arn)
            return execution if execution["Status"] != "RUNNING" else None
        execution = eventually("the execution has ended", over, deadline)
        if "Result" in execution:
            execution["Result"] = json.loads(execution["Result"])
        return execution

    def history(self, arn, **options):
        events = []
        for page in self.lambda_.get_paginator("get_durable_execution_history").paginate(DurableExecutionArn=arn, **options):
            events += page["Events"]
        return events

    def audit(self, approval_id):
        items = self.dynamodb.query(TableName=self.audit_table, KeyConditionExpression="approval_id = :id", ConsistentRead=True,
                                    ExpressionAttributeValues={":id": {"S": approval_id}})["Items"]
        return [flat(item) for item in items]

    def agree(self, approval_id, arn):
        """What record, result and audit trail say was decided, after checking that they say the same."""
        result = self.ended(arn)["Result"]
        record = self.record(approval_id)
        assert record["status"] == result["decision"]
        assert record.get("approver") == result.get("approver")
        trail = self.audit(approval_id)
        check_chain(trail)
        outcomes = [e for e in trail if e["event"] in ("decided", "timed_out")]
        assert len(outcomes) == 1, outcomes
        decided = outcomes[0]["details"].get("decision", "timeout")
        assert decided == result["decision"]
        assert trail[0]["event"] == "created"
        assert [e["event"] for e in trail].count("completed") == 1
        return decided


def deployed(server, mode, **parameters):
    stack = f"app-{mode}"
    server.deploy(stack, ApprovalWaitMode=mode, PollIntervalSeconds=1, **parameters)
    approvals = Approvals(server, stack)
    assert approvals.publish() == "1"
    return approvals


def flat(item):
    """A DynamoDB item as plain values."""
    def plain(value):
        (kind, data), = value.items()
        if kind == "N":
            return int(data)
        if kind == "M":
            return {name: plain(member) for name, member in data.items()}
        return None if kind == "NULL" else data
    return {name: plain(value) for name, value in item.items()}


def check_chain(trail):
    """An audit trail is numbered without gaps, linked, and its salted digests fit; checked without Holdpoint's own code."""
    assert [record["seq"] for record in trail] == list(range(1, len(trail) + 1))
    before = "0" * 64
    for record in trail:
        assert record["prev_hash"] == before
        for name, field in record["personal"].items():
            digest = hashlib.sha256((field["salt"] + field["value"]).encode()).hexdigest()
            assert record["digests"][name] == digest and len(field["salt"]) == 32, f"{record['event']}: {name}"
        assert record["hash"] == hash_of(record)
        before = record["hash"]


def hash_of(record):
    def text(field):
        field = str(field)
        return f"{len(field.encode())}:{field};"

    def fields(members):
        return f"{len(members)}{{" + "".join(text(name) + text(members[name]) for name in sorted(members)) + "}"

    single = [record[name] for name in ("approval_id", "seq", "at", "event", "actor_proof", "shown_digest", "prev_hash")]
    return hashlib.sha256(("".join(map(text, single)) + fields(record["details"]) + fields(record["digests"])).encode()).hexdigest()


def copy_of_binaries(folder, source=BIN):
    """The functions' executables in a folder that a test may change."""
    target = Path(folder)
    target.mkdir(parents=True)
    for name in ("approvals_workflow", "approval_api", "audit_seal"):
        shutil.copy(source / name, target / name)
    return target
