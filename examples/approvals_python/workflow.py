"""A workflow that waits for a person: records a request, tells the approvers, waits for the decision or the timeout, answers what was decided.

APPROVAL_WAIT_MODE says how it waits: "polling" reads the record now and then; "callback" sleeps until the approval API function resumes it.
"""
import json
import os
import time
import uuid

import boto3
from aws_durable_execution_sdk_python import CallbackTimeoutError, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

import records

sns = boto3.client("sns")


@durable_step
def create(_step, request):
    return records.create(request)


@durable_step
def notify(step, request):
    """Tells the approvers. The callback's id is a secret and stays out of it."""
    subject = f"Approval needed: {request['document_name']}"[:100]
    message = {"approval_id": request["approval_id"], "document_name": request["document_name"], "requester": request["requester"]}
    sns.publish(TopicArn=os.environ["SNS_TOPIC_ARN"], Subject=subject, Message=json.dumps(message))
    step.logger.info("approvers were told of %s", request["approval_id"])


@durable_step
def complete(_step, approval_id):
    """Ends what is still pending as a timeout; what a person decided before that stands."""
    return records.expire(approval_id)


def poll_until_decided(context, request):
    interval = int(os.environ["POLL_INTERVAL_SECONDS"])

    def next_poll(status, _attempt):
        left = request["expires_at"] - time.time()
        if status != "pending" or left <= 0:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(Duration(max(1, min(interval, round(left)))))

    context.wait_for_condition(lambda _status, _check: records.get(request["approval_id"])["status"],
                               WaitForConditionConfig(wait_strategy=next_poll, initial_state="pending"), name="decision")


@durable_execution
def handler(event, context):
    timeout = int(event.get("timeout_seconds", os.environ["APPROVAL_TIMEOUT_SECONDS"]))
    request = context.step(lambda _: {
        "approval_id": str(uuid.uuid4()), "expires_at": int(time.time()) + timeout, "document_id": event["document_id"],
        "document_name": event["document_name"], "requester": event["requester"]}, name="request")
    callback = None
    if os.environ["APPROVAL_WAIT_MODE"] == "callback":
        callback = context.create_callback(name="decision", config=CallbackConfig(timeout=Duration(timeout)))
        request["callback_id"] = callback.callback_id
    context.step(create(request))
    context.step(notify(request))
    if callback is None:
        poll_until_decided(context, request)
    else:
        try:
            callback.result()
        except CallbackTimeoutError:
            pass  # whether anybody decided in time, the record says
    return context.step(complete(request["approval_id"]))
