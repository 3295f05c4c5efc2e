"""deploy and delete: redeploying while executions wait, versions that stay what they were, refusals by name."""
import json
import shutil
import sys
import time

import pytest
from botocore.exceptions import ClientError

from holdpoint import BIN, ROOT, Approvals, copy_of_binaries, deployed, eventually


def test_a_version_stays_what_it_was(own_server, tmp_path):
    """An execution that waits goes on with the code and configuration that it started with, whatever is deployed meanwhile."""
    binaries = copy_of_binaries(tmp_path / "bin")
    own_server.deploy("app-sam", binaries=binaries, PollIntervalSeconds=1)
    approvals = Approvals(own_server)
    assert approvals.publish() == "1"
    assert approvals.publish() == "1", "nothing changed, so there is no new version"
    arn, approval_id = approvals.pending()
    (binaries / "approvals_workflow").unlink()
    (binaries / "approvals_workflow").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    (binaries / "approvals_workflow").chmod(0o755)
    own_server.deploy("app-sam", binaries=binaries, ApprovalTimeoutSeconds=120)
    assert approvals.publish() == "2"
    own_server.restart()
    approvals.reconnect()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    broken = approvals.submit(version="2")
    def failures():
        return [e for e in approvals.history(broken, IncludeExecutionData=True) if e["EventType"] == "InvocationCompleted"]
    failed = eventually("its invocation failed", failures)[0]["InvocationCompletedDetails"]["Error"]["Payload"]
    assert failed["ErrorType"] == "Runtime.ExitError" and "exit status 3" in failed["ErrorMessage"]


def test_deploying_again_changes_what_changed(own_server):
    own_server.deploy("app-sam")
    before = own_server.client("lambda").get_function_configuration(FunctionName="app-sam-Workflow")
    own_server.deploy("app-sam", ApprovalTimeoutSeconds=600, ApprovalWaitMode="callback")
    after = own_server.client("lambda").get_function_configuration(FunctionName="app-sam-Workflow")
    assert before["Environment"]["Variables"]["APPROVAL_TIMEOUT_SECONDS"] == "300"
    assert after["Environment"]["Variables"]["APPROVAL_TIMEOUT_SECONDS"] == "600"
    assert after["Environment"]["Variables"]["APPROVAL_WAIT_MODE"] == "callback"
    assert after["CodeSha256"] == before["CodeSha256"]


def test_a_resource_belongs_to_one_stack(own_server, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text("Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {FunctionName: shared}\n"
                        "    Metadata: {HoldpointExecutable: approval_api}\n")
    own_server.deploy("one", template=template)
    done = own_server.deploy("two", template=template, check=False)
    assert done.returncode == 1 and "F: shared already exists in the stack one" in done.stderr
    own_server.deploy("one", template=template)
    assert own_server.client("lambda").get_function_configuration(FunctionName="shared")


def test_parameters_not_given_keep_their_values(own_server):
    """As `sam deploy` and CloudFormation's UsePreviousValue do."""
    own_server.deploy("app-sam", ApprovalTimeoutSeconds=600)
    own_server.deploy("app-sam", ApprovalWaitMode="callback")
    variables = own_server.client("lambda").get_function_configuration(FunctionName="app-sam-Workflow")["Environment"]["Variables"]
    assert (variables["APPROVAL_TIMEOUT_SECONDS"], variables["APPROVAL_WAIT_MODE"]) == ("600", "callback")


def test_what_has_no_echo_is_kept_and_shown_to_nobody(own_server):
    own_server.deploy("app-sam", OidcIssuer="https://login.example", OidcClientId="inbox", OidcClientSecret="hunter2", OidcInboxUrl="http://127.0.0.1/")
    own_server.deploy("app-sam")
    parameters = own_server.client("cloudformation").describe_stacks(StackName="app-sam")["Stacks"][0]["Parameters"]
    shown = {one["ParameterKey"]: one["ParameterValue"] for one in parameters}
    assert (shown["OidcClientSecret"], shown["OidcClientId"]) == ("****", "inbox")
    assert own_server.client("lambda").get_function_configuration(FunctionName="app-sam-ApprovalApi")["Environment"]["Variables"]["OIDC_CLIENT_SECRET"] == "hunter2"


def test_parameters_come_from_a_file_too_which_no_list_of_processes_shows(own_server, tmp_path):
    def deploy(content, check=True):
        file = tmp_path / "parameters.json"
        file.write_text(content)
        return own_server.run("deploy", ROOT / "template.yaml", "--data", own_server.data, "--bin", own_server.bin,
                              "--parameter-overrides", "OidcIssuer=https://login.example", f"file://{file}", "OidcInboxUrl=http://127.0.0.1/", check=check)
    deploy('["OidcClientId=inbox", "OidcClientSecret=hunter=2"]')
    variables = own_server.client("lambda").get_function_configuration(FunctionName="app-sam-ApprovalApi")["Environment"]["Variables"]
    assert (variables["OIDC_CLIENT_ID"], variables["OIDC_CLIENT_SECRET"]) == ("inbox", "hunter=2")
    for other in ('{"OidcClientSecret": "hunter3"}', '["hunter3"]', '["=hunter3"]', '["a=b", 1]', "OidcClientSecret=hunter3"):
        refused = deploy(other, check=False)
        assert refused.returncode == 1 and 'parameters.json: expected a JSON list of texts, ["Name=value"]' in refused.stderr, refused
        assert "hunter" not in refused.stderr


@pytest.mark.parametrize("parameters, words", [
    ({"ApprovalTimeoutSeconds": 59}, ["ApprovalTimeoutSeconds", "60"]), ({"ApprovalTimeoutSeconds": 86401}, ["ApprovalTimeoutSeconds", "86400"]),
    ({"ApprovalTimeoutSeconds": "soon"}, ["ApprovalTimeoutSeconds"]), ({"ApprovalWaitMode": "pigeon"}, ["ApprovalWaitMode", "polling", "callback"]),
    ({"Nonsense": 1}, ["Nonsense"]),
])
def test_parameters_out_of_bounds_are_refused(server, parameters, words):
    done = server.deploy("refused", check=False, **parameters)
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr
    assert server.client("dynamodb").list_tables()["TableNames"] == [] or "refused" not in str(server.client("dynamodb").list_tables())


@pytest.mark.parametrize("old, new, words", [
    ("Type: AWS::SNS::Topic", "Type: AWS::SQS::Queue", ["AWS::SQS::Queue"]),
    ("      DisplayName: Approvals", "      FifoTopic: true", ["FifoTopic"]),
    ("      MemorySize: 128\n      DurableConfig", "      MemorySize: 128\n      Layers: [a]\n      DurableConfig", ["Layers", "WorkflowFunction"]),
    ("!Ref AuditTable", "!Ref NoSuchTable", ["NoSuchTable"]),
    ("HoldpointExecutable: approval_api", "HoldpointExecutable: no_such_program", ["no_such_program"]),
    ("                Action: sns:Publish\n", "                Action: sns:Publish\n                Condition:\n                  StringEquals: {aws:PrincipalTag/team: a}\n",
     ["(line {end})", "Condition.StringEquals", "the condition key 'aws:PrincipalTag/team' is not supported"]),
    ("Resources:", "Resources: [", ["template.yaml", "line"]),
])
def test_what_is_not_supported_is_refused_by_name_and_nothing_is_half_done(server, tmp_path, old, new, words):
    text = (ROOT / "template.yaml").read_text()
    assert old in text
    (tmp_path / "template.yaml").write_text(text.replace(old, new, 1))
    done = server.deploy("half-done", template=tmp_path / "template.yaml", check=False)
    assert done.returncode == 1
    end = text[:text.index(old)].count("\n") + new.count("\n")  # the number of the last line that is new
    for word in words:
        assert word.replace("{end}", str(end)) in done.stderr, done.stderr
    assert server.client("dynamodb").list_tables()["TableNames"] == []
    assert server.client("lambda").list_functions()["Functions"] == []


def test_aws_only_properties_are_printed(own_server):
    printed = own_server.run("deploy", ROOT / "template.yaml", "--data", own_server.data, "--bin", BIN).stdout
    for name in ("SSESpecification", "PointInTimeRecoverySpecification", "BillingMode"):
        assert name in printed
    documented = (ROOT / "docs/template.md").read_text()
    for name in ("SSESpecification", "PointInTimeRecoverySpecification", "BillingMode", "KmsMasterKeyId", "Architectures", "PackageType"):
        assert name in documented


def test_delete_says_first_how_many_still_wait(own_server, mode):
    approvals = deployed(own_server, mode)
    _, approval_id = approvals.pending()
    refused = own_server.run("delete", "--data", own_server.data, "--stack-name", approvals.stack, check=False)
    assert refused.returncode == 1 and "1 execution" in refused.stderr
    assert approvals.decide(approval_id)[0] == 200, "nothing was deleted"
    approvals.ended(approvals.records(approval_id=approval_id)[0]["execution_arn"])
    approvals.pending()
    deleted = own_server.run("delete", "--data", own_server.data, "--stack-name", approvals.stack, "--yes").stdout
    assert "1 execution" in deleted
    assert approvals.audit_table in deleted
    assert own_server.client("lambda").list_functions()["Functions"] == []
    assert own_server.client("dynamodb").list_tables()["TableNames"] == [approvals.audit_table]
    assert own_server.client("sns").list_topics()["Topics"] == []
    assert [group["logGroupName"] for group in own_server.client("logs").describe_log_groups()["logGroups"]] == ["/holdpoint/outbox"]  # the server's own
    assert approvals.audit(approval_id), "the trail outlives the stack"
    # Deployed again, it finds its trail and works.
    own_server.deploy(approvals.stack, ApprovalWaitMode=mode, PollIntervalSeconds=1)
    version = approvals.publish()
    assert version == "2", "the number of a version that was deleted is not given again"
    arn, approval_id = approvals.pending(version=version)
    assert approvals.decide(approval_id)[0] == 200
    approvals.agree(approval_id, arn)
    own_server.run("delete", "--data", own_server.data, "--stack-name", approvals.stack, "--yes", "--with-audit")
    assert own_server.client("dynamodb").list_tables()["TableNames"] == []


def test_deleting_what_is_not_there_says_so(server):
    done = server.run("delete", "--data", server.data, "--stack-name", "no-such", check=False)
    assert done.returncode == 1 and "no-such" in done.stderr


def test_two_stacks_do_not_meet(own_server):
    own_server.deploy("one", PollIntervalSeconds=1)
    own_server.deploy("two", PollIntervalSeconds=1)
    one, two = Approvals(own_server, "one"), Approvals(own_server, "two")
    one.publish()
    two.publish()
    _, approval_id = one.pending()
    assert two.decide(approval_id)[0] == 404
    own_server.run("delete", "--data", own_server.data, "--stack-name", "two", "--yes", "--with-audit")
    assert one.decide(approval_id)[0] == 200


def test_an_executable_that_changes_on_disk_changes_nothing(own_server, tmp_path):
    binaries = copy_of_binaries(tmp_path / "bin")
    own_server.deploy("app-sam", binaries=binaries)
    shutil.rmtree(binaries)
    approvals = Approvals(own_server)
    status, body = approvals.api(action="list")
    assert (status, body) == (200, {"approvals": []})


def test_a_table_with_items_gets_the_indexes_of_a_newer_template(own_server, tmp_path):
    """And loses those that went; what waits goes on waiting."""
    template = (ROOT / "template.yaml").read_text()
    index = template[template.index("        - IndexName: ExpiryIndex"):template.index("      TimeToLiveSpecification:")]
    older = template.replace(index, "", 1).replace("        - {AttributeName: expires_at, AttributeType: S}\n", "", 1)
    (tmp_path / "older.yaml").write_text(older)
    own_server.deploy("app-sam", template=tmp_path / "older.yaml", ApprovalWaitMode="callback")
    approvals = Approvals(own_server)
    approvals.publish()
    arn, approval_id = approvals.pending()
    own_server.deploy("app-sam", ApprovalWaitMode="callback")
    query = {"TableName": approvals.table, "IndexName": "ExpiryIndex", "KeyConditionExpression": "#s = :s",
             "ExpressionAttributeNames": {"#s": "status"}, "ExpressionAttributeValues": {":s": {"S": "pending"}}}
    assert [item["approval_id"]["S"] for item in approvals.dynamodb.query(**query)["Items"]] == [approval_id]
    own_server.restart()
    approvals.reconnect()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.ended(arn)["Result"]["decision"] == "approved" and approvals.dynamodb.query(**query)["Items"] == []
    own_server.deploy("app-sam", template=tmp_path / "older.yaml", ApprovalWaitMode="callback")
    indexes = approvals.dynamodb.describe_table(TableName=approvals.table)["Table"]["GlobalSecondaryIndexes"]
    assert [one["IndexName"] for one in indexes] == ["StatusIndex"]
    assert approvals.record(approval_id)["status"] == "approved"


def test_how_long_a_log_group_keeps_its_lines(own_server, tmp_path):
    template = tmp_path / "template.yaml"
    text = "Resources:\n  Log:\n    Type: AWS::Logs::LogGroup\n    Properties: {LogGroupName: /own/log, RetentionInDays: 7}\n"
    template.write_text(text)
    own_server.deploy("logs", template=template)
    groups = own_server.client("logs").describe_log_groups(logGroupNamePrefix="/own/log")["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [7]
    template.write_text(text.replace("7", "8"))
    refused = own_server.deploy("logs", template=template, check=False)
    assert refused.returncode == 1 and "Log: retentionInDays must be one of 1, 3, 5, 7" in refused.stderr


KEYS = f"""#!{sys.executable}
import json, os, urllib.request
runtime = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(runtime + "next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
    keys = {{name.lower(): os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}}
    urllib.request.urlopen(urllib.request.Request(runtime + request_id + "/response", data=json.dumps(keys).encode()))
"""
OPERATOR = """Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: operator
      Policies:
        - Statement:
            - {Effect: Allow, Action: ["cloudformation:*", "sns:DeleteTopic", "logs:*"], Resource: "*"}
            - {Effect: Allow, Action: "dynamodb:DeleteTable", Resource: "arn:aws:dynamodb:*:*:table/mine"}
            - {Effect: Deny, Action: "cloudformation:*", Resource: "arn:aws:cloudformation:*:*:stack/secret/*"}
            - {Effect: Deny, Action: ["logs:GetLogEvents", "logs:PutLogEvents"], Resource: "arn:aws:logs:*:*:log-group:/lines:log-stream:private*"}
    Metadata: {HoldpointExecutable: keys}
"""
DOOMED = """Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: NAME}}
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    Properties:
      TableName: NAME
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""


@pytest.fixture
def operator(own_server, tmp_path):
    """Clients with the role of a function that its template lets delete stacks."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "keys").write_text(KEYS)
    (binaries / "keys").chmod(0o755)
    (tmp_path / "operator.yaml").write_text(OPERATOR)
    own_server.deploy("operator", template=tmp_path / "operator.yaml", binaries=binaries)
    keys = json.loads(own_server.client("lambda").invoke(FunctionName="operator")["Payload"].read())
    return lambda service: own_server.client(service, **keys)


def denied(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), refused.value
    return refused.value.response["Error"]["Message"]


def test_who_deletes_a_stack_may_delete_what_is_in_it(own_server, operator, tmp_path):
    stacks = operator("cloudformation")
    ids = {}
    for name in ("mine", "theirs", "secret"):
        (tmp_path / f"{name}.yaml").write_text(DOOMED.replace("NAME", name))
        own_server.deploy(name, template=tmp_path / f"{name}.yaml")
        ids[name] = own_server.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    for name in ("secret", ids["secret"]):
        denied(stacks.describe_stacks, StackName=name)
        denied(stacks.get_template, StackName=name)
        denied(stacks.delete_stack, StackName=name)
    assert "dynamodb:DeleteTable" in denied(stacks.delete_stack, StackName=ids["theirs"])
    stacks.delete_stack(StackName=ids["mine"])
    assert own_server.client("dynamodb").list_tables()["TableNames"] == ["secret", "theirs"]
    assert [topic["TopicArn"].rsplit(":", 1)[1] for topic in own_server.client("sns").list_topics()["Topics"]] == ["secret", "theirs"]
    own_server.client("cloudformation").delete_stack(StackName=ids["theirs"])
    assert own_server.client("dynamodb").list_tables()["TableNames"] == ["secret"]


def test_policies_are_about_streams_too(own_server, operator):
    logs = operator("logs")
    own_server.client("logs").create_log_group(logGroupName="/lines")
    events = [{"timestamp": int(time.time() * 1000), "message": "m"}]
    for stream in ("private-1", "open"):
        own_server.client("logs").create_log_stream(logGroupName="/lines", logStreamName=stream)
        own_server.client("logs").put_log_events(logGroupName="/lines", logStreamName=stream, logEvents=events)
    denied(logs.get_log_events, logGroupName="/lines", logStreamName="private-1")
    denied(logs.put_log_events, logGroupName="/lines", logStreamName="private-1", logEvents=events)
    logs.put_log_events(logGroupName="/lines", logStreamName="open", logEvents=events)
    assert len(logs.get_log_events(logGroupName="/lines", logStreamName="open")["events"]) == 2
    assert "the server's own" in denied(logs.put_log_events, logGroupName="/holdpoint/outbox", logStreamName="s", logEvents=events)
