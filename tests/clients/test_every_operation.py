"""Every operation of every service, through boto3 and through the command line; each answer is held against AWS's model on its way (contract.py)."""
import base64
import json
import time

import pytest

import inventory
from callers import STACK, Refused
from holdpoint import eventually
from packages import package

KEYS = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in (("id", "S"), ("n", "N"), ("kind", "S"))]}
GLOBAL = {"IndexName": "ByKind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}
LOCAL = {"IndexName": "ByKindWithin", "KeySchema": [KEYS["KeySchema"][0], {"AttributeName": "kind", "KeyType": "RANGE"}],
         "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["text"]}}
WHOLE = {"id": {"S": "a"}, "n": {"N": "1"}, "kind": {"S": "k"}, "text": {"S": "t"}, "bytes": {"B": b"abc"}, "yes": {"BOOL": True}, "none": {"NULL": True},
         "list": {"L": [{"S": "x"}, {"N": "-1.5"}]}, "map": {"M": {"in": {"S": "y"}}}, "texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2"]},
         "blobs": {"BS": [b"a", b"b"]}}
COUNTED = {"ReturnConsumedCapacity": "INDEXES"}


def refused(call, *words, **members):
    with pytest.raises(Refused) as caught:
        call(*words, **members)
    return caught.value


def comparable(value):
    """Sets in order, and bytes as base64, which is how the command line prints them."""
    if isinstance(value, dict):
        return {name: sorted(map(comparable, inner)) if name in ("SS", "NS", "BS") else comparable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@pytest.fixture(scope="module")
def table(aws, tag):
    name = f"all-{tag}"
    aws("dynamodb", "CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[GLOBAL], LocalSecondaryIndexes=[LOCAL], **KEYS)
    return {"TableName": name}


def test_dynamodb_tables(aws, table, tag):
    other = f"other-{tag}"
    made = aws("dynamodb", "CreateTable", TableName=other, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
               AttributeDefinitions=KEYS["AttributeDefinitions"][:1], KeySchema=KEYS["KeySchema"][:1], DeletionProtectionEnabled=True,
               Tags=[{"Key": "team", "Value": "a"}])
    assert made["TableDescription"]["DeletionProtectionEnabled"]
    tagged = {"ResourceArn": made["TableDescription"]["TableArn"]}
    aws("dynamodb", "TagResource", **tagged, Tags=[{"Key": "cost", "Value": "b"}])
    aws("dynamodb", "UntagResource", **tagged, TagKeys=["team"])
    assert aws("dynamodb", "ListTagsOfResource", **tagged)["Tags"] == [{"Key": "cost", "Value": "b"}]
    assert refused(aws, "dynamodb", "ListTagsOfResource", ResourceArn=tagged["ResourceArn"] + "x").code == "ResourceNotFoundException"
    assert aws("dynamodb", "DescribeLimits")["TableMaxReadCapacityUnits"]
    assert other in aws("dynamodb", "ListTables", Limit=50)["TableNames"]
    described = aws("dynamodb", "DescribeTable", **table)["Table"]
    assert described["GlobalSecondaryIndexes"][0]["IndexName"] == "ByKind" and described["LocalSecondaryIndexes"][0]["IndexName"] == "ByKindWithin"
    aws("dynamodb", "UpdateTimeToLive", **table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    assert aws("dynamodb", "DescribeTimeToLive", **table)["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert refused(aws, "dynamodb", "DeleteTable", TableName=other).code == "ValidationException"
    unprotected = aws("dynamodb", "UpdateTable", TableName=other, DeletionProtectionEnabled=False, ProvisionedThroughput={"ReadCapacityUnits": 6, "WriteCapacityUnits": 5})
    assert not unprotected["TableDescription"]["DeletionProtectionEnabled"]
    index = {"IndexName": "late", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    made = aws("dynamodb", "UpdateTable", TableName=other, GlobalSecondaryIndexUpdates=[{"Create": index}], AttributeDefinitions=[{"AttributeName": "kind", "AttributeType": "S"}])
    assert made["TableDescription"]["GlobalSecondaryIndexes"][0]["IndexName"] == "late"
    aws("dynamodb", "DeleteTable", TableName=other)
    assert refused(aws, "dynamodb", "DescribeTable", TableName="nobody").code == "ResourceNotFoundException"
    assert refused(aws, "dynamodb", "CreateTable", **table, BillingMode="PAY_PER_REQUEST", **{**KEYS, "AttributeDefinitions": KEYS["AttributeDefinitions"][:2]}).code == "ResourceInUseException"


def test_dynamodb_items(aws, table):
    key = {"Key": {"id": {"S": "a"}, "n": {"N": "1"}}}
    size = {"ReturnItemCollectionMetrics": "SIZE"}
    assert aws("dynamodb", "PutItem", **table, Item=WHOLE, ReturnValues="ALL_OLD", **COUNTED, **size)["ConsumedCapacity"]["GlobalSecondaryIndexes"]
    assert comparable(aws("dynamodb", "GetItem", **table, **key, ConsistentRead=True, **COUNTED)["Item"]) == comparable(WHOLE)
    update = {"UpdateExpression": "SET #t = :t ADD n2 :one REMOVE yes DELETE texts :gone", "ExpressionAttributeNames": {"#t": "text"},
              "ExpressionAttributeValues": {":t": {"S": "new"}, ":one": {"N": "1"}, ":gone": {"SS": ["a"]}}}
    for wanted in ("ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD", "NONE"):
        aws("dynamodb", "UpdateItem", **table, **key, **update, ReturnValues=wanted, **COUNTED, **size)
    never = {"ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert refused(aws, "dynamodb", "PutItem", **table, Item=WHOLE, **never).code == "ConditionalCheckFailedException"
    assert refused(aws, "dynamodb", "GetItem", **table, Key={"id": {"S": "a"}}).code == "ValidationException"
    assert aws("dynamodb", "DeleteItem", **table, **key, ReturnValues="ALL_OLD", **COUNTED, **size)["Attributes"]["n2"] == {"N": "5"}


def test_dynamodb_batches_and_transactions(aws, table):
    name = table["TableName"]
    puts = [{"PutRequest": {"Item": {"id": {"S": "b"}, "n": {"N": str(n)}, "kind": {"S": f"k{n % 2}"}, "text": {"S": "t"}}}} for n in range(8)]
    aws("dynamodb", "BatchWriteItem", RequestItems={name: puts}, ReturnItemCollectionMetrics="SIZE", **COUNTED)
    got = aws("dynamodb", "BatchGetItem", RequestItems={name: {"Keys": [{"id": {"S": "b"}, "n": {"N": str(n)}} for n in range(9)]}}, **COUNTED)
    assert len(got["Responses"][name]) == 8
    first, second, third = ({"id": {"S": "b"}, "n": {"N": str(n)}} for n in (0, 1, 2))
    there = {"ConditionExpression": "attribute_exists(id)"}
    writes = [{"Update": {**table, "Key": first, "UpdateExpression": "SET z = :z", "ExpressionAttributeValues": {":z": {"S": "z"}}}},
              {"Delete": {**table, "Key": second}}, {"ConditionCheck": {**table, "Key": third, **there}}, {"Put": {**table, "Item": WHOLE}}]
    aws("dynamodb", "TransactWriteItems", TransactItems=writes, ClientRequestToken=f"t-{name}", ReturnItemCollectionMetrics="SIZE", **COUNTED)
    lost = [{"Delete": {**table, "Key": first, "ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}, writes[2]]
    assert "[ConditionalCheckFailed, None]" in refused(aws, "dynamodb", "TransactWriteItems", TransactItems=lost).message
    mismatch = refused(aws, "dynamodb", "TransactWriteItems", TransactItems=writes[:1], ClientRequestToken=f"t-{name}")
    assert mismatch.code == "IdempotentParameterMismatchException"
    assert len(aws("dynamodb", "TransactGetItems", TransactItems=[{"Get": {**table, "Key": first}}, {"Get": {**table, "Key": second}}], **COUNTED)["Responses"]) == 2


def test_dynamodb_reads(aws, table):
    values = {"ExpressionAttributeValues": {":b": {"S": "b"}, ":n": {"N": "2"}}}
    query = {"KeyConditionExpression": "id = :b AND n >= :n", **values}
    assert aws("dynamodb", "Query", **table, **query, ScanIndexForward=False, ProjectionExpression="n", **COUNTED)["Count"] == 6
    assert aws("dynamodb", "Query", **table, **query, Select="COUNT")["ScannedCount"] == 6
    by_kind = {"KeyConditionExpression": "kind = :k", "ExpressionAttributeValues": {":k": {"S": "k0"}}}
    assert aws("dynamodb", "Query", **table, IndexName="ByKind", **by_kind, **COUNTED)["Count"] == 4
    within = {"KeyConditionExpression": "id = :b AND begins_with(kind, :k)", "ExpressionAttributeValues": {":b": {"S": "b"}, ":k": {"S": "k"}}}
    assert aws("dynamodb", "Query", **table, IndexName="ByKindWithin", **within)["Count"] == 7
    assert aws("dynamodb", "Scan", **table, FilterExpression="n >= :n", ExpressionAttributeValues={":n": {"N": "2"}}, **COUNTED)["Count"] == 6
    assert aws("dynamodb", "Scan", **table, Segment=0, TotalSegments=1, Limit=3)["Items"]
    assert refused(aws, "dynamodb", "Query", **table, KeyConditionExpression="n = :n", ExpressionAttributeValues={":n": {"N": "1"}}).code == "ValidationException"


def test_dynamodb_as_before_expressions(aws, table):
    key = {"Key": {"id": {"S": "old"}, "n": {"N": "1"}}}
    equals = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "old"}]}
    aws("dynamodb", "PutItem", **table, Item={**key["Key"], "text": {"S": "t"}}, Expected={"id": {"Exists": False}})
    assert refused(aws, "dynamodb", "DeleteItem", **table, **key, Expected={"text": {"Value": {"S": "no"}}}).code == "ConditionalCheckFailedException"
    updated = aws("dynamodb", "UpdateItem", **table, **key, AttributeUpdates={"hits": {"Action": "ADD", "Value": {"N": "2"}}}, ReturnValues="UPDATED_NEW")
    assert updated["Attributes"] == {"hits": {"N": "2"}}
    assert aws("dynamodb", "GetItem", **table, **key, AttributesToGet=["hits"])["Item"] == {"hits": {"N": "2"}}
    batch = {table["TableName"]: {"Keys": [key["Key"]], "AttributesToGet": ["text"]}}
    assert aws("dynamodb", "BatchGetItem", RequestItems=batch)["Responses"][table["TableName"]] == [{"text": {"S": "t"}}]
    assert aws("dynamodb", "Query", **table, KeyConditions={"id": equals}, QueryFilter={"hits": {"ComparisonOperator": "NULL"}})["Count"] == 0
    either = {"id": equals, "text": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"S": "zz"}]}}
    assert aws("dynamodb", "Scan", **table, ScanFilter=either, ConditionalOperator="OR")["Count"] == 1


def test_dynamodb_tables_go(aws, table, tag):
    assert aws("dynamodb", "DeleteTable", **table)["TableDescription"]["TableStatus"] == "DELETING"
    assert refused(aws, "dynamodb", "Scan", **table).code == "ResourceNotFoundException"


def test_sns(aws, functions, tag):
    topic = {"TopicArn": aws("sns", "CreateTopic", Name=f"topic-{tag}", Attributes={"DisplayName": "d"}, Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]}
    tagged = {"ResourceArn": topic["TopicArn"]}
    aws("sns", "TagResource", **tagged, Tags=[{"Key": "cost", "Value": "b"}])
    aws("sns", "UntagResource", **tagged, TagKeys=["team"])
    assert aws("sns", "ListTagsForResource", **tagged)["Tags"] == [{"Key": "cost", "Value": "b"}]
    assert refused(aws, "sns", "ListTagsForResource", ResourceArn=topic["TopicArn"] + "x").code == "ResourceNotFound"
    assert topic in aws("sns", "ListTopics")["Topics"]
    aws("sns", "SetTopicAttributes", **topic, AttributeName="DisplayName", AttributeValue="<&>")
    assert aws("sns", "GetTopicAttributes", **topic)["Attributes"]["DisplayName"] == "<&>"
    mail = aws("sns", "Subscribe", **topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)
    waiting = aws("sns", "Subscribe", **topic, Protocol="http", Endpoint="http://127.0.0.1:9/x", Attributes={"RawMessageDelivery": "true"})
    assert waiting["SubscriptionArn"] == "pending confirmation"
    assert refused(aws, "sns", "ConfirmSubscription", **topic, Token="f" * 64).code == "InvalidParameter"
    aws("sns", "SetSubscriptionAttributes", **mail, AttributeName="FilterPolicy", AttributeValue='{"kind": ["a"]}')
    assert aws("sns", "GetSubscriptionAttributes", **mail)["Attributes"]["FilterPolicy"] == '{"kind": ["a"]}'
    aws("sns", "SetSubscriptionAttributes", **mail, AttributeName="FilterPolicyScope", AttributeValue="MessageBody")
    aws("sns", "SetSubscriptionAttributes", **mail, AttributeName="FilterPolicy", AttributeValue='{"order": {"$or": [{"kind": ["a"]}, {"ip": [{"cidr": "10.0.0.0/8"}]}]}}')
    nested = refused(aws, "sns", "SetSubscriptionAttributes", **mail, AttributeName="FilterPolicyScope", AttributeValue="MessageAttributes")
    assert nested.code == "InvalidParameter" and "nested" in nested.message
    assert "a@example.com" in json.dumps(aws("sns", "ListSubscriptions"))
    assert len(aws("sns", "ListSubscriptionsByTopic", **topic)["Subscriptions"]) == 2
    attributes = {"kind": {"DataType": "String", "StringValue": "a"}}
    assert aws("sns", "Publish", **topic, Message="m", Subject="s", MessageAttributes=attributes)["MessageId"]
    batch = aws("sns", "PublishBatch", **topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}, {"Id": "2", "Message": ""}])
    assert [entry["Id"] for entry in batch["Successful"]] == ["1"] and batch["Failed"][0]["SenderFault"] is True
    aws("sns", "Unsubscribe", **mail)
    aws("sns", "DeleteTopic", **topic)
    assert refused(aws, "sns", "GetTopicAttributes", **topic).code == "NotFound"
    assert refused(aws, "sns", "CreateTopic", Name="not a name").code == "InvalidParameter"


def test_sns_confirms(aws, server, endpoint, tag):
    """The endpoint is told the token, and the client brings it back."""
    topic = {"TopicArn": aws("sns", "CreateTopic", Name=f"confirmed-{tag}")["TopicArn"]}
    aws("sns", "Subscribe", **topic, Protocol="http", Endpoint=endpoint.url)
    token = eventually("the endpoint is told", lambda: [m["Token"] for m in endpoint.messages if m["TopicArn"] == topic["TopicArn"]])[0]
    assert aws("sns", "ConfirmSubscription", **topic, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"].startswith(topic["TopicArn"])


def test_logs(aws, tag):
    group = {"logGroupName": f"/test/{tag}"}
    stream = {**group, "logStreamName": "one"}
    aws("logs", "CreateLogGroup", **group)
    assert refused(aws, "logs", "CreateLogGroup", **group).code == "ResourceAlreadyExistsException"
    aws("logs", "CreateLogStream", **stream)
    now = int(time.time() * 1000)
    aws("logs", "PutLogEvents", **stream, logEvents=[{"timestamp": now + i, "message": f"line {i}"} for i in range(3)])
    assert aws("logs", "DescribeLogGroups", logGroupNamePrefix="/test/")["logGroups"]
    assert aws("logs", "DescribeLogStreams", **group, orderBy="LastEventTime", descending=True)["logStreams"][0]["logStreamName"] == "one"
    assert len(aws("logs", "GetLogEvents", **stream, startFromHead=True)["events"]) == 3
    assert len(aws("logs", "FilterLogEvents", **group, filterPattern='"line 1"')["events"]) == 1
    aws("logs", "PutRetentionPolicy", **group, retentionInDays=7)
    assert aws("logs", "DescribeLogGroups", **{"logGroupNamePrefix": group["logGroupName"]})["logGroups"][0]["retentionInDays"] == 7
    aws("logs", "DeleteRetentionPolicy", **group)
    aws("logs", "DeleteLogGroup", **group)
    assert refused(aws, "logs", "GetLogEvents", **stream).code == "ResourceNotFoundException"


def test_cloudformation_and_sts(aws):
    stack = aws("cloudformation", "DescribeStacks", StackName=STACK)["Stacks"][0]
    assert {output["OutputKey"] for output in stack["Outputs"]} == {"TopicArn", "TableName"}
    assert STACK in json.dumps(aws("cloudformation", "DescribeStacks"), default=str)
    resources = aws("cloudformation", "DescribeStackResources", StackName=STACK)["StackResources"]
    assert len(resources) == len(aws("cloudformation", "ListStackResources", StackName=STACK)["StackResourceSummaries"])
    assert STACK in json.dumps(aws("cloudformation", "ListStacks"), default=str)
    assert "AWSTemplateFormatVersion" in json.dumps(aws("cloudformation", "GetTemplate", StackName=STACK))
    assert refused(aws, "cloudformation", "DescribeStacks", StackName="nobody").code == "ValidationError"
    aws("cloudformation", "DeleteStack", StackName="nobody")
    assert aws("sts", "GetCallerIdentity")["Arn"].endswith(":user/holdpoint")


def test_lambda_functions(aws, functions, tag):
    held = {"FunctionName": functions.held}
    assert functions.plain in json.dumps(aws("lambda", "ListFunctions"))
    assert aws("lambda", "GetFunction", **held)["Configuration"]["DurableConfig"]
    assert aws("lambda", "GetFunctionConfiguration", **held)["State"] == "Active"
    assert aws("lambda", "UpdateFunctionConfiguration", **held, Description=f"by {tag}", Timeout=60, MemorySize=256)["Description"] == f"by {tag}"
    version = aws("lambda", "PublishVersion", **held, Description="a version")["Version"]
    assert version in [one["Version"] for one in aws("lambda", "ListVersionsByFunction", **held)["Versions"]]
    alias = {**held, "Name": f"live-{tag}"}
    aws("lambda", "CreateAlias", **alias, FunctionVersion=version, Description="where it is")
    assert aws("lambda", "UpdateAlias", **alias, Description="moved")["Description"] == "moved"
    assert aws("lambda", "GetAlias", **alias)["FunctionVersion"] == version
    assert [one["Name"] for one in aws("lambda", "ListAliases", **held, FunctionVersion=version)["Aliases"]] == [alias["Name"]]
    assert refused(aws, "lambda", "CreateAlias", **alias, FunctionVersion=version).code == "ResourceConflictException"
    aws("lambda", "DeleteAlias", **alias)
    assert refused(aws, "lambda", "GetAlias", **alias).code == "ResourceNotFoundException"
    aws("lambda", "DeleteFunction", **held, Qualifier=version)
    assert refused(aws, "lambda", "GetFunction", FunctionName="nobody").code == "ResourceNotFoundException"


def test_lambda_invokes(aws, functions):
    plain = {"FunctionName": functions.plain}
    answer = aws("lambda", "Invoke", **plain, Payload=b'{"a": 1}', LogType="Tail")
    assert json.loads(answer["Payload"]) == {"a": 1} and answer["LogResult"] and answer["ExecutedVersion"] == "$LATEST"
    assert aws("lambda", "Invoke", **plain, Payload=b'{"errorType": "Broken"}')["FunctionError"] == "Unhandled"
    assert aws("lambda", "Invoke", **plain, InvocationType="Event")["StatusCode"] == 202
    assert aws("lambda", "Invoke", **plain, InvocationType="DryRun")["StatusCode"] == 204
    assert refused(aws, "lambda", "Invoke", **plain, Payload=b"{").code == "InvalidRequestContentException"


def test_lambda_zips(aws, functions, tag):
    zipped = {"FunctionName": f"zip-{tag}"}
    role = aws("lambda", "GetFunctionConfiguration", FunctionName=functions.plain)["Role"]
    made = aws("lambda", "CreateFunction", **zipped, Runtime="provided.al2023", Handler="h", Role=role, Code={"ZipFile": package("1")})
    assert made["PackageType"] == "Zip"
    assert json.loads(aws("lambda", "Invoke", **zipped, Payload=b"{}")["Payload"])["code"] == "1"
    assert aws("lambda", "UpdateFunctionCode", **zipped, ZipFile=package("2"))["CodeSha256"] != made["CodeSha256"]
    damaged = package("3")
    damaged = damaged[:100] + bytes(50) + damaged[150:]  # the `aws` CLI looks at the directory alone, at the end
    assert refused(aws, "lambda", "UpdateFunctionCode", **zipped, ZipFile=damaged).code == "InvalidParameterValueException"
    assert refused(aws, "lambda", "CreateFunction", **zipped, Runtime="provided.al2023", Handler="h", Role=role,
                   Code={"ZipFile": package("1")}).code == "ResourceConflictException"
    aws("lambda", "DeleteFunction", **zipped)


def test_lambda_destinations_and_concurrency(aws, functions):
    plain = {"FunctionName": functions.plain}
    assert aws("lambda", "PutFunctionEventInvokeConfig", **plain, MaximumRetryAttempts=1)["MaximumRetryAttempts"] == 1
    assert aws("lambda", "UpdateFunctionEventInvokeConfig", **plain, MaximumEventAgeInSeconds=60)["MaximumRetryAttempts"] == 1
    assert aws("lambda", "GetFunctionEventInvokeConfig", **plain)["MaximumEventAgeInSeconds"] == 60
    assert len(aws("lambda", "ListFunctionEventInvokeConfigs", **plain)["FunctionEventInvokeConfigs"]) == 1
    aws("lambda", "DeleteFunctionEventInvokeConfig", **plain)
    assert refused(aws, "lambda", "GetFunctionEventInvokeConfig", **plain).code == "ResourceNotFoundException"
    assert aws("lambda", "PutFunctionConcurrency", **plain, ReservedConcurrentExecutions=5)["ReservedConcurrentExecutions"] == 5
    assert aws("lambda", "GetFunctionConcurrency", **plain)["ReservedConcurrentExecutions"] == 5
    aws("lambda", "DeleteFunctionConcurrency", **plain)
    assert aws("lambda", "GetFunctionConcurrency", **plain) == {}


STEPS = [{"Id": "1", "Type": "STEP", "Action": "START", "Name": "one", "SubType": "Step"}, {"Id": "1", "Type": "STEP", "Action": "SUCCEED", "Payload": '"done"'},
         {"Id": "2", "Type": "CONTEXT", "Action": "START", "Name": "two"}, {"Id": "3", "Type": "STEP", "Action": "START", "ParentId": "2"},
         {"Id": "3", "Type": "STEP", "Action": "FAIL", "ParentId": "2", "Error": {"ErrorType": "E", "ErrorMessage": "m", "StackTrace": ["a"]}},
         {"Id": "2", "Type": "CONTEXT", "Action": "FAIL", "Error": {"ErrorType": "E"}},
         {"Id": "4", "Type": "WAIT", "Action": "START", "WaitOptions": {"WaitSeconds": 300}},
         {"Id": "5", "Type": "CALLBACK", "Action": "START", "CallbackOptions": {"TimeoutSeconds": 300, "HeartbeatTimeoutSeconds": 200}},
         {"Id": "6", "Type": "CALLBACK", "Action": "START"},
         {"Id": "7", "Type": "STEP", "Action": "START"},
         {"Id": "7", "Type": "STEP", "Action": "RETRY", "Error": {"ErrorType": "E"}, "StepOptions": {"NextAttemptDelaySeconds": 300}},
         {"Id": "8", "Type": "CHAINED_INVOKE", "Action": "START", "Payload": "{}", "ChainedInvokeOptions": {"FunctionName": f"{STACK}-nobody"}}]


def held_execution(aws, functions, name):
    started = aws("lambda", "Invoke", FunctionName=f"{functions.held}:$LATEST", InvocationType="Event", Payload=b'{"asked": 1}', DurableExecutionName=name)
    execution = {"DurableExecutionArn": started["DurableExecutionArn"]}
    return execution, {**execution, "CheckpointToken": functions.event(name)["CheckpointToken"]}


def test_lambda_durable_executions(aws, functions, tag):
    name = f"held-{tag}"
    execution, turn = held_execution(aws, functions, name)
    state = aws("lambda", "CheckpointDurableExecution", **turn, Updates=STEPS, ClientToken="once")
    operations = {operation["Id"]: operation for operation in state["NewExecutionState"]["Operations"]}
    assert operations["3"]["StepDetails"]["Error"]["StackTrace"] == ["a"]
    turn["CheckpointToken"] = state["CheckpointToken"]
    known = aws("lambda", "GetDurableExecutionState", **turn, MaxItems=100)["Operations"]
    assert {operation["Id"] for operation in known} >= {"1", "2", "4", "5", "6", "7", "8"}, "what is inside a context that has ended may be left out"
    callback, other = ({"CallbackId": operations[id]["CallbackDetails"]["CallbackId"]} for id in ("5", "6"))
    aws("lambda", "SendDurableExecutionCallbackHeartbeat", **callback)
    aws("lambda", "SendDurableExecutionCallbackSuccess", **callback, Result=b'"yes"')
    aws("lambda", "SendDurableExecutionCallbackFailure", **other, Error={"ErrorType": "No", "ErrorMessage": "no"})
    closed = refused(aws, "lambda", "SendDurableExecutionCallbackSuccess", **callback)
    assert closed.code in ("CallbackTimeoutException", "InvalidParameterValueException")
    functions.answer(name, Status="SUCCEEDED", Result='"over"')
    eventually("it ends", lambda: aws("lambda", "GetDurableExecution", **execution)["Status"] == "SUCCEEDED")
    assert "Result" not in aws("lambda", "GetDurableExecution", **execution, IncludeExecutionData=False)
    for with_data in (True, False):
        events = aws("lambda", "GetDurableExecutionHistory", **execution, IncludeExecutionData=with_data, ReverseOrder=True)["Events"]
        assert {"WaitStarted", "CallbackSucceeded", "CallbackFailed", "StepFailed", "ContextFailed"} <= {event["EventType"] for event in events}
    assert refused(aws, "lambda", "CheckpointDurableExecution", **turn).code == "InvalidParameterValueException"
    nobody = execution["DurableExecutionArn"][:-12] + "000000000000"
    assert refused(aws, "lambda", "GetDurableExecution", DurableExecutionArn=nobody).code == "ResourceNotFoundException"


def test_lambda_durable_executions_are_stopped_and_listed(aws, functions, tag):
    name = f"stopped-{tag}"
    execution, _ = held_execution(aws, functions, name)
    aws("lambda", "StopDurableExecution", **execution, Error={"ErrorType": "Enough", "ErrorMessage": "m", "ErrorData": "d"})
    functions.answer(name, Status="PENDING")
    assert aws("lambda", "GetDurableExecution", **execution)["Error"]["ErrorData"] == "d"
    wanted = {"FunctionName": functions.held, "Statuses": ["STOPPED"], "StartedAfter": "2020-01-01T00:00:00Z", "StartedBefore": "2120-01-01T00:00:00Z"}
    listed = aws("lambda", "ListDurableExecutionsByFunction", **wanted, DurableExecutionName=name, ReverseOrder=True)["DurableExecutions"]
    assert [one["DurableExecutionArn"] for one in listed] == [execution["DurableExecutionArn"]]
    assert "ExecutionStopped" in json.dumps(aws("lambda", "GetDurableExecutionHistory", **execution), default=str)


def test_whatever_the_server_has_was_called_with_both_clients(server, boto3_, command_line):
    has = set()
    for service in inventory.SERVICES:
        client = server.client(service)
        has |= {(service, operation) for operation in client.meta.service_model.operation_names if not inventory.is_unknown(inventory.refusal(client, operation))}
    assert len(has) > 50
    assert not has - boto3_.called and not has - command_line.called, f"boto3: {has - boto3_.called}; aws: {has - command_line.called}"
