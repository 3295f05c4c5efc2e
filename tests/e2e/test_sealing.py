"""Seals of the audit trail that nobody has to think of: the stack's own function, invoked by its schedule."""
import json
import re
import sqlite3
import time
from contextlib import closing

import pytest

from holdpoint import ROOT, Approvals, eventually

SEAL = "app-sam-AuditSeal"


@pytest.fixture
def approvals(own_server):
    own_server.deploy("app-sam", ApprovalWaitMode="callback")
    one = Approvals(own_server)
    one.publish()
    arn, approval_id = one.pending()
    assert one.decide(approval_id)[0] == 200
    one.ended(arn)
    return one


def statements(approvals):
    return json.loads(approvals.server.run("audit", "verify", "--stack-name", approvals.stack, "--json", check=False).stdout)["statements"]


def invoke(approvals):
    answer = approvals.lambda_.invoke(FunctionName=SEAL, Payload="{}")
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def schedules(server):
    with closing(sqlite3.connect(server.data / "holdpoint.db")) as database:
        return {name.decode(): json.loads(value) for name, value in database.execute("SELECT key, value FROM schedules")}


def make_due(server):
    """As if the server had been off for a day."""
    server.stop()
    with closing(sqlite3.connect(server.data / "holdpoint.db")) as database:
        for name, value in schedules(server).items():
            value["next_at"] = int(time.time() * 1000) - 24 * 3600 * 1000
            database.execute("UPDATE schedules SET value = ? WHERE key = ?", (json.dumps(value), name.encode()))
        database.commit()
    server.start()


def test_the_schedule_seals_once_for_all_that_was_missed(approvals):
    server = approvals.server
    assert schedules(server)["app-sam-AuditSealFunctionPeriodically"]["every_seconds"] == 3600 and statements(approvals) == 0
    make_due(server)
    approvals.reconnect()
    eventually("there is a seal", lambda: statements(approvals) == 1)
    assert schedules(server)["app-sam-AuditSealFunctionPeriodically"]["next_at"] > time.time() * 1000
    lines = eventually("its log has the hash", lambda: [line for line in server.run("logs", SEAL).stdout.splitlines() if '"sealed"' in line])
    digest = re.search(r'"hash":"([0-9a-f]{64})"', lines[0]).group(1)
    assert len(lines) == 1
    server.run("audit", "verify", "--stack-name", approvals.stack, "--sealed", digest)


def test_the_function_fails_when_the_trail_is_not_whole(approvals):
    failed, sealed = invoke(approvals)
    assert failed is None and (sealed["number"], sealed["chains"], sealed["is_new"]) == (1, 1, True)
    assert invoke(approvals) == (None, {**sealed, "is_new": False})
    record = approvals.dynamodb.scan(TableName=approvals.audit_table)["Items"][-1]
    approvals.dynamodb.delete_item(TableName=approvals.audit_table, Key={name: record[name] for name in ("approval_id", "seq")})
    failed, error = invoke(approvals)
    assert failed and "the audit trail is not as it was written: 1 problems" in error["errorMessage"]
    assert "its end was cut off" in eventually("it is named", lambda: approvals.server.run("logs", SEAL).stdout)


def test_what_is_no_record_is_named_also_before_there_is_any(own_server):
    own_server.deploy("app-sam")
    approvals = Approvals(own_server)
    assert invoke(approvals) == (None, {})
    approvals.dynamodb.put_item(TableName=approvals.audit_table, Item={"approval_id": {"S": "none"}, "seq": {"N": "1"}})
    failed, error = invoke(approvals)
    assert failed and "the audit trail is not as it was written: 1 problems" in error["errorMessage"]


def test_a_schedule_follows_its_template(approvals):
    server, lambda_ = approvals.server, approvals.lambda_
    before = schedules(server)
    server.deploy("app-sam", ApprovalWaitMode="callback")
    assert schedules(server) == before, "a deployment that changes nothing puts nothing off"
    server.deploy("app-sam", AuditSealSchedule="rate(2 days)")
    assert [one["every_seconds"] for one in schedules(server).values()] == [172800]
    server.deploy("app-sam", AuditSealState="DISABLED")
    assert [one.get("next_at") for one in schedules(server).values()] == [None]
    refused = server.deploy("app-sam", AuditSealSchedule="rate(1 fortnight)", check=False)
    assert refused.returncode != 0 and "expected rate(1 minute)" in refused.stderr and "AuditSealFunction.Properties.Events" in refused.stderr
    resources = server.client("cloudformation").describe_stack_resources(StackName="app-sam")["StackResources"]
    assert ("AWS::Events::Rule", "app-sam-AuditSealFunctionPeriodically") in [(one["ResourceType"], one["PhysicalResourceId"]) for one in resources]
    server.run("delete", "--stack-name", "app-sam", "--data", server.data, "--yes")
    assert schedules(server) == {}
