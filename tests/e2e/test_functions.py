"""Functions that are zip archives, their versions and aliases, through boto3 and through templates of `sam build`."""
import base64
import hashlib
import json
import os
import re
import zipfile

import pytest

from holdpoint import ROOT, eventually
from packages import ROLE_ARN, code, folder, invoke, package, refused, with_role


@pytest.fixture(scope="module")
def lambda_(server, tmp_path_factory):
    with_role(server, tmp_path_factory.mktemp("role"))
    return server.client("lambda")


def create(lambda_, name, archive=None, **more):
    arguments = {"Runtime": "provided.al2023", "Role": ROLE_ARN, "Handler": "main.handler", "Code": {"ZipFile": archive or package()}}
    return lambda_.create_function(FunctionName=name, **{**arguments, **more})


def test_a_zip_becomes_a_function(server, lambda_):
    archive = package(**{"lib/data.txt": ("text", 0o644)})
    made = create(lambda_, "zipped", archive, Environment={"Variables": {"OWN": "value"}}, MemorySize=256, Publish=True, Timeout=10)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(archive).digest()).decode()
    assert made["CodeSize"] == len(archive)
    assert (made["Version"], made["Runtime"], made["Handler"], made["PackageType"]) == ("1", "provided.al2023", "main.handler", "Zip")
    lambda_.get_waiter("function_active_v2").wait(FunctionName="zipped")
    assert lambda_.get_function(FunctionName="zipped")["Configuration"]["Version"] == "$LATEST"
    told = invoke(lambda_, "zipped", {"a": 1})
    environment = told["environment"]
    task_root = str(server.data / "code" / hashlib.sha256(archive).hexdigest())
    assert told["event"] == {"a": 1} and told["cwd"] == task_root and environment["LAMBDA_TASK_ROOT"] == task_root
    assert environment["_HANDLER"] == "main.handler" and environment["OWN"] == "value"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    with open(task_root + "/lib/data.txt") as file:
        assert file.read() == "text"


def test_who_takes_more_than_its_memory_is_killed(lambda_):
    create(lambda_, "limited", MemorySize=128, Timeout=30)
    assert invoke(lambda_, "limited", {"take_mb": 64})["taken_mb"] == 64
    killed = lambda_.invoke(FunctionName="limited", Payload=json.dumps({"take_mb": 200, "sleep": 30}), LogType="Tail")
    error = json.load(killed["Payload"])
    assert killed["FunctionError"] == "Unhandled" and error["errorType"] == "Runtime.ExitError" and "signal: Killed" in error["errorMessage"]
    assert invoke(lambda_, "limited")["taken_mb"] == 0
    lambda_.update_function_configuration(FunctionName="limited", MemorySize=512)
    assert invoke(lambda_, "limited", {"take_mb": 200, "sleep": 1.5})["taken_mb"] == 200


def test_new_code_leaves_versions_alone(server, lambda_):
    create(lambda_, "changing", package("one"), Publish=True)
    before = lambda_.get_function_configuration(FunctionName="changing")
    tried = lambda_.update_function_code(FunctionName="changing", ZipFile=package("two"), DryRun=True)
    assert tried["CodeSha256"] != before["CodeSha256"]
    assert lambda_.get_function_configuration(FunctionName="changing")["CodeSha256"] == before["CodeSha256"]
    code, status, _ = refused(lambda_.update_function_code, FunctionName="changing", ZipFile=package("two"), RevisionId="other")
    assert (code, status) == ("PreconditionFailedException", 412)
    published = lambda_.update_function_code(FunctionName="changing", ZipFile=package("two"), Publish=True, RevisionId=before["RevisionId"])
    assert published["Version"] == "2"
    assert [invoke(lambda_, name)["code"] for name in ("changing:1", "changing:2", "changing")] == ["one", "two", "two"]
    code, status, _ = refused(lambda_.publish_version, FunctionName="changing", CodeSha256=before["CodeSha256"])
    assert (code, status) == ("InvalidParameterValueException", 400)
    lambda_.update_function_code(FunctionName="changing", ZipFile=package("three"))
    lambda_.delete_function(FunctionName="changing", Qualifier="2")
    assert [v["Version"] for v in lambda_.list_versions_by_function(FunctionName="changing")["Versions"]] == ["$LATEST", "1"]


@pytest.mark.parametrize("archive, words", [
    (b"no zip", "Could not unzip"),
    (package(mode=0o644), "chmod +x"),
    (package(**{"../evil": ("x", 0o644)}), "leads outside"),
    (package(**{"zeros": (b"\0" * 262144001, 0o644)}), "Unzipped size must be smaller than 262144000 bytes"),
])
def test_bad_archives_are_refused(server, lambda_, archive, words):
    before = sorted(os.listdir(server.data / "code"))
    code, status, message = refused(create, lambda_, "bad", archive)
    assert (code, status) == ("InvalidParameterValueException", 400) and words in message
    assert sorted(os.listdir(server.data / "code")) == before, "nothing stays behind"


@pytest.mark.parametrize("more, words", [
    ({"Runtime": "python3.13"}, "provided.al2023 and provided.al2 are"),
    ({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}, "S3Bucket is not supported"),
    ({"PackageType": "Image", "Code": {"ImageUri": "i"}}, "Only the PackageType Zip is supported"),
    ({"VpcConfig": {"SubnetIds": ["s"]}}, "VpcConfig is not supported"),
    ({"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:l:1"]}, "Layers is not supported"),
    ({"Role": "arn:aws:iam::000000000000:role/nobody"}, "cannot be assumed by Lambda"),
    ({"Architectures": ["arm64" if os.uname().machine == "x86_64" else "x86_64"]}, "Architectures"),
    ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
    ({"Environment": {"Variables": {"LONG": "x" * 4096}}}, "4KB"),
])
def test_what_is_not_supported_is_refused_by_name(lambda_, more, words):
    code, status, message = refused(create, lambda_, "unsupported", **more)
    assert (code, status) == ("InvalidParameterValueException", 400) and words in message, message


def test_large_archives_are_taken_and_larger_ones_are_not(lambda_):
    noise = os.urandom(20_000_000)
    assert create(lambda_, "large", package(**{"noise": (noise, 0o644)}))["CodeSize"] > 20_000_000
    code, status, _ = refused(lambda_.update_function_code, FunctionName="large", ZipFile=b"\0" * 52428801)
    assert status == 413


def test_aliases_are_routed_and_keep_their_versions(lambda_):
    create(lambda_, "aliased", package("one"), Publish=True)
    lambda_.update_function_code(FunctionName="aliased", ZipFile=package("two"), Publish=True)
    made = lambda_.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert made["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}}
    assert lambda_.get_function_configuration(FunctionName="aliased:live")["FunctionArn"].endswith(":aliased:live")
    executed = {lambda_.invoke(FunctionName="aliased:live", Payload="{}")["ExecutedVersion"] for _ in range(60)}
    assert executed == {"1", "2"}
    for version in ("1", "2"):
        code, status, _ = refused(lambda_.delete_function, FunctionName="aliased", Qualifier=version)
        assert (code, status) == ("ResourceConflictException", 409)
    code, status, _ = refused(lambda_.update_alias, FunctionName="aliased", Name="live", FunctionVersion="2", RevisionId="other")
    assert (code, status) == ("PreconditionFailedException", 412)
    moved = lambda_.update_alias(FunctionName="aliased", Name="live", FunctionVersion="2", RoutingConfig={}, RevisionId=made["RevisionId"])
    assert moved["FunctionVersion"] == "2" and "RoutingConfig" not in moved
    assert lambda_.list_aliases(FunctionName="aliased", FunctionVersion="2")["Aliases"][0]["Name"] == "live"
    lambda_.delete_alias(FunctionName="aliased", Name="live")
    assert refused(lambda_.get_alias, FunctionName="aliased", Name="live")[0] == "ResourceNotFoundException"


TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {code_uri}
      Handler: bootstrap
      Runtime: provided.al2023
      Description: {description}
      Timeout: 10
      AutoPublishAlias: live
    Metadata: {{BuildMethod: makefile, SamResourceId: Echo}}
Outputs:
  Alias: {{Value: !Ref Echo.Alias}}
"""


def test_an_error_reaches_the_caller_as_its_runtime_sent_it(server, tmp_path):
    """Frames that are objects are what AWS's runtimes for Go and Rust send."""
    lambda_ = server.client("lambda")
    lambda_.create_function(FunctionName="failing", Runtime="provided.al2023", Handler="bootstrap", Role=with_role(server, tmp_path), Code={"ZipFile": package()})
    answer = lambda_.invoke(FunctionName="failing", Payload=json.dumps({"fail": "broken"}))
    assert answer["FunctionError"] == "Unhandled" and json.loads(answer["Payload"].read()) == {
        "errorType": "ValueError", "errorMessage": "broken", "stackTrace": [{"path": "bootstrap", "line": 1, "label": "answer"}], "cause": None}


def test_what_sam_build_leaves_is_deployed(own_server, tmp_path):
    template = tmp_path / ".aws-sam/build/template.yaml"
    folder(template.parent / "Echo", "one")
    deploy = lambda description, code_uri="Echo": (template.write_text(TEMPLATE.format(code_uri=code_uri, description=description)),
                                                  json.loads(own_server.deploy("sam", template=template).stdout))[1]
    alias = deploy("first")["outputs"]["Alias"]
    lambda_ = own_server.client("lambda")
    first = invoke(lambda_, alias)
    assert (first["code"], first["version"]) == ("one", "1")
    deploy("second")
    assert lambda_.get_alias(FunctionName="sam-Echo", Name="live")["FunctionVersion"] == "1", "a version is for new code"
    folder(template.parent / "Echo", "two")
    deploy("second")
    assert invoke(lambda_, alias)["version"] == "2"
    with zipfile.ZipFile(template.parent / "echo.zip", "w") as archive:
        archive.write(folder(tmp_path / "three", "three") / "bootstrap", "bootstrap")
    deploy("second", "echo.zip")
    assert invoke(lambda_, alias)["code"] == "three"
    assert invoke(lambda_, "sam-Echo:1")["code"] == "one"
    # What nothing refers to goes at the next start; what versions refer to stays.
    lambda_.delete_function(FunctionName="sam-Echo", Qualifier="2")
    assert len(os.listdir(own_server.data / "code")) == 3
    own_server.restart()
    assert len(os.listdir(own_server.data / "code")) == 2
    assert invoke(own_server.client("lambda"), "sam-Echo:1")["code"] == "one"


def test_a_folder_that_was_not_built_is_refused(server, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.cpp").write_text("")
    (tmp_path / "template.yaml").write_text(TEMPLATE.format(code_uri="src", description="d"))
    done = server.deploy("unbuilt", template=tmp_path / "template.yaml", check=False)
    assert done.returncode == 1 and "Echo: " in done.stderr and "sam build" in done.stderr


def test_only_who_may_pass_a_role_makes_functions(server, lambda_, tmp_path):
    """A function that could give itself another role could do anything."""
    text = """Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Runtime: provided.al2023
      Policies: [{Statement: [{Effect: Allow, Action: ["lambda:*"], Resource: "*"}]}]
"""
    folder(tmp_path / "code")
    (tmp_path / "template.yaml").write_text(text)
    server.deploy("passing", template=tmp_path / "template.yaml")
    environment = invoke(lambda_, "passing-F")["environment"]
    itself = server.client("lambda", aws_access_key_id=environment["AWS_ACCESS_KEY_ID"], aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                           aws_session_token=environment["AWS_SESSION_TOKEN"])
    code, status, message = refused(itself.update_function_configuration, FunctionName="passing-F", Role=ROLE_ARN)
    assert (code, status) == ("AccessDeniedException", 403) and "iam:PassRole" in message
    assert refused(create, itself, "mine")[0] == "AccessDeniedException"


def test_a_function_of_the_python_runtime(server, lambda_):
    """tests/clients/runtime.py, which docs/other-languages.md tells to copy: what is printed is in the log at once, and so is why it failed."""
    handler = """import time

def handler(event, context):
    print("asked by", context.client_context.custom["who"] if context.client_context else "nobody")
    if event.get("fail"):
        raise LookupError(event["fail"])
    time.sleep(event.get("sleep", 0))
"""
    start = '#!/bin/sh\nexec python3 "$LAMBDA_TASK_ROOT/runtime.py" "$LAMBDA_TASK_ROOT/main.py"\n'
    runtime = (ROOT / "tests/clients/runtime.py").read_text()
    create(lambda_, "python", package(**{"bootstrap": (start, 0o755), "runtime.py": (runtime, 0o644), "main.py": (handler, 0o644)}), Timeout=2)
    context = base64.b64encode(json.dumps({"custom": {"who": "Ann"}}).encode()).decode()
    answered = lambda_.invoke(FunctionName="python", Payload="{}", ClientContext=context, LogType="Tail")
    assert answered["Payload"].read() == b"null" and "asked by Ann" in base64.b64decode(answered["LogResult"]).decode()
    assert f"START RequestId: {answered['ResponseMetadata']['RequestId']} " in base64.b64decode(answered["LogResult"]).decode()
    assert refused(lambda_.invoke, FunctionName="python", Payload="{}", ClientContext="e30")[:2] == ("InvalidRequestContentException", 400)
    failed = lambda_.invoke(FunctionName="python", Payload='{"fail": "no such order"}', LogType="Tail")
    assert "LookupError: no such order" in base64.b64decode(failed["LogResult"]).decode()
    late = lambda_.invoke(FunctionName="python", Payload='{"sleep": 30}', LogType="Tail")
    assert "Task timed out after 2.00 seconds" in base64.b64decode(late["LogResult"]).decode()
    for answer, wanted in ((answered, r"Duration: (?!0\.00)[\d.]+ ms\tBilled Duration: [1-9]\d* ms\tMemory Size: \d+ MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: "),
                           (late, r"Duration: [2-9]\d{3}\.\d\d ms\tBilled Duration: [2-9]\d{3} ms\tMemory Size: \d+ MB\tMax Memory Used: [1-9]\d* MB\tStatus: timeout")):
        assert re.search(wanted, base64.b64decode(answer["LogResult"]).decode()), wanted

    def printed():
        events = server.client("logs").filter_log_events(logGroupName="/aws/lambda/python")["events"]
        return sum("asked by" in event["message"] for event in events) == 3
    eventually("what the third was printing before it was killed is in the log, too", printed)


def test_what_is_slow_to_start_has_the_time_of_an_invocation(lambda_):
    """AWS starts what needs more than ten seconds again, with the function's timeout."""
    start = "#!/bin/sh\nsleep 11\n"
    create(lambda_, "slow", package(**{"bootstrap": (start + 'exec python3 "$LAMBDA_TASK_ROOT/run.py"\n', 0o755), "run.py": (code(), 0o644)}), Timeout=60)
    assert invoke(lambda_, "slow", {"a": 1})["event"] == {"a": 1}


def test_the_runtime_apis_address_is_host_and_port(server, lambda_):
    """AWS's runtimes know no path there; so each process has a host of its own."""
    hosts = set()
    for name in ("housed", "housed-too"):
        create(lambda_, name)
        host, port = invoke(lambda_, name)["environment"]["AWS_LAMBDA_RUNTIME_API"].split(":")
        assert host.startswith("127.") and not host.startswith("127.0.") and int(port) != server.port
        hosts.add(host)
    assert len(hosts) == 2


def test_a_function_may_come_by_the_path_that_was_in_the_address_once(lambda_):
    by_path = code().replace("http://{os.environ['AWS_LAMBDA_RUNTIME_API']}", "{os.environ['AWS_ENDPOINT_URL']}{os.environ['HOLDPOINT_RUNTIME_PATH']}")
    create(lambda_, "by-path", package(**{"bootstrap": (by_path, 0o755)}))
    assert invoke(lambda_, "by-path", {"a": 1})["event"] == {"a": 1}
    assert invoke(lambda_, "by-path", {"fail": "no such order"})["errorMessage"] == "no such order"


def test_an_answer_that_is_too_large_is_an_error_of_the_function(lambda_):
    start = """#!/usr/bin/env python3
import os, urllib.error, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    request_id = urllib.request.urlopen(api + "/next").headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        urllib.request.urlopen(api + "/" + request_id + "/response", b'"' + b"x" * 6_300_000 + b'"').read()
    except urllib.error.HTTPError as error:
        assert error.code == 413
"""
    create(lambda_, "talkative", package(**{"bootstrap": (start, 0o755)}), Timeout=10)
    for _ in range(2):
        assert invoke(lambda_, "talkative") == {"errorType": "Function.ResponseSizeTooLarge",
                                                "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes)."}
