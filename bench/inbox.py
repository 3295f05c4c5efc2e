#!/usr/bin/env python3
"""The approvers' inbox with thousands of requests that wait: how long the server takes for its answers, and when a browser paints. Prints one JSON document.

    inbox.py [COUNT] [--calls N] [--loads N]

The first are made through the API, the others are copies of their rows (pending_rows.py); all have a policy of two stages. The time of a call is a client's,
over one connection on this machine: the HTTP API, the function, its reads of the tables. Without Chromium and Playwright, the paints are left out.
"""
import argparse
import http.client
import json
import os
import shutil
import sys
import time
from urllib.parse import quote, urlsplit

from figures import BenchServer, summary
from pending_load import STACK, THROUGH_API, TIMEOUT_SECONDS, add_copies, at_rest, submit

from holdpoint import Approvals, eventually

TARGETS = {"list_ms": 50, "first_paint_ms": 1000}
POLICY = {"name": "spending", "stages": [{"name": "finance", "approvers": {"groups": ["finance"]}, "required": 2}, {"name": "legal", "approvers": {"groups": ["legal"]}}]}
PHONE = {"width": 360, "height": 740}
# What Lighthouse calls slow 4G: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back; and a processor a quarter as fast.
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOW_PROCESSOR = 4
# Milliseconds since the page was asked for, once its first request can be read.
PAINTS = """() => new Promise((resolve) => {
  const look = () => document.querySelector('main li a')
    ? requestAnimationFrame(() => setTimeout(() => resolve({
        first_paint: performance.getEntriesByName('first-contentful-paint')[0].startTime, list: performance.now(),
        bytes: performance.getEntries().reduce((sum, each) => sum + (each.transferSize || 0), 0) })))
    : setTimeout(look, 5);
  look();
})"""


class Visitor:
    """Somebody who is signed in, over one connection."""

    def __init__(self, server, base_url, person, *groups):
        words = [word for group in groups for word in ("--group", group)]
        self.token = json.loads(server.run("approvals", "token", "--person", person, *words, "--stack-name", STACK, "--json").stdout)["token"]
        self.base = urlsplit(base_url)
        self.connection = http.client.HTTPConnection(self.base.netloc, timeout=60)
        self.connection.connect()
        self.headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        response = self.call("POST", "api/sign-in", json.dumps({"token": self.token}))[1]
        self.headers["Cookie"] = response.headers["Set-Cookie"].split(";")[0]

    def call(self, method, path, body=None):
        self.connection.request(method, self.base.path + path, body, self.headers)
        response = self.connection.getresponse()
        text = response.read()
        assert response.status == 200, (path, response.status, text)
        return text, response

    def cost(self, server, path, calls):
        """The call's milliseconds, its size on the wire, and processor milliseconds of server and functions for one."""
        size = [len(self.call("GET", path)[0]) for _ in range(3)][0]
        before, functions_before, took = server.cpu_seconds(), server.functions_cpu_seconds(), []
        for _ in range(calls):
            begin = time.monotonic()
            self.call("GET", path)
            took.append((time.monotonic() - begin) * 1000)
        return {"ms": summary(took), "bytes": size, "server_cpu_ms": round((server.cpu_seconds() - before) * 1000 / calls, 2),
                "function_cpu_ms": round((server.functions_cpu_seconds() - functions_before) * 1000 / calls, 2)}


def measure_calls(server, url, an_id, calls):
    finance, other = "finance", "other"
    addresses = {"newest": (finance, "api/approvals"), "urgent": (finance, "api/approvals?order=urgent"), "hundred": (finance, "api/approvals?limit=100"),
                 "mine": (finance, "api/approvals?mine=true"), "mine, and none is": (other, "api/approvals?mine=true"),
                 "search, all match": (finance, "api/approvals?q=budget"), "search, none matches": (finance, "api/approvals?q=" + quote("no such thing")),
                 "one request": (finance, "api/approvals/" + an_id), "page": (finance, ""), "script": (finance, "assets/app.js")}
    # Each by another person: how much one may ask for is limited.
    return {name: Visitor(server, url, f"person-{number}@example.com", group).cost(server, path, calls)
            for number, (name, (group, path)) in enumerate(addresses.items())}


def paints_of(browser, url, cookie, loads, slow):
    """First loads, each by a browser that has nothing of the page."""
    found = []
    for _ in range(loads):
        context = browser.new_context(viewport=PHONE)
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": url}])
        page = context.new_page()
        if slow:
            tools = context.new_cdp_session(page)
            tools.send("Network.enable")
            tools.send("Network.emulateNetworkConditions", SLOW_NETWORK)
            tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_PROCESSOR})
        page.goto(url, wait_until="commit")
        found.append(page.evaluate(PAINTS))
        context.close()
    return {"first_paint_ms": summary([one["first_paint"] for one in found]), "list_ms": summary([one["list"] for one in found]), "bytes": found[0]["bytes"]}


def measure_paints(server, url, loads):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if not shutil.which("chromium"):
        return None
    cookie = Visitor(server, url, "ann@example.com", "finance").headers["Cookie"].split("=", 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0, args=["--disable-gpu"])
        paints_of(browser, url, cookie, 1, False)
        paints = {name: paints_of(browser, url, cookie, loads, slow) for name, slow in (("this machine", False), ("slow phone", True))}
        browser.close()
    return paints


def measure(server, count, calls, loads):
    through_api = min(count, THROUGH_API)
    submit(server, through_api, policy=POLICY)
    eventually("all wait", lambda: at_rest(server, through_api), 300)
    server.stop()
    if count > through_api:
        add_copies(server, count - through_api)
    server.start()
    approvals = Approvals(server, STACK)
    url = approvals.outputs["InboxUrl"]
    an_id = approvals.api(action="list", status="pending")[1]["approvals"][0]["approval_id"]
    return {"pending": count, "targets": TARGETS, "calls": measure_calls(server, url, an_id, calls), "paints": measure_paints(server, url, loads)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--calls", type=int, default=100, help="of each kind")
    parser.add_argument("--loads", type=int, default=7, help="of the page, by a browser that has nothing of it")
    arguments = parser.parse_args()
    if arguments.count < THROUGH_API:
        sys.exit(f"inbox: at least {THROUGH_API}")
    with BenchServer() as server:
        server.deploy(STACK, ApprovalWaitMode="callback", ApprovalTimeoutSeconds=TIMEOUT_SECONDS)
        print(json.dumps(measure(server, arguments.count, arguments.calls, arguments.loads)))


if __name__ == "__main__":
    main()
