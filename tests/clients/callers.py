"""The same call through boto3 and through the `aws` command line; the contract looks at what comes back to both."""
import contextlib
import io
import json
import os
import re

import pytest
from awscli.clidriver import create_clidriver
from botocore import xform_name
from botocore.exceptions import ClientError

import contract


STACK = "told"  # that of operations.yaml

# What the command line calls members whose names it needs for itself.
RENAMED = {("Subscribe", "Endpoint"): "notification-endpoint"}


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Boto3:
    def __init__(self, server):
        self.server = server
        self.clients = {}
        self.called = set()

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = self.server.client(service)
            contract.watch(self.clients[service], self.called)
        return self.clients[service]

    def __call__(self, service, operation, **members):
        try:
            answer = getattr(self.client(service), xform_name(operation))(**members)
        except ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        answer.pop("ResponseMetadata")
        if operation == "Invoke":
            answer["Payload"] = answer["Payload"].read().decode()
        return answer


class CommandLine:
    """`aws`, run in this process: starting Python for each command would take longer than the commands."""

    def __init__(self, server, folder):
        self.payload = folder / "payload"
        self.called = set()
        with pytest.MonkeyPatch.context() as patch:
            self.enter(patch, server)
            self.driver = create_clidriver()
        self.server = server
        contract.watch(self.driver.session, self.called)

    @staticmethod
    def enter(patch, server):
        for name in [*os.environ]:
            if name.startswith("AWS_") and name != "AWS_DATA_PATH":  # its own, set when it was imported
                patch.delenv(name)
        for name, value in server.environment(AWS_MAX_ATTEMPTS="1").items():
            patch.setenv(name, value)

    def __call__(self, service, operation, **members):
        words = [service, xform_name(operation, "-"), "--output", "json"]
        if operation == "CreateFunction":  # which has an option of its own for the archive
            members["ZipFile"] = members.pop("Code")["ZipFile"]
        for name, value in members.items():
            words += self.option(RENAMED.get((operation, name), xform_name(name, "-")), value)
        if operation == "Invoke":
            words.append(str(self.payload))
        answer = json.loads(self.run(words) or "{}")
        if operation == "Invoke":
            answer["Payload"] = self.payload.read_text()
        return answer

    def option(self, name, value):
        if isinstance(value, bool):
            return [f"--{name}" if value else f"--no-{name}"]
        if name == "zip-file":
            self.payload.with_suffix(".zip").write_bytes(value)
            return [f"--{name}", f"fileb://{self.payload.with_suffix('.zip')}"]
        value = value.decode() if isinstance(value, bytes) else value
        return [f"--{name}", value if isinstance(value, str) else json.dumps(value, default=bytes.decode)]

    def run(self, words):
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.enter(patch, self.server)
            code = self.driver.main(words)
        printed, said = out.buffer.getvalue().decode(), err.buffer.getvalue().decode()
        error = re.search(r"An error occurred \((.+?)\) when calling the \w+ operation[^:]*: (.*)", said, re.DOTALL)
        if error:
            raise Refused(error[1], error[2].strip())
        assert code == 0, f"aws {words}: {code} {said}"
        return printed
