"""Defect 13: each role allows exactly what its function does, of published versions and aliases too, and nothing else.

A probe takes each function's place, keeping its role: it makes the call it is asked to make, with the credentials that the server
gave it, and answers what came back.
"""
import json
import os
import signal
import sys

import pytest

from holdpoint import ROOT, Approvals, eventually

PROBE = f"""#!{sys.executable}
import json, os, urllib.request
import boto3
from botocore.exceptions import ClientError
runtime = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(runtime + "next") as work:
        request_id, event = work.headers["Lambda-Runtime-Aws-Request-Id"], json.load(work)
    try:
        getattr(boto3.client(event["service"]), event["operation"])(**event["parameters"])
        answer = {{"code": "allowed"}}
    except ClientError as error:
        answer = {{"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}}
    except Exception as error:
        answer = {{"code": type(error).__name__, "message": str(error)}}
    urllib.request.urlopen(urllib.request.Request(runtime + request_id + "/response", data=json.dumps(answer).encode()))
"""
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
KEY = {"approval_id": {"S": "a"}}
ARN = "arn:aws:lambda:{region}:{account}:function:app-sam-Workflow:1/durable-execution/n/" + "0" * 36


@pytest.fixture(scope="module")
def probe(server, tmp_path_factory):
    binaries = tmp_path_factory.mktemp("bin")
    for name in ("approvals_workflow", "approval_api", "audit_seal"):
        (binaries / name).write_text(PROBE)
        (binaries / name).chmod(0o755)
    # The probe is no durable function, so the template loses its DurableConfig; the roles stay as they are.
    template = binaries / "template.yaml"
    text = (ROOT / "template.yaml").read_text()
    start, end = text.index("      DurableConfig:"), text.index("      Environment:\n        Variables:\n          SNS_TOPIC_ARN")
    template.write_text(text[:start] + text[end:])
    server.deploy("app-sam", template=template, binaries=binaries)
    server.deploy("other", template=template, binaries=binaries)
    client = server.client("lambda")
    identity = server.client("sts").get_caller_identity()
    names = {"region": server.env["AWS_DEFAULT_REGION"], "account": identity["Account"]}
    topics = {t["TopicArn"].rsplit(":", 1)[1]: t["TopicArn"] for t in server.client("sns").list_topics()["Topics"]}

    def call(function, service, operation, **parameters):
        text = json.dumps(parameters).replace("{region}", names["region"]).replace("{account}", names["account"])
        for name, arn in topics.items():
            text = text.replace("{topic:" + name + "}", arn)
        answer = client.invoke(FunctionName=f"app-sam-{function}", Payload=json.dumps({"service": service, "operation": operation, "parameters": json.loads(text)}))
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return json.loads(payload)
    return call


def item(table, **members):
    return {"TableName": f"app-sam-{table}", "Item": {**KEY, "seq": {"N": "1"}, **members}}


UPDATE = {"Key": KEY, "UpdateExpression": "SET note = :n", "ExpressionAttributeValues": {":n": {"S": "x"}}}
STATUS = {"IndexName": "StatusIndex", "KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "status"}, "ExpressionAttributeValues": {":s": {"S": "pending"}}}
CHAIN = {"TableName": "app-sam-ApprovalEvents", "KeyConditionExpression": "approval_id = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
ALLOWED = [
    ("Workflow", "dynamodb", "put_item", item("ApprovalRequests")),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalRequests", "Key": KEY}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "policies"}}}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "signing-keys"}}}),
    ("Workflow", "dynamodb", "update_item", {"TableName": "app-sam-ApprovalRequests", **UPDATE}),
    ("Workflow", "dynamodb", "put_item", item("ApprovalEvents")),
    ("Workflow", "dynamodb", "query", CHAIN),
    ("Workflow", "dynamodb", "transact_write_items", {"TransactItems": [{"Put": item("ApprovalRequests")}, {"Put": item("ApprovalEvents")}]}),
    ("Workflow", "sns", "publish", {"TopicArn": "{topic:app-sam-ApprovalNotifications}", "Message": "m"}),
    ("Workflow", "sns", "publish_batch", {"TopicArn": "{topic:app-sam-ApprovalMail}", "PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "signing-keys"}}}),
    ("ApprovalApi", "logs", "filter_log_events", {"logGroupName": "/holdpoint/outbox"}),
    ("ApprovalApi", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalRequests", "Key": KEY}),
    ("ApprovalApi", "dynamodb", "update_item", {"TableName": "app-sam-ApprovalRequests", **UPDATE}),
    ("ApprovalApi", "dynamodb", "query", {"TableName": "app-sam-ApprovalRequests", **STATUS}),
    ("ApprovalApi", "dynamodb", "put_item", item("ApprovalEvents")),
    ("ApprovalApi", "dynamodb", "query", CHAIN),
    ("ApprovalApi", "dynamodb", "query", {"TableName": "app-sam-ApprovalRequests", **STATUS, "IndexName": "ExpiryIndex"}),
    ("ApprovalApi", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "signing-keys"}}}),
    ("ApprovalApi", "dynamodb", "put_item", {"TableName": "app-sam-ApprovalSettings", "Item": {"name": {"S": "signing-keys"}}}),
    ("ApprovalApi", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "revoked"}}}),
    ("ApprovalApi", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "ended-session/1"}}}),
    ("ApprovalApi", "dynamodb", "put_item", {"TableName": "app-sam-ApprovalSettings", "Item": {"name": {"S": "ended-session/1"}}}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "signing-keys"}}}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "policies"}}}),
]
SETTING = {"TableName": "app-sam-ApprovalSettings"}
SEAL_ALLOWED = [
    ("AuditSeal", "dynamodb", "scan", {"TableName": "app-sam-ApprovalEvents"}),
    *(("AuditSeal", "dynamodb", "get_item", {**SETTING, "Key": {"name": {"S": name}}}) for name in ("audit-head/1", "audit-head-chains/a/0", "signing-keys")),
    *(("AuditSeal", "dynamodb", "put_item", {**SETTING, "Item": {"name": {"S": name}}}) for name in ("audit-head/1", "audit-head-chains/a/0", "signing-keys")),
]
SEAL_DENIED = [
    ("AuditSeal", "dynamodb", "put_item", item("ApprovalEvents")),
    ("AuditSeal", "dynamodb", "query", CHAIN),
    ("AuditSeal", "dynamodb", "scan", {"TableName": "app-sam-ApprovalRequests"}),
    ("AuditSeal", "dynamodb", "scan", SETTING),
    ("AuditSeal", "dynamodb", "delete_item", {**SETTING, "Key": {"name": {"S": "audit-head/1"}}}),
    *(("AuditSeal", "dynamodb", "get_item", {**SETTING, "Key": {"name": {"S": name}}}) for name in ("revoked", "policies", "ended-session/1")),
    *(("AuditSeal", "dynamodb", "put_item", {**SETTING, "Item": {"name": {"S": name}}}) for name in ("revoked", "policies", "ended-session/1")),
    ("AuditSeal", "sns", "publish", {"TopicArn": "{topic:app-sam-ApprovalNotifications}", "Message": "m"}),
    ("AuditSeal", "lambda", "invoke", {"FunctionName": "app-sam-Workflow"}),
]
DENIED_TO_BOTH = [
    ("dynamodb", "delete_item", {"TableName": "app-sam-ApprovalRequests", "Key": KEY}),
    ("dynamodb", "scan", {"TableName": "app-sam-ApprovalRequests"}),
    ("dynamodb", "scan", {"TableName": "app-sam-ApprovalEvents"}),
    ("dynamodb", "query", {"TableName": "app-sam-ApprovalRequests", "KeyConditionExpression": "approval_id = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}),
    ("dynamodb", "batch_write_item", {"RequestItems": {"app-sam-ApprovalRequests": [{"DeleteRequest": {"Key": KEY}}]}}),
    ("dynamodb", "delete_table", {"TableName": "app-sam-ApprovalEvents"}),
    ("dynamodb", "update_item", {"TableName": "app-sam-ApprovalEvents", **UPDATE, "Key": {**KEY, "seq": {"N": "1"}}}),
    ("dynamodb", "delete_item", {"TableName": "app-sam-ApprovalEvents", "Key": {**KEY, "seq": {"N": "1"}}}),
    ("dynamodb", "transact_write_items", {"TransactItems": [{"Delete": {"TableName": "app-sam-ApprovalEvents", "Key": {**KEY, "seq": {"N": "1"}}}}]}),
    ("dynamodb", "get_item", {"TableName": "other-ApprovalRequests", "Key": KEY}),
    ("dynamodb", "put_item", {"TableName": "other-ApprovalEvents", "Item": {**KEY, "seq": {"N": "1"}}}),
    ("dynamodb", "put_item", {"TableName": "app-sam-ApprovalSettings", "Item": {"name": {"S": "audit-head/1"}}}),
    ("dynamodb", "put_item", {"TableName": "app-sam-ApprovalSettings", "Item": {"name": {"S": "revoked"}}}),
    ("dynamodb", "delete_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "signing-keys"}}}),
    ("dynamodb", "scan", {"TableName": "app-sam-ApprovalSettings"}),
    ("dynamodb", "list_tables", {}),
    ("sns", "subscribe", {"TopicArn": "{topic:app-sam-ApprovalNotifications}", "Protocol": "email", "Endpoint": "a@b.c"}),
    ("sns", "publish", {"TopicArn": "{topic:other-ApprovalNotifications}", "Message": "m"}),
    ("sns", "list_topics", {}),
    ("lambda", "invoke", {"FunctionName": "app-sam-ApprovalApi"}),
    ("lambda", "update_function_configuration", {"FunctionName": "app-sam-Workflow", "Timeout": 3}),
    ("lambda", "delete_function", {"FunctionName": "app-sam-Workflow"}),
    ("lambda", "list_functions", {}),
    ("lambda", "stop_durable_execution", {"DurableExecutionArn": ARN}),
    ("lambda", "get_durable_execution_history", {"DurableExecutionArn": ARN}),
    ("lambda", "list_durable_executions_by_function", {"FunctionName": "app-sam-Workflow"}),
    ("logs", "filter_log_events", {"logGroupName": "/aws/lambda/app-sam-Workflow"}),
    ("logs", "delete_log_group", {"logGroupName": "/aws/lambda/app-sam-Workflow"}),
    ("cloudformation", "describe_stacks", {}),
]
DENIED_TO_ONE = [
    ("Workflow", "dynamodb", "query", {"TableName": "app-sam-ApprovalRequests", **STATUS}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "revoked"}}}),
    ("Workflow", "logs", "filter_log_events", {"logGroupName": "/holdpoint/outbox"}),
    ("ApprovalApi", "sns", "publish", {"TopicArn": "{topic:app-sam-ApprovalMail}", "Message": "m"}),
    ("ApprovalApi", "sns", "subscribe", {"TopicArn": "{topic:app-sam-ApprovalMail}", "Protocol": "email", "Endpoint": "a@b.c"}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "audit-head/1"}}}),
    ("Workflow", "dynamodb", "put_item", {"TableName": "app-sam-ApprovalSettings", "Item": {"name": {"S": "policies"}}}),
    ("Workflow", "dynamodb", "get_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "ended-session/1"}}}),
    ("ApprovalApi", "dynamodb", "delete_item", {"TableName": "app-sam-ApprovalSettings", "Key": {"name": {"S": "ended-session/1"}}}),
    ("Workflow", "lambda", "get_durable_execution", {"DurableExecutionArn": ARN}),
    ("ApprovalApi", "dynamodb", "put_item", item("ApprovalRequests")),
    ("ApprovalApi", "sns", "publish", {"TopicArn": "{topic:app-sam-ApprovalNotifications}", "Message": "m"}),
    ("ApprovalApi", "lambda", "checkpoint_durable_execution", {"DurableExecutionArn": ARN, "CheckpointToken": "t", "Updates": []}),
    ("ApprovalApi", "lambda", "get_durable_execution_state", {"DurableExecutionArn": ARN, "CheckpointToken": "t"}),
]


def name_of(case):
    return "-".join(str(part) for part in case if isinstance(part, str))


@pytest.mark.parametrize("case", ALLOWED + SEAL_ALLOWED, ids=name_of)
def test_what_a_function_does_is_allowed(probe, case):
    function, service, operation, parameters = case
    assert probe(function, service, operation, **parameters)["code"] == "allowed"


@pytest.mark.parametrize("function, qualifier", [("Workflow", "1"), ("Workflow", "$LATEST"), ("Workflow", "live"), ("ApprovalApi", "live")])
def test_executions_of_any_version_are_reached(probe, function, qualifier):
    """Refused for what they are (no such execution), not for who asks."""
    arn = ARN.replace(":1/", f":{qualifier}/")
    operation, more = ("get_durable_execution_state", {"CheckpointToken": "t"}) if function == "Workflow" else ("get_durable_execution", {})
    answer = probe(function, "lambda", operation, DurableExecutionArn=arn, **more)
    assert answer["code"] not in DENIED, answer


@pytest.mark.parametrize("function, reached", [("app-sam-Workflow-expenses", True), ("app-sam-Workflows", False), ("app-sam-ApprovalApi", False),
                                                ("other-Workflow", False), ("other-Workflow-expenses", False)])
def test_of_other_functions_only_the_use_cases_are_reached(probe, function, reached):
    """A use case's workflow is one of this approvals stack when it is called so."""
    answer = probe("ApprovalApi", "lambda", "get_durable_execution", DurableExecutionArn=ARN.replace("app-sam-Workflow", function))
    assert (answer["code"] not in DENIED) == reached, answer


@pytest.mark.parametrize("case", [(function, *case) for function in ("Workflow", "ApprovalApi") for case in DENIED_TO_BOTH] + DENIED_TO_ONE + SEAL_DENIED, ids=name_of)
def test_everything_else_is_refused(probe, case):
    function, service, operation, parameters = case
    answer = probe(function, service, operation, **parameters)
    assert answer["code"] in DENIED, answer
    assert f":assumed-role/app-sam-{function}/" in answer["message"]
    assert "is not authorized to perform: " in answer["message"]


def test_credentials_end_with_their_process(server, probe):
    assert probe("ApprovalApi", "dynamodb", "get_item", TableName="app-sam-ApprovalRequests", Key=KEY)["code"] == "allowed"
    (pid, environment), = server.children("app-sam-ApprovalApi").items()
    keys = {"aws_access_key_id": environment["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
            "aws_session_token": environment["AWS_SESSION_TOKEN"]}
    stolen = server.client("dynamodb", **keys)
    stolen.get_item(TableName="app-sam-ApprovalRequests", Key=KEY)
    os.kill(pid, signal.SIGKILL)
    def refused():
        try:
            stolen.get_item(TableName="app-sam-ApprovalRequests", Key=KEY)
        except stolen.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
    assert eventually("the stolen key is refused", refused) == "ExpiredTokenException"


def test_functions_see_nothing_of_the_servers_environment(server, probe):
    probe("ApprovalApi", "dynamodb", "list_tables")
    (_, environment), = server.children("app-sam-ApprovalApi").items()
    assert environment.pop("HOLDPOINT_FUNCTIONS_SOCKET") == str(server.data / "functions.sock")
    assert environment.pop("HOLDPOINT_RUNTIME_PATH").startswith("/runtime/")
    assert not [name for name in environment if name.startswith(("HOLDPOINT_", "HOME", "PYTEST_", "USER"))]


def test_the_accounts_own_key_may_do_everything(server):
    assert server.client("dynamodb").list_tables()["TableNames"]
    assert Approvals(server).lambda_.list_functions()["Functions"]
