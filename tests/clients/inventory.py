"""Which of AWS's operations the server has: told by the server itself, by what it says to a small request for each operation of the models."""
import re

from botocore import xform_name
from botocore.exceptions import ClientError

SERVICES = ["lambda", "dynamodb", "sns", "logs", "cloudformation", "sts", "iam"]
UNKNOWN = {"UnknownOperationException", "InvalidAction"}
TEXTS = ["x" * 36, "arn:aws:lambda:us-east-1:000000000000:function:nobody", "arn:aws:sns:us-east-1:000000000000:nobody"]


def smallest(shape):
    """The least that botocore lets through as a value of this shape."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False):
            name, member = next(iter(shape.members.items()))
            return {name: smallest(member)}
        return {name: smallest(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [smallest(shape.member)] * max(1, shape.metadata.get("min", 1))
    if kind == "map":
        return {smallest(shape.key): smallest(shape.value)}
    if kind in ("integer", "long", "float", "double"):
        return max(1, shape.metadata.get("min", 1))
    return {"string": lambda: text(shape), "boolean": lambda: False, "blob": lambda: b"{}", "timestamp": lambda: 0}[kind]()


def text(shape):
    if shape.enum:
        return shape.enum[0]
    pattern = shape.metadata.get("pattern", "")
    wanted = TEXTS[1] if "arn" in pattern and "lambda" in pattern else TEXTS[0]
    return wanted[:shape.metadata.get("max", 1000)].ljust(shape.metadata.get("min", 1), "x")


def refusal(client, operation, **members):
    """The error that the operation's smallest request gets, with these members besides; None when it is done."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    try:
        getattr(client, xform_name(operation))(**{**(smallest(shape) if shape else {}), **members})
    except ClientError as error:
        return error.response
    return None


def is_unknown(refused):
    return refused is not None and refused["Error"]["Code"] in UNKNOWN


def names_it(client, refused, operation):
    """Whether the message tells which operation is meant: by its name, or for REST by its method and the start of its path."""
    http = client.meta.service_model.operation_model(operation).http
    rest = f"{http['method']} {http['requestUri'].split('{')[0].split('?')[0]}".rstrip("/")
    message = refused["Error"]["Message"]
    return re.search(rf"\b{operation}\b", message) is not None or (rest.count("/") > 1 and rest in message)
