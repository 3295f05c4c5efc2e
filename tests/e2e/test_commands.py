"""The commands of the pattern's own README, as a reader types them, with the `aws` command line from PyPI."""
import json
import subprocess

import pytest

from holdpoint import ROOT, eventually

EVENT = '{"document_id":"doc-123","document_name":"Q4 Budget Proposal","requester":"user@example.com"}'
PENDING = ["--filter-expression", "#status = :pending", "--expression-attribute-names", '{"#status":"status"}',
           "--expression-attribute-values", '{":pending":{"S":"pending"}}', "--max-items", "10"]


@pytest.fixture(scope="module")
def stack(server):
    server.deploy("app-sam")
    names = {key: output(server, key) for key in ("WorkflowFunctionName", "ApprovalApiFunctionName", "ApprovalsTableName", "SnsTopicArn")}
    names["version"] = server.aws("lambda", "publish-version", "--function-name", names["WorkflowFunctionName"], "--query", "Version",
                                  "--output", "text").stdout.strip()
    return names


@pytest.fixture
def shell(server, stack, tmp_path):
    def aws(*arguments, check=True):
        return server.aws(*arguments, check=check, cwd=tmp_path)
    aws.folder = tmp_path
    return aws


def output(server, key):
    query = f"Stacks[0].Outputs[?OutputKey==`{key}`].OutputValue"
    return server.aws("cloudformation", "describe-stacks", "--stack-name", "app-sam", "--query", query, "--output", "text").stdout.strip()


def invoke(shell, function, payload, *more, check=True):
    return shell("lambda", "invoke", "--function-name", function, "--payload", payload, *more, "response.json", check=check)


def pending(shell, document_id):
    def look():
        items = json.loads(shell("dynamodb", "scan", "--table-name", "app-sam-ApprovalRequests", *PENDING).stdout)["Items"]
        return [item["approval_id"]["S"] for item in items if item["document_id"]["S"] == document_id]
    return eventually("the request is pending", look)[0]


def test_outputs_name_what_was_deployed(stack):
    assert stack["WorkflowFunctionName"] == "app-sam-Workflow"
    assert stack["ApprovalApiFunctionName"] == "app-sam-ApprovalApi"
    assert stack["ApprovalsTableName"] == "app-sam-ApprovalRequests"
    assert stack["SnsTopicArn"].endswith(":app-sam-ApprovalNotifications")
    assert stack["version"] == "1"


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_a_request_is_submitted_found_and_decided(stack, shell, decision):
    document = f"doc-{decision}"
    started = invoke(shell, f"{stack['WorkflowFunctionName']}:{stack['version']}", EVENT.replace("doc-123", document), "--invocation-type", "Event")
    assert json.loads(started.stdout)["StatusCode"] == 202
    approval_id = pending(shell, document)
    item = json.loads(shell("dynamodb", "get-item", "--table-name", "app-sam-ApprovalRequests", "--key", json.dumps({"approval_id": {"S": approval_id}})).stdout)
    assert item["Item"]["status"]["S"] == "pending"
    payload = {"action": "decide", "approval_id": approval_id, "decision": decision, "approver": "test-approver", "comments": "Looks good, approved"}
    decided = shell("lambda", "invoke", "--function-name", stack["ApprovalApiFunctionName"], "--payload", json.dumps(payload), "approval_response.json")
    assert json.loads(decided.stdout) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    answer = json.loads((shell.folder / "approval_response.json").read_text())
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["approver"] == "test-approver"
    arn = json.loads(started.stdout)["DurableExecutionArn"]
    execution = eventually("it ends", lambda: ended(shell, arn))
    assert execution["Status"] == "SUCCEEDED"
    assert json.loads(execution["Result"])["decision"] == decision


def ended(shell, arn):
    execution = json.loads(shell("lambda", "get-durable-execution", "--durable-execution-arn", arn).stdout)
    return execution if execution["Status"] != "RUNNING" else None


def test_sixty_seconds_and_nobody_decides(stack, shell):
    """The shortest way to see it: a timeout of 1 second; `make demo` shows a longer one."""
    started = json.loads(invoke(shell, f"{stack['WorkflowFunctionName']}:{stack['version']}", EVENT.replace("}", ',"timeout_seconds":1}'),
                                "--invocation-type", "Event").stdout)
    execution = eventually("it ends", lambda: ended(shell, started["DurableExecutionArn"]))
    assert json.loads(execution["Result"])["decision"] == "timeout"


def test_durable_executions_can_be_read(stack, shell):
    arn = json.loads(invoke(shell, f"{stack['WorkflowFunctionName']}:1", EVENT, "--invocation-type", "Event").stdout)["DurableExecutionArn"]
    listed = json.loads(shell("lambda", "list-durable-executions-by-function", "--function-name", stack["WorkflowFunctionName"]).stdout)
    assert arn in [execution["DurableExecutionArn"] for execution in listed["DurableExecutions"]]
    history = json.loads(shell("lambda", "get-durable-execution-history", "--durable-execution-arn", arn, "--include-execution-data").stdout)
    assert history["Events"][0]["EventType"] == "ExecutionStarted"
    assert json.loads(history["Events"][0]["ExecutionStartedDetails"]["Input"]["Payload"]) == json.loads(EVENT)


def test_unqualified_is_refused_in_awss_words(stack, shell):
    refused = invoke(shell, stack["WorkflowFunctionName"], EVENT, "--invocation-type", "Event", check=False)
    assert refused.returncode == 254 or refused.returncode == 255
    assert "InvalidParameterValueException" in refused.stderr
    assert "You cannot invoke a durable function using an unqualified ARN." in refused.stderr


def test_synchronously_it_would_take_too_long(stack, shell):
    refused = invoke(shell, f"{stack['WorkflowFunctionName']}:1", EVENT, check=False)
    assert "InvalidParameterValueException" in refused.stderr
    assert "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes." in refused.stderr


def test_latest_is_accepted_with_a_warning_in_the_log(stack, shell):
    assert json.loads(invoke(shell, f"{stack['WorkflowFunctionName']}:$LATEST", EVENT, "--invocation-type", "Event").stdout)["StatusCode"] == 202
    eventually("the warning is logged", lambda: json.loads(shell(
        "logs", "filter-log-events", "--log-group-name", "/aws/lambda/app-sam-Workflow", "--filter-pattern", "LATEST WARN").stdout)["events"])


def test_logs_of_the_function(stack, shell):
    invoke(shell, f"{stack['WorkflowFunctionName']}:1", EVENT, "--invocation-type", "Event")
    def events():
        return json.loads(shell("logs", "filter-log-events", "--log-group-name", "/aws/lambda/app-sam-Workflow", "--filter-pattern", '"approval requested"').stdout)["events"]
    assert json.loads(eventually("it is logged", events)[0]["message"])["message"] == "approval requested"


def test_bad_credentials_are_refused(server, stack):
    environment = server.environment(AWS_SECRET_ACCESS_KEY="not-the-key")
    refused = subprocess.run([ROOT / "build/venv/bin/aws", "sts", "get-caller-identity"], env=environment, capture_output=True, text=True)
    assert "SignatureDoesNotMatch" in refused.stderr
