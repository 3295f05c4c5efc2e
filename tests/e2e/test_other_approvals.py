"""The approvals pattern with AWS's own SDKs for JavaScript and Python: request, notification, wait, decision or timeout. (examples/approvals_*)"""
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdpoint import ROOT, Approvals, eventually
from other_sdks import BINARIES

WAYS = [(language, mode) for language in ("javascript", "python") for mode in ("polling", "callback")]
EVENT = {"document_id": "doc-7", "document_name": "Budget", "requester": "user@example.com"}


class Stack(Approvals):
    """Submits, decides and asks as `aws lambda invoke` does."""

    def __init__(self, server, language, mode):
        stack = f"{language}-{mode}"
        server.deploy(stack, ROOT / f"examples/approvals_{language}/template.yaml", BINARIES, ApprovalWaitMode=mode, PollIntervalSeconds=1)
        super().__init__(server, stack)
        self.topic = next(t["TopicArn"] for t in self.sns.list_topics()["Topics"] if f":{stack}-" in t["TopicArn"])
        self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=f"{stack}@example.com")
        self.confirm(f"{stack}@example.com")
        assert self.publish() == "1"

    def waiting(self, **event):
        """Submits; the execution's ARN and the request's id once the approvers were told and the workflow sleeps."""
        arn = self.submit(**{**EVENT, **event})
        eventually("the workflow waits", lambda: any("Error" not in event.get("InvocationCompletedDetails", {"Error": 0}) for event in self.history(arn)))
        return arn, self.approval_of(arn)

    def approval_of(self, arn):
        """The id is in the result of the workflow's first step; each SDK writes results in its own way."""
        events = self.history(arn, IncludeExecutionData=True)
        first = next(event for event in events if event["EventType"] == "StepSucceeded")
        (record,) = [record for record in self.records() if record["approval_id"] in first["StepSucceededDetails"]["Result"]["Payload"]]
        return record["approval_id"]

    def outcome(self, arn):
        ended = self.ended(arn)
        assert ended["Status"] == "SUCCEEDED", ended
        return ended["Result"]


def approve(stack):
    arn, approval_id = stack.waiting()
    assert [record["approval_id"] for record in stack.records(approval_id=approval_id)] == [approval_id]
    status, listed = stack.api(action="list")
    assert status == 200 and approval_id in [record["approval_id"] for record in listed] and "callback_id" not in json.dumps(listed)
    assert stack.decide("no-such-id")[0] == 404
    assert stack.decide(approval_id, decision="perhaps")[0] == 400
    status, record = stack.decide(approval_id, comments="fine")
    assert (status, record["status"], "callback_id" in record) == (200, "approved", False)
    outcome = stack.outcome(arn)
    assert {name: outcome[name] for name in ("status", "approver", "comments", "document_name")} == {
        "status": "approved", "approver": "boss@example.com", "comments": "fine", "document_name": "Budget"}
    assert "callback_id" not in outcome
    # The same decision again changes nothing, and says so; another one is refused.
    assert stack.decide(approval_id)[0] == 200
    status, refusal = stack.decide(approval_id, decision="rejected", approver="other@example.com")
    assert (status, refusal["status"]) == (409, "approved")
    mails = [mail for mail in json.loads(stack.server.run("approvals", "outbox", "--json", "--stack-name", stack.stack).stdout) if approval_id in json.dumps(mail)]
    assert len(mails) == 1 and "Approval needed: Budget" in json.dumps(mails)
    if record := stack.record(approval_id).get("callback_id"):
        assert record not in json.dumps(mails)


def reject(stack):
    arn, approval_id = stack.waiting()
    assert stack.decide(approval_id, decision="rejected", approver="auditor@example.com")[0] == 200
    outcome = stack.outcome(arn)
    assert (outcome["status"], outcome["approver"]) == ("rejected", "auditor@example.com")


def time_out(stack):
    arn, approval_id = stack.waiting(timeout_seconds=1)
    assert stack.outcome(arn)["status"] == "timeout"
    status, refusal = stack.decide(approval_id)
    assert (status, refusal["status"]) == (409, "timeout")
    assert stack.api(action="get", approval_id=approval_id)[1]["status"] == "timeout"


CASES = [approve, reject, time_out]


@pytest.fixture(scope="module")
def runs(server):
    with ThreadPoolExecutor(8) as pool:
        stacks = dict(zip(WAYS, pool.map(lambda way: Stack(server, *way), WAYS)))
        yield {(way, case): pool.submit(case, stacks[way]) for case in CASES for way in WAYS}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize("case", CASES)
def test_approvals(runs, way, case):
    runs[way, case].result()
