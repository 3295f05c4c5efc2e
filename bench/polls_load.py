#!/usr/bin/env python3
"""Approvals that wait in polling mode: how late each look at the record is, and what they cost. Prints one JSON document.

    polls_load.py [--count 5000] [--interval 5] [--seconds 300]

A poll is due its interval after the poll before was recorded; it is as late as the function that makes it is invoked after that.
Both times are the server's own, from the executions' histories.
"""
import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from urllib.parse import quote

from figures import BenchServer, summary

from holdpoint import Approvals, eventually

STACK = "bench"
APPROVAL_SECONDS = 7200  # longer than the load; a longer one polls more seldom than every five seconds
START_SECONDS = 20  # over which the submissions are spread, so that the polls are, too


def submit(server, count):
    """Answers the executions' ARNs."""
    approvals = Approvals(server, STACK)
    version = approvals.publish()
    begin = time.monotonic()

    def one(number):
        time.sleep(max(0.0, begin + START_SECONDS * number / count - time.monotonic()))
        return approvals.submit(version)

    with ThreadPoolExecutor(16) as clients:
        return list(clients.map(one, range(count)))


class Histories:
    """Reads histories as they come: boto3 takes longer to make objects of them than the server to write them."""

    def __init__(self, server):
        self.endpoint = server.env["AWS_ENDPOINT_URL"]
        self.signer = SigV4Auth(Credentials(server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"]), "lambda", server.env["AWS_DEFAULT_REGION"])
        self.session = URLLib3Session(max_pool_connections=4)

    def events(self, arn):
        marker = ""
        while True:
            url = f"{self.endpoint}/2025-12-01/durable-executions/{quote(arn, safe='')}/history?MaxItems=1000" + (f"&Marker={quote(marker, safe='')}" if marker else "")
            request = AWSRequest(method="GET", url=url)
            self.signer.add_auth(request)
            page = json.loads(self.session.send(request.prepare()).content)
            yield from page["Events"]
            marker = page.get("NextMarker")
            if not marker:
                return


def polls_of(events, since, until):
    """Milliseconds that each poll due between these times came late: when its function was invoked, and when it was recorded."""
    found = []
    due = recorded_at = next_due = None
    for event in events:
        if event["EventType"] == "StepSucceeded" and event.get("SubType") == "WaitForCondition":
            recorded_at = event["EventTimestamp"]
            next_due = recorded_at + event["StepSucceededDetails"]["RetryDetails"].get("NextAttemptDelaySeconds", 0)
        elif event["EventType"] == "InvocationCompleted":
            if due is not None and since <= due < until:
                found.append(((event["InvocationCompletedDetails"]["StartTimestamp"] - due) * 1000, (recorded_at - due) * 1000))
            due = next_due
    return found


def measure(server, count, interval, seconds):
    arns = submit(server, count)
    eventually("all poll", lambda: len(server.children("-Workflow")) > 0, 60)
    time.sleep(interval)
    begin, since = time.monotonic(), time.time()
    cpu, functions_cpu = server.cpu_seconds(), server.functions_cpu_seconds()
    time.sleep(seconds)
    took = time.monotonic() - begin
    cpu, functions_cpu = server.cpu_seconds() - cpu, server.functions_cpu_seconds() - functions_cpu
    until = since + took
    resident, processes = server.resident_mib(), len(server.children("-Workflow"))
    time.sleep(interval)  # what was due at the end is recorded, too
    histories = Histories(server)
    polls = [poll for arn in arns for poll in polls_of(histories.events(arn), since, until)]
    return {"pending": count, "interval_s": interval, "seconds": seconds, "polls": len(polls), "polls_per_second": round(len(polls) / took, 1),
            "late_ms": {"invoked": summary([started for started, _ in polls]), "recorded": summary([recorded for _, recorded in polls])},
            "later_than_a_second": sum(1 for started, _ in polls if started > 1000),
            "cores": {"server": round(cpu / took, 3), "functions": round(functions_cpu / took, 3)}, "server_mib": round(resident, 1), "function_processes": processes}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--interval", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=300)
    arguments = parser.parse_args()
    with BenchServer() as server:
        server.deploy(STACK, ApprovalWaitMode="polling", PollIntervalSeconds=arguments.interval, ApprovalTimeoutSeconds=APPROVAL_SECONDS)
        print(json.dumps(measure(server, arguments.count, arguments.interval, arguments.seconds)))


if __name__ == "__main__":
    main()
