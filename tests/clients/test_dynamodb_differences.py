"""The server beside another DynamoDB: the same random calls to both, the same answers.

The other one is dynalite, which tests/clients/install.sh fetches from npm; or Amazon's own DynamoDB Local where HOLDPOINT_DYNAMODB_LOCAL names a folder
with it (DynamoDBLocal.jar and DynamoDBLocal_lib), or the URL of one that runs: it is Amazon's, under Amazon's terms, and not fetched by anything here.
HOLDPOINT_SEED chooses other calls, HOLDPOINT_ROUNDS makes it longer.
"""
import json
import os
import re

from dynamodb_cases import MARK, TABLE, Case
from dynamodb_references import Endpoint, Fell, reference  # noqa: F401: a fixture
from holdpoint import ROOT

CASES = int(os.environ.get("HOLDPOINT_ROUNDS", "1")) * 250
CASES_PER_TABLE = 100  # a Scan reads them all
DIFFERENCES = ROOT / "docs/dynamodb-differences.md"


def known_differences(page, reference_name):
    """The page's table: with which reference, an operation (or *), what the server says, what the reference says; texts in which * stands for anything."""
    rows = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \| `([^`|]+)` \| `([^`|]+)` \| (.+?) \|$", page, re.M)
    return [tuple(re.compile(re.escape(cell).replace(r"\*", ".*"), re.DOTALL) for cell in row[1:4]) for row in rows if row[0] == reference_name]


def alone(reason):
    """What one part of a transaction would have been told alone."""
    code = {"ConditionalCheckFailed": "ConditionalCheckFailedException", "ValidationError": "ValidationException"}.get(reason["Code"], reason["Code"])
    return {} if code == "None" else {"Error": f"{code}: {reason.get('Message')}", **({"Item": reason["Item"]} if "Item" in reason else {})}


class Comparison:
    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        self.known = known_differences(DIFFERENCES.read_text(), getattr(theirs, "name", ""))
        self.met = set()  # rows of the page that were needed
        self.runs = self.falls = 0

    def first_difference(self, calls):
        """Runs the calls on both; the place of the first difference that the page does not list, and both answers."""
        self.runs += 1
        word = f"run{self.runs:06}-"
        for at, call in enumerate(calls):
            try:
                ours, theirs = self.ours.answer(call, word), self.theirs.answer(call, word)
            except Fell:
                self.falls += 1
                return None
            if not self.agree(call[0], ours, theirs):
                return at, ours, theirs
            if ours != theirs and not ("Error" in ours and "Error" in theirs):
                return None  # from here on they may hold different items
        return None

    def agree(self, operation, ours, theirs):
        if ours == theirs or self.is_known(operation, ours, theirs):
            return True
        reasons, other_reasons = (side.get("CancellationReasons", []) for side in (ours, theirs))
        if len(reasons) == len(other_reasons) > 0:
            return all(self.agree(operation, alone(one), alone(other)) for one, other in zip(reasons, other_reasons))
        # What is wrong with one part before any table is asked is told of the whole.
        return "Error" in ours and any(self.agree(operation, ours, alone(other)) for other in other_reasons if other["Code"] == "ValidationError")

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

    def report(self, seed, calls, difference):
        calls = self.shrunk(calls)
        _, ours, theirs = self.first_difference(calls) or difference  # which may not come again
        lines = [f"{operation} {text_of(members)}" for operation, members in calls]
        return "\n".join([f"HOLDPOINT_SEED={seed}:", *lines, f"  here:  {text_of(ours)}", f"  there: {text_of(theirs)}"])


def text_of(value):
    return json.dumps(value, default=lambda data: f"bytes {data.hex()}", ensure_ascii=False)


def ours(server):
    return Endpoint.at(server.env["AWS_ENDPOINT_URL"], server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"])


def compare(comparison, seed, cases):
    found = []
    for case in range(cases):
        if case % CASES_PER_TABLE == 0:
            comparison.ours.new_table()
            comparison.theirs.new_table()
        calls = Case(f"{seed}/{case}").calls
        if difference := comparison.first_difference(calls):
            found.append(comparison.report(f"{seed} (case {case})", calls, difference))
        if len(found) == 20:
            break
    return found


def test_the_server_agrees_with_another_dynamodb(server, reference):  # noqa: F811
    comparison = Comparison(ours(server), reference)
    found = compare(comparison, os.environ.get("HOLDPOINT_SEED", "0"), CASES)
    assert not found, "\n\n".join(found)
    assert comparison.falls <= CASES // 10, f"{reference.name} fell in {comparison.falls} of {CASES} cases: little is compared"
    assert CASES < 10000 or comparison.met == set(range(len(comparison.known))), "a difference on the page is none any more"


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
    report = same.report(1, calls, None)
    assert len(report.splitlines()) == 5 and "PutItem" in report and "DeleteItem" in report, report
    same.known = known_differences("| `it` | `DeleteItem` | `ConditionalCheckFailedException: *` | `{}` | the one forgets |", "it")
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
