"""What the server does not have is refused at once, by name, with the error that AWS has for it."""
import time

import pytest

import inventory
from holdpoint import ROOT

LIMIT = 30  # seconds; a client that waits for a time-out has not been refused


@pytest.mark.parametrize("service", inventory.SERVICES)
def test_an_operation_that_the_server_lacks(server, service):
    client = server.client(service)
    wrong = []
    for operation in client.meta.service_model.operation_names:
        began = time.monotonic()
        refused = inventory.refusal(client, operation)
        if inventory.is_unknown(refused) and not inventory.names_it(client, refused, operation):
            wrong.append(f"{operation}: {refused['Error']}")
        if time.monotonic() - began > LIMIT:
            wrong.append(f"{operation} took {time.monotonic() - began:.1f} s")
    assert not wrong, "\n".join(wrong)


# Where the sources stand that know a service's members: a member whose name is nowhere in them is one that the server lacks.
SOURCES = {"dynamodb": ["api/dynamodb", "tables"], "sns": ["api/sns", "topics"], "logs": ["api/logs"], "cloudformation": ["api/cloudformation"], "sts": ["api/sts"]}
# What means something on AWS only. (src/tables/create_table.cpp)
ACCEPTED = {("CreateTable", name) for name in ("SSESpecification", "WarmThroughput", "OnDemandThroughput")}
REST = {"CreateTable": {"TableName": "lacking", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
                        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}}
SAID = {("PutLogEvents", "entity"): {"keyAttributes": {"Type": "Service"}}, ("DeleteStack", "DeploymentConfig"): {"DisableRollback": True}}


def said(operation, name, shape):
    """A value for the member that asks for something."""
    return SAID.get((operation, name)) or (True if shape.type_name == "boolean" else inventory.smallest(shape))


@pytest.mark.parametrize("service", SOURCES)
def test_a_member_that_the_server_lacks(server, service):
    sources = "".join(file.read_text() for folder in SOURCES[service] for file in (ROOT / "src" / folder).rglob("*.cpp"))
    client = server.client(service)
    wrong = []
    for operation in client.meta.service_model.operation_names:
        shape = client.meta.service_model.operation_model(operation).input_shape
        if shape is None or inventory.is_unknown(inventory.refusal(client, operation)):
            continue
        for name, member in shape.members.items():
            if f'"{name}"' in sources or (operation, name) in ACCEPTED:
                continue
            refused = inventory.refusal(client, operation, **REST.get(operation, {}), **{name: said(operation, name, member)})
            if refused is None or name not in refused["Error"]["Message"]:
                wrong.append(f"{operation} {name}: {refused and refused['Error']}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("call", [
    ("dynamodb", "CreateTable", {**REST["CreateTable"], "StreamSpecification": {"StreamEnabled": True}}, "StreamSpecification"),
    ("sns", "CreateTopic", {"Name": "t.fifo", "Attributes": {"FifoTopic": "true"}}, "FIFO"),
    ("sns", "Publish", {"PhoneNumber": "+41000000", "Message": "m"}, "PhoneNumber"),
    ("logs", "CreateLogGroup", {"logGroupName": "a:b"}, "logGroupName"),
    ("logs", "CreateLogStream", {"logGroupName": "a", "logStreamName": "a*"}, "logStreamName"),
    ("cloudformation", "DescribeStackResources", {"StackName": "told", "LogicalResourceId": "Nobody"}, "Nobody"),
], ids=lambda call: f"{call[1]} {call[3]}")
def test_a_use_that_the_server_lacks(server, call):
    service, operation, members, named = call
    refused = inventory.refusal(server.client(service), operation, **members)
    assert refused and named in refused["Error"]["Message"], refused
