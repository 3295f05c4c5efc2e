"""The contract itself: answers that AWS could not give are found, and those that it could are let through."""
import botocore.session
import pytest

from contract import Violation, check

MODELS = botocore.session.get_session()
ID = {"x-amzn-RequestId": "1"}
JSON0 = {**ID, "Content-Type": "application/x-amz-json-1.0"}
REST = {**ID, "Content-Type": "application/json"}
XML = {**ID, "Content-Type": "text/xml"}
METADATA = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"


def topics(inner, namespace="http://sns.amazonaws.com/doc/2010-03-31/"):
    return f'<ListTopicsResponse xmlns="{namespace}"><ListTopicsResult>{inner}</ListTopicsResult>{METADATA}</ListTopicsResponse>'


def stacks(inner):
    return (f'<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>{inner}</member>'
            f"</Stacks></DescribeStacksResult>{METADATA}</DescribeStacksResponse>")


def error(code, namespace="http://sns.amazonaws.com/doc/2010-03-31/"):
    return f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error><RequestId>1</RequestId></ErrorResponse>'


STACK = "<StackName>a</StackName><CreationTime>2026-01-01T00:00:00.000Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>"


def held_against(operation, status, headers, body):
    service, name = operation.split()
    model = MODELS.get_service_model(service).operation_model(name)
    check(model, {"status_code": status, "headers": headers, "body": body.encode()}, called=set())


@pytest.mark.parametrize("answer", [
    ("dynamodb ListTables", 200, JSON0, '{"TableNames": ["a"]}'), ("dynamodb PutItem", 200, JSON0, "{}"),
    ("dynamodb GetItem", 200, JSON0, '{"Item": {"a": {"N": "1"}}}'),
    ("dynamodb GetItem", 400, JSON0, '{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "m"}'),
    ("lambda GetFunctionConfiguration", 200, REST, '{"State": "Active", "Timeout": 3}'), ("lambda DeleteAlias", 204, ID, ""),
    ("lambda GetAlias", 404, {**REST, "x-amzn-ErrorType": "ResourceNotFoundException"}, '{"Type": "User", "Message": "m"}'),
    ("sns ListTopics", 200, XML, topics("<Topics><member><TopicArn>a</TopicArn></member></Topics>")), ("sns ListTopics", 400, XML, error("InvalidParameter")),
    ("cloudformation DescribeStacks", 200, XML, stacks(STACK)),
])
def test_what_aws_answers_is_let_through(answer):
    held_against(*answer)


@pytest.mark.parametrize("answer, named", [
    (("dynamodb ListTables", 200, JSON0, '{"Odd": 1}'), "Odd"),
    (("dynamodb ListTables", 200, JSON0, '{"TableNames": "a"}'), "TableNames"),
    (("dynamodb ListTables", 200, JSON0, '{"TableNames": null}'), "null"),
    (("dynamodb ListTables", 200, {**JSON0, "x-amz-crc32": "1"}, "{}"), "crc32"),
    (("dynamodb ListTables", 200, {"Content-Type": JSON0["Content-Type"]}, "{}"), "RequestId"),
    (("dynamodb ListTables", 200, REST, "{}"), "Content-Type"),
    (("dynamodb GetItem", 200, JSON0, '{"Item": {"a": {"B": 1}}}'), "Item.a.B"),
    (("dynamodb DescribeTable", 200, JSON0, '{"Table": {"CreationDateTime": "2026-01-01T00:00:00Z"}}'), "CreationDateTime"),
    (("dynamodb DescribeTable", 200, JSON0, '{"Table": {"TableStatus": "FINE"}}'), "FINE"),
    (("dynamodb DescribeTable", 200, JSON0, '{"Table": {"ItemCount": 1.5}}'), "ItemCount"),
    (("dynamodb GetItem", 400, JSON0, '{"__type": "a#ConditionalCheckFailedException", "message": "m"}'), "none of the operation's"),
    (("dynamodb GetItem", 404, JSON0, '{"__type": "a#ResourceNotFoundException", "message": "m"}'), "status"),
    (("dynamodb GetItem", 400, JSON0, '{"__type": "a#ResourceNotFoundException"}'), "message"),
    (("lambda GetFunctionConfiguration", 200, REST, '{"State": "Happy"}'), "Happy"),
    (("lambda DeleteAlias", 200, ID, ""), "status"),
    (("lambda GetAlias", 404, {**REST, "x-amzn-ErrorType": "ResourceNotFoundException"}, '{"Type": "User", "message": "m"}'), "message"),
    (("lambda GetDurableExecution", 200, REST, '{"Status": "RUNNING"}'), "StartTimestamp"),
    (("sns ListTopics", 200, XML, topics("<Odd/>")), "Odd"),
    (("sns ListTopics", 200, XML, topics("", "http://example.com/")), "namespace"),
    (("sns ListTopics", 200, XML, topics("<Topics><entry/></Topics>")), "entry"),
    (("sns ListTopics", 400, XML, error("NoLuck")), "NoLuck"),
    (("cloudformation DescribeStacks", 200, XML, stacks(STACK.replace("CREATE_COMPLETE", "FINE"))), "FINE"),
    (("cloudformation DescribeStacks", 200, XML, stacks(STACK.replace("T00:00:00.000Z", ""))), "ISO 8601"),
    (("cloudformation DescribeStacks", 200, XML, stacks("<StackName>a</StackName>")), "CreationTime"),
    (("cloudformation DescribeStacks", 200, XML, "<html>"), "cannot be read"),
])
def test_what_aws_cannot_answer_is_found(answer, named):
    with pytest.raises(Violation) as found:
        held_against(*answer)
    assert named in str(found.value).split("\n")[0]
