"""The table of approval requests. Of all decisions and the timeout, the first that finds a request pending wins."""
import os
import time

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

client = boto3.client("dynamodb")
TABLE = os.environ["APPROVALS_TABLE_NAME"]


def to_item(record):
    return {name: TypeSerializer().serialize(value) for name, value in record.items()}


def from_item(item):
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def public(record):
    """What anybody may see of a record: all but what resumes its workflow."""
    return {name: int(value) if name.endswith("_at") else value for name, value in record.items() if name != "callback_id"}


def create(request):
    """Once: a step that runs again after a crash finds its record there."""
    record = {**request, "status": "pending", "created_at": int(time.time())}
    try:
        client.put_item(TableName=TABLE, Item=to_item(record), ConditionExpression="attribute_not_exists(approval_id)")
    except client.exceptions.ConditionalCheckFailedException:
        pass


def get(approval_id):
    item = client.get_item(TableName=TABLE, Key={"approval_id": {"S": approval_id}}, ConsistentRead=True).get("Item")
    return from_item(item) if item else None


def pending():
    found = client.query(TableName=TABLE, IndexName="StatusIndex", KeyConditionExpression="#status = :pending",
                         ExpressionAttributeNames={"#status": "status"}, ExpressionAttributeValues={":pending": {"S": "pending"}})
    return [public(from_item(item)) for item in found["Items"]]


def end(approval_id, in_time, **outcome):
    """Writes how a pending request ended. False: it had ended before (or, `in_time`, is over)."""
    values = to_item({**{f":{name}": value for name, value in outcome.items()}, ":pending": "pending", ":now": int(time.time())})
    try:
        client.update_item(
            TableName=TABLE, Key={"approval_id": {"S": approval_id}},
            ConditionExpression="#status = :pending" + (" AND expires_at > :now" if in_time else ""),
            UpdateExpression="SET decided_at = :now, " + ", ".join(f"#{name} = :{name}" for name in outcome),
            ExpressionAttributeNames={f"#{name}": name for name in outcome}, ExpressionAttributeValues=values)
        return True
    except client.exceptions.ConditionalCheckFailedException:
        return False


def decide(approval_id, decision, approver, comments):
    return end(approval_id, in_time=True, status=decision, approver=approver, comments=comments)


def expire(approval_id):
    end(approval_id, in_time=False, status="timeout")
    return public(get(approval_id))
