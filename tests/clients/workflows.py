"""Workflows with every operation of AWS's durable execution SDK for Python; the event's "workflow" names the one to run."""
import hashlib
import os
import signal
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
from aws_durable_execution_sdk_python import (
    BatchCompletionError, CallbackError, DurableOperationError, InvokeError, ParallelBranch, StepError, WithRetryConfig, complete_batch,
    continue_batch, durable_execution, durable_step, durable_wait_for_callback, durable_with_child_context, with_retry)
from aws_durable_execution_sdk_python.config import (
    CallbackConfig, ChildConfig, CompletionConfig, CompletionOutcome, Duration, InvokeConfig, JitterStrategy, MapConfig, NestingType,
    ParallelConfig, StepConfig, StepSemantics, WaitForCallbackConfig)
from aws_durable_execution_sdk_python.retries import RetryDecision, RetryPresets, RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.serdes import JsonSerDes, SerDes
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision, WaitStrategyConfig, create_wait_strategy

workflows = {}
SECOND = Duration.from_seconds(1)
NO_RETRIES = StepConfig(retry_strategy=RetryPresets.none())


def workflow(function):
    workflows[function.__name__] = function
    return function


def every_second(attempts, **more):
    return create_retry_strategy(RetryStrategyConfig(
        max_attempts=attempts, initial_delay=SECOND, backoff_rate=1, jitter_strategy=JitterStrategy.NONE, **more))


def failing(message, kind=ValueError):
    def body(*_):
        raise kind(message)
    return body


def told(error):
    """What a handler can see of an operation's error."""
    return {"class": type(error).__name__, "type": error.error_type, "message": error.message, "data": error.data}


def digest(text):
    return [len(text), hashlib.sha256(text.encode()).hexdigest()[:16]]


@durable_step
def add(_step, a, b):
    return a + b


@workflow
def steps(event, context):
    named = context.step(lambda _: event["value"], name="named")
    unnamed = context.step(lambda _: 7)
    nothing = context.step(lambda _: None, name="nothing")
    added = context.step(add(unnamed, 1))
    return {"named": named, "unnamed": unnamed, "nothing": nothing, "added": added}


@workflow
def retries(_event, context):
    def third_time(step):
        if step.attempt < 3:
            raise ConnectionError(f"attempt {step.attempt}")
        return step.attempt
    return context.step(third_time, name="flaky", config=StepConfig(retry_strategy=every_second(3)))


@workflow
def retries_end(_event, context):
    try:
        context.step(failing("no luck"), name="unlucky", config=StepConfig(retry_strategy=every_second(2)))
    except StepError as error:
        return told(error)


@workflow
def retries_filtered(_event, context):
    """Of these errors none is retried: the first by its message, the second by its type, the third by a strategy of one's own."""
    strategies = [every_second(5, retryable_errors=["timeout"]), every_second(5, retryable_error_types=[ConnectionError]),
                  lambda error, attempt: RetryDecision.retry(SECOND) if attempt < 1 else RetryDecision.no_retry()]
    messages = []
    for strategy in strategies:
        try:
            context.step(failing("no luck"), config=StepConfig(retry_strategy=strategy))
        except StepError as error:
            messages.append(error.message)
    return messages


@workflow
def half_a_character(_event, context):
    """An error's message may have such a half: of an emoji that was cut, or of a file's name that is no UTF-8."""
    try:
        context.step(failing("cut \ud83d"), config=NO_RETRIES)
    except StepError as error:
        context.wait(SECOND)  # so that it is read from the record
        return error.message


@workflow
def saga(_event, context):
    """When a booking fails for good, what was booked before is cancelled, the last first."""
    def cancel(step):
        return step.attempt if step.attempt == 2 else failing("busy")()
    booked = []
    try:
        for what in ("flight", "hotel", "car"):
            context.step(failing("no cars") if what == "car" else lambda _: None, name=f"book {what}", config=NO_RETRIES)
            booked.append(what)
            context.wait(SECOND)
    except StepError as error:
        for what in reversed(booked):
            context.step(cancel, name=f"cancel {what}", config=StepConfig(retry_strategy=every_second(2)))
        return [error.message, booked]


@workflow
def retry_block(_event, context):
    def block(inner, attempt):
        inner.step(lambda _: attempt, name="first")
        return inner.step(lambda _: attempt if attempt == 2 else failing("once more")(), name="second", config=NO_RETRIES)
    return with_retry(context, block, WithRetryConfig(retry_strategy=every_second(3)), name="block")


def note(folder, text):
    """Steps that really ran, seen from outside."""
    with (Path(folder) / "notes").open("a") as file:
        file.write(text + "\n")


def crash_once(folder, name):
    """Ends this process the hard way, the first time."""
    marker = Path(folder) / name
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


@workflow
def crash(event, context):
    folder = event["folder"]
    context.step(lambda _: note(folder, "before"), name="before")

    def inside(_):
        note(folder, "inside")
        crash_once(folder, "crashed")
        return "survived"
    survived = context.step(inside, name="inside")
    context.wait(SECOND)
    context.step(lambda _: note(folder, "after"), name="after")
    return survived


@workflow
def at_most_once(event, context):
    def inside(step):
        note(event["folder"], f"attempt {step.attempt}")
        if step.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return step.attempt
    once = StepConfig(retry_strategy=every_second(event["attempts"]), step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    try:
        return context.step(inside, name="once", config=once)
    except StepError as error:
        return told(error)["type"].rpartition(".")[2]


@workflow
def wait(_event, context):
    context.wait(SECOND, name="pause")
    context.wait(Duration(seconds=1))
    return "waited"


@workflow
def condition(_event, context):
    def poll(state, check):
        return {"polls": state["polls"] + 1, "attempt": check.attempt}

    def strategy(state, _attempt):
        return WaitForConditionDecision.continue_waiting(SECOND) if state["polls"] < 3 else WaitForConditionDecision.stop_polling()
    return context.wait_for_condition(poll, WaitForConditionConfig(wait_strategy=strategy, initial_state={"polls": 0}), name="thrice")


@workflow
def condition_ends(_event, context):
    strategy = create_wait_strategy(WaitStrategyConfig(
        should_continue_polling=lambda state: True, max_attempts=2, initial_delay=SECOND, backoff_rate=1, jitter_strategy=JitterStrategy.NONE))
    classes = []
    for poll in (lambda state, _: state + 1, failing("blind")):
        try:
            context.wait_for_condition(poll, WaitForConditionConfig(wait_strategy=strategy, initial_state=0))
        except DurableOperationError as error:
            classes.append(type(error).__name__)
    return classes


@workflow
def condition_crash(event, context):
    def poll(state, _check):
        note(event["folder"], f"poll {state}")
        if state == 1:
            crash_once(event["folder"], "crashed")
        return state + 1

    def strategy(state, _attempt):
        return WaitForConditionDecision.continue_waiting(SECOND) if state < 3 else WaitForConditionDecision.stop_polling()
    return context.wait_for_condition(poll, WaitForConditionConfig(wait_strategy=strategy, initial_state=0))


@workflow
def callback(event, context):
    config = CallbackConfig(timeout=Duration.from_seconds(event.get("timeout", 60)),
                            heartbeat_timeout=Duration.from_seconds(event.get("heartbeat", 0)))
    answer = context.create_callback(name="answer", config=config)
    context.step(lambda _: len(answer.callback_id) > 0, name="told")
    try:
        return answer.result()
    except CallbackError as error:
        return told(error)


@durable_wait_for_callback
def send_yourself(callback_id, _context, result):
    boto3.client("lambda").send_durable_execution_callback_success(CallbackId=callback_id, Result=result)


@workflow
def callback_at_once(event, context):
    """The answer is there before the invocation that asks for it has ended."""
    own = context.create_callback(config=CallbackConfig(serdes=JsonSerDes()))
    context.step(lambda step: send_yourself('{"early": 1}')(own.callback_id, step), name="send")
    waited = context.wait_for_callback(send_yourself("early too"), name="ask")
    return [own.result(), waited]


@workflow
def callback_ends_at_once(event, context):
    """It fails, or times out, before the invocation that asks for it has ended."""
    asked = context.create_callback(config=CallbackConfig(timeout=Duration.from_seconds(60 if event["fails"] else 1)))

    def end(_):
        if event["fails"]:
            boto3.client("lambda").send_durable_execution_callback_failure(CallbackId=asked.callback_id, Error={"ErrorMessage": "no"})
        else:
            time.sleep(1.5)
    context.step(end)
    try:
        return asked.result()
    except CallbackError as error:
        return told(error)["class"]


@workflow
def wait_for_callback(event, context):
    attempts = []

    def submit(callback_id, submitter):
        attempts.append(callback_id)
        submitter.logger.info("submitting")
        if event.get("submitter") == "flaky" and not (Path(event["folder"]) / "submitted").exists():
            (Path(event["folder"]) / "submitted").touch()
            raise ConnectionError("nobody there")
        if event.get("submitter") == "failing":
            raise ConnectionError("never there")
    config = WaitForCallbackConfig(timeout=Duration.from_seconds(event.get("timeout", 60)), retry_strategy=every_second(2))
    try:
        return context.wait_for_callback(submit, name="ask", config=config)
    except CallbackError as error:
        return told(error)


@workflow
def echo(event, context):
    context.wait(SECOND)
    return {"echo": event["payload"]}


@workflow
def fail(event, context):
    raise ValueError(event["message"])


class Upper(SerDes):
    """JSON in capitals, to see who went through it."""

    def serialize(self, value, _context):
        return JsonSerDes().serialize(value, None).upper()

    def deserialize(self, data, _context):
        return JsonSerDes().deserialize(data, None)


@workflow
def invoke(event, context):
    durable = context.invoke(event["durable"], {"workflow": "echo", "payload": [1, "ü"]}, name="durable")
    plain = context.invoke(event["plain"], {"echo": "word"}, config=InvokeConfig(serdes_payload=Upper()))["echo"]
    tenants = [context.invoke(event["tenants"], {"echo": id}, config=InvokeConfig(tenant_id=id)) for id in ("blue", "green", "blue")]
    processes = [one.pop("process") for one in tenants]
    errors = []
    for function, payload in ((event["durable"], {"workflow": "fail", "message": "broken"}), (event["plain"], {"fail": "plainly"}),
                              (event["tenants"], {}), ("nowhere:1", {})):
        try:
            context.invoke(function, payload)
        except InvokeError as error:
            errors.append([type(error).__name__, error.message])
    apart = processes[0] != processes[1]
    return {"durable": durable, "plain": plain, "tenants": tenants, "apart": apart, "errors": errors}


@durable_with_child_context
def order(context, id):
    context.step(lambda _: id, name="validate")
    context.wait(SECOND)
    return context.step(lambda _: f"charged {id}", name="charge")


@workflow
def child_contexts(_event, context):
    named = context.run_in_child_context(order(7), name="order")
    nested = context.run_in_child_context(lambda outer: outer.run_in_child_context(lambda inner: inner.step(lambda _: "deep")))
    labelled = context.run_in_child_context(lambda _: 1, name="labelled", config=ChildConfig(sub_type="Saga"))
    virtual = context.run_in_child_context(lambda inner: inner.step(lambda _: 2, name="of the root"), config=ChildConfig(is_virtual=True))
    try:
        context.run_in_child_context(lambda inner: inner.step(failing("inside"), config=NO_RETRIES), name="breaks")
    except DurableOperationError as error:
        return [named, nested, labelled, virtual, told(error)["class"], error.message]


@workflow
def parallel(_event, context):
    def branch(inner):
        inner.wait(SECOND)
        return inner.step(lambda _: "second")
    batch = context.parallel(
        [ParallelBranch(lambda inner: inner.step(lambda _: "first"), name="one"), branch, lambda inner: inner.step(failing("third"), config=NO_RETRIES)],
        name="three", config=ParallelConfig(max_concurrency=1, completion_config=CompletionConfig.all_completed()))
    first = context.parallel([lambda _: 1, lambda _: 2], config=ParallelConfig(max_concurrency=1, completion_config=CompletionConfig.first_successful()))
    return {"results": batch.get_results(), "failed": batch.failure_count, "status": batch.status.value, "reason": batch.completion_reason.value,
            "first": first.get_results(), "why": first.completion_reason.value, "total": first.total_count}


@workflow
def map(_event, context):
    def square(inner, item, _index, _items):
        inner.wait(SECOND)
        return inner.step(lambda _: item * item if item != 3 else failing("three")(), config=NO_RETRIES)
    batch = context.map([1, 2, 3, 4], square, name="squares", config=MapConfig(
        max_concurrency=2, completion_config=CompletionConfig(tolerated_failure_count=1), item_namer=lambda item, index: f"square-{item}"))
    strict = context.map([3, 1], square, config=MapConfig(max_concurrency=1))
    try:
        strict.throw_if_error()
    except DurableOperationError as error:
        return {"results": batch.get_results(), "failed": [item.index for item in batch.failed()], "reason": batch.completion_reason.value,
                "strict": strict.completion_reason.value, "thrown": error.message, "empty": context.map([], square).total_count}


@workflow
def thousand(_event, context):
    """All at once, each in a thread."""
    return sum(context.map(list(range(1000)), lambda inner, item, *_: inner.step(lambda _: item)).get_results())


@workflow
def completion(_event, context):
    """When a batch ends: after enough successes, after too large a share of failures, and when the workflow says so."""
    def item(inner, value, _index, _items):
        return inner.step(lambda _: value if value else failing("zero")(), config=NO_RETRIES)

    def batch(items, **config):
        done = context.map(items, item, config=MapConfig(max_concurrency=1, completion_config=CompletionConfig(**config)))
        return [done.completion_reason.value, done.success_count, done.failure_count, done.total_count, done]
    enough = batch([1, 1, 1], min_successful=2)[:4]
    share = batch([0, 0, 1, 1], tolerated_failure_percentage=25)[:4]
    custom = batch([1, 1, 1], should_complete=lambda status: complete_batch() if status.success_count else continue_batch())[:4]
    *failed, done = batch([1, 1], should_complete=lambda status: complete_batch(CompletionOutcome.FAILED) if status.success_count else continue_batch())
    try:
        done.throw_if_error()
    except BatchCompletionError as error:
        return [enough, share, custom, failed, type(error).__name__]


@workflow
def flat(_event, context):
    batch = context.map([1, 2], lambda inner, item, *_: inner.step(lambda _: item * 10, name=f"item {item}"), name="flat",
                        config=MapConfig(max_concurrency=1, nesting_type=NestingType.FLAT))
    return batch.get_results()


@workflow
def large(_event, context):
    """Results of more than 256 KiB are not recorded: the wait makes the next invocation run what made them again."""
    child = context.run_in_child_context(lambda inner: "c" * inner.step(lambda _: 300_000, name="size"), name="child")
    batch = context.map(["a", "ü"], lambda inner, item, *_: inner.step(lambda _: item * 90_000), name="batch")
    context.wait(SECOND)
    return {"child": digest(child), "batch": [digest(result) for result in batch.get_results()]}


@workflow
def large_result(event, _context):
    return "r" * event["bytes"]


@workflow
def large_step(event, context):
    """Its start is sent before its result: version 3.0.0 of the SDK waits forever when 750 KB more would have to go along with something."""
    alone = StepConfig(retry_strategy=RetryPresets.none(), step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return len(context.step(lambda _: "s" * event["bytes"], config=alone))


@dataclass
class Money:
    amount: int
    currency: str


class MoneySerDes(SerDes):
    def serialize(self, value, _context):
        return f"{value.amount} {value.currency}"

    def deserialize(self, data, _context):
        amount, currency = data.split()
        return Money(int(amount), currency)


@workflow
def serdes(_event, context):
    price = context.step(lambda _: Money(12, "EUR"), name="price", config=StepConfig(serdes=MoneySerDes()))
    dated = context.step(lambda _: {"at": datetime(2026, 1, 2, tzinfo=UTC), "tags": ("a", b"b")}, name="types")
    context.wait(SECOND)
    assert isinstance(price, Money) and dated == {"at": datetime(2026, 1, 2, tzinfo=UTC), "tags": ("a", b"b")}
    return asdict(price)


@workflow
def logs(event, context):
    context.logger.info("before %s", event["word"])

    def body(step):
        step.logger.info("inside %s", event["word"])
        return 1
    context.step(body, name="speaks")
    context.wait(SECOND)
    context.logger.warning("after %s", event["word"])
    return "said"


@workflow
def changed(event, context):
    """A workflow whose code is not the same when it is replayed."""
    marker = Path(event["folder"]) / "ran"
    if marker.exists():
        context.wait(SECOND, name="first")
    else:
        context.step(lambda _: marker.touch(), name="first")
    context.wait(SECOND)


@workflow
def slow(event, context):
    def until_told(_):
        note(event["folder"], "begun")
        while not (Path(event["folder"]) / "go").exists():
            time.sleep(0.05)
    context.step(until_told)
    context.step(lambda _: note(event["folder"], "after"))


@workflow
def forever(_event, context):
    while True:
        context.wait(SECOND)


@durable_execution
def handler(event, context):
    return workflows[event["workflow"]](event, context)
