"""A durable function that does what its event's "tree" says: operations, and operations within them, made by tree_cases.py."""
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import (
    CallbackConfig, CompletionConfig, Duration, JitterStrategy, MapConfig, ParallelConfig, StepConfig, StepSemantics, WaitForCallbackConfig)
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

SECOND = Duration.from_seconds(1)
operations = {}


def operation(function):
    operations[function.__name__] = function
    return function


def run(context, nodes):
    return [run_one(context, node) for node in nodes]


def run_one(context, node):
    try:
        return operations[node["kind"]](context, node)
    except Exception as error:
        if not node["caught"]:
            raise
        return [type(error).__name__, str(error)]


def broken(node):
    raise ValueError(f"{node['kind']} {node['name']}")


@operation
def step(context, node):
    def body(this):
        return this.attempt if this.attempt > node["failures"] else broken(node)
    strategy = RetryStrategyConfig(max_attempts=node["attempts"], initial_delay=SECOND, backoff_rate=1, jitter_strategy=JitterStrategy.NONE)
    semantics = StepSemantics.AT_MOST_ONCE_PER_RETRY if node["once"] else StepSemantics.AT_LEAST_ONCE_PER_RETRY
    return context.step(body, name=node["name"], config=StepConfig(retry_strategy=create_retry_strategy(strategy), step_semantics=semantics))


@operation
def wait(context, node):
    context.wait(Duration.from_seconds(node["seconds"]), name=node["name"])


@operation
def condition(context, node):
    def poll(state, _check):
        return broken(node) if node["fails"] and state + 1 == node["polls"] else state + 1

    def strategy(state, _attempt):
        return WaitForConditionDecision.continue_waiting(SECOND) if state < node["polls"] else WaitForConditionDecision.stop_polling()
    return context.wait_for_condition(poll, WaitForConditionConfig(initial_state=0, wait_strategy=strategy), name=node["name"])


@operation
def callback(context, node):
    """Nobody answers it."""
    return context.create_callback(name=node["name"], config=CallbackConfig(timeout=SECOND)).result()


@operation
def asked(context, node):
    """Nobody answers that, either."""
    return context.wait_for_callback(lambda *_: None, name=node["name"], config=WaitForCallbackConfig(timeout=SECOND))


@operation
def child(context, node):
    def body(inner):
        done = run(inner, node["nodes"])
        return broken(node) if node["fails"] else [done, "x" * node["bytes"]]
    return context.run_in_child_context(body, name=node["name"])[0]


def counts(batch):
    return [batch.success_count, batch.failure_count, batch.started_count, batch.completion_reason.value]


@operation
def parallel(context, node):
    branches = [lambda inner, nodes=nodes: run(inner, nodes) for nodes in node["branches"]]
    config = ParallelConfig(max_concurrency=node["concurrency"], completion_config=CompletionConfig(**node["completion"]))
    return counts(context.parallel(branches, name=node["name"], config=config))


@operation
def map(context, node):
    def item(inner, number, *_):
        done = run(inner, node["nodes"])
        return broken(node) if number in node["failing"] else done
    config = MapConfig(max_concurrency=node["concurrency"], completion_config=CompletionConfig(**node["completion"]))
    return counts(context.map(list(range(node["items"])), item, name=node["name"], config=config))


@operation
def invoke(context, node):
    return context.invoke("python-trees:$LATEST", {"tree": node["nodes"]}, name=node["name"])


@operation
def plain(context, node):
    return context.invoke("python-plain", {"fail": "plainly"} if node["fails"] else {"echo": 1}, name=node["name"])["echo"]


@durable_execution
def handler(event, context):
    return run(context, event["tree"])
