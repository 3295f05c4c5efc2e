"""The server beside Amazon's own DynamoDB Local: the same random calls to both, the same answers.

HOLDPOINT_DYNAMODB_LOCAL names a folder with DynamoDB Local (DynamoDBLocal.jar and DynamoDBLocal_lib), or the URL of one that runs. It is Amazon's, under
Amazon's terms, and not fetched by anything here; without it the comparison is skipped. HOLDPOINT_SEED repeats a run, HOLDPOINT_ROUNDS makes it longer.
"""
import json
import os
import re
import subprocess
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore import xform_name

from dynamodb_cases import MARK, SCHEMA, TABLE, Case
from holdpoint import ROOT, eventually, free_port

CASES = int(os.environ.get("HOLDPOINT_ROUNDS", "1")) * 250
CASES_PER_TABLE = 100  # a Scan reads them all
DIFFERENCES = ROOT / "docs/dynamodb-differences.md"
UNORDERED = {"Scan", "BatchGetItem"}
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False)


def known_differences(page):
    """The page's table: an operation (or *), what the server says, what DynamoDB Local says; texts in which * stands for anything."""
    rows = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \| `([^`|]+)` \| (.+?) \|$", page, re.M)
    return [tuple(re.compile(re.escape(cell).replace(r"\*", ".*"), re.DOTALL) for cell in row[:3]) for row in rows]


class Endpoint:
    def __init__(self, client):
        self.client = client

    def new_table(self):
        try:
            self.client.delete_table(TableName=TABLE)
            self.client.get_waiter("table_not_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
        except ClientError:
            pass  # the first one
        self.client.create_table(**SCHEMA)
        eventually("the table is there", lambda: self.client.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE")

    def answer(self, call, word):
        """What came back, comparable: sets and what has no order sorted, numbers as they are."""
        operation, members = call
        try:
            answer = getattr(self.client, xform_name(operation))(**marked(members, word))
        except ClientError as error:
            response = marked_back(error.response, word)
            told = {name: response[name] for name in ("Item", "CancellationReasons") if name in response}
            return comparable({"Error": f"{response['Error']['Code']}: {response['Error']['Message']}", **told})
        answer.pop("ResponseMetadata")
        if operation == "Scan":
            answer.pop("ScannedCount")  # other cases' items are in the table, too
        answer = comparable(marked_back(answer, word), operation in UNORDERED)
        return {name: value for name, value in answer.items() if value not in ({}, []) or name == "Items"}


def replaced(value, change):
    if isinstance(value, dict):
        return {replaced(name, change): replaced(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def marked(value, word):
    return replaced(value, lambda text: text.replace(MARK, word))


def marked_back(value, word):
    return replaced(value, lambda text: text.replace(word, MARK))


def comparable(value, unordered=False):
    if isinstance(value, dict):
        return {name: in_order(inner) if name in ("SS", "NS", "BS") or (unordered and name in ("Items", TABLE)) else comparable(inner, unordered)
                for name, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner, unordered) for inner in value]
    return value


def in_order(values):
    return sorted((comparable(value) for value in values), key=repr)


class Comparison:
    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        self.known = known_differences(DIFFERENCES.read_text())
        self.met = set()  # rows of the page that were needed
        self.runs = 0

    def first_difference(self, calls):
        """Runs the calls on both; the place of the first difference that the page does not list, and both answers."""
        self.runs += 1
        word = f"run{self.runs:06}-"
        for at, call in enumerate(calls):
            ours, theirs = self.ours.answer(call, word), self.theirs.answer(call, word)
            if ours == theirs:
                continue
            if not self.is_known(call[0], ours, theirs):
                return at, ours, theirs
            if ours.get("Error", "").split(":")[0] != theirs.get("Error", "").split(":")[0]:
                return None  # from here on they hold different items
        return None

    def is_known(self, operation, ours, theirs):
        for at, (where, here, there) in enumerate(self.known):
            if where.fullmatch(operation) and here.search(text_of(ours)) and there.search(text_of(theirs)):
                self.met.add(at)
                return True
        return False

    def shrunk(self, calls):
        """As few calls as still show a difference."""
        at = len(calls) - 1
        while at >= 0:
            fewer = calls[:at] + calls[at + 1:]
            if fewer and self.first_difference(fewer):
                calls = fewer
            at -= 1
        return calls

    def report(self, seed, calls):
        calls = self.shrunk(calls)
        _, ours, theirs = self.first_difference(calls)
        lines = [f"{operation} {text_of(members)}" for operation, members in calls]
        return "\n".join([f"HOLDPOINT_SEED={seed}:", *lines, f"  here:           {text_of(ours)}", f"  DynamoDB Local: {text_of(theirs)}"])


def text_of(value):
    return json.dumps(value, default=lambda data: f"bytes {data.hex()}", ensure_ascii=False)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The URL of a DynamoDB Local."""
    where = os.environ.get("HOLDPOINT_DYNAMODB_LOCAL")
    if not where:
        pytest.skip("DynamoDB Local is not here. It is Amazon's download, under Amazon's terms: unpack it and set HOLDPOINT_DYNAMODB_LOCAL to its folder")
    if where.startswith("http"):
        yield where
        return
    port, folder = free_port(), Path(where)
    log = (tmp_path_factory.mktemp("dynamodb-local") / "log").open("w")
    process = subprocess.Popen(["java", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}", "-jar", folder / "DynamoDBLocal.jar", "-inMemory", "-port", str(port)],
                               stdout=log, stderr=log)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def endpoint(url, key, secret):
    return Endpoint(boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, config=CONFIG))


def ready(one):
    try:
        return bool(one.client.list_tables())
    except EndpointConnectionError:
        return False


def ours(server):
    return endpoint(server.env["AWS_ENDPOINT_URL"], server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"])


def compare(comparison, seed, cases):
    found = []
    for case in range(cases):
        if case % CASES_PER_TABLE == 0:
            comparison.ours.new_table()
            comparison.theirs.new_table()
        calls = Case(f"{seed}/{case}").calls
        if comparison.first_difference(calls):
            found.append(comparison.report(f"{seed} (case {case})", calls))
        if len(found) == 20:
            break
    return found


def test_the_server_agrees_with_dynamodb_local(server, reference):
    seed = os.environ.get("HOLDPOINT_SEED", str(int(time.time())))
    theirs = endpoint(reference, "local", "local")
    eventually("DynamoDB Local answers", lambda: ready(theirs))
    comparison = Comparison(ours(server), theirs)
    found = compare(comparison, seed, CASES)
    assert not found, "\n\n".join(found)
    assert CASES < 1000 or comparison.met == set(range(len(comparison.known))), "a difference on the page is none any more"


class Forgetful(Endpoint):
    """An endpoint whose conditions always hold."""

    def answer(self, call, word):
        operation, members = call
        return super().answer((operation, {name: value for name, value in members.items() if name != "ConditionExpression"}), word)


def test_a_difference_is_found_and_shrunk(server):
    """The comparison itself: nothing between the server and itself, and something when one of the two forgets conditions."""
    one = ours(server)
    one.new_table()
    same = Comparison(one, one)
    calls = [("PutItem", {"TableName": TABLE, "Item": {"h": {"S": f"{MARK}{n}"}, "r": {"N": "1"}}}) for n in range(3)]
    calls.append(("DeleteItem", {"TableName": TABLE, "Key": {"h": {"S": f"{MARK}1"}, "r": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(h)"}))
    same.theirs = Forgetful(one.client)
    same.ours = one
    assert same.first_difference(calls)[0] == 3
    report = same.report(1, calls)
    assert len(report.splitlines()) == 5 and "PutItem" in report and "DeleteItem" in report, report
    same.known = known_differences("| `DeleteItem` | `ConditionalCheckFailedException: *` | `{}` | the one forgets |")
    assert same.first_difference(calls) is None and same.met == {0}


def test_random_calls_do_what_they_are_for(server):
    """Enough of the calls get through, and every operation does: a generator of mistakes alone would compare little."""
    one = ours(server)
    one.new_table()
    done, refused = {}, {}
    for case in range(60):
        for call in Case(f"0/{case}").calls:
            answer = one.answer(call, f"gen{case}-")
            group = refused if "Error" in answer else done
            group[call[0]] = group.get(call[0], 0) + 1
    assert all(done.get(operation, 0) >= 2 for operation in {**done, **refused}), (done, refused)
    assert sum(done.values()) > sum(refused.values())
