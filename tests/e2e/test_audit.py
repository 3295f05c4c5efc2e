"""The auditor's commands: exports that prove themselves, statements that tell what is gone, fields that are erased."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdpoint import BIN, Approvals, hash_of

CLEAN = "all is as it was written"
NOTHING_SEALED = "warning: no sealed statement is here"


def audit(approvals, command, *arguments, check=True):
    return approvals.server.run("audit", command, *arguments, check=check)


def offline(approvals, folder, *more):
    """Verifies without a server: no endpoint, no credentials."""
    env, approvals.server.env = approvals.server.env, {}
    try:
        return audit(approvals, "verify", folder, *more, check=False)
    finally:
        approvals.server.env = env


@pytest.fixture(scope="module")
def approvals(callback):
    return callback


@pytest.fixture(scope="module")
def decided(approvals):
    """Three requests that have ended."""
    made = [approvals.pending(document_name=f'=SUM(1), "{i}"') for i in range(3)]
    for arn, approval_id in made:
        assert approvals.decide(approval_id, comments="fine")[0] == 200
    for arn, approval_id in made:
        assert approvals.agree(approval_id, arn) == "approved"
    return [approval_id for _, approval_id in made]


@pytest.fixture(scope="module")
def exported(approvals, decided, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "out"
    told = audit(approvals, "export", "--stack-name", approvals.stack, "--out", f"{folder}/", "--json")
    assert json.loads(told.stdout)["approvals"] == 3
    return folder


@pytest.fixture
def copy(exported, tmp_path):
    return shutil.copytree(exported, tmp_path / "copy")


def test_an_export_is_private_whole_and_proves_itself(approvals, exported, decided, tmp_path):
    assert exported.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in exported.iterdir()) == [
        "manifest.json", "manifest.signature.json", "records.csv", "records.jsonl", "statements.jsonl"]
    assert {file.stat().st_mode & 0o777 for file in exported.iterdir()} == {0o600}
    records = [json.loads(line) for line in (exported / "records.jsonl").read_text().splitlines()]
    assert [r for r in records if r["approval_id"] == decided[0]] == approvals.audit(decided[0])
    found = offline(approvals, exported)
    assert (found.returncode, CLEAN in found.stdout) == (0, True), found.stdout + found.stderr
    assert NOTHING_SEALED in found.stdout and NOTHING_SEALED in live(approvals).stdout
    assert CLEAN in audit(approvals, "verify", exported, "--stack-name", approvals.stack).stdout
    again = audit(approvals, "export", "--stack-name", approvals.stack, "--out", exported, check=False)
    assert again.returncode == 1 and "expected no folder or an empty one" in again.stderr
    failed = audit(approvals, "export", "--stack-name", "no-such-stack", "--out", tmp_path / "none", check=False)
    assert failed.returncode == 1 and not list(tmp_path.iterdir())
    assert "expected a folder" in offline(approvals, tmp_path / "none").stderr


def on_small_disk(approvals, size, folder, command, *arguments):
    """Where no file has room for more, and temporary ones are in `folder`."""
    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return subprocess.run([BIN / "holdpoint", "audit", command, "--stack-name", approvals.stack, *arguments], capture_output=True, text=True,
                          env=approvals.server.environment() | {"TMPDIR": str(folder)}, preexec_fn=small_disk, restore_signals=False)


def test_an_export_for_which_there_is_no_room_leaves_nothing(approvals, decided, tmp_path):
    done = on_small_disk(approvals, 4096, tmp_path, "export", "--out", tmp_path / "out")
    assert done.returncode == 1 and done.stderr == f"holdpoint: cannot write the export into {tmp_path}: File too large\n"
    assert not list(tmp_path.iterdir())


def changed_byte(folder, lines):
    lines[2] = lines[2].replace('"at":"2', '"at":"3')
    return ["records.jsonl: was changed", f"{name(lines[2])}: was changed after it was written"]


def changed_comment(folder, lines):
    where = next(i for i, line in enumerate(lines) if '"fine"' in line)
    lines[where] = lines[where].replace('"fine"', '"mine"')
    return [f"{name(lines[where])}: its field comments was changed"]


def removed_line(folder, lines):
    follower = lines[2]
    del lines[1]
    return [f"{name(follower)}: record 2 is missing before it"]


def cut_line(folder, lines):
    gone = json.loads(lines.pop())
    return [f"{gone['approval_id']}: its chain ends at record {gone['seq'] - 1}, but had {gone['seq']}: its end was cut off (manifest)"]


def swapped_lines(folder, lines):
    lines[1], lines[2] = lines[2], lines[1]
    return [f"{name(lines[1])}: stands where record 2 belongs: the records are in another order, and each is as it was written"]


def rewritten_record(folder, lines):
    """Its hash with it, so that it is whole by itself."""
    record = json.loads(lines[1])
    record["at"] = "2020-01-01T00:00:00.000Z"
    lines[1] = json.dumps(record | {"hash": hash_of(record)})
    return [f"{name(lines[1])}: is not the one that record 3 follows: it was changed, and its hash with it"]


def removed_chain(folder, lines):
    gone = json.loads(lines[0])["approval_id"]
    count = len(lines)
    lines[:] = [line for line in lines if json.loads(line)["approval_id"] != gone]
    return [f"{gone}: its whole chain of {count - len(lines)} records is gone (manifest)"]


def no_record(folder, lines):
    lines[1] = "{}"
    return ["records.jsonl line 2: expected an audit record"]


def edited_csv(folder, lines):
    table = folder / "records.csv"
    table.write_bytes(table.read_bytes().replace(b'"fine"', b'"mine"', 1))
    decided = next(json.loads(line) for line in lines if '"fine"' in line)
    return ["records.csv: was changed", f"records.csv: its line of {decided['approval_id']} record {decided['seq']} is not what"]


def edited_manifest(folder, lines):
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"approvals":3', '"approvals":2'))
    return ["manifest.json: was changed"]


def removed_file(folder, lines):
    (folder / "records.csv").unlink()
    return ["records.csv: is missing"]


def name(line):
    record = json.loads(line)
    return f"{record['approval_id']} record {record['seq']} ({record['event']})"


@pytest.mark.parametrize("tamper", [changed_byte, changed_comment, removed_line, cut_line, swapped_lines, rewritten_record, removed_chain,
                                    no_record, edited_csv, edited_manifest, removed_file], ids=lambda tamper: tamper.__name__)
def test_what_was_done_to_an_export_is_named(approvals, copy, tamper):
    records = copy / "records.jsonl"
    lines = records.read_text().splitlines()
    expected = tamper(copy, lines)
    records.write_text("".join(f"{line}\n" for line in lines))
    found = offline(approvals, copy)
    assert found.returncode == 1 and CLEAN not in found.stdout
    for problem in expected:
        assert f"problem: {problem}" in found.stdout, found.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_who_may_not_read_an_export_is_told_so():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        export = pathlib.Path(folder, "export")
        export.mkdir(mode=0o700)
        done = subprocess.run([BIN / "holdpoint", "audit", "verify", export], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
        assert done.returncode == 1 and done.stderr == f"holdpoint: {export}/records.jsonl: Permission denied\n"


def test_an_export_that_somebody_else_signed_is_found_with_the_keys(approvals, copy):
    file = copy / "manifest.signature.json"
    signature = json.loads(file.read_text())
    file.write_text(json.dumps(signature | {"signature": "A" * 43}, separators=(",", ":")))
    assert offline(approvals, copy).returncode == 0
    found = audit(approvals, "verify", copy, "--stack-name", approvals.stack, check=False)
    assert found.returncode == 1 and "its signature is not ours" in found.stdout


def test_erasing_empties_what_names_a_person_and_keeps_the_chain(approvals, exported, tmp_path):
    _, approval_id = approvals.pending(requester="zoe@example.com")
    approvals.decide(approval_id, approver="yann@example.com", comments="private words")
    named = ("erase", approval_id, "--stack-name", approvals.stack)
    refused = audit(approvals, *named, "--person", "Yann@example.com", check=False)
    assert refused.returncode == 1 and "give --yes" in refused.stderr and "actor, comments" in refused.stderr
    assert "yann@" in json.dumps(approvals.audit(approval_id))
    audit(approvals, *named, "--person", "Yann@example.com", "--yes")
    audit(approvals, *named, "--field", "requester", "--yes")
    trail = json.dumps(approvals.audit(approval_id))
    assert "yann@" not in trail and "private words" not in trail and trail.count('"event": "erased"') == 2
    nothing = audit(approvals, *named, "--field", "requester", "--yes", check=False)
    assert nothing.returncode == 1 and "has such a field" in nothing.stderr
    live = audit(approvals, "verify", "--stack-name", approvals.stack)
    assert CLEAN in live.stdout and f"information: {approval_id} record" in live.stdout
    audit(approvals, "export", "--stack-name", approvals.stack, "--out", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    audit(approvals, "export", "--stack-name", approvals.stack, "--out", tmp_path / "empty")
    assert offline(approvals, tmp_path / "empty").returncode == 0
    found = offline(approvals, tmp_path / "out")
    assert found.returncode == 0 and "comments erased" in found.stdout


def test_what_was_emptied_without_a_record_of_it_is_a_problem(approvals, tmp_path):
    _, approval_id = approvals.pending(requester="zoe@example.com")
    before = approvals.dynamodb.get_item(TableName=approvals.audit_table, Key={"approval_id": {"S": approval_id}, "seq": {"N": "1"}})["Item"]
    approvals.dynamodb.put_item(TableName=approvals.audit_table, Item=before | {"personal": {"M": {}}})
    told = f"problem: {approval_id} record 1 (created): its fields {', '.join(sorted(before['personal']['M']))} are empty, and no record after it"
    found = live(approvals)
    assert found.returncode == 1 and told in found.stdout, found.stdout
    audit(approvals, "export", "--stack-name", approvals.stack, "--out", tmp_path / "out")
    found = offline(approvals, tmp_path / "out")
    assert found.returncode == 1 and told in found.stdout, found.stdout
    refused = audit(approvals, "erase", approval_id, "--stack-name", approvals.stack, "--field", "comments", "--yes", check=False)
    assert refused.returncode == 1 and "nothing was erased, because" in refused.stderr
    approvals.dynamodb.put_item(TableName=approvals.audit_table, Item=before)
    assert live(approvals).returncode == 0


def live(approvals, *arguments):
    return audit(approvals, "verify", "--stack-name", approvals.stack, *arguments, check=False)


def test_what_was_shown_and_the_policy_are_in_the_export(approvals, tmp_path):
    policy = {"name": "travel", "stages": [{"name": "team", "approvers": {"people": ["ann@example.com"]}}]}
    arn, approval_id = approvals.pending(requester="zoe@example.com", fields={"amount": "1,284.50 EUR"}, link="https://travel.example.com/1", policy=policy)
    assert approvals.decide(approval_id, approver="ann@example.com")[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    _, simple = approvals.pending()
    audit(approvals, "export", "--stack-name", approvals.stack, "--out", tmp_path / "out")
    created = {r["approval_id"]: r for r in map(json.loads, (tmp_path / "out/records.jsonl").read_text().splitlines()) if r["event"] == "created"}
    # As docs/audit.md says it.
    texts = {name: created[approval_id]["personal"][name]["value"] for name in ("shown", "policy")}
    assert sha256sum(texts["shown"]) == created[approval_id]["shown_digest"] and "1,284.50 EUR" in texts["shown"]
    assert sha256sum(texts["policy"]) == created[approval_id]["details"]["policy_digest"] and "ann@example.com" in texts["policy"]
    record = created[simple]
    parts = [simple, record["details"]["document_id"], *(record["personal"][name]["value"] for name in ("document_name", "requester")), record["at"]]
    assert sha256sum("".join(f"{len(part.encode())}:{part};" for part in parts)) == record["shown_digest"]
    assert "shown" not in record["personal"]

    # Whoever is erased is in these texts no more.
    audit(approvals, "erase", approval_id, "--stack-name", approvals.stack, "--person", "ANN@example.com", "--yes")
    assert "ann@example.com" not in json.dumps(approvals.audit(approval_id))
    audit(approvals, "erase", approval_id, "--stack-name", approvals.stack, "--field", "requester", "--field", "actor", "--yes")
    assert "zoe@example.com" not in json.dumps(approvals.audit(approval_id))
    assert live(approvals).returncode == 0


def sha256sum(text):
    return subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True).stdout.split()[0].decode()


def test_what_was_done_to_the_table_is_found_after_a_seal(approvals, decided, tmp_path):
    with ThreadPoolExecutor(4) as pool:  # at once, and still one after the other
        seals = list(pool.map(lambda _: json.loads(audit(approvals, "seal", "--stack-name", approvals.stack, "--json").stdout), range(4)))
    assert sorted(seal["number"] for seal in seals) == [1, 2, 3, 4]
    assert live(approvals).returncode == 0
    full = on_small_disk(approvals, 16, tmp_path, "verify")
    assert (full.returncode, full.stdout) == (1, "") and full.stderr == f"holdpoint: cannot keep in {tmp_path} what takes too much memory: File too large\n"
    assert not list(tmp_path.iterdir())
    approvals.server.run("approvals", "rotate-keys", "--stack-name", approvals.stack, "--drop-older")
    found = live(approvals)
    assert found.returncode == 1 and "was signed with a key that is not known" in found.stdout
    assert "4 statements were checked, their signatures were not (the stack has none of the keys that made them: they were dropped, or it is another stack)" in found.stdout
    audit(approvals, "seal", "--stack-name", approvals.stack)
    assert live(approvals, "--sealed", seals[0]["hash"]).returncode == 0
    assert "is gone" in live(approvals, "--sealed", "0" * 64).stdout
    for mistyped in (seals[0]["hash"][1:], seals[0]["hash"].upper()):
        refused = live(approvals, "--sealed", mistyped)
        assert refused.returncode == 2 and "--sealed: expected" in refused.stderr and "problem" not in refused.stdout

    removed, cut, edited = decided
    for record in approvals.audit(removed):
        take_out(approvals, record)
    last = approvals.audit(cut)[-1]
    take_out(approvals, last)
    approvals.dynamodb.update_item(TableName=approvals.audit_table, Key=key(approvals.audit(edited)[1]), UpdateExpression="SET #event = :other",
                                   ExpressionAttributeNames={"#event": "event"}, ExpressionAttributeValues={":other": {"S": "other"}})
    for _ in range(2):
        found = live(approvals)
        assert found.returncode == 1
        assert f"problem: {removed}: its whole chain of" in found.stdout
        assert f"problem: {cut}: its chain ends at record {last['seq'] - 1}, but had {last['seq']}: its end was cut off" in found.stdout
        assert f"problem: {edited} record 2 (other): was changed after it was written" in found.stdout
        # A later seal hides nothing.
        audit(approvals, "seal", "--stack-name", approvals.stack)
    # Nor does an export that is made afterwards: it has the statements.
    audit(approvals, "export", "--stack-name", approvals.stack, "--out", tmp_path / "out")
    found = offline(approvals, tmp_path / "out")
    assert f"problem: {removed}: its whole chain of" in found.stdout and f"problem: {cut}: its chain ends at record" in found.stdout
    assert "7 statements were checked, their signatures were not" in found.stdout
    found = audit(approvals, "verify", tmp_path / "out", "--stack-name", approvals.stack, check=False)
    assert "7 statements were checked, and the signatures of 3" in found.stdout
    # A hash that was kept elsewhere needs no server either.
    told = offline(approvals, tmp_path / "out", "--sealed", seals[0]["hash"]).stdout
    assert "7 statements were checked" in told and "the hash" not in told
    assert f"statements.jsonl: the statement with the hash {'0' * 64} is not in it: it was made after this export, of 20" in offline(
        approvals, tmp_path / "out", "--sealed", "0" * 64).stdout
    refused = audit(approvals, "erase", edited, "--stack-name", approvals.stack, "--field", "comments", "--yes", check=False)
    assert refused.returncode == 1 and "nothing was erased, because" in refused.stderr
    assert '"fine"' in json.dumps(approvals.audit(edited))
    settings = approvals.outputs["SettingsTableName"]
    approvals.dynamodb.delete_item(TableName=settings, Key={"name": {"S": "audit-head/2"}})
    assert "statement 2 is missing before it" in live(approvals).stdout


def test_a_request_that_was_changed_by_hand_is_held_against_its_chain(own_server, tmp_path):
    own_server.deploy("app-sam", ApprovalWaitMode="callback")
    approvals = Approvals(own_server)
    approvals.publish()
    arn, approval_id = approvals.pending(fields={"amount": "100 EUR"})
    assert approvals.decide(approval_id, decision="rejected", comments="no")[0] == 200
    approvals.ended(arn)
    assert live(approvals).returncode == 0

    def change(name, value):
        approvals.dynamodb.update_item(TableName=approvals.outputs["ApprovalsTableName"], Key={"approval_id": {"S": approval_id}},
                                       UpdateExpression="SET #name = :value", ExpressionAttributeNames={"#name": name},
                                       ExpressionAttributeValues={":value": value})

    change("status", {"S": "approved"})
    change("decision", {"S": "approved"})
    problem = f"{approval_id}: its record says status 'approved', and its chain 'rejected'"
    found = live(approvals)
    assert found.returncode == 1 and f"problem: {problem}" in found.stdout
    shown = own_server.run("approvals", "get", approval_id, "--audit", check=False)
    assert shown.returncode == 1 and "is whole" in shown.stdout and problem in shown.stderr
    told = json.loads(own_server.run("approvals", "get", approval_id, "--audit", "--json", check=False).stdout)
    assert problem in told["audit_problems"]
    change("status", {"S": "rejected"})
    change("decision", {"S": "rejected"})
    change("fields", {"L": [{"M": {"name": {"S": "amount"}, "value": {"S": "900 EUR"}}}]})
    assert "its record says shown_digest" in live(approvals).stdout


def test_a_check_that_a_script_named_with_an_empty_variable_is_not_left_out(approvals, exported):
    for arguments in (["--sealed", ""], ["--stack-name", ""]):
        refused = offline(approvals, exported, *arguments)
        assert refused.returncode == 2 and f"{arguments[0]}: expected a value, found an empty text" in refused.stderr and CLEAN not in refused.stdout
    refused = audit(approvals, "verify", "", "--stack-name", approvals.stack, check=False)
    assert refused.returncode == 2 and "folder: expected a value" in refused.stderr


def test_who_put_which_policy_is_in_the_trail_and_no_version_comes_back_with_other_content(own_server, tmp_path):
    own_server.deploy("app-sam", ApprovalWaitMode="callback")
    def put(stage, *more, version=1, check=True):
        (tmp_path / "policies.json").write_text(json.dumps({"policies": [{"name": "contract", "version": version, "stages": [{"name": stage}]}] if stage else []}))
        return own_server.run("approvals", "policies", "put", tmp_path / "policies.json", *more, check=check)
    put("legal")
    assert "these already" in put("legal").stdout
    put(None, "--drop")
    refused = put("anybody", check=False)
    assert refused.returncode == 1 and "version 1 of 'contract' was stored before and said something else" in refused.stderr
    put("anybody", version=2)
    told = json.loads(own_server.run("audit", "export", "--stack-name", "app-sam", "--out", tmp_path / "out", "--json").stdout)
    assert (told["approvals"], told["records"], told["problems"]) == (0, 3, [])
    records = [json.loads(line) for line in (tmp_path / "out" / "records.jsonl").read_text().splitlines()]
    assert {(one["approval_id"], one["event"], one["actor_proof"]) for one in records} == {("policies", "policies_put", "aws")}
    assert all(one["personal"]["actor"]["value"].endswith(":user/holdpoint") for one in records)
    changes = [{name: [policy["version"] for policy in json.loads(one["details"][name])] for name in ("put", "removed")} for one in records]
    assert changes == [{"put": [1], "removed": []}, {"put": [], "removed": [1]}, {"put": [2], "removed": []}]
    assert own_server.run("audit", "verify", tmp_path / "out").stdout.startswith("0 approvals with 3 records: all is as it was written")


def key(record):
    return {"approval_id": {"S": record["approval_id"]}, "seq": {"N": str(record["seq"])}}


def take_out(approvals, record):
    approvals.dynamodb.delete_item(TableName=approvals.audit_table, Key=key(record))
