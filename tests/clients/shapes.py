"""Shapes of workflows in AWS's durable execution SDK for Python: branches side by side, contexts within contexts, failures that nobody catches, invokes of
invokes. The event's "workflow" names the one to run; test_local_runners.py holds what becomes of them against AWS's own local runner."""
from aws_durable_execution_sdk_python import CallbackError, DurableOperationError, InvokeError, durable_execution
from aws_durable_execution_sdk_python.config import (
    CallbackConfig, CompletionConfig, Duration, JitterStrategy, MapConfig, ParallelConfig, StepConfig, StepSemantics, WaitForCallbackConfig)
from aws_durable_execution_sdk_python.retries import RetryPresets, RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

workflows = {}
SECOND = Duration.from_seconds(1)
NO_RETRIES = StepConfig(retry_strategy=RetryPresets.none())


def workflow(function):
    workflows[function.__name__] = function
    return function


def every_second(attempts, **more):
    strategy = create_retry_strategy(RetryStrategyConfig(max_attempts=attempts, initial_delay=SECOND, backoff_rate=1, jitter_strategy=JitterStrategy.NONE))
    return StepConfig(retry_strategy=strategy, **more)


def failing(message, kind=ValueError):
    def body(*_):
        raise kind(message)
    return body


def told(error):
    return [type(error).__name__, error.message]


def succeeds_after(failures):
    def body(step):
        if step.attempt <= failures:
            raise ValueError(f"attempt {step.attempt} of {failures + 1}")
        return step.attempt
    return body


@workflow
def deep(_event, context):
    def level(number):
        def body(inner):
            inner.step(lambda _: number, name=f"step {number}")
            inner.wait(SECOND, name=f"wait {number}")
            return inner.run_in_child_context(level(number - 1), name=f"level {number}") + number if number else 0
        return body
    return context.run_in_child_context(level(3), name="top")


@workflow
def branches_wait(_event, context):
    def branch(number):
        def body(inner):
            inner.wait(Duration.from_seconds(number), name=f"wait {number}")
            return inner.step(lambda _: number, name=f"step {number}")
        return body
    return context.parallel([branch(1), branch(2), branch(3)], name="branches").get_results()


@workflow
def branches_retry(_event, context):
    def branch(failures):
        return lambda inner: inner.step(succeeds_after(failures), name=f"after {failures}", config=every_second(5))
    return context.parallel([branch(0), branch(1), branch(2)], name="branches").get_results()


@workflow
def first_of(_event, context):
    """The branch that is left behind has a callback that nobody answers."""
    def slow(inner):
        inner.create_callback(name="slow").result()
    def fast(inner):
        inner.wait(SECOND)
        return inner.step(lambda _: "fast", name="fast")
    done = context.parallel([fast, slow], name="race",
                            config=ParallelConfig(completion_config=CompletionConfig.first_successful()))
    context.wait(SECOND, name="after")
    return [done.success_count, done.started_count, done.completion_reason.value]


@workflow
def branches_of_callbacks(_event, context):
    def answered(wait):
        def body(inner):
            try:
                return wait(inner)
            except CallbackError as error:
                return told(error)
        return body

    def callback(inner):
        return inner.create_callback(name="callback", config=CallbackConfig(timeout=SECOND)).result()

    def asked(inner):
        return inner.wait_for_callback(lambda *_: None, name="asked", config=WaitForCallbackConfig(timeout=Duration.from_seconds(2)))
    return context.parallel([answered(callback), answered(asked)], name="branches").get_results()


@workflow
def heartbeat_first(_event, context):
    config = CallbackConfig(timeout=Duration.from_seconds(60), heartbeat_timeout=SECOND)
    try:
        return context.create_callback(name="callback", config=config).result()
    except CallbackError as error:
        return told(error)


@workflow
def callback_uncaught(_event, context):
    context.create_callback(name="callback", config=CallbackConfig(timeout=SECOND)).result()


@workflow
def children_caught(_event, context):
    def child(inner):
        inner.wait(SECOND)
        failing("inside")()
    errors = []
    for name in ("first", "second"):
        try:
            context.run_in_child_context(child, name=name)
        except DurableOperationError as error:
            errors.append(told(error))
    return errors


@workflow
def child_uncaught(_event, context):
    context.run_in_child_context(failing("inside", KeyError), name="child")


@workflow
def step_uncaught(_event, context):
    context.step(failing("inside", KeyError), name="step", config=NO_RETRIES)


@workflow
def fails_after_a_wait(_event, context):
    context.wait(SECOND)
    raise RuntimeError("after")


def batch(context, fails, **completion):
    """Six items in turn, some of which fail."""
    def item(inner, number, *_):
        return inner.step(failing(f"item {number}") if fails(number) else lambda _: number, config=NO_RETRIES)
    config = MapConfig(max_concurrency=1, completion_config=CompletionConfig(**completion))
    return context.map(list(range(6)), item, name="batch", config=config)


def counts(done):
    return [done.success_count, done.failure_count, done.started_count, done.completion_reason.value]


@workflow
def map_uncaught(_event, context):
    batch(context, lambda number: number == 1, tolerated_failure_count=0).throw_if_error()


@workflow
def map_tolerates_some(_event, context):
    return counts(batch(context, lambda number: number % 3 == 0, min_successful=3, tolerated_failure_count=4))


@workflow
def map_tolerates_a_share(_event, context):
    return counts(batch(context, lambda number: number % 2 == 0, tolerated_failure_percentage=20))


@workflow
def nested_maps(_event, context):
    def inner_item(inner, number, *_):
        inner.wait(SECOND)
        return inner.step(lambda _: number * 10)

    def outer_item(inner, number, *_):
        return inner.map([number, number + 1], inner_item, name="inner").get_results()
    return context.map([1, 5], outer_item, name="outer").get_results()


@workflow
def nothing(_event, context):
    context.step(lambda _: None)
    context.run_in_child_context(lambda _: None)
    context.map([None], lambda *_: None)
    context.map([], lambda *_: None)
    context.parallel([lambda _: None])
    context.wait(SECOND)


@workflow
def at_most_once(_event, context):
    config = every_second(3, step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return [context.step(succeeds_after(failures), name=f"after {failures}", config=config) for failures in (0, 1)]


@workflow
def conditions_in_branches(_event, context):
    def strategy(state, _attempt):
        return WaitForConditionDecision.continue_waiting(SECOND) if state < 2 else WaitForConditionDecision.stop_polling()

    def branch(inner):
        return inner.wait_for_condition(lambda state, _: state + 1, WaitForConditionConfig(initial_state=0, wait_strategy=strategy), name="poll")
    return context.parallel([branch, branch], name="branches").get_results()


@workflow
def condition_uncaught(_event, context):
    def poll(state, _check):
        return failing("late")() if state == 1 else state + 1
    config = WaitForConditionConfig(initial_state=0, wait_strategy=lambda *_: WaitForConditionDecision.continue_waiting(SECOND))
    context.wait_for_condition(poll, config, name="poll")


@workflow
def large_contexts(_event, context):
    """Their results are made again from what is in them."""
    def slow(inner):
        inner.wait(SECOND)
        return "y" * 300_000
    first = context.run_in_child_context(lambda inner: [inner.step(lambda _: "x" * 200_000) for _ in range(3)], name="first")
    context.wait(SECOND)
    mapped = context.map([1, 2, 3, 4], lambda *_: "z" * 100_000, name="mapped", config=MapConfig(max_concurrency=1)).get_results()
    second = context.run_in_child_context(slow, name="second")
    return [len(first), len(second), len(mapped)]


@workflow
def invoke_uncaught(event, context):
    context.invoke(event["plain"], {"fail": "plainly"}, name="invoke")


@workflow
def invokes_in_branches(event, context):
    return context.parallel([lambda inner: inner.invoke(event["durable"], {"workflow": "at_most_once"}, name="durable"),
                             lambda inner: inner.invoke(event["plain"], {"echo": 2}, name="plain")["echo"]], name="branches").get_results()


@workflow
def invoke_nothing(event, context):
    return context.invoke(event["durable"], {"workflow": "nothing"}, name="invoke")


@workflow
def invoke_fails(event, context):
    errors = []
    for payload in ({"workflow": "step_uncaught"}, {"workflow": "fails_after_a_wait"}):
        try:
            context.invoke(event["durable"], payload, name="invoke")
        except InvokeError as error:
            errors.append(told(error))
    return errors


@workflow
def invokes_of_invokes(event, context):
    left = event.get("left", 2)
    return [left, left and context.invoke(event["durable"], {**event, "left": left - 1}, name=f"invoke {left}")]


@durable_execution
def handler(event, context):
    return workflows[event["workflow"]](event, context)
