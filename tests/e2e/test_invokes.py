"""Functions that durable functions invoke: every way that ends, and what kill -9 leaves of it."""
import json
import re
import urllib.request

import pytest

from holdpoint import ROOT, eventually

TEMPLATE = ROOT / "tests/conformance/template.yaml"


def deploy(server):
    server.deploy("conf", TEMPLATE)


@pytest.fixture(scope="module")
def lambda_(server):
    deploy(server)
    return server.client("lambda")


def start(lambda_, function, payload=None):
    return lambda_.invoke(FunctionName="conf-caller:$LATEST", InvocationType="Event",
                          Payload=json.dumps({"function": function, "payload": payload}))["DurableExecutionArn"]


def result(lambda_, arn):
    ended = eventually("the caller ends", lambda: (e := lambda_.get_durable_execution(DurableExecutionArn=arn))["Status"] != "RUNNING" and e)
    assert ended["Status"] == "SUCCEEDED", ended
    return json.loads(ended["Result"])


def call(lambda_, function, payload=None):
    return result(lambda_, start(lambda_, function, payload))


def events(lambda_, arn, kind):
    history = lambda_.get_durable_execution_history(DurableExecutionArn=arn, IncludeExecutionData=True)["Events"]
    return [event[f"{kind}Details"] for event in history if event["EventType"] == kind]


def executions(lambda_, function, *statuses):
    listed = lambda_.list_durable_executions_by_function(FunctionName=function)["DurableExecutions"]
    return [e["DurableExecutionArn"] for e in listed if not statuses or e["Status"] in statuses]


def test_a_durable_function_answers_after_it_waited(lambda_):
    assert call(lambda_, "conf-target-slow:$LATEST", {"a": [1]}) == 'answered {"a":[1]}'


@pytest.mark.parametrize("function", ["conf-target-plain", "conf-target-plain:$LATEST"])
def test_a_plain_function_answers(lambda_, function):
    assert call(lambda_, function, "x") == 'answered "x"'


def test_names_may_be_arns(lambda_):
    arn = lambda_.get_function_configuration(FunctionName="conf-target-echo")["FunctionArn"]
    assert call(lambda_, f"{arn}:$LATEST", 7) == "answered 7"


def test_failures_are_told(lambda_):
    assert call(lambda_, "conf-target-fail:$LATEST") == "failed runtime_error: the target fails"
    assert call(lambda_, "conf-target-plain-fail") == "failed NoLuck: the plain target fails"


def test_a_durable_function_that_times_out(lambda_):
    assert call(lambda_, "conf-target-short:$LATEST") == "timed out ChainedInvoke.Timeout: CHAINED_INVOKE timed out after 1 seconds."


def test_a_durable_function_that_is_stopped(lambda_):
    arn = start(lambda_, "conf-target-slow:$LATEST", {"seconds": 600})
    (child,) = eventually("the child runs", lambda: [e["DurableExecutionArn"] for e in events(lambda_, arn, "ChainedInvokeStarted")])
    lambda_.stop_durable_execution(DurableExecutionArn=child, Error={"ErrorType": "Enough", "ErrorMessage": "nobody needs it"})
    assert result(lambda_, arn) == "stopped Enough: nobody needs it"


def test_a_stopped_caller_lets_its_child_run(lambda_):
    arn = start(lambda_, "conf-target-slow:$LATEST", {"seconds": 8})
    (child,) = eventually("the child runs", lambda: [e["DurableExecutionArn"] for e in events(lambda_, arn, "ChainedInvokeStarted")])
    lambda_.stop_durable_execution(DurableExecutionArn=arn)
    assert result(lambda_, child) == {"seconds": 8}
    assert lambda_.get_durable_execution(DurableExecutionArn=arn)["Status"] == "STOPPED"


def test_what_cannot_be_invoked_fails_at_once(lambda_):
    assert call(lambda_, "conf-target-nowhere:$LATEST").startswith("failed ResourceNotFoundException: Function not found: ")
    assert call(lambda_, "conf-target-echo") == (
        "failed InvalidParameterValueException: You cannot invoke a durable function using an unqualified ARN.")
    refusal = call(lambda_, "conf-1-1:$LATEST")
    assert refusal.startswith("failed AccessDeniedException: User: ") and "lambda:InvokeFunction on resource: " in refusal
    assert executions(lambda_, "conf-1-1") == []


@pytest.mark.parametrize("what, place", [("account", "us-east-1:999999999999"), ("region", "eu-west-1:000000000000")])
def test_another_account_or_region_is_refused(lambda_, what, place):
    arn = start(lambda_, f"arn:aws:lambda:{place}:function:conf-target-echo:1")
    ended = eventually("it ends", lambda: (e := lambda_.get_durable_execution(DurableExecutionArn=arn))["Status"] != "RUNNING" and e)
    assert ended["Status"] == "FAILED"
    assert f"Cannot start a CHAINED_INVOKE on a function in another {what}." in ended["Error"]["ErrorMessage"]


def test_a_topic_starts_a_durable_function_by_a_qualified_arn_alone(server, lambda_):
    sns = server.client("sns")
    arn = lambda_.get_function(FunctionName="conf-target-slow")["Configuration"]["FunctionArn"]

    def publish(endpoint):
        topic = sns.create_topic(Name=f"to-{'latest' if 'LATEST' in endpoint else 'nothing'}")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=endpoint)
        sns.publish(TopicArn=topic, Message="hello")

    def failed():
        page = urllib.request.urlopen(f"{server.env['AWS_ENDPOINT_URL']}/metrics").read().decode()
        return float(re.search(r'holdpoint_deliveries_total\{result="failed"\} (\S+)', page).group(1))

    before, known = failed(), executions(lambda_, "conf-target-slow")
    publish(arn)
    eventually("it is refused", lambda: failed() > before)
    assert executions(lambda_, "conf-target-slow") == known
    publish(f"{arn}:$LATEST")
    eventually("an execution", lambda: len(executions(lambda_, "conf-target-slow")) == len(known) + 1)


def test_large_payloads_get_through(lambda_):
    assert len(call(lambda_, "conf-target-echo:$LATEST", "x" * 1_000_000)) > 1_000_000


@pytest.mark.parametrize("function", ["conf-target-slow:$LATEST", "conf-target-plain"])
def test_kill_9_while_the_target_is_under_way(own_server, function):
    deploy(own_server)
    lambda_ = own_server.client("lambda")
    arn = start(lambda_, function, "kept")
    eventually("the target is started", lambda: events(lambda_, arn, "ChainedInvokeStarted"))
    eventually("the caller sleeps", lambda: events(lambda_, arn, "InvocationCompleted"))
    own_server.restart()
    lambda_ = own_server.client("lambda")
    assert result(lambda_, arn) == 'answered "kept"'
    assert len(events(lambda_, arn, "ChainedInvokeStarted")) == len(events(lambda_, arn, "ChainedInvokeSucceeded")) == 1
    if "slow" in function:
        assert len(executions(lambda_, "conf-target-slow")) == 1
