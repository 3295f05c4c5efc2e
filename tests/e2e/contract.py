"""Every answer of the server held against AWS's own model of the service, the one that botocore has.

`watch(session_or_client)` looks at each raw answer before botocore parses it, and raises `Violation` when AWS could not have sent it: a member
that its shape does not have, one of the wrong type or missing, a time in another format, an enumeration's unknown value, an error that the
operation cannot have.
"""
import base64
import json
import re
import xml.etree.ElementTree as xml
import zlib
from functools import partial

# Errors that any operation of a service can have. They stand on the services' pages "Common Errors", not in the models.
COMMON_ERRORS = {
    "json": {"AccessDeniedException": 400, "IncompleteSignatureException": 400, "InvalidSignatureException": 400,
             "MissingAuthenticationTokenException": 400, "SerializationException": 400, "UnknownOperationException": 400,
             "UnrecognizedClientException": 400, "ValidationException": 400, "RequestEntityTooLargeException": 413,
             "ExpiredTokenException": 400, "ThrottlingException": 400},
    "rest-json": {"AccessDeniedException": 403, "IncompleteSignatureException": 403, "InvalidSignatureException": 403,
                  "MissingAuthenticationTokenException": 403, "SerializationException": 400, "UnknownOperationException": 404,
                  "UnrecognizedClientException": 403, "ValidationException": 400, "RequestEntityTooLargeException": 413,
                  "ExpiredTokenException": 403, "TooManyRequestsException": 429},
    "query": {"AccessDenied": 403, "AuthorizationError": 403, "IncompleteSignature": 400, "InvalidAction": 400, "InvalidClientTokenId": 403,
              "MissingAuthenticationToken": 403, "SignatureDoesNotMatch": 403, "ValidationError": 400,
              "ExpiredToken": 403, "Throttling": 400, "Throttled": 429},
}
ISO8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
RANGES = {"integer": 2**31, "long": 2**63}


class Violation(AssertionError):
    pass


def watch(watched, called=None):
    """A boto3 client or a botocore session: from now on its answers are checked. Adds (service, operation) to `called` for each success."""
    events = watched.meta.events if hasattr(watched, "meta") else watched
    events.register("before-parse", partial(check, called=set() if called is None else called))


def check(operation_model, response_dict, called, **_):
    service = operation_model.service_model.service_name
    failed = response_dict["status_code"] >= 300
    found = Answer(operation_model, response_dict, failed).problems()
    if found:
        raise Violation(f"{service} {operation_model.name} answered {response_dict['status_code']}, what AWS cannot: "
                        + "; ".join(found) + f"\n{body_text(response_dict)[:2000]}")
    if not failed:
        called.add((service, operation_model.name))


def body_text(response):
    body = response["body"]
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else "(a stream)"


class Answer:
    """One answer, and what is wrong with it."""

    def __init__(self, operation, response, failed):
        self.operation = operation
        self.metadata = operation.service_model.metadata
        self.protocol = operation.service_model.resolved_protocol
        self.headers = {name.lower(): value for name, value in response["headers"].items()}
        self.status = response["status_code"]
        self.body = response["body"]
        self.failed = failed
        self.found = []

    def problems(self):
        if "x-amzn-requestid" not in self.headers:
            self.say("x-amzn-RequestId", "missing")
        try:
            {"json": self.check_json, "rest-json": self.check_rest, "query": self.check_query}[self.protocol]()
        except (ValueError, xml.ParseError) as problem:
            self.say("body", f"cannot be read: {problem}")
        return self.found

    def say(self, path, problem):
        self.found.append(f"{path}: {problem}")

    def expect(self, path, value, *expected):
        if value not in expected:
            self.say(path, f"is {value!r}, expected {' or '.join(map(repr, expected))}")

    # JSON 1.0 and 1.1

    def check_json(self):
        self.expect("Content-Type", self.headers.get("content-type"), f"application/x-amz-json-{self.metadata['jsonVersion']}")
        if "x-amz-crc32" in self.headers:
            self.expect("x-amz-crc32", self.headers["x-amz-crc32"], str(zlib.crc32(self.body)))
        if self.failed:
            body = json.loads(self.body)
            self.check_json_error(body, body.pop("__type", "").rpartition("#")[2])
        else:
            self.expect("status", self.status, 200)
            self.check_output_body(self.operation.output_shape)

    def check_output_body(self, shape):
        if shape is None or not members_in_body(shape):
            self.expect("body", self.body, b"", b"{}")
        else:
            self.check_structure(shape, json.loads(self.body), "", members_in_body(shape))

    def check_json_error(self, body, code):
        shape = self.error_shape(code)
        if shape is None:
            self.expect(f"{code}'s members", {name.lower() for name in body} - {"message"}, set())
        else:
            self.check_structure(shape, body, code, {**members_in_body(shape), **({} if "message" in lower(shape) else {"message": None})})
        if not isinstance(body.get("message", body.get("Message")), str):
            self.say("message", "missing")

    def error_shape(self, code):
        """The shape of an error, when the operation has it; says so when nobody has it."""
        for shape in self.operation.error_shapes:
            if code in (shape.error_code, shape.name):
                modelled = shape.metadata.get("error", {})
                self.expect(f"{code}'s status", self.status, modelled.get("httpStatusCode", self.status if self.protocol == "rest-json" else 400))
                return shape
        common = COMMON_ERRORS[self.protocol]
        if code in common:
            self.expect(f"{code}'s status", self.status, common[code])
        else:
            self.say("error", f"{code!r} is none of the operation's: {', '.join(shape.name for shape in self.operation.error_shapes)}")
        return None

    # REST

    def check_rest(self):
        if self.failed:
            self.expect("Content-Type", self.headers.get("content-type"), "application/json")
            body = json.loads(self.body if isinstance(self.body, bytes) else self.body.read())
            if body.pop("Type", None) not in ("User", "Service") and "Type" not in body:
                self.say("Type", "missing")
            return self.check_json_error(body, self.headers.get("x-amzn-errortype", ""))
        shape = self.operation.output_shape
        located = {} if shape is None else {name: member for name, member in shape.members.items() if "location" in member.serialization}
        if not any(member.serialization["location"] == "statusCode" for member in located.values()):
            self.expect("status", self.status, self.operation.http.get("responseCode", 200))
        for name, member in located.items():
            if member.serialization["location"] == "header":
                self.check_header(shape, name, member)
        if self.operation.has_streaming_output or (shape is not None and "payload" in shape.serialization):
            return None
        if self.body:
            self.expect("Content-Type", self.headers.get("content-type"), "application/json")
        return self.check_output_body(shape)

    def check_header(self, shape, name, member):
        value = self.headers.get(member.serialization["name"].lower())
        if value is not None:
            self.check_text(member, value, name)
        elif name in shape.required_members:
            self.say(name, "missing")

    # JSON values

    def check_value(self, shape, value, path):
        check = getattr(self, f"check_{shape.type_name}", None)
        if value is None:
            self.say(path, "is null; AWS leaves it out")
        elif check:
            check(shape, value, path)
        else:
            self.check_scalar(shape, value, path)

    def check_structure(self, shape, value, path, members=None):
        if not isinstance(value, dict):
            return self.say(path or "body", f"is {value!r}, expected an object")
        if members is None:
            members = members_in_body(shape)
        for name in value.keys() - members.keys():
            self.say(f"{path}.{name}", f"{shape.name} has no such member")
        for name, member in members.items():
            if name in value and member is not None:
                self.check_value(member, value[name], f"{path}.{name}")
        for name in shape.required_members:
            wire = shape.members[name].serialization.get("name", name)
            if wire in members and wire not in value:
                self.say(f"{path}.{wire}", "missing")
        if getattr(shape, "is_tagged_union", False):
            self.expect(f"{path}'s members", len(value), 1)
        return None

    def check_list(self, shape, value, path):
        if not isinstance(value, list):
            return self.say(path, f"is {value!r}, expected a list")
        for index, element in enumerate(value):
            self.check_value(shape.member, element, f"{path}[{index}]")
        return None

    def check_map(self, shape, value, path):
        if not isinstance(value, dict):
            return self.say(path, f"is {value!r}, expected a map")
        for key, element in value.items():
            self.check_text(shape.key, key, f"{path}'s key")
            self.check_value(shape.value, element, f"{path}.{key}")
        return None

    def check_scalar(self, shape, value, path):
        kind = shape.type_name
        right = {"string": isinstance(value, str), "blob": isinstance(value, str), "boolean": isinstance(value, bool),
                 "timestamp": isinstance(value, (int, float, str)) and not isinstance(value, bool)}
        number = isinstance(value, (int, float) if kind in ("double", "float") else int) and not isinstance(value, bool)
        if not right.get(kind, number):
            return self.say(path, f"is {value!r}, expected a {kind}")
        if kind == "timestamp":
            iso = shape.serialization.get("timestampFormat") == "iso8601"
            return iso == isinstance(value, str) or self.say(path, f"is {value!r}, expected {'ISO 8601' if iso else 'seconds since 1970'}")
        return self.check_text(shape, value if isinstance(value, str) else json.dumps(value), path)

    # Texts: headers and XML, where everything is one

    def check_text(self, shape, text, path):
        kind = shape.type_name
        if kind == "string" and shape.enum and text not in shape.enum:
            self.say(path, f"is {text!r}, none of {shape.enum}")
        elif kind == "boolean":
            self.expect(path, text, "true", "false")
        elif kind == "timestamp" and not ISO8601.match(text):
            self.say(path, f"is {text!r}, expected ISO 8601 in UTC")
        elif kind == "blob":
            base64.b64decode(text, validate=True)
        elif kind in ("integer", "long"):
            if not re.fullmatch(r"-?\d+", text) or not -RANGES[kind] <= int(text) < RANGES[kind]:
                self.say(path, f"is {text!r}, expected a whole number ({kind})")
        elif kind in ("double", "float"):
            float(text)

    # Query and XML

    def check_query(self):
        self.expect("Content-Type", self.headers.get("content-type"), "text/xml")
        root = xml.fromstring(self.body)
        for element in root.iter():
            namespace, _, element.tag = element.tag[1:].partition("}") if element.tag[0] == "{" else ("", "", element.tag)
            self.expect(f"{element.tag}'s namespace", namespace.rstrip("/"), self.metadata["xmlNamespace"].rstrip("/"))
        if self.failed:
            return self.check_query_error(root)
        self.expect("status", self.status, 200)
        self.expect("root", root.tag, f"{self.operation.name}Response")
        shape = self.operation.output_shape
        wrapper = shape is not None and shape.serialization.get("resultWrapper")
        self.expect("parts", [child.tag for child in root], [*([wrapper] if wrapper else []), "ResponseMetadata"])
        self.expect("ResponseMetadata", [child.tag for child in root[-1]], ["RequestId"])
        return self.check_element(shape, root[0], "") if wrapper else None

    def check_query_error(self, root):
        self.expect("root", root.tag, "ErrorResponse")
        self.expect("parts", [child.tag for child in root], ["Error", "RequestId"])
        self.expect("Error", [child.tag for child in root[0]], ["Type", "Code", "Message"])
        self.expect("Type", root.findtext("Error/Type"), "Sender" if self.status < 500 else "Receiver")
        self.error_shape(root.findtext("Error/Code"))

    def check_element(self, shape, element, path):
        if shape.type_name == "structure":
            self.check_element_structure(shape, element, path)
        elif shape.type_name == "list":
            self.expect(f"{path}'s elements", {child.tag for child in element} - {shape.member.serialization.get("name", "member")}, set())
            for child in element:
                self.check_element(shape.member, child, f"{path}[]")
        elif shape.type_name == "map":
            names = [shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")]
            for entry in element:
                self.expect(f"{path}'s elements", entry.tag, "entry")
                self.expect(f"{path}.entry", [child.tag for child in entry], names)
                self.check_element(shape.value, entry[1], f"{path}.{entry[0].text}")
        else:
            self.expect(f"{path}'s elements", len(element), 0)
            self.check_text(shape, element.text or "", path)

    def check_element_structure(self, shape, element, path):
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        seen = [child.tag for child in element]
        for child in element:
            if child.tag not in members:
                self.say(f"{path}.{child.tag}", f"{shape.name} has no such member")
            else:
                self.check_element(members[child.tag], child, f"{path}.{child.tag}")
        if len(set(seen)) < len(seen):
            self.say(path, f"an element comes twice: {seen}")
        for name in shape.required_members:
            if shape.members[name].serialization.get("name", name) not in seen:
                self.say(f"{path}.{name}", "missing")


def members_in_body(shape):
    """Members by their names on the wire, without those that are headers or the status."""
    return {member.serialization.get("name", name): member for name, member in shape.members.items() if "location" not in member.serialization}


def lower(shape):
    return {name.lower() for name in shape.members}
