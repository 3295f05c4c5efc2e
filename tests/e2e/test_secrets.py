"""Secrets stay where they belong: not in logs and outputs, not with other processes, not on a stolen disk."""
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from holdpoint import BIN, ROOT, Approvals, Server, copy_of_binaries, eventually

MARKER = "MARKER-7f3a"


def on_disk(folder):
    """Every byte of the data folder but the executables, which are no secret."""
    return b"".join(file.read_bytes() for file in Path(folder).rglob("*") if file.is_file() and file.parent.name != "code")


def test_a_whole_approval_at_debug_level_shows_no_secret(own_server, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text((ROOT / "template.yaml").read_text().replace("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG"))
    server = own_server
    server.deploy(template=template, ApprovalWaitMode="callback")
    approvals = Approvals(server)
    approvals.publish()
    topic = approvals.outputs["SnsTopicArn"]
    approvals.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="boss@example.com")
    approvals.confirm("boss@example.com")
    arn, approval_id = approvals.pending()
    callback = approvals.record(approval_id)["callback_token"]
    environments = list(server.children().values())
    assert environments and len(callback) > 20
    status, answer = approvals.decide(approval_id)
    outputs = [json.dumps(answer), json.dumps(approvals.decide(approval_id, "rejected", approver="another@example.com"))]
    assert status == 200 and approvals.agree(approval_id, arn) == "approved"
    for callback_id in (callback, callback[:-8]):
        with pytest.raises(ClientError) as refused:
            approvals.lambda_.send_durable_execution_callback_failure(CallbackId=callback_id, Error={"ErrorType": "Late"})
        outputs.append(str(refused.value))
    for command in (("approvals", "list"), ("approvals", "get", approval_id, "--audit"), ("approvals", "outbox"), ("executions", "list"),
                    ("executions", "show", arn), ("executions", "history", arn), ("logs", "app-sam-Workflow"), ("logs", "app-sam-ApprovalApi")):
        for json_too in ((), ("--json",)):
            done = server.run(*command, *json_too, check=False)
            outputs.append(done.stdout + done.stderr)
    logs = server.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        outputs += [event["message"] for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]]
    outputs += [json.dumps(approvals.audit(approval_id)), server.log.read_text()]
    shown = "\n".join(outputs)
    assert approval_id in shown and "DEBUG" in template.read_text()
    hidden = {"the callback's id": callback, "the account's key": server.env["AWS_SECRET_ACCESS_KEY"]}
    for environment in environments:
        hidden[f"{environment['AWS_LAMBDA_FUNCTION_NAME']}'s key"] = environment["AWS_SECRET_ACCESS_KEY"]
        hidden[f"{environment['AWS_LAMBDA_FUNCTION_NAME']}'s token"] = environment["AWS_SESSION_TOKEN"]
        hidden[f"{environment['AWS_LAMBDA_FUNCTION_NAME']}'s path"] = environment["HOLDPOINT_RUNTIME_PATH"].rsplit("/", 1)[1]
    for what, secret in hidden.items():
        assert secret not in shown, what


PROBE = f"""#!{sys.executable}
import json, os, pathlib, resource, urllib.request
runtime = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
opened = [os.readlink(f"/proc/self/fd/{{fd}}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{{fd}}")]
status = pathlib.Path("/proc/self/status").read_text()
answer = {{"environment": pathlib.Path("/proc/self/environ").read_text(), "fds": opened, "core": resource.getrlimit(resource.RLIMIT_CORE),
          "group": os.getpgid(0) == os.getpid(), "no_new_privs": "NoNewPrivs:\\t1" in status, "command": pathlib.Path("/proc/self/cmdline").read_text()}}
while True:
    with urllib.request.urlopen(runtime + "next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(urllib.request.Request(runtime + request_id + "/response", data=json.dumps(answer).encode()))
"""


class SealedServer(Server):
    """Its master key, and something else, in the environment."""

    def __init__(self, folder):
        super().__init__(folder)
        self.variables = {"OF_THE_SERVER": MARKER, "HOLDPOINT_MASTER_KEY": secrets.token_hex(32)}

    def environment(self, **more):
        return super().environment(HOLDPOINT_MASTER_KEY=self.variables["HOLDPOINT_MASTER_KEY"], **more)


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probed")
    binaries = copy_of_binaries(folder / "bin")
    (binaries / "approval_api").unlink()
    (binaries / "approval_api").write_text(PROBE)
    (binaries / "approval_api").chmod(0o755)
    server = SealedServer(folder).start()
    server.deploy(binaries=binaries)
    yield server
    server.stop()


def test_a_function_starts_with_nothing_of_the_servers(probed):
    answer = json.loads(probed.client("lambda").invoke(FunctionName="app-sam-ApprovalApi", Payload="{}")["Payload"].read())
    master = probed.variables["HOLDPOINT_MASTER_KEY"]
    assert MARKER not in answer["environment"] and master not in answer["environment"]
    names = {entry.split("=", 1)[0] for entry in answer["environment"].split("\0") if entry}
    assert not names & {"HOME", "USER", "OF_THE_SERVER", "HOLDPOINT_MASTER_KEY"}
    assert not [path for path in answer["fds"] if str(probed.data) in path or "socket" in path or "eventfd" in path or "epoll" in path]
    assert answer["core"] == [0, 0] and answer["group"] and answer["no_new_privs"]
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in (probed.process.pid, *probed.children())]
    secret = {master, probed.env["AWS_SECRET_ACCESS_KEY"], *(one["AWS_SECRET_ACCESS_KEY"] for one in probed.children().values())}
    assert not [command for command in (*commands, answer["command"]) if any(one in command for one in secret)]


def test_other_processes_of_its_user_cannot_look_into_the_server():
    user = 65534 if os.getuid() == 0 else None  # root may look into everything
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copy(BIN / "holdpoint", folder)
    (folder / "x").mkdir()
    if user:
        os.chown(folder / "x", user, user)
    with subprocess.Popen([folder / "holdpoint", "up", "--data", folder / "x/data", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                          user=user, env={"OF_THE_SERVER": MARKER}) as server:
        server.stdout.readline()
        looked = subprocess.run(["cat", f"/proc/{server.pid}/environ"], user=user, capture_output=True, text=True)
        server.send_signal(signal.SIGTERM)
    shutil.rmtree(folder)
    assert looked.returncode == 1 and MARKER not in looked.stdout and "Permission denied" in looked.stderr


def test_credentials_end_with_their_process(probed):
    client = probed.client("lambda")
    client.invoke(FunctionName="app-sam-ApprovalApi", Payload="{}")
    pid, environment = next(iter(probed.children("ApprovalApi").items()))
    keys = {"aws_access_key_id": environment["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"]}
    sts = probed.client("sts", **keys, aws_session_token=environment["AWS_SESSION_TOKEN"])
    assert ":assumed-role/" in sts.get_caller_identity()["Arn"]
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        probed.client("sts", **keys).get_caller_identity()
    os.kill(pid, signal.SIGKILL)

    def refused():
        try:
            sts.get_caller_identity()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None
    assert eventually("its credentials ended", refused) == "ExpiredToken"
    lambda_ = probed.client("lambda", **keys, aws_session_token=environment["AWS_SESSION_TOKEN"])
    with pytest.raises(ClientError, match="ExpiredTokenException.*The security token included in the request is expired"):
        lambda_.list_functions()


class EncryptedServer(Server):
    def __init__(self, folder):
        super().__init__(folder)
        self.key = Path(folder) / "master.key"
        self.key.write_text(secrets.token_hex(32))
        self.key.chmod(0o600)
        self.flags = ["--encrypt-payloads"]
        self.variables = {"HOLDPOINT_MASTER_KEY_FILE": str(self.key)}

    def environment(self, **more):
        return super().environment(HOLDPOINT_MASTER_KEY_FILE=str(self.key), **more)


def test_a_stolen_disk_shows_no_payload_and_no_key(tmp_path):
    server = EncryptedServer(tmp_path).start()
    server.deploy(ApprovalWaitMode="callback")
    approvals = Approvals(server)
    approvals.publish()
    arn, approval_id = approvals.pending(document_name=MARKER, requester=f"{MARKER}@example.com")
    approvals.decide(approval_id, comments=MARKER)
    assert approvals.agree(approval_id, arn) == "approved"
    callback = approvals.record(approval_id)["callback_token"]
    logs = server.client("logs")
    logs_shown = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/app-sam-Workflow")["events"]]
    assert any("START RequestId" in line for line in logs_shown)
    server.kill()
    bytes_kept = on_disk(server.data)
    assert approval_id.encode() in bytes_kept, "keys of items are what they are found by"
    for secret in (MARKER, callback, server.env["AWS_SECRET_ACCESS_KEY"], "BEGIN PRIVATE KEY", "START RequestId"):
        assert secret.encode() not in bytes_kept, secret

    def up(**environment):
        return subprocess.run([BIN / "holdpoint", "up", "--data", server.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30,
                              env={**os.environ, **environment})
    missing = up()
    assert missing.returncode == 78 and "is sealed" in missing.stderr and "HOLDPOINT_MASTER_KEY" in missing.stderr
    wrong = up(HOLDPOINT_MASTER_KEY=secrets.token_hex(32))
    assert wrong.returncode == 78 and "the master key is not the one" in wrong.stderr

    def master_key(**environment):
        done = subprocess.run([BIN / "holdpoint", "doctor", "--json", "--data", server.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                              timeout=30, env={**os.environ, **environment})
        return done.returncode, {f["check"]: f for f in json.loads(done.stdout)["findings"]}["master key"]["found"]
    status, found = master_key()
    assert status == 1 and "is sealed" in found
    status, found = master_key(HOLDPOINT_MASTER_KEY=secrets.token_hex(32))
    assert status == 1 and "the master key is not the one" in found
    mistaken = secrets.token_hex(32)
    status, found = master_key(HOLDPOINT_MASTER_KEY_FILE=mistaken)
    assert status == 1 and "expected a master key's file, found a key itself" in found and mistaken not in found
    status, found = master_key(HOLDPOINT_MASTER_KEY_FILE="/nonexistent")
    assert status == 1 and "no master key file" in found
    assert master_key(HOLDPOINT_MASTER_KEY_FILE=str(server.key))[0] == 0

    new = tmp_path / "new.key"
    new.write_text(secrets.token_hex(32))
    new.chmod(0o640)
    refused = server.run("keys", "rotate", "--data", server.data, "--new-master-key-file", new, check=False)
    assert refused.returncode == 1 and f"chmod 600 {new}" in refused.stderr
    new.chmod(0o600)
    mistyped = server.run("keys", "rotate", "--data", tmp_path / "mistyped", "--new-master-key-file", new, check=False)
    assert mistyped.returncode == 1 and "has no holdpoint.db: name the server's data folder" in mistyped.stderr
    assert mistyped.stdout == "" and not (tmp_path / "mistyped").exists()
    assert "data.key" in server.run("keys", "rotate", "--data", server.data, "--new-master-key-file", new).stdout
    assert "the master key is not the one" in up(HOLDPOINT_MASTER_KEY_FILE=str(server.key)).stderr
    server.key.write_text(new.read_text())
    server.flags = []  # once sealed, always sealed
    server.start()
    approvals.reconnect()
    assert approvals.record(approval_id)["comments"] == MARKER
    arn, approval_id = approvals.pending(document_name=MARKER)
    server.stop()
    assert MARKER.encode() not in on_disk(server.data)


def test_the_doctor_knows_the_master_key_of_the_servers_configuration(tmp_path):
    server = EncryptedServer(tmp_path).start()
    file = tmp_path / "holdpoint.conf"
    file.write_text(f"data = {server.data}\nmaster-key-file = {server.key}\n")
    done = subprocess.run([BIN / "holdpoint", "doctor", "--config", file], env=os.environ, capture_output=True, text=True, timeout=60)
    server.stop()
    assert re.search(r"^ok +server +runs at .* and is ready$", done.stdout, re.MULTILINE), done.stdout


def test_a_lost_data_key_is_told_and_no_other_takes_its_place(tmp_path):
    server = EncryptedServer(tmp_path).start()
    server.client("dynamodb").create_table(TableName="kept", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                                           AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
    server.stop()
    kept = (server.data / "data.key").read_bytes()
    (server.data / "data.key").unlink()
    for flags in ((), ("--encrypt-payloads",)):
        done = server.run("up", "--data", server.data, "--listen", "127.0.0.1:0", *flags, check=False)
        assert done.returncode == 78 and "data.key is missing" in done.stderr and "backup" in done.stderr, done.stderr
        assert not (server.data / "data.key").exists()
    doctor = server.run("doctor", "--data", server.data, "--listen", "127.0.0.1:0", check=False)
    assert doctor.returncode == 1 and "data.key is missing" in doctor.stdout
    (server.data / "data.key").write_bytes(kept)
    (server.data / "data.key").chmod(0o600)
    (server.data / "sns-signing.pem").write_text("")
    done = server.run("up", "--data", server.data, "--listen", "127.0.0.1:0", check=False)
    assert done.returncode == 78 and "sns-signing.pem does not hold" in done.stderr and "remove it" in done.stderr


def test_a_data_folder_that_others_may_read_is_refused(tmp_path):
    server = Server(tmp_path).start()
    server.stop()
    for path, mode in ((server.data / "credentials.json", 0o644), (server.data, 0o755)):
        kept = path.stat().st_mode
        path.chmod(mode)
        done = subprocess.run([BIN / "holdpoint", "up", "--data", server.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 78 and f"chmod {'700' if path.is_dir() else '600'} {path}" in done.stderr
        path.chmod(kept & 0o777)


def test_encryption_needs_a_master_key(tmp_path):
    done = subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", "--listen", "127.0.0.1:0", "--encrypt-payloads"], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 78 and "--encrypt-payloads needs a master key" in done.stderr

