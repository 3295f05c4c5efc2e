"""The approval API function: {"action": "decide" | "get" | "list", ...} answers {"statusCode", "body"}. It is a plain function, not a durable one."""
import json

import boto3

import records

client = boto3.client("lambda")


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}


def resume(record):
    """Wakes the workflow of a decided request. Whether it still waits does not matter: the record says what was decided."""
    if "callback_id" in record:
        try:
            client.send_durable_execution_callback_success(CallbackId=record["callback_id"], Result=json.dumps(record["status"]))
        except client.exceptions.CallbackTimeoutException:
            pass


def decide(event):
    approval_id, decision, approver = event.get("approval_id"), event.get("decision"), event.get("approver")
    if decision not in ("approved", "rejected") or not approver:
        return answer(400, {"error": "A decision is 'approved' or 'rejected', and needs an 'approver'."})
    if records.get(approval_id) is None:
        return answer(404, {"error": f"There is no approval request {approval_id}."})
    won = records.decide(approval_id, decision, approver, event.get("comments", ""))
    record = records.get(approval_id)
    same = (record["status"], record.get("approver")) == (decision, approver)
    if not won and not same:
        outcome = "expired" if record["status"] == "pending" else record["status"]
        return answer(409, {"error": f"The request is {outcome} already.", "status": outcome})
    resume(record)  # also when the same decision comes again: its first try may have ended before this line
    return answer(200, records.public(record))


def handler(event, _context):
    if event.get("action") == "decide":
        return decide(event)
    if event.get("action") == "get":
        record = records.get(event.get("approval_id"))
        return answer(200, records.public(record)) if record else answer(404, {"error": "There is no such approval request."})
    if event.get("action") == "list":
        return answer(200, records.pending())
    return answer(400, {"error": "'action' is 'decide', 'get' or 'list'."})
