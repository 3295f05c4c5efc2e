"""The OpenTelemetry plugin: what a collector gets from a real function, and what becomes of the function without one."""
import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from holdpoint import eventually, free_port

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Endpoint: {Type: String}
  TimeoutMs: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy]
  Traced:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Ref AWS::StackName
      PackageType: Image
      Role: !GetAtt Role.Arn
      Timeout: 30
      DurableConfig: {ExecutionTimeout: 600, RetentionPeriodInDays: 1}
      Environment:
        Variables:
          OTEL_EXPORTER_OTLP_ENDPOINT: !Ref Endpoint
          OTEL_EXPORTER_OTLP_TIMEOUT: !Ref TimeoutMs
          OTEL_EXPORTER_OTLP_HEADERS: api-key=a%20b
          OTEL_RESOURCE_ATTRIBUTES: deployment.environment=test
    Metadata: {Dockerfile: Dockerfile, DockerContext: ., DockerTag: v1, HoldpointExecutable: traced}
"""


def parsed(body):
    """The message of the protocol. Its JSON has ids in hex, where protobuf's own has base64."""
    document = json.loads(body)
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    if name in span:
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    return json_format.ParseDict(document, ExportTraceServiceRequest())


def values(attributes):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


class Collector:
    """An OTLP/HTTP collector."""

    def __init__(self, port=0, behaviour="takes"):
        self.requests = []
        self.stopping = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                assert self.path == "/v1/traces"
                assert self.headers["Content-Type"] == "application/json"
                assert self.headers["api-key"] == "a b"
                collector.requests.append(parsed(self.rfile.read(int(self.headers["Content-Length"]))))
                if behaviour == "never answers":
                    collector.stopping.wait()
                elif behaviour == "drips":
                    try:
                        while not collector.stopping.wait(0.05):
                            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " if not getattr(self, "begun", False) else b"x")
                            self.begun = True
                    except OSError:
                        pass
                else:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def spans(self):
        return [span for request in self.requests for resource in request.resource_spans for scope in resource.scope_spans
                for span in scope.spans]


class Traced:
    """The function, in a stack of its own, that sends to a port."""

    def __init__(self, server, stack, port, timeout_ms, folder):
        template = folder / "template.yaml"
        template.write_text(TEMPLATE)
        server.deploy(stack, template, Endpoint=f"http://127.0.0.1:{port}", TimeoutMs=timeout_ms)
        self.name = stack
        self.lambda_ = server.client("lambda")
        self.logs = server.client("logs")
        self.trace = None
        self.lambda_.meta.events.register("before-sign.lambda.Invoke", self.add_trace)

    def add_trace(self, request, **_):
        if self.trace:
            request.headers["X-Amzn-Trace-Id"] = self.trace

    def run(self, status="SUCCEEDED", **event):
        """The execution's ARN, and its history, once it has ended."""
        order = {"id": "7", "busy": 0, "settle": 1, **event}
        arn = self.lambda_.invoke(FunctionName=f"{self.name}:$LATEST", InvocationType="Event", Payload=json.dumps(order))["DurableExecutionArn"]
        execution = eventually("the execution ends", lambda: (
            e := self.lambda_.get_durable_execution(DurableExecutionArn=arn))["Status"] != "RUNNING" and e)
        assert execution["Status"] == status
        return arn, self.lambda_.get_durable_execution_history(DurableExecutionArn=arn)["Events"]

    def events(self, having):
        """Those of its log that have this text."""
        events = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{self.name}")["events"]
        return [event for event in events if having in event["message"]]

    def lines(self, having):
        """Their messages, once there are some."""
        return [event["message"] for event in eventually(f"the log says: {having}", lambda: self.events(having))]


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_several_invocations_are_one_trace(server, tmp_path):
    with Collector() as collector:
        traced = Traced(server, "traced", collector.port, 5000, tmp_path)
        arn, history = traced.run(busy=1)
    invocations = [event for event in history if event["EventType"] == "InvocationCompleted"]
    assert len(collector.requests) == len(invocations) == 3  # the terminal was busy; it settles; the rest

    resource = values(collector.requests[0].resource_spans[0].resource.attributes)
    assert resource["service.name"] == resource["faas.name"] == "traced"
    assert resource["deployment.environment"] == "test"

    spans = collector.spans()
    started = history[0]["EventTimestamp"].timestamp()
    assert {span.trace_id.hex() for span in spans} == {f"{int(started):08x}{digest(arn)[:24]}"}
    assert len({span.span_id for span in spans}) == len(spans)
    assert all(values(span.attributes)["durable.execution.arn"] == arn for span in spans)
    assert all(0 < span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)

    # Each operation that the service recorded once, under its parent, with the service's times.
    root = digest("workflow:" + arn)[:16]
    recorded = {event["Id"]: event for event in history if event["EventType"].endswith("Started") and event.get("Id")
                and event["EventType"] not in ("ExecutionStarted", "InvocationStarted")}
    operations = {values(span.attributes)["durable.operation.id"]: span for span in spans
                  if "durable.operation.status" in values(span.attributes)}
    assert sorted(span.name for span in operations.values()) == ["charge", "label", "pack", "settle", "ship"]
    assert operations.keys() == recorded.keys()
    assert sum("durable.operation.status" in values(span.attributes) for span in spans) == len(operations)
    for operation_id, event in recorded.items():
        span = operations[operation_id]
        parent = event.get("ParentId")
        assert span.span_id.hex() == digest(f"{arn}:{operation_id}")[:16]
        assert span.parent_span_id.hex() == (digest(f"{arn}:{parent}")[:16] if parent else root)
        assert values(span.attributes)["durable.operation.status"] == "SUCCEEDED"
        assert span.status.code == Status.STATUS_CODE_UNSET
    settle = next(span for span in operations.values() if span.name == "settle")
    assert settle.end_time_unix_nano - settle.start_time_unix_nano >= 1e9

    # The attempts under their operations.
    charge = next(span for span in operations.values() if span.name == "charge")
    first, second = (span for span in spans if span.parent_span_id == charge.span_id)
    assert [values(span.attributes)["durable.attempt.number"] for span in (first, second)] == [1, 2]
    assert [values(span.attributes)["durable.attempt.outcome"] for span in (first, second)] == ["FAILED", "SUCCEEDED"]
    assert (first.status.code, first.status.message) == (Status.STATUS_CODE_ERROR, "the card terminal is busy")
    (event,) = first.events
    assert event.name == "exception" and values(event.attributes)["exception.type"] == "TerminalBusy"

    # The invocations under the execution, which is told of when it ends.
    under_root = [span for span in spans if span.name == "invocation"]
    assert [values(span.attributes)["durable.invocation.status"] for span in under_root] == ["PENDING", "PENDING", "SUCCEEDED"]
    assert [values(span.attributes)["durable.invocation.first"] for span in under_root] == [True, False, False]
    assert {span.parent_span_id.hex() for span in under_root} == {root}
    assert {values(span.attributes)["faas.invocation_id"] for span in under_root} == {
        event["InvocationCompletedDetails"]["RequestId"] for event in invocations}
    execution = spans[-1]
    assert (execution.name, execution.span_id.hex(), execution.parent_span_id) == ("traced", root, b"")
    assert values(execution.attributes)["durable.execution.status"] == "SUCCEEDED"
    assert len(spans) == 1 + 3 + 5 + 4  # the execution, its invocations, operations, and attempts

    # Log lines name the trace and the attempt.
    lines = [json.loads(line) for line in traced.lines("charging")]
    assert [line["span_id"] for line in lines] == [first.span_id.hex(), second.span_id.hex()]
    assert {line["trace_id"] for line in lines} == {spans[0].trace_id.hex()}


def test_a_failure_is_told(server, tmp_path):
    with Collector() as collector:
        Traced(server, "traced-fails", collector.port, 5000, tmp_path).run(status="FAILED", busy=3)
    execution = collector.spans()[-1]
    assert values(execution.attributes)["durable.execution.status"] == "FAILED"
    assert (execution.status.code, execution.status.message) == (Status.STATUS_CODE_ERROR, "the card terminal is busy")


def test_a_trace_of_x_ray_is_taken_up(server, tmp_path):
    root = "1-5759e988-bd862e3fe1be46a994272793"
    with Collector() as collector:
        traced = Traced(server, "traced-x-ray", collector.port, 5000, tmp_path)
        traced.trace = f"Root={root};Parent=53995c3f42cd8ad8;Sampled=0"
        traced.run()
        assert collector.requests == []
        traced.trace = f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"
        traced.run()
    assert len(collector.requests) == 2
    assert {span.trace_id.hex() for span in collector.spans()} == {"5759e988bd862e3fe1be46a994272793"}


def test_a_collector_that_is_down_is_told_of_once(server, tmp_path):
    port = free_port()
    traced = Traced(server, "traced-down", port, 5000, tmp_path)
    invocations = 0
    for _ in range(3):
        _, history = traced.run()
        invocations += sum(event["EventType"] == "InvocationCompleted" for event in history)
    traced.lines("does not take spans")
    told = [event["logStreamName"] for event in traced.events("does not take spans")]
    assert len(told) == len(set(told)) < invocations  # once by each process; it is one, unless the machine is busy
    with Collector(port) as collector:
        eventually("a process that told of it works again", lambda: traced.run() and traced.events("takes spans again"))
    assert collector.requests
    assert {event["logStreamName"] for event in traced.events("takes spans again")} <= set(told)


@pytest.mark.parametrize("behaviour", ["never answers", "drips"])
def test_a_slow_collector_costs_no_more_than_the_limit(server, tmp_path, behaviour):
    limit = 0.4
    with Collector(behaviour=behaviour) as collector:
        traced = Traced(server, f"traced-{behaviour.replace(' ', '-')}", collector.port, int(limit * 1000), tmp_path)
        _, history = traced.run()
    invocations = [event["InvocationCompletedDetails"] for event in history if event["EventType"] == "InvocationCompleted"]
    assert len(invocations) == 2
    took = [(i["EndTimestamp"] - i["StartTimestamp"]).total_seconds() for i in invocations]
    assert took[0] >= limit  # it did wait
    assert max(took) < limit + 5  # without a limit, as long as the collector wants
    assert "no answer within 400 ms" in traced.lines("does not take spans")[0]
