"""Workflows written with AWS's own SDKs for JavaScript and Python run unchanged. (tests/clients)

Each scenario runs in both languages, all of them side by side; each becomes a test of its own.
"""
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from holdpoint import eventually
from other_sdks import Workflows, deploy, folder, kind, notes

LANGUAGES = ("javascript", "python")
SIDE_BY_SIDE = 6

BRANCH = "Context+ parallel-branch-{0} {1}Context= parallel-branch-{0} "
ITEM = "Context+ map-item-{0} Step+ Step{1} Context{1} map-item-{0} "
# What each workflow says in the end, and its history after ExecutionStarted; where the languages differ, by language.
RESULTS = {
    "steps": (
        {"named": {"a": [1, None, "ü"]}, "unnamed": 7, "nothing": None, "added": 8},
        "Step+ named Step= named Step+ Step= Step+ nothing Step= nothing Step+ add Step= add Invocation Execution="),
    "retries": (3, "Step+ flaky Step! flaky Invocation Step+ flaky Step! flaky Invocation Step+ flaky Step= flaky Invocation Execution="),
    "retries_end": (
        {"javascript": {"class": "StepError", "type": "RangeError", "message": "no luck", "data": None},
         "python": {"class": "StepError", "type": "ValueError", "message": "no luck", "data": None}},
        "Step+ unlucky Step! unlucky Invocation Step+ unlucky Step! unlucky Invocation Execution="),
    "retries_filtered": (["no luck"] * 3, "Step+ Step! " * 3 + "Invocation Execution="),
    "half_a_character": ("cut \ufffd", "Step+ Step! Wait+ Invocation Wait= Invocation Execution="),
    "saga": (
        ["no cars", ["flight", "hotel"]],
        "".join(f"Step+ book {what} Step= book {what} Wait+ Invocation Wait= " for what in ("flight", "hotel")) + "Step+ book car Step! book car "
        + "".join(f"Step+ cancel {what} Step! cancel {what} Invocation Step+ cancel {what} Step= cancel {what} " for what in ("hotel", "flight"))
        + "Invocation Execution="),
    "retry_block": (
        2, "Context+ block Step+ first Step= first Step+ second Step! second Wait+ block-backoff-1 Invocation Wait= block-backoff-1 "
           "Step+ first Step= first Step+ second Step= second Context= block Invocation Execution="),
    "wait": ("waited", "Wait+ pause Invocation Wait= pause Wait+ Invocation Wait= Invocation Execution="),
    "condition": ({"polls": 3, "attempt": 3}, "Step+ thrice Step= thrice Invocation " * 3 + "Execution="),
    "condition_ends": (
        {"javascript": ["StepError"] * 2, "python": ["WaitForConditionError"] * 2},
        "Step+ Step= Invocation Step+ Step! Step+ Step! Invocation Execution="),
    "child_contexts": (
        ["charged 7", "deep", 1, 2, "ChildContextError", "inside"],
        "Context+ order Step+ validate Step= validate Wait+ Invocation Wait= Step+ charge Step= charge Context= order "
        "Context+ Context+ Step+ Step= Context= Context= Context+ labelled Context= labelled Step+ of the root Step= of the root "
        "Context+ breaks Step+ Step! Context! breaks Invocation Execution="),
    "parallel": (
        {"results": ["first", "second"], "failed": 1, "status": "FAILED", "reason": "ALL_COMPLETED", "first": [1],
         "why": "MIN_SUCCESSFUL_REACHED", "total": 1},
        "Context+ three Context+ one Step+ Step= Context= one " + BRANCH.format(1, "Wait+ Invocation Wait= Step+ Step= ")
        + "Context+ parallel-branch-2 Step+ Step! Context! parallel-branch-2 Context= three Context+ " + BRANCH.format(0, "")
        + "Context= Invocation Execution="),
    "map": ({"results": [1, 4, 16], "failed": [2], "reason": "ALL_COMPLETED", "strict": "FAILURE_TOLERANCE_EXCEEDED", "thrown": "three", "empty": 0}, None),
    "thousand": (499500, None),
    "completion": (
        [["MIN_SUCCESSFUL_REACHED", 2, 0, 2], ["FAILURE_TOLERANCE_EXCEEDED", 0, 2, 2], ["CUSTOM_COMPLETION_SUCCEEDED", 1, 0, 1],
         ["CUSTOM_COMPLETION_FAILED", 1, 0, 1], "BatchCompletionError"],
        "".join("Context+ " + items + "Context= " for items in (
            ITEM.format(0, "=") + ITEM.format(1, "="), ITEM.format(0, "!") + ITEM.format(1, "!"), ITEM.format(0, "="), ITEM.format(0, "=")))
        + "Invocation Execution="),
    "flat": ([10, 20], "Context+ flat Step+ item 1 Step= item 1 Step+ item 2 Step= item 2 Context= flat Invocation Execution="),
    "large": ({"child": [300000, "5d23c7d7270feeb6"], "batch": [[90000, "4718091176662637"], [90000, "23ea2586f1f611df"]]}, None),
    "serdes": ({"amount": 12, "currency": "EUR"}, "Step+ price Step= price Step+ types Step= types Wait+ Invocation Wait= Invocation Execution="),
}
COMBINATORS = {"both": [1, 2], "settled": ["fulfilled", "rejected"], "winner": "fast", "any": "yes", "errors": ["PromiseCombinatorError"] * 2}

scenarios = {}


def scenario(function):
    scenarios[function.__name__] = function
    return function


def workflow_scenario(name, result, history):
    def run(workflows):
        arn = workflows.start(name, value={"a": [1, None, "ü"]})
        by_language = isinstance(result, dict) and set(result) == set(LANGUAGES)
        assert workflows.result(arn) == (result[workflows.language] if by_language else result)
        if history is not None:
            assert " ".join(kind(event) for event in workflows.events(arn)[1:]) == history
    scenarios[name] = run


for name, (result, history) in RESULTS.items():
    workflow_scenario(name, result, history)


@scenario
def combinators(workflows):
    if not workflows.is_python:  # whose SDK has none
        assert workflows.run("combinators") == COMBINATORS


@scenario
def what_a_handler_throws_fails_the_execution(workflows):
    arn = workflows.start("fail", message="broken")
    ended = workflows.ended(arn)
    error = {"ErrorMessage": "broken", "ErrorType": "ValueError" if workflows.is_python else "RangeError"}
    assert (ended["Status"], ended["Error"]) == ("FAILED", ended["Error"] | error) and "Result" not in ended
    completed, failed = workflows.events(arn)[1:]
    assert (kind(completed), kind(failed)) == ("Invocation!", "Execution!")
    assert failed["ExecutionFailedDetails"]["Error"]["Payload"] == completed["InvocationCompletedDetails"]["Error"]["Payload"] == ended["Error"]


@scenario
def who_invokes_synchronously_gets_the_result(workflows):
    answer = workflows.invoke("wait", "RequestResponse")
    assert (answer["StatusCode"], answer["ExecutedVersion"], json.load(answer["Payload"])) == (200, "$LATEST", "waited")
    assert workflows.execution(answer["DurableExecutionArn"])["Status"] == "SUCCEEDED"
    answer = workflows.invoke("fail", "RequestResponse", message="broken")
    assert answer["FunctionError"] == "Unhandled" and json.load(answer["Payload"])["errorMessage"] == "broken"


@scenario
def a_name_starts_once(workflows):
    name = f"once-{workflows.language}"
    first = workflows.invoke("wait", name=name)["DurableExecutionArn"]
    assert workflows.invoke("wait", name=name)["DurableExecutionArn"] == first
    with pytest.raises(workflows.lambda_.exceptions.DurableExecutionAlreadyStartedException) as refused:
        workflows.invoke("wait", name=name, other="payload")
    assert refused.value.response["Error"]["Message"] == f"Execution already started: {first}"
    again = workflows.invoke("wait", "RequestResponse", name=name)
    assert (again["DurableExecutionArn"], json.load(again["Payload"])) == (first, "waited")
    assert workflows.invoke("wait", name=name)["DurableExecutionArn"] == first
    assert len(workflows.events(first, "ExecutionStarted")) == 1


@scenario
def a_callback_succeeds(workflows):
    arn, callback_id = workflows.asleep("callback", timeout=50)
    answer = '{"as": "it was sent", "ü": [1,  2]}'
    workflows.lambda_.send_durable_execution_callback_success(CallbackId=callback_id, Result=answer)
    assert workflows.result(arn) == answer
    started, succeeded = workflows.events(arn, "Callback")
    assert started["CallbackStartedDetails"] == {"CallbackId": callback_id, "Timeout": 50}
    assert succeeded["CallbackSucceededDetails"]["Result"]["Payload"] == answer
    assert [kind(event) for event in workflows.events(arn)[-4:]] == ["Invocation", "Callback= answer", "Invocation", "Execution="]
    for send in (workflows.lambda_.send_durable_execution_callback_success, workflows.lambda_.send_durable_execution_callback_heartbeat):
        with pytest.raises(workflows.lambda_.exceptions.CallbackTimeoutException):
            send(CallbackId=callback_id)


@scenario
def a_callback_fails(workflows):
    error = {"ErrorType": "Refused", "ErrorMessage": "not today", "ErrorData": '{"until": "Monday"}', "StackTrace": ["there", "here"]}
    arn, callback_id = workflows.asleep("callback")
    workflows.lambda_.send_durable_execution_callback_failure(CallbackId=callback_id, Error=error)
    told = workflows.result(arn)
    assert (told["class"], told["message"], told["data"]) == ("CallbackExternalError", "not today", '{"until": "Monday"}')
    assert workflows.events(arn, "CallbackFailed")[0]["CallbackFailedDetails"]["Error"]["Payload"] == error


@scenario
def a_callback_times_out(workflows):
    arn = workflows.start("callback", timeout=1)
    told = workflows.result(arn)
    assert (told["class"], told["message"]) == ("CallbackTimeoutError", "Callback timed out")
    assert workflows.events(arn, "CallbackTimedOut")[0]["CallbackTimedOutDetails"]["Error"]["Payload"] == {"ErrorType": "Callback.Timeout"}


@scenario
def heartbeats_keep_a_callback_open(workflows):
    arn, callback_id = workflows.asleep("callback", heartbeat=6)
    assert workflows.events(arn, "CallbackStarted")[0]["CallbackStartedDetails"]["HeartbeatTimeout"] == 6
    for _ in range(3):
        time.sleep(2.5)
        workflows.lambda_.send_durable_execution_callback_heartbeat(CallbackId=callback_id)
    told = workflows.result(arn)  # nobody sends any more
    assert (told["class"], told["message"]) == ("CallbackTimeoutError", "Callback timed out on heartbeat")
    timed_out = workflows.events(arn, "CallbackTimedOut")[0]
    assert timed_out["CallbackTimedOutDetails"]["Error"]["Payload"]["ErrorType"] == "Callback.Heartbeat"
    assert (timed_out["EventTimestamp"] - workflows.events(arn, "CallbackStarted")[0]["EventTimestamp"]).total_seconds() >= 13.4


@scenario
def callbacks_may_be_answered_before_the_invocation_ends(workflows):
    arn = workflows.start("callback_at_once")
    assert workflows.result(arn) == [{"early": 1}, "early too"]
    assert len(workflows.events(arn, "CallbackSucceeded")) == 2 and len(workflows.events(arn, "InvocationCompleted")) == 1


@scenario
def callbacks_may_end_badly_before_the_invocation_ends(workflows):
    failing, timing_out = (workflows.start("callback_ends_at_once", fails=fails) for fails in (True, False))
    assert (workflows.result(failing), workflows.result(timing_out)) == ("CallbackExternalError", "CallbackTimeoutError")
    assert [len(workflows.events(arn, "InvocationCompleted")) for arn in (failing, timing_out)] == [1, 1]


@scenario
def a_submitter_is_tried_again(workflows):
    arn = workflows.start("wait_for_callback", submitter="flaky", folder=folder())
    workflows.sleeps(arn, 2)
    workflows.lambda_.send_durable_execution_callback_success(CallbackId=workflows.callback_id(arn), Result="done")
    assert workflows.result(arn) == "done"
    context, callback = workflows.events(arn)[1:3]
    assert (context["SubType"], context["Name"], callback["ParentId"]) == ("WaitForCallback", "ask", context["Id"])


@scenario
def a_submitter_may_give_up(workflows):
    told = workflows.run("wait_for_callback", submitter="failing")
    assert (told["class"], told["message"]) == ("CallbackSubmitterError", "never there")


@scenario
def a_wait_for_callback_may_end_badly(workflows):
    failing, timing_out = workflows.start("wait_for_callback"), workflows.start("wait_for_callback", timeout=1)
    workflows.lambda_.send_durable_execution_callback_failure(CallbackId=workflows.callback_id(failing), Error={"ErrorMessage": "no"})
    assert (told := workflows.result(failing))["class"] == "CallbackExternalError" and told["message"] == "no"
    assert workflows.result(timing_out)["class"] == "CallbackTimeoutError"


@scenario
def functions_invoke_functions(workflows):
    arn = workflows.start("invoke", **workflows.others)
    nowhere = workflows.execution(arn)["FunctionArn"].replace(f"{workflows.function}:$LATEST", "nowhere:1")
    messages = ["broken", "plainly", "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.",
                f"Function not found: {nowhere}"]
    assert workflows.result(arn) == {
        "durable": {"echo": [1, "ü"]}, "plain": "WORD", "tenants": [{"echo": id, "tenant": id} for id in ("blue", "green", "blue")], "apart": True,
        "errors": [["InvokeError", message] for message in messages]}
    durable, plain, blue, *_ = [event["ChainedInvokeStartedDetails"] for event in workflows.events(arn, "ChainedInvokeStarted")]
    assert (durable["ExecutedVersion"], "TenantId" in durable) == ("$LATEST", False)
    assert workflows.execution(durable["DurableExecutionArn"])["Status"] == "SUCCEEDED"
    assert ("TenantId" in plain, blue["TenantId"], "DurableExecutionArn" in blue) == (False, "blue", False)


@scenario
def tenants_have_processes_of_their_own(workflows):
    def ask(tenant_id, function=workflows.others["tenants"]):
        answer = workflows.lambda_.invoke(FunctionName=function, TenantId=tenant_id, Payload=json.dumps({"echo": 1}))
        return json.load(answer["Payload"])
    red, white = ask("red"), ask("white")
    assert (red["tenant"], white["tenant"]) == ("red", "white") and red["process"] != white["process"]
    config = workflows.lambda_.get_function_configuration(FunctionName=workflows.others["tenants"])
    assert config["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}
    with pytest.raises(workflows.lambda_.exceptions.InvalidParameterValueException, match="is enabled with tenancy configuration"):
        workflows.lambda_.invoke(FunctionName=workflows.others["tenants"])
    with pytest.raises(workflows.lambda_.exceptions.InvalidParameterValueException, match="is not enabled with tenancy configuration"):
        ask("red", workflows.others["plain"])
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        ask("r;d")


@scenario
def results_have_limits(workflows):
    """A result that fills an answer of 6 MiB is checkpointed; a synchronous caller gets it. Longer ones fail."""
    bytes = 6 * 1024 * 1024 - 12
    answer = workflows.invoke("large_result", "RequestResponse", bytes=bytes)
    assert len(json.load(answer["Payload"])) == bytes
    workflows.sleeps(answer["DurableExecutionArn"])
    assert [kind(event) for event in workflows.events(answer["DurableExecutionArn"])] == ["Execution+", "Execution=", "Invocation"]
    too_large = [(1_100_000, 1048576, "Event")]
    if workflows.is_python:  # that for JavaScript (2.4.0) never answers once the checkpoint of a result was refused
        too_large.append((7_000_000, 6291456, "RequestResponse"))
    for size, limit, how in too_large:
        ended = workflows.ended(workflows.invoke("large_result", how, bytes=size)["DurableExecutionArn"])
        assert ended["Status"] == "FAILED"
        assert f"Execution output payload size must be less than or equal to {limit} bytes." in ended["Error"]["ErrorMessage"]
    ended = workflows.ended(workflows.start("large_step", bytes=1_100_000))
    assert ended["Status"] == "FAILED"
    assert "STEP output payload size must be less than or equal to 1048576 bytes." in ended["Error"]["ErrorMessage"]


@scenario
def large_results_are_made_again(workflows):
    """Of a result over 256 KiB the record has a summary; its steps, which the replay needs, are still there."""
    arn = workflows.start("large")
    assert workflows.result(arn)["child"][0] == 300000
    recorded = {event.get("Name"): event["ContextSucceededDetails"]["Result"].get("Payload", "") for event in workflows.events(arn, "ContextSucceeded")}
    assert all(len(recorded[name]) < 2000 for name in ("child", "batch")) and len(recorded["map-item-0"]) > 90_000


@scenario
def each_line_is_logged_once(workflows):
    word = f"word-{time.time()}"
    arn = workflows.start("logs", word=word)
    workflows.result(arn)

    def lines():
        pages = workflows.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{workflows.function}", filterPattern=f'{{ $.executionArn = "{arn}" }}')
        found = [json.loads(event["message"]) for page in pages for event in page["events"]]
        return found if any(f"after {word}" in line["message"] for line in found) else None
    found = eventually("the lines are there", lines)
    assert [(line["level"], line["message"]) for line in found if word in line["message"]] == [
        ("INFO", f"before {word}"), ("INFO", f"inside {word}"), ("WARNING" if workflows.is_python else "WARN", f"after {word}")]
    inside = next(line for line in found if line["message"] == f"inside {word}")
    assert (inside["operationName"], inside["attempt"]) == ("speaks", 1)


@scenario
def changed_code_is_found_out(workflows):
    ended = workflows.ended(workflows.start("changed", folder=folder()))
    assert ended["Status"] == "FAILED" and ended["Error"]["ErrorType"].endswith("NonDeterministicExecutionError")


def without_payloads(value):
    """An event as it is without execution data: what was left out is marked as truncated."""
    if not isinstance(value, dict):
        return value
    kept = {name: without_payloads(member) for name, member in value.items() if name != "Payload"}
    return {**kept, "Truncated": True} if "Payload" in value else kept


@scenario
def histories_are_read_in_pages_backwards_and_without_data(workflows):
    arn = workflows.start("child_contexts")
    workflows.result(arn)
    whole = workflows.events(arn, IncludeExecutionData=True)
    assert [event["EventId"] for event in whole] == list(range(1, len(whole) + 1))
    assert [event["EventTimestamp"] for event in whole] == sorted(event["EventTimestamp"] for event in whole)
    for size in (1, 7, 1000):
        paged = {"IncludeExecutionData": True, "PaginationConfig": {"PageSize": size}}
        assert workflows.events(arn, **paged) == whole
        assert workflows.events(arn, ReverseOrder=True, **paged) == whole[::-1]
    assert workflows.events(arn, IncludeExecutionData=False) == [without_payloads(event) for event in whole]
    parents = {event["Id"]: event.get("ParentId") for event in whole if "Id" in event}
    assert all(parent is None or parent in parents for parent in parents.values())
    execution = workflows.execution(arn)
    assert whole[0]["Id"] == arn.rpartition("/")[2] and whole[0]["Name"] == execution["DurableExecutionName"]
    assert whole[0]["ExecutionStartedDetails"] == {"Input": {"Payload": execution["InputPayload"], "Truncated": False}, "ExecutionTimeout": 600}
    assert whole[-1]["ExecutionSucceededDetails"]["Result"]["Payload"] == execution["Result"]


@scenario
def executions_are_listed_by_name_status_and_time(workflows):
    def listed(**options):
        pages = workflows.lambda_.get_paginator("list_durable_executions_by_function").paginate(FunctionName=workflows.function, **options)
        return [one["DurableExecutionArn"] for page in pages for one in page["DurableExecutions"]]
    first, second = (workflows.invoke("steps", name=f"listed-{number}", value=1)["DurableExecutionArn"] for number in (1, 2))
    failed = workflows.start("fail", message="listed")
    ended = [workflows.ended(arn) for arn in (first, second, failed)]
    assert listed(DurableExecutionName="listed-1") == [first]
    assert failed in listed(Statuses=["FAILED"]) and first not in listed(Statuses=["FAILED"])
    assert {first, second} <= set(listed(Statuses=["SUCCEEDED"])) and failed not in listed(Statuses=["SUCCEEDED"])
    assert first not in listed(StartedAfter=ended[0]["StartTimestamp"]) and failed in listed(StartedAfter=ended[0]["StartTimestamp"])
    assert first in listed(StartedBefore=ended[2]["StartTimestamp"]) and failed not in listed(StartedBefore=ended[2]["StartTimestamp"])
    newest_first = [arn for arn in listed(PaginationConfig={"PageSize": 2}) if arn in (first, second, failed)]
    assert newest_first == [arn for arn in listed(ReverseOrder=True) if arn in (first, second, failed)][::-1] == [failed, second, first]


@scenario
def an_execution_can_be_stopped(workflows):
    arn = workflows.start("forever")
    workflows.sleeps(arn)
    error = {"ErrorType": "Enough", "ErrorMessage": "nobody needs it", "ErrorData": "1", "StackTrace": ["here"]}
    stopped = workflows.lambda_.stop_durable_execution(DurableExecutionArn=arn, Error=error)["StopTimestamp"]
    assert workflows.lambda_.stop_durable_execution(DurableExecutionArn=arn)["StopTimestamp"] == stopped
    execution = workflows.execution(arn)
    assert (execution["Status"], execution["Error"], execution["EndTimestamp"]) == ("STOPPED", error, stopped)
    last = [event for event in workflows.events(arn) if event["EventType"] != "InvocationCompleted"][-1]
    assert last["ExecutionStoppedDetails"]["Error"]["Payload"] == error


@scenario
def a_stop_comes_upon_a_step_that_goes_on(workflows):
    """Its process is left alone; what it would record next is refused, and no further step begins."""
    there = folder()
    arn = workflows.start("slow", folder=there)
    eventually("the step has begun", lambda: os.path.exists(f"{there}/notes"))
    workflows.lambda_.stop_durable_execution(DurableExecutionArn=arn)
    assert workflows.execution(arn)["Status"] == "STOPPED"
    open(f"{there}/go", "w").close()
    workflows.sleeps(arn)
    stopped, invocation = map(kind, workflows.events(arn)[-2:])
    assert (stopped, invocation.rstrip("!")) == ("Executionx", "Invocation")
    assert notes(there) == ["begun"]


@scenario
def what_has_ended_can_be_deleted(workflows):
    name = f"deleted-{workflows.language}"
    running = workflows.invoke("forever", name=name)["DurableExecutionArn"]
    with pytest.raises(workflows.lambda_.exceptions.ResourceConflictException, match="has not ended"):
        workflows.lambda_.delete_durable_execution(DurableExecutionArn=running)
    workflows.sleeps(running)
    workflows.lambda_.stop_durable_execution(DurableExecutionArn=running)
    eventually("it is deleted", lambda: deleted(workflows, running))
    with pytest.raises(workflows.lambda_.exceptions.ResourceNotFoundException):
        workflows.execution(running)
    again = workflows.invoke("wait", name=name)["DurableExecutionArn"]  # nothing knows of its name any more
    assert again != running and workflows.result(again) == "waited"


def deleted(workflows, arn):
    """Not while the invocation that the stop came upon is still under way."""
    try:
        return workflows.lambda_.delete_durable_execution(DurableExecutionArn=arn)["DeletionRequestTimestamp"]
    except workflows.lambda_.exceptions.ResourceConflictException:
        return None


@scenario
def a_step_in_which_the_process_dies_runs_again(workflows):
    there = folder()
    arn = workflows.start("crash", folder=there)
    assert workflows.result(arn) == "survived"
    assert notes(there) == ["before", "inside", "inside", "after"]
    assert " ".join(map(kind, workflows.events(arn)[1:6])) == "Step+ before Step= before Invocation! Step+ inside Step= inside"
    lost = workflows.events(arn, "InvocationCompleted")[0]["InvocationCompletedDetails"]["Error"]["Payload"]
    assert lost["ErrorType"] == "Runtime.ExitError"


@scenario
def a_poll_in_which_the_process_dies_is_made_again(workflows):
    there = folder()
    arn = workflows.start("condition_crash", folder=there)
    assert workflows.result(arn) == 3
    assert notes(there) == ["poll 0", "poll 1", "poll 1", "poll 2"]
    attempts = [event["StepSucceededDetails"]["RetryDetails"]["CurrentAttempt"] for event in workflows.events(arn, "StepSucceeded")]
    assert attempts == [1, 2, 3]


@scenario
def an_at_most_once_step_in_which_the_process_dies_has_failed(workflows):
    there = folder()
    arn = workflows.start("at_most_once", folder=there, attempts=1)
    assert workflows.result(arn) == "StepInterruptedError"
    assert notes(there) == ["attempt 1"]
    assert " ".join(map(kind, workflows.events(arn)[1:])) == "Step+ once Invocation! Step! once Invocation Execution="
    there = folder()
    assert workflows.run("at_most_once", folder=there, attempts=2) == 2
    assert notes(there) == ["attempt 1", "attempt 2"]


@pytest.fixture(scope="module")
def runs(server):
    deploy(server)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {(name, language): pool.submit(run, Workflows(server, language)) for name, run in scenarios.items() for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", scenarios)
def test_scenario(runs, name, language):
    runs[name, language].result()
