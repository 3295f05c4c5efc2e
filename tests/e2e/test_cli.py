"""The commands of `holdpoint`, as people and programs use them."""
import http.server
import json
import os
import subprocess
import threading

import pytest

from holdpoint import BIN, DEADLINE, Server, eventually


def submit(approvals, *more):
    return approvals.server.run("approvals", "submit", "--stack-name", approvals.stack, "--document-id", "doc-1", "--document-name",
                                "Q4 Budget", "--requester", "user@example.com", "--quiet", *more).stdout.strip()


def command(approvals, *arguments, check=True):
    return approvals.server.run(*arguments, "--stack-name", approvals.stack, check=check)


def test_from_submission_to_audit_trail(approvals):
    approval_id = submit(approvals)
    listed = command(approvals, "approvals", "list").stdout
    assert approval_id in listed and "Q4 Budget" in listed and "pending" in listed
    approved = command(approvals, "approvals", "approve", approval_id, "--approver", "boss@example.com", "--comments", "fine").stdout
    assert "approved" in approved and "boss@example.com" in approved
    shown = json.loads(command(approvals, "approvals", "get", approval_id, "--json").stdout)
    assert shown["status"] == "approved"
    arn = approvals.records(approval_id=approval_id)[0]["execution_arn"]
    approvals.ended(arn)
    trail = command(approvals, "approvals", "get", approval_id, "--audit").stdout
    for word in ("created", "notified", "decided", "completed", "boss@example.com", "whole"):
        assert word in trail
    structured = json.loads(command(approvals, "approvals", "get", approval_id, "--audit", "--json").stdout)
    assert [record["event"] for record in structured["audit"]] == ["created", "notified", "decided", "completed"]
    assert structured["audit_problems"] == []
    executions = json.loads(command(approvals, "executions", "list", "--json").stdout)
    assert {"SUCCEEDED"} == {e["Status"] for e in executions if e["DurableExecutionArn"] == arn}
    assert "SUCCEEDED" in approvals.server.run("executions", "show", arn).stdout
    assert "ExecutionSucceeded" in approvals.server.run("executions", "history", arn).stdout
    assert "approval requested" in command(approvals, "logs").stdout


def test_what_is_decided_on_is_shown_and_its_digest_stated(callback):
    policy = {"name": "travel", "stages": [{"name": "team", "approvers": {"people": ["ann@example.com", "bob@example.com"]}}]}
    arn, approval_id = callback.pending(fields={"amount": "100 EUR"}, link="https://travel.example.com/1", policy=policy)
    asked = command(callback, "approvals", "request-changes", approval_id, "--approver", "ann@example.com", "--comments", "Too much\nby half").stdout
    assert "pending" in asked
    shown = command(callback, "approvals", "get", approval_id).stdout
    for words in ("amount = 100 EUR", "https://travel.example.com/1", "travel, version 1: ", "ann@example.com requested changes", "Too much by half"):
        assert words in shown, shown
    digest = json.loads(command(callback, "approvals", "get", approval_id, "--json").stdout)["shown_digest"]
    assert f"shown_digest   {digest}" in shown
    refused = command(callback, "approvals", "approve", approval_id, "--approver", "bob@example.com", "--shown-digest", "0" * 64, check=False)
    assert refused.returncode == 1 and "DOCUMENT_CHANGED" in refused.stderr
    forgotten = command(callback, "approvals", "approve", approval_id, "--approver", "bob@example.com", "--shown-digest", "", check=False)
    assert forgotten.returncode == 2 and "--shown-digest: expected a value, found an empty text" in forgotten.stderr
    twice = command(callback, "approvals", "amend", approval_id, "--requester", "user@example.com", "--field", "amount=1", "--field", "amount=2", check=False)
    assert twice.returncode == 2 and "--field: 'amount' is there twice" in twice.stderr
    command(callback, "approvals", "amend", approval_id, "--requester", "user@example.com", "--field", "amount=50 EUR")
    assert "counts no more" in command(callback, "approvals", "get", approval_id).stdout
    digest = json.loads(command(callback, "approvals", "get", approval_id, "--json").stdout)["shown_digest"]
    command(callback, "approvals", "approve", approval_id, "--approver", "bob@example.com", "--shown-digest", digest)
    assert callback.agree(approval_id, arn) == "approved"
    trail = callback.audit(approval_id)
    assert {record["event"]: record["shown_digest"] for record in trail}["decided"] == digest
    told = command(callback, "approvals", "get", approval_id, "--audit").stdout
    for words in ("comments         Too much by half", "6:amount;7:100 EUR;", trail[-1]["hash"], digest):
        assert words in told, told


def test_a_list_has_as_many_as_are_asked_for_and_says_when_there_are_more(callback):
    _, approval_id = callback.pending()
    record = callback.dynamodb.get_item(TableName=callback.outputs["ApprovalsTableName"], Key={"approval_id": {"S": approval_id}})["Item"]
    # More than a page has: of 100 requests, or of 1 MB.
    note = {"L": [{"M": {"name": {"S": f"note {i}"}, "value": {"S": "x" * 4000}}} for i in range(5)]}
    for i in range(110):
        callback.dynamodb.put_item(TableName=callback.outputs["ApprovalsTableName"],
                                   Item={**record, "approval_id": {"S": f"listed-{i}"}, "status": {"S": "timeout"}, "fields": note})

    def listed(limit):
        return command(callback, "approvals", "list", "--status", "timeout", "--limit", limit).stdout

    every = listed("111")
    assert sum(f"listed-{i} " in every for i in range(110)) == 110 and "more" not in every
    some = listed("109")
    assert sum("listed-" in line for line in some.splitlines()) == 109 and "There may be more than these 109: --limit shows more." in some
    page = json.loads(command(callback, "approvals", "list", "--status", "timeout", "--limit", "105", "--json").stdout)
    assert len(page["approvals"]) == 105 and page["next_token"]
    refused = command(callback, "approvals", "list", "--limit", "0", check=False)
    assert refused.returncode == 1 and "limit: expected a whole number from 1" in refused.stderr


def test_a_record_that_cannot_be_read_is_named_and_hides_no_other(polling):
    approval_id = submit(polling)
    odd = {"approval_id": {"S": "odd"}, "status": {"S": "pending"}, "created_at": {"S": "2026-01-01T00:00:00.000Z"},
           "expires_at": {"S": "2026-01-01T00:00:00.000Z"}}
    polling.dynamodb.put_item(TableName=polling.table, Item=odd)
    listed = command(polling, "approvals", "list")
    asked = command(polling, "approvals", "get", "odd", check=False)
    polling.dynamodb.delete_item(TableName=polling.table, Key={"approval_id": {"S": "odd"}})
    assert approval_id in listed.stdout and "holdpoint: warning: odd: its record cannot be read ($.document_id is missing)" in listed.stderr
    assert asked.returncode == 1 and "RECORD_UNREADABLE: odd: its record cannot be read" in asked.stderr


def test_what_cannot_be_submitted_starts_nothing(polling):
    def refused(*options):
        done = command(polling, "approvals", "submit", *options, check=False)
        assert done.returncode == 2, done
        return done.stderr

    workflow = {"FunctionName": f"{polling.stack}-Workflow"}
    before = len(polling.lambda_.list_durable_executions_by_function(**workflow)["DurableExecutions"])
    assert "expected --document-id, --document-name, --requester, or the whole event with --event" in refused()
    assert "expected --requester, or" in refused("--document-id", "d", "--document-name", "n")
    assert "--event: no JSON from character 2 on: incomplete JSON" in refused("--event", "{")
    assert "--event: no JSON from character 6 on" in refused("--event", '{"a":x}')
    assert '; expected the event itself, such as --event "$(cat event.json)"' in refused("--event", "event.json")
    assert "--event: expected a JSON object, found a JSON array" in refused("--event", "[]")
    assert "--event: expected a value, found an empty text" in refused("--event", "")
    assert "--document-id excludes --event" in refused("--event", "{}", "--document-id", "d")
    assert before == len(polling.lambda_.list_durable_executions_by_function(**workflow)["DurableExecutions"])


def test_unknown_commands_and_files_are_named(polling):
    for arguments, words in ((["frob"], ["holdpoint: 'frob' is no command", "approvals", "up"]),
                             (["approvals", "submti"], ["'submti' is no command; did you mean submit?", "request-changes"]),
                             (["approvals", "policies"], ["holdpoint approvals policies: expected a command", "put, show"])):
        done = polling.server.run(*arguments, check=False)
        assert done.returncode != 0 and all(word in done.stderr for word in words), done.stderr
    done = command(polling, "approvals", "policies", "put", "/nope", check=False)
    assert "/nope: cannot be read: No such file or directory" in done.stderr


def test_reject_and_a_second_decision(polling):
    approval_id = submit(polling)
    assert "rejected" in command(polling, "approvals", "reject", approval_id, "--approver", "boss").stdout
    refused = command(polling, "approvals", "approve", approval_id, "--approver", "boss", check=False)
    assert refused.returncode == 1 and "APPROVAL_ALREADY_DECIDED" in refused.stderr and "rejected" in refused.stderr


def test_submit_can_wait_for_the_result(polling):
    done = []
    waiting = threading.Thread(target=lambda: done.append(command(
        polling, "approvals", "submit", "--document-id", "doc-wait", "--document-name", "n", "--requester", "r", "--wait", "--json")))
    waiting.start()
    approval_id = eventually("it is pending", lambda: polling.records(document_id="doc-wait"))[0]["approval_id"]
    command(polling, "approvals", "approve", approval_id, "--approver", "boss")
    waiting.join(60)
    assert json.loads(done[0].stdout)["decision"] == "approved"


def test_watch_waits_until_it_is_decided(polling):
    approval_id = submit(polling, "--timeout", "1")
    watched = command(polling, "approvals", "watch", approval_id)
    assert "timeout" in watched.stdout


def test_watch_ends_with_the_workflow_that_would_have_taken_the_decision(polling):
    approval_id = submit(polling)
    arn = polling.records(approval_id=approval_id)[0]["execution_arn"]
    polling.server.run("executions", "stop", arn, "--reason", "no longer needed")
    watched = command(polling, "approvals", "watch", approval_id, check=False)
    assert watched.returncode == 1 and "stays pending" in watched.stderr and "STOPPED" in watched.stderr


def test_an_invalid_submission_says_which_field(polling):
    done = command(polling, "approvals", "submit", "--event", '{"document_id":"d","document_name":"n","requester":"r","timeout_seconds":0}', check=False)
    assert done.returncode == 1 and "timeout_seconds" in done.stderr
    for event in ("{", "[]"):
        done = command(polling, "approvals", "submit", "--event", event, check=False)
        assert done.returncode == 2 and "--event" in done.stderr


def test_a_tampered_trail_is_found(polling):
    approval_id = submit(polling)
    eventually("it was notified", lambda: len(polling.audit(approval_id)) == 2)
    polling.dynamodb.update_item(TableName=polling.audit_table, Key={"approval_id": {"S": approval_id}, "seq": {"N": "1"}},
                                 UpdateExpression="SET details.document_id = :x", ExpressionAttributeValues={":x": {"S": "another"}})
    done = command(polling, "approvals", "get", approval_id, "--audit", check=False)
    assert done.returncode == 1 and "1" in done.stderr and "tampered" in done.stderr


def test_stop_an_execution(polling):
    approval_id = submit(polling)
    arn = polling.records(approval_id=approval_id)[0]["execution_arn"]
    assert polling.server.run("executions", "stop", arn, "--reason", "no longer needed").stdout.startswith("Stopped at ")
    execution = polling.ended(arn)
    assert (execution["Status"], execution["Error"]["ErrorMessage"]) == ("STOPPED", "no longer needed")


def test_what_has_ended_is_not_said_to_be_stopped(polling):
    command(polling, "approvals", "watch", submit(polling, "--timeout", "1"))
    arn = json.loads(command(polling, "executions", "list", "--status", "SUCCEEDED", "--json").stdout)[0]["DurableExecutionArn"]
    told = polling.server.run("executions", "stop", arn)
    assert told.stdout.startswith("Nothing to stop: it has ended, as SUCCEEDED at "), told


def test_outbox_shows_mail(polling):
    topic = polling.outputs["SnsTopicArn"]
    polling.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="boss@example.com")
    polling.confirm("boss@example.com")
    approval_id = submit(polling)
    def mails():
        return [m for m in json.loads(command(polling, "approvals", "outbox", "--json").stdout) if approval_id in m["body"]]
    mail = eventually("the mail is there", mails)[0]
    assert mail["to"] == "boss@example.com" and len(mail["subject"]) <= 100 and mail["at"].endswith("Z")
    assert approval_id in command(polling, "approvals", "outbox").stdout


def test_who_takes_back_what_somebody_was_given_hears_that_messages_go_on(polling):
    said = command(polling, "approvals", "revoke", "--person", "ann@example.com").stdout
    assert "holdpoint approvals unsubscribe" in said and "lets them in again" in said
    assert "unsubscribe" in polling.server.run("approvals", "revoke", "--help").stdout
    assert "requests" in polling.server.run("approvals", "subscribe", "--help").stdout


def test_unknown_things_exit_with_1_and_a_reason(polling):
    for arguments in (["approvals", "get", "nope"], ["approvals", "approve", "nope", "--approver", "b"]):
        done = command(polling, *arguments, check=False)
        assert done.returncode == 1 and "APPROVAL_NOT_FOUND" in done.stderr
    done = polling.server.run("executions", "show", "arn:aws:lambda:us-east-1:000000000000:function:x:1/durable-execution/a/b", check=False)
    assert done.returncode == 1 and "holdpoint: " in done.stderr
    done = polling.server.run("approvals", "list", "--stack-name", "no-such", check=False)
    assert done.returncode == 1 and "no-such" in done.stderr


def test_wrong_usage_exits_with_a_reason(server):
    for arguments in ([], ["approvals"], ["approvals", "approve"], ["nonsense"], ["deploy"], ["logs", "--since"],
                      ["approvals", "list", "--limit", "many"], ["approvals", "list", "here"]):
        done = server.run(*arguments, check=False)
        assert done.returncode == 2 and done.stderr.startswith("holdpoint") and not done.stdout, (arguments, done)
    up = server.run("up", "--nope", check=False)
    assert up.returncode == 78 and up.stderr.startswith("holdpoint up: ")


def test_without_credentials_it_says_which_variable_is_missing(server):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run([BIN / "holdpoint", "approvals", "list"], env=kept, capture_output=True, text=True)
    assert done.returncode == 1 and "AWS_" in done.stderr


def test_what_is_no_aws_at_all_is_told_as_such(server):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>")

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{page.server_port}"
        for arguments, what in ((["executions", "list", "--function", "f"], "JSON"), (["approvals", "list"], "CloudFormation's")):
            done = subprocess.run([BIN / "holdpoint", *arguments], env={**server.environment(), "AWS_ENDPOINT_URL": url},
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == 1 and f"{url} answered something that is not {what}: '<html>welcome</html>'" in done.stderr
        page.shutdown()


def test_a_full_disk_is_no_success(server):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BIN / "holdpoint", "env", "--data", server.data], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "standard output cannot be written: No space left on device" in done.stderr


def test_a_closed_output_is_no_success(server):
    done = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', BIN / "holdpoint", "env", "--data", server.data], stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "standard output cannot be written: Bad file descriptor" in done.stderr


def test_a_template_of_other_bytes_is_refused_with_its_line(server, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_bytes(b"Resources: {T: {Type: AWS::SNS::Topic}}\nDescription: caf\xe9\n")
    done = server.deploy("latin", template=template, check=False)
    assert done.returncode == 1 and "template.yaml: line 2: expected UTF-8 text" in done.stderr
    template.write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    done = server.run("deploy", template, "--data", server.data, "--parameter-overrides", b"A=\xe9".decode(errors="surrogateescape"), check=False)
    assert done.returncode == 2 and "--parameter-overrides: expected UTF-8 text" in done.stderr


def test_what_stands_in_the_folder_and_cannot_be_executed_is_told_as_such(server, tmp_path):
    (tmp_path / "template.yaml").write_text("""Transform: AWS::Serverless-2016-10-31
Resources:
  Order:
    Type: AWS::Serverless::Function
    Metadata: {HoldpointExecutable: order}
    Properties: {PackageType: Image}
""")
    (tmp_path / "order").write_text("#!/bin/sh\n")
    done = server.run("deploy", tmp_path / "template.yaml", "--data", server.data, "--bin", tmp_path, "--stack-name", "unmade", check=False)
    assert done.returncode == 1 and "Order: 'order' is no executable file in the folder that --bin names" in done.stderr, done.stderr


def test_logs_of_a_function_can_be_filtered_and_followed(polling):
    submit(polling)
    lines = command(polling, "logs", "--filter", '"approval requested"', "--json").stdout.splitlines()
    assert lines and all("approval requested" in json.loads(line)["message"] for line in lines)
    follower = subprocess.Popen([str(BIN / "holdpoint"), "logs", "--follow", "--since", "1h", "--stack-name", polling.stack], env=polling.server.environment(),
                                stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(DEADLINE, follower.kill)
    watchdog.start()
    try:
        approval_id = submit(polling)
        assert any(approval_id in line for line in follower.stdout), "the follower ended without the line"
    finally:
        watchdog.cancel()
        follower.kill()
        follower.wait()


def test_a_named_policy_and_an_amended_document(callback, tmp_path):
    policies = tmp_path / "policies.yaml"
    policies.write_text("")
    refused = command(callback, "approvals", "policies", "put", str(policies), check=False)
    assert refused.returncode == 1 and "policies.yaml: Expected a YAML mapping" in refused.stderr
    policies.write_text("groups:\n  board: [ann@example.com]\npolicies:\n  - name: board\n    stages:\n      - name: board\n"
                        "        approvers: {groups: [bord]}\n")
    refused = command(callback, "approvals", "policies", "put", str(policies), check=False)
    assert refused.returncode == 1 and "policies.yaml:7: policies[0].stages[0].approvers.groups[0]: expected board" in refused.stderr
    policies.write_text(policies.read_text().replace("bord", "board"))
    command(callback, "approvals", "policies", "put", str(policies))
    assert "ann@example.com" in command(callback, "approvals", "policies", "show").stdout
    shown = tmp_path / "shown.json"
    shown.write_text(command(callback, "approvals", "policies", "show", "--json").stdout)
    assert len(json.loads(shown.read_text())["digests"]["board"]) == 64
    command(callback, "approvals", "policies", "put", str(shown))
    stored = policies.read_text()
    policies.write_text("policies: []\n")
    refused = command(callback, "approvals", "policies", "put", str(policies), check=False)
    assert refused.returncode == 1 and "expected 'board', too" in refused.stderr and "--drop" in refused.stderr
    policies.write_text(stored + "    order: parallel\n")
    refused = command(callback, "approvals", "policies", "put", str(policies), check=False)
    assert refused.returncode == 1 and "raise the version" in refused.stderr

    impostor = {"document_id": "d", "document_name": "n", "requester": "r", "policy": {"name": "board", "stages": [{"name": "board"}]}}
    refused = command(callback, "approvals", "submit", "--event", json.dumps(impostor), check=False)
    assert refused.returncode == 1 and "stored under that name ('board')" in refused.stderr
    misspelt = {**impostor, "polices": impostor["policy"]}
    del misspelt["policy"]
    refused = command(callback, "approvals", "submit", "--event", json.dumps(misspelt), check=False)
    assert refused.returncode == 1 and "polices: no such member; did you mean policy?" in refused.stderr
    twice = json.dumps(impostor)[:-1] + ', "policy": "board"}'
    refused = command(callback, "approvals", "submit", "--event", twice, check=False)
    assert refused.returncode == 1 and "policy: stands twice" in refused.stderr, refused

    arn, approval_id = callback.pending(policy="board", fields={"amount": "100"})
    assert callback.record(approval_id)["policy"]["digest"] == json.loads(shown.read_text())["digests"]["board"]
    amended = command(callback, "approvals", "amend", approval_id, "--requester", "user@example.com", "--field", "amount=120", "--json").stdout
    assert json.loads(amended)["fields"] == [{"name": "amount", "value": "120"}]
    assert callback.decide(approval_id, approver="bob@example.com")[1]["error"]["code"] == "NOT_AN_APPROVER"
    assert callback.decide(approval_id, approver="ann@example.com")[0] == 200
    assert callback.ended(arn)["Result"]["approver"] == "ann@example.com"
    events = [record["event"] for record in callback.audit(approval_id) if "notif" not in record["event"]]  # who decides may be quicker than that
    assert events == ["created", "amended", "decision_refused", "decided", "completed"]


def test_a_submission_with_a_name_is_made_once_and_may_be_fixed(polling):
    event = {"document_id": "doc-7", "document_name": "Lease", "requester": "user@example.com", "amendable": False}

    def named(**changes):
        return command(polling, "approvals", "submit", "--name", "lease-7", "--event", json.dumps({**event, **changes}), "--json", check=False)
    first, again, another = named(), named(), named(document_name="Lease of another house")
    assert json.loads(first.stdout) == json.loads(again.stdout)
    assert another.returncode == 1 and "DurableExecutionAlreadyStartedException" in another.stderr
    approval_id = json.loads(first.stdout)["approval_id"]
    refused = command(polling, "approvals", "amend", approval_id, "--requester", "user@example.com", "--document-name", "x", check=False)
    assert refused.returncode == 1 and "DOCUMENT_FIXED" in refused.stderr and "submit a new request" in refused.stderr
    assert "amendable      false" in command(polling, "approvals", "get", approval_id).stdout


def test_a_functions_lines_are_found_where_it_writes_them(server, tmp_path):
    """By its name or with a version, in the group that its LoggingConfig names; also the one of a program that ends at once."""
    program = tmp_path / "ends"
    program.write_text("#!/bin/sh\necho no settings\nexit 4\n")
    program.chmod(0o755)
    template = tmp_path / "template.yaml"
    template.write_text("""
Transform: AWS::Serverless-2016-10-31
Resources:
  Ends:
    Type: AWS::Serverless::Function
    Metadata: {HoldpointExecutable: ends}
    Properties: {PackageType: Image, FunctionName: ends, LoggingConfig: {LogGroup: /own/ends}}
""")
    server.deploy("ends", template=template, binaries=tmp_path)
    missing = server.run("logs", "nothing", check=False)
    assert missing.returncode == 1 and "there is no log group /aws/lambda/nothing" in missing.stderr
    nothing = server.run("logs", "ends")
    assert nothing.stdout == "" and "No lines in the last 10m" in nothing.stderr
    server.client("lambda").invoke(FunctionName="ends")
    for name in ("ends", "ends:$LATEST"):
        def told(lines):
            return "no settings" in lines and "exit status 4 (before it asked the Runtime API for work" in lines
        eventually("the crash is in the log", lambda: told(server.run("logs", name).stdout))


@pytest.mark.parametrize("since", ["-5m", "106751991167301d", "9223372036854775807d", "5", "d", ""])
def test_logs_of_no_such_time_are_refused(server, since):
    refused = server.run("logs", "f", "--since", since, check=False)
    assert refused.returncode == 2 and f"--since '{since}': expected a number and s, m, h or d" in refused.stderr


def test_what_is_no_executions_arn_is_refused(server):
    refused = server.run("executions", "show", "order", check=False)
    assert refused.returncode == 2 and "'order': expected an execution's ARN" in refused.stderr


def test_env_that_waits_does_not_name_a_server_that_is_gone(tmp_path):
    gone = Server(tmp_path).start()
    gone.kill()
    told = gone.run("env", "--data", gone.data, "--wait", "1", check=False)
    assert told.returncode == 1 and not told.stdout
    assert f"nothing answers at {gone.env['AWS_ENDPOINT_URL']} after 1 s" in told.stderr


def test_misspelled_options_and_the_version(server):
    refused = server.run("logs", "x", "--sicne", "1d", check=False)
    assert refused.returncode != 0 and "there is no option --sicne; did you mean --since" in refused.stderr
    assert server.run("--version").stdout.startswith("holdpoint 1.")


def test_without_proc_a_deployment_asks_where_the_executables_are():
    def run(*arguments):
        script = 'umount --lazy /proc || exit 77; exec "$@"'
        return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", BIN / "holdpoint", *arguments], capture_output=True, text=True)
    told = run("--version")
    if told.returncode == 77 or "unshare" in told.stderr:
        pytest.skip(f"nothing may be unmounted here: {told.stderr.strip()}")
    assert told.stdout.startswith("holdpoint "), told.stderr
    refused = run("deploy", "template.yaml", "--data", "/nowhere")
    assert refused.returncode == 2 and "--bin" in refused.stderr, refused.stderr
