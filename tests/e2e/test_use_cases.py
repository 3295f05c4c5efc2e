"""The three use cases, as their demos show them, in both wait modes; and a server that is killed while they wait."""
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from holdpoint import ROOT, Approvals, flat

CASES = ["document_approval", "expense_approval", "content_moderation"]
FOLDER = ROOT / "src/approvals/use_cases"


class Loader(yaml.SafeLoader):
    """Takes !Sub, !Ref and their like as what stands behind them."""


Loader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


def template_of(path):
    return yaml.load(path.read_text(), Loader)  # noqa: S506: a SafeLoader


def test_every_demo_does_what_it_promises(server, polling, callback):
    """All at once: each ends with an error when anything is not as it says."""

    def show(case, mode):
        return subprocess.run([sys.executable, "-B", FOLDER / case / "demo.py", "--bin", server.bin, "--data", server.data, "--mode", mode,
                               "--approvals", {"polling": polling, "callback": callback}[mode].stack],
                              env=server.environment(), capture_output=True, text=True, timeout=600, check=False)
    runs = [(case, mode) for case in CASES for mode in ("polling", "callback")]
    with ThreadPoolExecutor(3) as pool:
        for run, done in zip(runs, pool.map(lambda run: show(*run), runs)):
            assert done.returncode == 0, f"{run}: {done.stdout}{done.stderr}"
            assert "Done: " in done.stdout


def test_an_expense_is_booked_once_though_everything_dies(own_server):
    """The server and its functions are killed after the decision, as often as it takes; one booking comes of it."""
    own_server.deploy("app-sam")
    own_server.deploy("expenses", template=FOLDER / "expense_approval/template.yaml", Managers="boss@example.com", Finance="ann@example.com",
                      Directors="cleo@example.com")
    approvals = Approvals(own_server)
    event = {"expense_id": "e-1", "purpose": "Chair", "requester": "user@example.com", "amount": "80.05", "currency": "EUR"}
    started = [approvals.lambda_.invoke(FunctionName="app-sam-Workflow-expenses", Qualifier="$LATEST", InvocationType="Event", Payload=json.dumps(event),
                                        DurableExecutionName="e-1")["DurableExecutionArn"] for _ in range(2)]
    assert started[0] == started[1], "an execution with this name is there already"
    approval_id = approvals.record_of(started[0])["approval_id"]
    assert approvals.decide(approval_id)[0] == 200
    for _ in range(2):
        own_server.restart()
        approvals.reconnect()
    result = approvals.ended(started[0])["Result"]
    assert (result["decision"], result["booked"]) == ("approved", True)
    ledger = [flat(item) for item in approvals.dynamodb.scan(TableName="expenses-ExpenseLedger", ConsistentRead=True)["Items"]]
    assert [(entry["approval_id"], entry["cents"], entry["execution_arn"]) for entry in ledger] == [(approval_id, 8005, started[0])]


@pytest.mark.parametrize("case", CASES)
def test_a_use_cases_workflow_has_what_the_approvals_workflow_has(case):
    """Whatever the approvals stack's workflow may do, is told, and costs, its templates repeat; so they have to change together."""
    def workflow(path, names):
        resources = template_of(path)["Resources"]
        variables = resources["WorkflowFunction"]["Properties"]["Environment"]["Variables"]
        statements = resources["WorkflowRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        text = json.dumps(statements)
        for name, value in names.items():
            text = text.replace(name, value)
        return set(variables), json.loads(text)

    topic = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${ApprovalsStackName}-"
    arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${ApprovalsStackName}-"
    base_variables, base = workflow(ROOT / "template.yaml", {
        "${AWS::StackName}-Workflow": "${ApprovalsStackName}-Workflow-${AWS::StackName}", "ApprovalsTable.Arn": arn + "ApprovalRequests",
        "AuditTable.Arn": arn + "ApprovalEvents", "SettingsTable.Arn": arn + "ApprovalSettings",
        "\"NotificationTopic\"": f'"{topic}ApprovalNotifications"', "\"ApprovalMailTopic\"": f'"{topic}ApprovalMail"'})
    variables, statements = workflow(FOLDER / case / "template.yaml", {})
    assert variables >= base_variables
    own = [statement for statement in statements if statement not in base]
    assert [statement for statement in base if statement not in statements] == []
    (own_table,) = own
    assert own_table["Action"] == ["dynamodb:PutItem", "dynamodb:GetItem"] and own_table["Resource"].endswith("Table.Arn")
