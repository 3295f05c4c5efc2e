"""A function without durability, which the workflows invoke."""
import os


def handler(event, context):
    event = {key.lower(): value for key, value in event.items()}
    if "fail" in event:
        raise LookupError(event["fail"])
    return {"echo": event["echo"], "tenant": context.tenant_id, "process": os.getpid()}
