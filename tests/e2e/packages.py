"""Packages of functions under test: zip archives with a `bootstrap`, and templates that have them."""
import io
import json
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

BOOTSTRAP = Path(__file__).parent / "bootstrap.py"

ROLE = """Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: functions-under-test
      AssumeRolePolicyDocument: {Version: "2012-10-17"}
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
"""
ROLE_ARN = "arn:aws:iam::000000000000:role/functions-under-test"


def code(version="1"):
    return BOOTSTRAP.read_text().replace("VERSION-OF-THE-CODE", version)


def package(version="1", mode=0o755, **files):
    """The bytes of a zip; more files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (content, permissions) in {"bootstrap": (code(version), mode), **files}.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (0o100000 | permissions) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def folder(path, version="1"):
    """The same as a folder, as `sam build` leaves it."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "bootstrap").write_text(code(version))
    (path / "bootstrap").chmod(0o755)
    return path


def with_role(server, tmp_path):
    template = tmp_path / "role.yaml"
    template.write_text(ROLE)
    server.deploy("role", template=template)
    return ROLE_ARN


def invoke(lambda_, name, event=None, **more):
    """What the function answers."""
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
    return json.loads(answer["Payload"].read())


def refused(call, *arguments, **named):
    """Code, status and message of the error that the call must end with."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    found = error.value.response
    return found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"], found["Error"]["Message"]
