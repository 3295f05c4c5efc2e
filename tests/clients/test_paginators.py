"""Every paginator that botocore has for the server's operations: page by page it finds what one large page would have, once each."""
import time

import pytest
from botocore import xform_name

import inventory
from holdpoint import eventually

COUNT = 7  # things to find, over pages of 2
PAGE = 2


# The error that refuses a token which is none, by the token's name.
WRONG_TOKEN = {"dynamodb": "ValidationException", "lambda": "InvalidParameterValueException", "logs": "InvalidParameterException", "sns": "InvalidParameter"}


def refuse_junk(client, service, operation, members):
    """Junk, base64 of junk, and a token of another list are refused, naming the member."""
    method = getattr(client, xform_name(operation))
    token = client.get_paginator(xform_name(operation))._input_token[0].split(".")[-1]
    if token == "ExclusiveStartKey" or token == "ExclusiveStartTableName":
        return  # a key, not a token
    for junk in ("junk", "anVuaw==", "AAAAAAAAAAAAAAAAAAAAAA=="):
        with pytest.raises(client.exceptions.ClientError) as refused:
            method(**members, **{token: junk})
        error = refused.value.response["Error"]
        assert (error["Code"], token in error["Message"]) == (WRONG_TOKEN[service], True), error


def pages(server, service, operation, page_size=PAGE, **members):
    """What a paginator finds, the number of its pages, and what it goes on with after a break."""
    paginator = server.client(service).get_paginator(xform_name(operation))
    key = paginator.result_keys[0].expression
    config = {"PageSize": page_size} if page_size else {}
    listed = [page.get(key, []) for page in paginator.paginate(**members, PaginationConfig=config)]
    found = [one for page in listed for one in page]
    refuse_junk(server.client(service), service, operation, members)
    broken = paginator.paginate(**members, PaginationConfig={**config, "MaxItems": 3}).build_full_result()
    rest = paginator.paginate(**members, PaginationConfig={**config, "StartingToken": broken["NextToken"]}).build_full_result()
    assert broken[key] + rest[key] == found, "taken up again after a break, it found something else"
    if page_size:
        assert len(listed) >= len(found) / page_size and all(len(page) <= page_size for page in listed)
    return found


def numbered(found, member, start=""):
    """The names among `found` that start so, which must all be different."""
    names = [name for one in found if (name := one if isinstance(one, str) else one[member]).startswith(start)]
    assert len(set(names)) == len(names)
    return sorted(names)


@pytest.fixture(scope="module")
def table(server):
    dynamodb = server.client("dynamodb")
    for n in range(COUNT):
        dynamodb.create_table(TableName=f"page-{n}", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in "ab"],
                              KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}])
    for n in range(COUNT):
        dynamodb.put_item(TableName="page-0", Item={"a": {"S": "a"}, "b": {"S": str(n)}})
    return {"TableName": "page-0"}


def test_dynamodb(server, table):
    assert numbered(pages(server, "dynamodb", "ListTables"), None, "page-") == [f"page-{n}" for n in range(COUNT)]
    assert len(pages(server, "dynamodb", "Scan", **table)) == COUNT
    query = {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
    found = pages(server, "dynamodb", "Query", **table, **query)
    assert [item["b"]["S"] for item in found] == [str(n) for n in range(COUNT)]
    assert pages(server, "dynamodb", "Query", **table, **query, ScanIndexForward=False) == found[::-1]
    arn = {"ResourceArn": server.client("dynamodb").describe_table(**table)["Table"]["TableArn"]}
    server.client("dynamodb").tag_resource(**arn, Tags=[{"Key": f"tag-{n}", "Value": "v"} for n in range(COUNT)])
    assert len(numbered(pages(server, "dynamodb", "ListTagsOfResource", None, **arn), "Key")) == COUNT


def test_lambda_functions(server, functions):
    lambda_ = server.client("lambda")
    held = {"FunctionName": functions.held}
    for n in range(COUNT):
        lambda_.update_function_configuration(**held, MemorySize=512 + n)
        version = lambda_.publish_version(**held, Description=f"page {n}")["Version"]
        lambda_.create_alias(**held, Name=f"page-{n}", FunctionVersion=version)
    assert numbered(pages(server, "lambda", "ListAliases", **held), "Name", "page-") == [f"page-{n}" for n in range(COUNT)]
    versions = pages(server, "lambda", "ListVersionsByFunction", **held)
    assert {f"page {n}" for n in range(COUNT)} <= {version["Description"] for version in versions}
    numbered(versions, "Version")
    found = server.client("lambda").get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1}).build_full_result()
    assert {functions.held, functions.plain} <= {function["FunctionName"] for function in found["Functions"]}


def test_lambda_event_invoke_configs(server, functions):
    lambda_ = server.client("lambda")
    plain = {"FunctionName": functions.plain}
    for n in range(COUNT):
        lambda_.update_function_configuration(**plain, MemorySize=512 + n)
        lambda_.put_function_event_invoke_config(**plain, Qualifier=lambda_.publish_version(**plain)["Version"], MaximumRetryAttempts=1)
    assert len(numbered(pages(server, "lambda", "ListFunctionEventInvokeConfigs", **plain), "FunctionArn")) == COUNT


def test_lambda_durable_executions(server, functions):
    lambda_ = server.client("lambda")
    held = {"FunctionName": functions.held}
    for n in range(COUNT):
        arn = lambda_.invoke(FunctionName=f"{functions.held}:$LATEST", InvocationType="Event", DurableExecutionName=f"page-{n}")["DurableExecutionArn"]
    turn = {"DurableExecutionArn": arn, "CheckpointToken": functions.event(f"page-{COUNT - 1}")["CheckpointToken"]}
    steps = [{"Id": str(n), "Type": "STEP", "Action": action} for n in range(COUNT) for action in ("START", "SUCCEED")]
    turn["CheckpointToken"] = lambda_.checkpoint_durable_execution(**turn, Updates=steps)["CheckpointToken"]
    states = pages(server, "lambda", "GetDurableExecutionState", **turn)
    assert [state["Id"] for state in states[1:]] == [str(n) for n in range(COUNT)]
    for n in range(COUNT):
        functions.answer(f"page-{n}", Status="SUCCEEDED", Result="1")
    eventually("all end", lambda: len(lambda_.list_durable_executions_by_function(**held, Statuses=["SUCCEEDED"])["DurableExecutions"]) >= COUNT)
    events = pages(server, "lambda", "GetDurableExecutionHistory", DurableExecutionArn=arn)
    assert [event["EventId"] for event in events] == list(range(1, len(events) + 1)) and len(events) > 2 * COUNT
    assert pages(server, "lambda", "GetDurableExecutionHistory", DurableExecutionArn=arn, ReverseOrder=True) == events[::-1]
    names = numbered(pages(server, "lambda", "ListDurableExecutionsByFunction", **held), "DurableExecutionName", "page-")
    assert names == [f"page-{n}" for n in range(COUNT)]


def test_logs(server):
    logs = server.client("logs")
    now = int(time.time() * 1000)
    for n in range(COUNT):
        logs.create_log_group(logGroupName=f"/page/{n}")
        logs.create_log_stream(logGroupName="/page/0", logStreamName=f"s{n}")
        logs.put_log_events(logGroupName="/page/0", logStreamName=f"s{n}", logEvents=[{"timestamp": now + n, "message": f"line {n}"}])
    assert numbered(pages(server, "logs", "DescribeLogGroups", logGroupNamePrefix="/page/"), "logGroupName") == [f"/page/{n}" for n in range(COUNT)]
    for order in ("LogStreamName", "LastEventTime"):
        assert numbered(pages(server, "logs", "DescribeLogStreams", logGroupName="/page/0", orderBy=order), "logStreamName") == [f"s{n}" for n in range(COUNT)]
    assert [event["message"] for event in pages(server, "logs", "FilterLogEvents", logGroupName="/page/0")] == [f"line {n}" for n in range(COUNT)]


def test_sns(server):
    """SNS has pages of 100, which a client cannot choose."""
    sns = server.client("sns")
    topic = {"TopicArn": sns.create_topic(Name="page")["TopicArn"]}
    made = [sns.create_topic(Name=f"page-{n:03}")["TopicArn"] for n in range(101)]
    for n in range(101):
        sns.subscribe(**topic, Protocol="email", Endpoint=f"a{n}@example.com")
    assert numbered(pages(server, "sns", "ListTopics", None), "TopicArn", topic["TopicArn"] + "-") == made
    assert len(numbered(pages(server, "sns", "ListSubscriptionsByTopic", None, **topic), "Endpoint")) == 101
    assert len(numbered(pages(server, "sns", "ListSubscriptions", None), "Endpoint", "a")) >= 101


def test_cloudformation(server):
    """One stack and its few resources are one page."""
    for operation, members in (("DescribeStacks", {}), ("ListStacks", {}), ("ListStackResources", {"StackName": "told"})):
        paginator = server.client("cloudformation").get_paginator(xform_name(operation))
        found = paginator.paginate(**members).build_full_result()
        assert found[paginator.result_keys[0].expression]


TRIED = {"DescribeLogGroups", "DescribeLogStreams", "DescribeStacks", "FilterLogEvents", "GetDurableExecutionHistory", "GetDurableExecutionState", "ListAliases",
         "ListDurableExecutionsByFunction", "ListFunctionEventInvokeConfigs", "ListFunctions", "ListStackResources", "ListStacks", "ListSubscriptions", "ListSubscriptionsByTopic", "ListTables",
         "ListTagsOfResource", "ListTopics", "ListVersionsByFunction", "Query", "Scan"}


def test_no_paginator_is_forgotten(server):
    there = set()
    for service in inventory.SERVICES:
        client = server.client(service)
        for operation in client.meta.service_model.operation_names:
            if client.can_paginate(xform_name(operation)) and not inventory.is_unknown(inventory.refusal(client, operation)):
                there.add(operation)
    assert there == TRIED


def test_waiters_come_to_their_end(server, functions):
    """Every waiter whose operations the server has; what they wait for is true at once."""
    dynamodb, lambda_, cloudformation = (server.client(service) for service in ("dynamodb", "lambda", "cloudformation"))
    held = {"FunctionName": functions.held}
    version = lambda_.publish_version(**held)["Version"]
    soon = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 3}}
    for name in ("function_exists", "function_active", "function_active_v2", "function_updated", "function_updated_v2"):
        lambda_.get_waiter(name).wait(**held, **soon)
    lambda_.get_waiter("published_version_active").wait(**held, Qualifier=version, **soon)
    dynamodb.create_table(TableName="waited", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}])
    dynamodb.get_waiter("table_exists").wait(TableName="waited", **soon)
    dynamodb.delete_table(TableName="waited")
    dynamodb.get_waiter("table_not_exists").wait(TableName="waited", **soon)
    for name in ("stack_exists", "stack_create_complete"):
        cloudformation.get_waiter(name).wait(StackName="told", **soon)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="nobody", **soon)
