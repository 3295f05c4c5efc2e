"""A Lambda runtime for functions in Python: `python runtime.py MODULE.py [NAME]` serves the function NAME of MODULE.py, `handler` unless you say.

(AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes")
"""
import http.client
import importlib.util
import json
import logging
import os
import sys
import time
import traceback
import types


class Context:
    """What AWS's runtime hands to a handler of an invocation."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = client_context(headers.get("Lambda-Runtime-Client-Context"))

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline_ms - int(time.time() * 1000))


def client_context(text):
    """What whoever invokes says of itself: `client`, `custom` and `env`."""
    return text and types.SimpleNamespace(**{"client": None, "custom": None, "env": None, **json.loads(text)})


class JsonLines(logging.Formatter):
    """Log lines as AWS's runtime writes them in JSON, with what a logger was given as `extra`."""

    usual = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record):
        line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)), "level": record.levelname,
                "message": record.getMessage(), "logger": record.name}
        line.update((name, value) for name, value in vars(record).items() if name not in self.usual)
        if record.exc_info:
            line["stackTrace"] = self.formatException(record.exc_info).splitlines()
        return json.dumps(line, default=str)


def log_to_stdout():
    sys.stdout.reconfigure(line_buffering=True)  # what is printed is in the log at once, and not lost with the process
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"), handlers=[handler])


def load(path, name="handler"):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))  # as on AWS, modules beside it may be imported
    spec = importlib.util.spec_from_file_location("function", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, name, None)):
        raise AttributeError(f"{path} has no function '{name}'. Another name stands behind the file: runtime.py {path} lambda_handler")
    return getattr(module, name)


def error_body(error):
    return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": traceback.format_exc().splitlines()})


def main():
    log_to_stdout()
    host, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
    base = f"/{prefix}/2018-06-01/runtime" if prefix else "/2018-06-01/runtime"
    connection = http.client.HTTPConnection(host)

    def send(method, path, body=None):
        connection.request(method, base + path, body=body)
        response = connection.getresponse()
        return response, response.read()

    try:
        handler = load(*sys.argv[1:])
    except Exception as error:
        logging.getLogger().exception("The function cannot be loaded: %s: %s", type(error).__name__, error)
        send("POST", "/init/error", error_body(error))
        sys.exit(1)
    while True:
        response, event = send("GET", "/invocation/next")
        if response.status != 200:
            sys.exit(1)
        context = Context(response.headers)
        os.environ["_X_AMZN_TRACE_ID"] = response.headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            answer = handler(json.loads(event), context)
            send("POST", f"/invocation/{context.aws_request_id}/response", json.dumps(answer))
        except Exception as error:
            logging.getLogger().exception("The handler failed: %s: %s", type(error).__name__, error)
            send("POST", f"/invocation/{context.aws_request_id}/error", error_body(error))


if __name__ == "__main__":
    main()
