"""Requests that are almost right: each is answered with a client's error (or done) in AWS's form, none with a server's, and the server lives.

HOLDPOINT_SEED repeats a run; HOLDPOINT_ROUNDS makes it longer.
"""
import copy
import http.client
import json
import os
import random
import time
import urllib.parse

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import OperationNotFoundError

import contract

MODELS = botocore.session.get_session()
ROUNDS = int(os.environ.get("HOLDPOINT_ROUNDS", "4")) * 60
ODD = [None, True, -1, 0, 1.5, 10**30, "", "x", "\u0000", "😀" * 10, "9" * 400, [], {}, [None], [[]], {"S": 1}, {"N": "x"}, {"": ""}, [{}], {"S": "a", "N": "1"}]

ITEM = {"approval_id": {"S": "a"}, "n": {"N": "1"}, "m": {"M": {"l": {"L": [{"S": "x"}]}}}, "status": {"S": "pending"}, "created_at": {"S": "t"}}
NAMED = {"ExpressionAttributeNames": {"#s": "status"}, "ExpressionAttributeValues": {":p": {"S": "pending"}, ":n": {"N": "1"}}}
TABLE = {"TableName": "app-polling-ApprovalRequests"}
KEY = {"Key": {"approval_id": {"S": "a"}}}
JSON = [
    ("dynamodb", "DynamoDB_20120810", action, body) for action, body in [
        ("PutItem", {**TABLE, "Item": ITEM, "ConditionExpression": "#s <> :p OR size(#s) > :n", **NAMED, "ReturnValues": "ALL_OLD"}),
        ("GetItem", {**TABLE, **KEY, "ProjectionExpression": "m.l[0], #s", "ExpressionAttributeNames": {"#s": "status"}}),
        ("UpdateItem", {**TABLE, **KEY, "UpdateExpression": "SET #s = if_not_exists(#s, :p), n = n + :n REMOVE m.l[0]", **NAMED}),
        ("DeleteItem", {**TABLE, **KEY}),
        ("Query", {**TABLE, "IndexName": "StatusIndex", "KeyConditionExpression": "#s = :p", "FilterExpression": "n BETWEEN :n AND :n", **NAMED, "Limit": 5}),
        ("Scan", {**TABLE, "FilterExpression": "#s IN (:p) AND attribute_type(m, :n)", **NAMED, "Segment": 0, "TotalSegments": 2}),
        ("BatchGetItem", {"RequestItems": {TABLE["TableName"]: {"Keys": [KEY["Key"]]}}}),
        ("BatchWriteItem", {"RequestItems": {TABLE["TableName"]: [{"PutRequest": {"Item": ITEM}}]}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**TABLE, "Item": ITEM}}, {"ConditionCheck": {**TABLE, "Key": {"approval_id": {"S": "b"}}, "ConditionExpression": "attribute_not_exists(n)"}}]}),
        ("TransactGetItems", {"TransactItems": [{"Get": {**TABLE, **KEY}}]}),
        ("CreateTable", {"TableName": "odd", "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}),
        ("UpdateTable", {"TableName": "odd", "DeletionProtectionEnabled": False, "AttributeDefinitions": [{"AttributeName": "b", "AttributeType": "S"}], "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "byB", "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}),
        ("DescribeTable", TABLE), ("ListTables", {"Limit": 1}),
        ("UpdateTimeToLive", {**TABLE, "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True}}),
    ]
] + [
    ("logs", "Logs_20140328", action, body) for action, body in [
        ("FilterLogEvents", {"logGroupName": "/aws/lambda/app-polling-Workflow", "filterPattern": '{ $.level = "INFO" && $.n > 1 }', "limit": 5, "startTime": 0}),
        ("GetLogEvents", {"logGroupName": "/aws/lambda/app-polling-Workflow", "logStreamName": "x", "limit": 1}),
        ("PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]}),
        ("DescribeLogGroups", {"limit": 1}), ("DescribeLogStreams", {"logGroupName": "g", "orderBy": "LastEventTime"}),
        ("CreateLogGroup", {"logGroupName": "g"}),
    ]
]
ARN = "arn:aws:lambda:us-east-1:000000000000:function:app-polling-Workflow:1/durable-execution/n/00000000-0001-8522-8efa-18235092eb22"
EXECUTION = "/2025-12-01/durable-executions/" + urllib.parse.quote(ARN, safe="")
REST = [
    ("CheckpointDurableExecution", "POST", EXECUTION + "/checkpoint", {"CheckpointToken": "t", "ClientToken": "c", "Updates": [
        {"Id": "1", "Type": "STEP", "Action": "RETRY", "Name": "n", "Error": {"ErrorType": "t"}, "StepOptions": {"NextAttemptDelaySeconds": 1}}]}),
    ("StopDurableExecution", "POST", EXECUTION + "/stop", {"ErrorType": "t", "ErrorMessage": "m", "StackTrace": ["a"]}),
    ("GetDurableExecutionState", "GET", EXECUTION + "/state?CheckpointToken=t&MaxItems=1", None), ("GetDurableExecutionHistory", "GET", EXECUTION + "/history?MaxItems=2&ReverseOrder=true&Marker=x", None), ("GetDurableExecution", "GET", EXECUTION, None),
    ("SendDurableExecutionCallbackSuccess", "POST", "/2025-12-01/durable-execution-callbacks/abc/succeed", {"a": 1}), ("SendDurableExecutionCallbackFailure", "POST", "/2025-12-01/durable-execution-callbacks/abc/fail", {"ErrorType": "t"}),
    ("SendDurableExecutionCallbackHeartbeat", "POST", "/2025-12-01/durable-execution-callbacks/abc/heartbeat", None),
    ("ListDurableExecutionsByFunction", "GET", "/2025-12-01/functions/app-polling-Workflow/durable-executions?StartedAfter=1&Statuses=RUNNING&MaxItems=3", None),
    ("PublishVersion", "POST", "/2015-03-31/functions/app-polling-Workflow/versions", {"Description": "d", "CodeSha256": "x"}),
    ("Invoke", "POST", "/2015-03-31/functions/app-polling-ApprovalApi/invocations", {"action": "decide", "approval_id": "a", "decision": "approved", "approver": "b"}),
    ("ListFunctions", "GET", "/2015-03-31/functions?MaxItems=2&FunctionVersion=ALL", None), ("ListAliases", "GET", "/2015-03-31/functions/app-polling-Workflow/aliases", None),
    ("CreateFunction", "POST", "/2015-03-31/functions", {
        "FunctionName": "zipped", "Runtime": "provided.al2023", "Role": "arn:aws:iam::000000000000:role/app-polling-WorkflowRole",
        "Handler": "h", "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}, "Publish": True, "Architectures": ["x86_64"]}),
    ("UpdateFunctionCode", "PUT", "/2015-03-31/functions/app-polling-Workflow/code", {"ZipFile": "UEsFBg==", "DryRun": True, "RevisionId": "r"}),
    ("CreateAlias", "POST", "/2015-03-31/functions/app-polling-ApprovalApi/aliases",
     {"Name": "live", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}}),
    ("PutFunctionEventInvokeConfig", "PUT", "/2019-09-25/functions/app-polling-ApprovalApi/event-invoke-config", {
        "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60, "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sns:us-east-1:000000000000:t"}}}),
    ("PutFunctionConcurrency", "PUT", "/2017-10-31/functions/nobody/concurrency", {"ReservedConcurrentExecutions": 1}),
    ("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/app-polling-Workflow/configuration", {"Timeout": 60, "Environment": {"Variables": {"A": "b"}}}),
]
FORM = [
    ("sns", "2010-03-31", {"Action": "Publish", "TopicArn": "arn:aws:sns:us-east-1:000000000000:app-polling-ApprovalNotifications", "Message": "m", "Subject": "s",
                           "MessageAttributes.entry.1.Name": "n", "MessageAttributes.entry.1.Value.DataType": "Number", "MessageAttributes.entry.1.Value.StringValue": "1"}),
    ("sns", "2010-03-31", {"Action": "Subscribe", "TopicArn": "arn:aws:sns:us-east-1:000000000000:app-polling-ApprovalNotifications", "Protocol": "http", "Endpoint": "http://127.0.0.1:9/x",
                           "Attributes.entry.1.key": "FilterPolicy", "Attributes.entry.1.value": '{"a":[{"numeric":[">",1]}]}'}),
    ("sns", "2010-03-31", {"Action": "ConfirmSubscription", "TopicArn": "a", "Token": "t"}),
    ("sns", "2010-03-31", {"Action": "ListSubscriptionsByTopic", "TopicArn": "a", "NextToken": "x"}),
    ("cloudformation", "2010-05-15", {"Action": "DescribeStacks", "StackName": "app-polling"}), ("cloudformation", "2010-05-15", {"Action": "ListStackResources", "StackName": "x"}),
    ("sts", "2011-06-15", {"Action": "GetCallerIdentity"}),
]


class Caller:
    def __init__(self, server, chance):
        self.server, self.chance = server, chance

    def send(self, service, method, path, headers, body):
        body = body.encode("utf-8", "surrogatepass")
        url = self.server.env["AWS_ENDPOINT_URL"] + path
        request = AWSRequest(method, url, headers=headers, data=body)
        keys = Credentials(self.server.env["AWS_ACCESS_KEY_ID"], self.server.env["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, service, self.server.env["AWS_DEFAULT_REGION"]).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request(method, path, body=body, headers=dict(request.headers))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return {"status_code": answer.status, "headers": dict(answer.headers), "body": text}

    def spoil(self, value):
        """A copy with one or two things in it changed, added or taken away; once in a while none."""
        value = copy.deepcopy(value)
        for _ in range(self.chance.choice([0, 1, 1, 1, 2])):
            value = self.spoil_once(value)
        return value

    def spoil_once(self, value):
        if isinstance(value, dict) and value and self.chance.random() < 0.85:
            key = self.chance.choice(list(value))
            action = self.chance.random()
            if action < 0.1:
                del value[key]
            elif action < 0.15:
                value[self.chance.choice(["Odd", "", "approval_id"])] = value[key]
            else:
                value[key] = self.spoil_once(value[key])
            return value
        if isinstance(value, list) and value and self.chance.random() < 0.8:
            at = self.chance.randrange(len(value))
            value[at] = self.spoil_once(value[at])
            return value * self.chance.choice([1, 1, 2, 130])
        if isinstance(value, str) and value and self.chance.random() < 0.6:
            at = self.chance.randrange(len(value) + 1)
            return value[:at] + self.chance.choice(["", "(", ")", "#", ":", ".", "[0]", "[99999999999999999999]", " AND ", "\\", "\"", "é", "(" * 400]) + value[at + self.chance.choice([0, 1, 5]):]
        return copy.deepcopy(self.chance.choice(ODD))


@pytest.fixture
def caller(polling):
    seed = int(os.environ.get("HOLDPOINT_SEED", time.time()))
    print(f"HOLDPOINT_SEED={seed}")
    return Caller(polling.server, random.Random(seed))


def check(caller, answer, service, operation, *what):
    """`operation`: its name when the request still says what it is."""
    assert 200 <= answer["status_code"] < 500, (answer, *what)
    assert caller.server.process.poll() is None, (caller.server.tail(), *what)
    try:
        model = MODELS.get_service_model(service).operation_model(operation)
    except (OperationNotFoundError, TypeError):
        return
    contract.check(model, answer, set())


def test_json_services(caller):
    for _ in range(ROUNDS * 4):
        service, prefix, action, body = caller.chance.choice(JSON)
        body = json.dumps(caller.spoil(body))
        if caller.chance.random() < 0.03:
            body = body[:caller.chance.randrange(len(body) + 1)]
        headers = {"X-Amz-Target": f"{prefix}.{action}", "Content-Type": "application/x-amz-json-1.0"}
        check(caller, caller.send(service, "POST", "/", headers, body), service, action, body)


def test_rest_services(caller):
    for _ in range(ROUNDS * 2):
        operation, method, path, body = caller.chance.choice(REST)
        if caller.chance.random() < 0.4:
            operation = None
            at = caller.chance.randrange(12, len(path))
            path = path[:at] + caller.chance.choice(["", "%00", "%", "/", "%2F", "..", "?", "&MaxItems=-1", "=", "%ff", "99999999999999999999"]) + path[at + 1:]
        text = json.dumps(caller.spoil(body)) if body is not None else ""
        check(caller, caller.send("lambda", method, path, {"Content-Type": "application/json"}, text), "lambda", operation, method, path, text)


def test_query_services(caller):
    for _ in range(ROUNDS):
        service, version, members = caller.chance.choice(FORM)
        members = caller.spoil({**members, "Version": version})
        body = urllib.parse.urlencode({name: str(value) for name, value in members.items()}) if isinstance(members, dict) else str(members)
        operation = members.get("Action") if isinstance(members, dict) else None
        check(caller, caller.send(service, "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, body), service, operation, body)


def test_the_server_still_works(polling):
    arn, approval_id = polling.pending()
    assert polling.decide(approval_id)[0] == 200
    assert polling.agree(approval_id, arn) == "approved"
