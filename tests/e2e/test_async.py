"""Asynchronous invocations and reserved concurrency of functions: destinations, dead letters, limits; through boto3 and templates."""
import json

import pytest

from holdpoint import eventually
from packages import folder, invoke, package, refused, with_role

TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {CodeUri: code, Runtime: provided.al2023, Timeout: 20}
Resources:
  Source:
    Type: AWS::Serverless::Function
    Properties:
      ReservedConcurrentExecutions: 1
      DeadLetterQueue: {Type: SNS, TargetArn: !Ref Letters}
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig:
          OnSuccess: {Type: Lambda, Destination: !GetAtt Listener.Arn}
          OnFailure: {Type: SNS, Destination: !Ref Failures}
  Lasting:
    Type: AWS::Serverless::Function
    Properties:
      DurableConfig: {ExecutionTimeout: 60}
      DeadLetterQueue: {Type: SNS, TargetArn: !Ref Letters}
  Weak:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy"]
  Forbidden:
    Type: AWS::Serverless::Function
    Properties:
      Role: LENT
      DurableConfig: {ExecutionTimeout: 60}
      DeadLetterQueue: {Type: SNS, TargetArn: !Ref Letters}
  Listener: {Type: "AWS::Serverless::Function"}
  Failures:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Listener.Arn}]}
  Letters:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Listener.Arn}]}
Outputs:
  Failures: {Value: !Ref Failures}
  Weak: {Value: !GetAtt Weak.Arn}
"""


LENT = """Resources:
  Lent:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy"]
      Policies:
        - PolicyName: publish
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: ALLOW, Action: "sns:Publish", Resource: "*"}]}
Outputs:
  Lent: {Value: !GetAtt Lent.Arn}
"""


def lend(server, home, effect):
    (home / "lent.yaml").write_text(LENT.replace("ALLOW", effect))
    return json.loads(server.deploy("lent", template=home / "lent.yaml").stdout)["outputs"]["Lent"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("async")


@pytest.fixture(scope="module")
def stack(server, home):
    folder(home / "code")
    (home / "template.yaml").write_text(TEMPLATE.replace("LENT", lend(server, home, "Allow")))
    outputs = json.loads(server.deploy("async", template=home / "template.yaml").stdout)["outputs"]
    lend(server, home, "Deny")  # of what may go somewhere when it is deployed, something may not when it does
    return outputs


@pytest.fixture
def lambda_(server, stack):
    return server.client("lambda")


def heard(server, word, function="async-Listener"):
    """What the listener wrote of the events that it got and that have this word in them."""
    logs = server.client("logs")
    lines = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    return [line["message"] for line in lines if line["message"].startswith("event") and word in line["message"]]


def test_outcomes_reach_their_destinations(server, lambda_):
    lambda_.invoke(FunctionName="async-Source", InvocationType="Event", Payload=json.dumps({"word": "succeeds"}))
    record = eventually("the success is told", lambda: heard(server, "Success"))[0]
    assert '"version": "1.0"' in record
    lambda_.invoke(FunctionName="async-Source", InvocationType="Event", Payload=json.dumps({"fail": "broken"}))
    eventually("the failure is told, once by the destination and once as a dead letter", lambda: len(heard(server, "Records")) == 2)


def test_the_event_of_an_execution_that_failed_is_a_dead_letter(server, lambda_):
    """The bootstrap answers what no durable function does, so every execution fails."""
    start = lambda kind, word: lambda_.invoke(FunctionName="async-Lasting:$LATEST", InvocationType=kind, Payload=json.dumps({"word": word}))
    assert start("RequestResponse", "answered")["FunctionError"]
    arn = start("Event", "lost")["DurableExecutionArn"]
    letter = eventually("the event is told", lambda: heard(server, "lost"))[0]
    assert arn.rsplit("/", 1)[1] in letter and "Invalid Status" in letter
    assert not heard(server, "answered"), "whoever waits was told"


def test_an_outcome_goes_where_the_role_of_what_ran_lets_it(server, lambda_, stack):
    """The config was checked with the role that the function had then."""
    before = lambda_.get_function_configuration(FunctionName="async-Source")
    changed = lambda_.update_function_configuration(FunctionName="async-Source", Role=stack["Weak"], DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in changed, "an empty ARN takes it back"
    lambda_.invoke(FunctionName="async-Source", InvocationType="Event", Payload=json.dumps({"word": "unsent"}))
    lambda_.invoke(FunctionName="async-Forbidden:$LATEST", InvocationType="Event", Payload=json.dumps({"word": "unsent"}))
    logs = server.client("logs")
    said = lambda: [line for line in logs.filter_log_events(logGroupName="/aws/lambda/async-Source")["events"] if "does not have permissions to call InvokeFunction" in line["message"]]
    eventually("the function's log says why", said)
    executions = lambda: lambda_.list_durable_executions_by_function(FunctionName="async-Forbidden", Statuses=["FAILED"])["DurableExecutions"]
    eventually("the execution has failed", executions)
    eventually("the server's log says why", lambda: "does not have permissions to call Publish" in server.log.read_text())
    assert not heard(server, "unsent")
    lambda_.update_function_configuration(FunctionName="async-Source", Role=before["Role"], DeadLetterConfig=before["DeadLetterConfig"])


def test_config_operations(server, lambda_, stack):
    config = lambda_.get_function_event_invoke_config(FunctionName="async-Source")
    assert config["MaximumRetryAttempts"] == 0 and config["FunctionArn"].endswith("async-Source:$LATEST")
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == stack["Failures"]
    changed = lambda_.update_function_event_invoke_config(FunctionName="async-Source", MaximumEventAgeInSeconds=60)
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (0, 60)
    assert lambda_.get_function_configuration(FunctionName="async-Source")["DeadLetterConfig"]["TargetArn"].endswith(":async-Letters")
    assert len(lambda_.list_function_event_invoke_configs(FunctionName="async-Source")["FunctionEventInvokeConfigs"]) == 1
    put = lambda_.put_function_event_invoke_config
    for words, more in [("SQS", {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}}}),
                        ("does not have permissions to call Publish", {"DestinationConfig": {"OnFailure": {"Destination": stack["Failures"]}}})]:
        code, status, message = refused(put, FunctionName="async-Listener", **more)
        assert (code, status) == ("InvalidParameterValueException", 400) and words.lower() in message.lower()
    put(FunctionName="async-Listener", MaximumRetryAttempts=1)
    lambda_.delete_function_event_invoke_config(FunctionName="async-Listener")
    assert refused(lambda_.get_function_event_invoke_config, FunctionName="async-Listener")[0] == "ResourceNotFoundException"


def test_reserved_concurrency_limits_and_switches_off(server, lambda_):
    assert lambda_.get_function_concurrency(FunctionName="async-Source")["ReservedConcurrentExecutions"] == 1
    assert lambda_.get_function(FunctionName="async-Source")["Concurrency"] == {"ReservedConcurrentExecutions": 1}
    lambda_.put_function_concurrency(FunctionName="async-Listener", ReservedConcurrentExecutions=0)
    code, status, message = refused(lambda_.invoke, FunctionName="async-Listener", Payload="{}")
    assert (code, status) == ("TooManyRequestsException", 429)
    try:
        lambda_.invoke(FunctionName="async-Listener", Payload="{}")
    except lambda_.exceptions.TooManyRequestsException as error:
        assert error.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    lambda_.invoke(FunctionName="async-Listener", InvocationType="Event", Payload=json.dumps({"word": "waited"}))
    assert not heard(server, "waited")
    lambda_.delete_function_concurrency(FunctionName="async-Listener")
    eventually("the event's turn has come", lambda: heard(server, "waited"))
    assert invoke(lambda_, "async-Listener")["code"]
    assert refused(lambda_.put_function_concurrency, FunctionName="async-Listener", ReservedConcurrentExecutions=901)[1] == 400


def test_a_deployment_whose_outcomes_would_be_lost_is_refused(server, stack, home):
    again = server.deploy("async", template=home / "template.yaml", check=False)
    assert again.returncode != 0 and "Forbidden: The function's execution role does not have permissions to call Publish" in again.stderr
    (home / "groups.yaml").write_text("Resources:\n  Outbox: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /holdpoint/outbox}}\n")
    taken = server.deploy("groups", template=home / "groups.yaml", check=False)
    assert taken.returncode != 0 and "'/holdpoint/outbox' is the server's own" in taken.stderr


def send(lambda_, name, **event):
    lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))


def create(server, lambda_, tmp_path, name):
    lambda_.create_function(FunctionName=name, Runtime="provided.al2023", Handler="h", Role=with_role(server, tmp_path),
                            Code={"ZipFile": package()}, Timeout=20)


def test_what_waits_for_one_function_keeps_the_others_from_nothing(server, lambda_):
    lambda_.put_function_concurrency(FunctionName="async-Source", ReservedConcurrentExecutions=0)
    for _ in range(260):
        send(lambda_, "async-Source", word="backlog")
    send(lambda_, "async-Listener", word="beside")
    eventually("the other one runs", lambda: heard(server, "beside"))
    lambda_.put_function_concurrency(FunctionName="async-Source", ReservedConcurrentExecutions=20)
    eventually("all have their turn", lambda: len(heard(server, "backlog", "async-Source")) == 260, deadline=300)


def test_what_waits_for_a_deleted_function_goes_with_it(server, lambda_, tmp_path):
    create(server, lambda_, tmp_path, "doomed")
    lambda_.put_function_concurrency(FunctionName="doomed", ReservedConcurrentExecutions=0)
    send(lambda_, "doomed", word="dropped")
    lambda_.delete_function(FunctionName="doomed")
    create(server, lambda_, tmp_path, "doomed")
    send(lambda_, "doomed", word="kept")
    eventually("the new one has no limit", lambda: heard(server, "kept", "doomed"))
    assert not heard(server, "dropped", "doomed")


def test_a_stack_takes_the_limits_of_its_functions_along(own_server, tmp_path):
    folder(tmp_path / "code")
    template = tmp_path / "template.yaml"
    template.write_text("Transform: AWS::Serverless-2016-10-31\nResources:\n  Off:\n    Type: AWS::Serverless::Function\n"
                        "    Properties: {CodeUri: code, Runtime: provided.al2023, FunctionName: 'off', ReservedConcurrentExecutions: 0}\n")
    own_server.deploy("off", template=template)
    lambda_ = own_server.client("lambda")
    assert refused(lambda_.invoke, FunctionName="off", Payload="{}")[1] == 429
    own_server.client("cloudformation").delete_stack(StackName="off")
    lambda_.create_function(FunctionName="off", Runtime="provided.al2023", Handler="bootstrap", Role=with_role(own_server, tmp_path), Code={"ZipFile": package()})
    assert invoke(lambda_, "off")["code"]
