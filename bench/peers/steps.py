"""The workflow of bench_function's "steps", with AWS's SDK for Python."""
from aws_durable_execution_sdk_python import durable_execution


@durable_execution
def handler(event, context):
    return sum(context.step(lambda _: 1, name="step") for _ in range(event["count"]))
