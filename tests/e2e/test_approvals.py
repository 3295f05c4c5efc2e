"""The thirteen known defects of the reference implementation, none of which Holdpoint has; in both wait modes."""
import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from holdpoint import check_chain, eventually


def parse(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("member", ["approver", "decided_by"])
def test_1_the_approver_is_recorded_and_returned(approvals, member):
    arn, approval_id = approvals.pending()
    status, body = approvals.api(action="decide", approval_id=approval_id, decision="approved", comments="fine", **{member: "boss@example.com"})
    assert (status, body["approver"], body["status"]) == (200, "boss@example.com", "approved")
    result = approvals.ended(arn)["Result"]
    assert result == {"approval_id": approval_id, "document_id": "doc-123", "decision": "approved", "approver": "boss@example.com",
                      "comments": "fine", "decided_at": body["decided_at"]}
    assert approvals.agree(approval_id, arn) == "approved"


def test_2_of_many_deciders_one_wins(approvals):
    arn, approval_id = approvals.pending()
    deciders = [(f"boss{i}@example.com", "approved" if i % 2 else "rejected") for i in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda d: approvals.decide(approval_id, d[1], d[0]), deciders))
    won = [body for status, body in answers if status == 200]
    lost = [body for status, body in answers if status == 409]
    assert len(won) == 1 and len(lost) == 11
    for body in lost:
        assert body["error"]["code"] == "APPROVAL_ALREADY_DECIDED"
        assert body["error"]["details"]["decision"] == won[0]["decision"]
        assert body["error"]["details"]["approver"] == won[0]["approver"]
    assert approvals.agree(approval_id, arn) == won[0]["decision"]
    assert approvals.record(approval_id)["approver"] == won[0]["approver"]


def test_2_deciders_race_the_timeout(approvals):
    """Each request expires while people decide; whoever wins, everything agrees."""
    waiting = [approvals.pending(timeout_seconds=3) for _ in range(8)]
    expiry = max(parse(approvals.record(approval_id)["expires_at"]) for _, approval_id in waiting)

    def press(approval_id):
        statuses = []
        while not statuses or (statuses[-1] == 409 and datetime.now(expiry.tzinfo) < expiry - timedelta(seconds=0.2)):
            statuses.append(approvals.decide(approval_id)[0])
        return statuses[-1]

    barrier = threading.Timer(max(0, (expiry - datetime.now(expiry.tzinfo)).total_seconds() - 0.05), lambda: None)
    barrier.start()
    barrier.join()
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip([a for _, a in waiting], pool.map(press, [a for _, a in waiting])))
    for arn, approval_id in waiting:
        assert approvals.agree(approval_id, arn) == ("approved" if answers[approval_id] == 200 else "timeout")


def test_5_one_record_per_execution_and_names_start_once(approvals):
    arn = approvals.submit(name="once-only")
    assert approvals.submit(name="once-only") == arn
    approvals.record_of(arn)
    with pytest.raises(approvals.lambda_.exceptions.DurableExecutionAlreadyStartedException):
        approvals.submit(name="once-only", document_id="another")


def test_6_rejecting_is_a_result(approvals):
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id, "rejected", comments="Too expensive")[0] == 200
    execution = approvals.ended(arn)
    assert execution["Status"] == "SUCCEEDED"
    assert execution["Result"]["decision"] == "rejected"
    assert execution["Result"]["comments"] == "Too expensive"
    assert approvals.agree(approval_id, arn) == "rejected"


@pytest.mark.parametrize("decision", ["approve", "APPROVED", "", None, 1, True, ["approved"], {"decision": "approved"}, "timeout", "pending"])
def test_7_what_is_no_decision_is_refused(polling, decision):
    _, approval_id = shared_pending(polling)
    status, body = polling.decide(approval_id, decision)
    assert status == 400
    assert body["error"]["code"] == "INVALID_REQUEST" and "decision" in body["error"]["message"]
    assert polling.record(approval_id)["status"] == "pending"


def test_7_a_missing_decision_or_approver_is_refused(polling):
    _, approval_id = shared_pending(polling)
    for event in ({"approver": "a"}, {"decision": "approved"}, {"decision": "approved", "approver": ""},
                  {"decision": "approved", "approver": "a", "decided_by": "b"}):
        status, body = polling.api(action="decide", approval_id=approval_id, **event)
        assert status == 400, body
    assert polling.record(approval_id)["status"] == "pending"


_shared = {}


def shared_pending(approvals):
    """One pending request for tests that do not change it."""
    return _shared.setdefault(approvals.stack, None) or _shared.update({approvals.stack: approvals.pending(timeout_seconds=3000)}) or _shared[approvals.stack]


def test_8_the_same_decision_again_is_success_anything_else_a_conflict(approvals):
    arn, approval_id = approvals.pending()
    first = approvals.decide(approval_id, comments="ok")
    assert first[0] == 200
    assert approvals.decide(approval_id, comments="ok") == first
    for other in ({"comments": "no"}, {"decision": "rejected", "comments": "ok"}, {"approver": "else@example.com", "comments": "ok"}):
        status, body = approvals.decide(approval_id, **other)
        assert (status, body["error"]["code"]) == (409, "APPROVAL_ALREADY_DECIDED")
    approvals.ended(arn)
    assert approvals.decide(approval_id, comments="ok") == first
    assert approvals.agree(approval_id, arn) == "approved"


def test_9_a_late_decision_hears_when_it_expired(approvals):
    arn, approval_id = approvals.pending(timeout_seconds=1)
    assert approvals.agree(approval_id, arn) == "timeout"
    record = approvals.record(approval_id)
    assert record["status"] == "timeout"
    status, body = approvals.decide(approval_id)
    assert (status, body["error"]["code"]) == (409, "APPROVAL_EXPIRED")
    assert record["expires_at"] in body["error"]["message"]
    assert body["error"]["details"]["expired_at"] == record["expires_at"]
    assert approvals.record(approval_id) == record


def test_9_a_stopped_workflow_takes_no_decision_and_says_so(approvals):
    arn, approval_id = approvals.pending()
    approvals.lambda_.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorType": "Operator", "ErrorMessage": "enough"})
    status, body = approvals.decide(approval_id)
    assert (status, body["error"]["code"]) == (409, "WORKFLOW_ENDED")
    assert approvals.record(approval_id)["status"] == "pending"
    refused = approvals.audit(approval_id)[-1]
    assert (refused["event"], refused["details"]["reason"], refused["personal"]["actor"]["value"]) == ("decision_refused", "WORKFLOW_ENDED", "boss@example.com")


def test_10_the_default_timeout_is_the_configured_one(approvals):
    _, approval_id = approvals.pending()
    record = approvals.record(approval_id)
    assert parse(record["expires_at"]) - parse(record["created_at"]) == timedelta(seconds=300)
    assert record["ttl"] == int((parse(record["expires_at"]) + timedelta(days=90)).timestamp())


@pytest.mark.parametrize("event, field", [
    ({"timeout_seconds": None}, "timeout_seconds"), ({"timeout_seconds": 0}, "timeout_seconds"), ({"timeout_seconds": -5}, "timeout_seconds"),
    ({"timeout_seconds": "60"}, "timeout_seconds"), ({"timeout_seconds": 1.5}, "timeout_seconds"), ({"timeout_seconds": 86401}, "timeout_seconds"),
    ({"document_id": ""}, "document_id"), ({"document_id": 7}, "document_id"), ({"document_name": None}, "document_name"),
    ({"requester": []}, "requester"),
])
def test_10_an_invalid_event_fails_with_the_field_and_leaves_no_record(polling, event, field):
    arn = polling.submit(**event)
    execution = polling.ended(arn)
    assert execution["Status"] == "FAILED"
    assert field in execution["Error"]["ErrorMessage"]
    assert polling.records(execution_arn=arn) == []


class Endpoint(BaseHTTPRequestHandler):
    """An http subscriber that keeps what it is sent."""
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.headers["x-amz-sns-message-type"], json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def endpoint():
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    listener.messages = []
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield listener
    listener.shutdown()


def subscribe(approvals, endpoint):
    topic = f"arn:aws:sns:us-east-1:000000000000:{approvals.stack}-ApprovalNotifications"
    topic = next(t["TopicArn"] for t in approvals.sns.list_topics()["Topics"] if t["TopicArn"].endswith(topic.rsplit(":", 1)[1]))
    approvals.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{endpoint.server_port}/{approvals.stack}", ReturnSubscriptionArn=True)
    asked = eventually("the endpoint is asked to confirm", lambda: next((m for kind, m in endpoint.messages
                       if kind == "SubscriptionConfirmation" and m["TopicArn"] == topic), None))
    approvals.sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])


def test_11_a_long_document_name_still_notifies(approvals, endpoint):
    subscribe(approvals, endpoint)
    name = "Ünusually long " * 20
    arn, approval_id = approvals.pending(document_name=name[:300])
    def messages():
        return [m for kind, m in endpoint.messages if kind == "Notification" and approval_id in m["Message"]]
    message = eventually("the notification arrives", messages)[0]
    assert len(message["Subject"]) <= 100
    record = approvals.record(approval_id)
    for part in ("user@example.com", name[:300].strip(), approval_id):
        assert part in message["Message"]
    assert "UTC" in message["Message"]
    assert message["MessageAttributes"]["approval_id"]["Value"] == approval_id
    if "callback_token" in record:
        assert record["callback_token"] not in json.dumps(message)
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    assert len(messages()) == 1


def test_12_callback_ids_stay_where_they_belong(callback, server):
    arn, approval_id = callback.pending()
    token = callback.record(approval_id)["callback_token"]
    status, answer = callback.decide(approval_id, comments="x")
    assert status == 200
    callback.ended(arn)
    assert token not in json.dumps(answer)
    assert token not in json.dumps(callback.api(action="get", approval_id=approval_id))
    assert token not in json.dumps(callback.api(action="list", status="approved", limit=100))
    assert token not in json.dumps(callback.audit(approval_id))
    logs = server.client("logs")
    for group in ("Workflow", "ApprovalApi"):
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{callback.stack}-{group}")["events"]
        assert events and token not in json.dumps(events)
    for command in ("show", "history"):
        for style in ([], ["--json"]):
            assert token not in server.run("executions", command, arn, *style).stdout
    assert token not in server.log.read_text()
    # AWS's own operation shows it to those whose role allows it.
    assert token in json.dumps(callback.history(arn, IncludeExecutionData=True), default=str)


def test_12_audit_records_outlive_the_record(polling):
    arn, approval_id = polling.pending(timeout_seconds=1)
    polling.ended(arn)
    # As if ninety days had passed.
    polling.dynamodb.update_item(TableName=polling.table, Key={"approval_id": {"S": approval_id}}, UpdateExpression="SET #t = :past",
                                 ExpressionAttributeNames={"#t": "ttl"}, ExpressionAttributeValues={":past": {"N": "1700000000"}})
    eventually("the record expires", lambda: not polling.records(approval_id=approval_id))
    assert polling.api(action="get", approval_id=approval_id)[0] == 404
    trail = polling.audit(approval_id)
    check_chain(trail)
    assert [record["event"] for record in trail] == ["created", "notified", "timed_out", "completed"]


def test_api_takes_gateway_events(polling):
    arn, approval_id = polling.pending()
    request = json.dumps({"action": "decide", "approval_id": approval_id, "decision": "approved", "approver": "boss"})
    status, body = polling.api(version="2.0", body=base64.b64encode(request.encode()).decode(), isBase64Encoded=True)
    assert (status, body["status"]) == (200, "approved")
    status, body = polling.api(body=request)
    assert status == 200
    status, body = polling.api(body="{")
    assert (status, body["error"]["code"]) == (400, "INVALID_REQUEST")
    polling.ended(arn)


def test_api_lists_newest_first_and_pages(polling):
    ids = [polling.pending(timeout_seconds=600)[1] for _ in range(3)]
    seen, token = [], None
    while True:
        status, page = polling.api(action="list", status="pending", limit=2, **({"next_token": token} if token else {}))
        assert status == 200 and len(page["approvals"]) <= 2
        seen += page["approvals"]
        token = page.get("next_token")
        if not token:
            break
    created = [one["created_at"] for one in seen]
    assert created == sorted(created, reverse=True)
    assert set(ids) <= {one["approval_id"] for one in seen}


def test_api_says_what_is_wrong(polling):
    for event, code, word in [({}, 400, "action"), ({"action": "delete"}, 400, "action"), ({"action": "get"}, 400, "approval_id"),
                              ({"action": "get", "approval_id": "no-such"}, 404, "no-such"), ({"action": "get", "approval_id": ""}, 400, "approval_id"),
                              ({"action": "get", "approval_id": "00000000-0000-4000-8000-000000000000"}, 404, "00000000"),
                              ({"action": "list", "limit": 0}, 400, "limit"), ({"action": "list", "status": "done"}, 400, "status"),
                              ({"action": "list", "next_token": "x"}, 400, "next_token")]:
        status, body = polling.api(**event)
        assert status == code and word in body["error"]["message"], (event, body)
