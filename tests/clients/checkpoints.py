"""A durable function without an SDK: makes the checkpoints that its input lists, and answers what came of each, or what the input says. A number is seconds of
sleep."""
import json
import time


def on_the_server(event):
    """Its first checkpoint token, its input, and how it makes a checkpoint."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError
    client = boto3.client("lambda", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))

    def checkpoint(token, updates):
        try:
            answer = client.checkpoint_durable_execution(DurableExecutionArn=event["DurableExecutionArn"], CheckpointToken=token, Updates=updates)
        except ClientError as error:
            raise ValueError(error.response["Error"]["Message"]) from error
        return answer["CheckpointToken"], answer["NewExecutionState"].get("Operations", [])
    return event["CheckpointToken"], event["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]["InputPayload"], checkpoint


def in_the_local_runner(event):
    """The same where AWS's local runner hands over its own client."""
    from aws_durable_execution_sdk_python.lambda_service import OperationUpdate

    def checkpoint(token, updates):
        try:
            answer = event.service_client.checkpoint(event.durable_execution_arn, token, [OperationUpdate.from_dict(update) for update in updates], None)
        except Exception as error:
            raise ValueError(str(error)) from error
        return answer.checkpoint_token, [operation.to_dict() for operation in answer.new_execution_state.operations]
    return event.checkpoint_token, event.initial_execution_state.operations[0].execution_details.input_payload, checkpoint


def handler(event, _context):
    token, text, checkpoint = (on_the_server if isinstance(event, dict) else in_the_local_runner)(event)
    script = json.loads(text)
    answers = []
    for updates in script["checkpoints"]:
        if isinstance(updates, float):
            time.sleep(updates)
            continue
        try:
            token, operations = checkpoint(token, updates)
            answers.append([operation for operation in operations if operation["Type"] != "EXECUTION"])
        except ValueError as refusal:
            answers.append(str(refusal))
    return script.get("answer", {"Status": "SUCCEEDED", "Result": json.dumps(answers, default=str)})
