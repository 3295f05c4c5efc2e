"""kill -9 of the server and of function processes, at random moments: nothing acknowledged is lost, everything goes on by itself.

HOLDPOINT_ROUNDS says how many rounds (`make long` runs many); HOLDPOINT_SEED repeats a run.
"""
import os
import random
import signal
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from holdpoint import deployed, eventually, there

LONG = 24 * 3600  # no request expires while a test of many rounds runs
ROUNDS = int(os.environ.get("HOLDPOINT_ROUNDS", "4"))


@pytest.fixture
def chance():
    seed = int(os.environ.get("HOLDPOINT_SEED", time.time()))
    print(f"HOLDPOINT_SEED={seed}")
    return random.Random(seed)


def insist(call, accept=lambda answer: True):
    """Repeats a call until it gets through, as a client with patience would."""
    def once():
        try:
            return accept(answer := call()) and (answer,)
        except (BotoCoreError, ClientError, AssertionError, ConnectionError):
            return None
    return eventually("the call gets through", once)[0]


def test_what_waits_goes_on_after_a_restart(own_server, mode):
    approvals = deployed(own_server, mode)
    arn, approval_id = approvals.pending()
    expiring, expired_id = approvals.pending(timeout_seconds=4)
    own_server.kill()
    time.sleep(0.5)
    own_server.start()
    approvals.reconnect()
    assert approvals.agree(expired_id, expiring) == "timeout"
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"


def test_what_expired_while_the_server_was_down_times_out(own_server, mode):
    approvals = deployed(own_server, mode)
    arn, approval_id = approvals.pending(timeout_seconds=1)
    own_server.kill()
    time.sleep(1.5)
    own_server.start()
    approvals.reconnect()
    assert approvals.agree(approval_id, arn) == "timeout"


def decide_all(approvals, arns):
    """Approves every execution's request, waits until all are over, and answers the requests' ids."""
    def all_records():
        ids = {record["execution_arn"]: record["approval_id"] for record in approvals.records()}
        return all(arn in ids for arn in arns) and ids

    ids = eventually("each execution has its record", all_records)
    assert len(ids) == len(set(arns)), "an execution has two records, or nobody started it"
    for approval_id in ids.values():
        insist(lambda approval_id=approval_id: approvals.decide(approval_id), lambda answer: answer[0] == 200)
    for arn, approval_id in ids.items():
        assert approvals.agree(approval_id, arn) == "approved"
    return ids.values()


def test_the_server_is_killed_at_random_moments(own_server, mode, chance):
    """Each round submits, decides, and kills the server somewhere on the way; in the end every execution has one decision."""
    approvals = deployed(own_server, mode)
    started = {}
    for round_ in range(ROUNDS):
        killer = threading.Timer(chance.uniform(0, 0.3), own_server.kill)
        killer.start()
        for i in range(3):
            name = f"round-{round_}-{i}"
            try:
                started[name] = approvals.submit(name=name, timeout_seconds=LONG)
                for record in approvals.records(execution_arn=started[name]):
                    approvals.decide(record["approval_id"])
            except (BotoCoreError, ClientError, AssertionError):
                pass
        killer.join()
        own_server.start()
        approvals.reconnect()
        for i in range(3):
            name = f"round-{round_}-{i}"
            arn = insist(lambda name=name: approvals.submit(name=name, timeout_seconds=LONG))
            assert started.setdefault(name, arn) == arn, "an acknowledged start was lost"
    decide_all(approvals, started.values())


def test_function_processes_are_killed_at_random_moments(own_server, mode, chance):
    approvals = deployed(own_server, mode)
    over = threading.Event()

    def kill_some():
        while not over.wait(chance.uniform(0.02, 0.4)):
            for pid in own_server.children("-Workflow"):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    killer = threading.Thread(target=kill_some)
    killer.start()
    try:
        arns = [insist(lambda i=i: approvals.submit(name=f"killed-{i}", document_id=f"doc-{i}", timeout_seconds=LONG)) for i in range(4 * ROUNDS)]
        time.sleep(2)
    finally:
        over.set()
        killer.join()
    for approval_id in decide_all(approvals, arns):
        assert len([e for e in approvals.audit(approval_id) if e["event"].startswith("notif")]) == 1


def test_a_decision_recorded_by_a_function_that_then_died_heals(own_server):
    """Defect 8, the hard way: the record is decided in the table, and nobody sends the callback."""
    approvals = deployed(own_server, "callback")
    arn, approval_id = approvals.pending(timeout_seconds=LONG)
    record = approvals.record(approval_id)
    crash_after_recording(approvals, record)
    # The same decision again delivers the callback that was not delivered.
    status, body = approvals.decide(approval_id, comments="ok")
    assert (status, body["status"]) == (200, "approved")
    assert approvals.ended(arn)["Result"]["decision"] == "approved"


def test_a_decision_nobody_repeats_is_found_when_the_callback_times_out(own_server):
    approvals = deployed(own_server, "callback")
    arn, approval_id = approvals.pending(timeout_seconds=8)
    crash_after_recording(approvals, approvals.record(approval_id))
    assert approvals.ended(arn)["Result"]["decision"] == "approved"


def crash_after_recording(approvals, record):
    """Leaves the record as the API function's transaction does, without what it does next."""
    approvals.dynamodb.update_item(
        TableName=approvals.table, Key={"approval_id": {"S": record["approval_id"]}},
        ConditionExpression="#s = :pending",
        UpdateExpression="SET #s = :approved, decision = :approved, approver = :who, comments = :ok, decided_at = :now, updated_at = :now",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":pending": {"S": "pending"}, ":approved": {"S": "approved"}, ":who": {"S": "boss@example.com"},
                                   ":ok": {"S": "ok"}, ":now": {"S": record["created_at"]}})


def test_functions_end_with_their_server(own_server):
    approvals = deployed(own_server, "polling")
    approvals.pending()
    pids = eventually("a function process runs", lambda: own_server.children("-Workflow"))
    own_server.kill()
    eventually("they are gone", lambda: not any("AWS_LAMBDA_FUNCTION_NAME=" in there(f"/proc/{pid}/environ") for pid in pids))
