#!/usr/bin/env python3
"""Approvals that wait for a person, at rest: what each costs, and how soon the first can be decided after a kill -9. Prints one JSON document.

    pending_load.py COUNT [--rest SECONDS] [--steps SECONDS]

The first thousand are made through the API; more are copies of their rows (pending_rows.py), which are first held against what the API
made. `--steps` also puts a load of sequential steps beside them: what a checkpoint costs the server with so many at rest.
"""
import argparse
import json
import os
import random
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pending_rows
from figures import BenchServer, deploy_bench, steps, summary

from holdpoint import Approvals, eventually

STACK = "bench"
TIMEOUT_SECONDS = 86400
THROUGH_API = 1000
PATIENCE_SECONDS = 60
GENERATED_WITHIN_MS = 3600 * 1000  # before now; one with a policy looks for news two hours after it was made


def submit(server, count, **event):
    approvals = Approvals(server, STACK)
    version = approvals.publish()
    with ThreadPoolExecutor(16) as clients:
        list(clients.map(lambda _: approvals.submit(version, **event), range(count)))


def open_database(server, mode="ro"):
    return sqlite3.connect(f"file:{server.data}/holdpoint.db?mode={mode}", uri=True)


def count_of(server, sql, *parameters):
    database = open_database(server)
    try:
        return database.execute(sql, parameters).fetchone()[0]
    finally:
        database.close()


def pending_records(server):
    prefix = f"{STACK}-ApprovalRequests\0\1StatusIndex\0\1pending\0\1".encode()
    return count_of(server, "SELECT count(*) FROM index_items WHERE key >= ? AND key < ?", prefix, prefix + b"\xff")


def at_rest(server, count):
    """Whether all wait, and nothing runs."""
    waiting = count_of(server, "SELECT count(*) FROM timers") >= count
    return waiting and count_of(server, "SELECT count(*) FROM running") == 0 and pending_records(server) == count


def add_copies(server, count):
    """Adds copies while the server is down."""
    database = open_database(server, "rw")
    database.execute("PRAGMA journal_mode = DELETE")
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -4000000"):
        database.execute(f"PRAGMA {pragma}")
    template = pending_rows.check(database, [1, 2, THROUGH_API // 2, THROUGH_API])
    now_ms = int(time.time() * 1000)
    pending_rows.generate(database, template, count, now_ms - GENERATED_WITHIN_MS, GENERATED_WITHIN_MS / count)
    database.close()
    file = os.open(server.data / "holdpoint.db", os.O_RDONLY)
    os.fsync(file)
    os.close(file)


def bytes_by_kind(server):
    """Pages of each table, gaps included; the tables' items are told apart by what they hold."""
    database = open_database(server)
    pages = dict(database.execute("SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name"))
    audit, items = database.execute("SELECT sum((length(key) + length(CAST(value AS BLOB))) * (instr(key, ?) > 0)), sum(length(key) + length(CAST(value AS BLOB))) FROM items",
                                    (b"-ApprovalEvents",)).fetchone()
    database.close()
    share = (audit or 0) / items if items else 0
    return {"executions": pages["executions"] + pages["execution_names"] + pages["executions_by_function"], "timers": pages["timers"],
            "operations and history": pages["journal"], "items": round(pages["items"] * (1 - share)), "audit": round(pages["items"] * share),
            "index": pages["index_items"] + pages["item_expiry"]}


def log_bytes(server):
    return sum((server.data / name).stat().st_size for name in ("logs.db", "logs.db-wal") if (server.data / name).exists())


def decide_one(approvals, approval_id):
    """Approves, waits until the execution has succeeded; milliseconds until accepted, and until done."""
    begin = time.monotonic()
    arn = approvals.record(approval_id)["execution_arn"]
    status, body = approvals.decide(approval_id)
    assert status == 200, body
    accepted = time.monotonic()
    while (status := approvals.execution(arn)["Status"]) == "RUNNING":
        assert time.monotonic() < accepted + PATIENCE_SECONDS, f"{arn} did not end"
        time.sleep(0.002)
    assert status == "SUCCEEDED", f"{arn} ended as {status}"
    return (accepted - begin) * 1000, (time.monotonic() - begin) * 1000


def choose(server, count):
    """Some that wait, from all over."""
    database = open_database(server)
    last = database.execute("SELECT max(key) FROM executions").fetchone()[0]
    numbers = sorted(random.sample(range(1, int.from_bytes(last, "big") + 1), count))
    found = []
    for number in numbers:
        head = database.execute("SELECT value FROM executions WHERE key = ?", (pending_rows.number_key(number),)).fetchone()[0]
        found.append(pending_rows.approval_id_of(json.loads(pending_rows.read(head))["arn"]))
    database.close()
    random.shuffle(found)
    return found


def kill_and_decide(server, approval_id):
    """Seconds from kill -9 until the server answers, the first decision is accepted, and its execution is over."""
    begin = time.monotonic()
    server.kill()
    server.start()
    ready = time.monotonic()
    approvals = Approvals(server, STACK)
    connected = time.monotonic()
    accepted_ms, done_ms = decide_one(approvals, approval_id)
    return {"ready_s": round(ready - begin, 3), "first_decision_accepted_s": round(ready - begin + accepted_ms / 1000, 3),
            "first_completed_s": round(ready - begin + done_ms / 1000, 3), "making_the_client_s_not_counted": round(connected - ready, 3)}


def measure(server, count, rest_seconds, step_seconds):
    empty = bytes_by_kind(server)
    empty_logs = log_bytes(server)
    through_api = min(count, THROUGH_API)
    submit(server, through_api)
    eventually("all wait", lambda: at_rest(server, through_api), 300)
    server.stop()
    log_each = (log_bytes(server) - empty_logs) / through_api
    generating = time.monotonic()
    if count > through_api:
        add_copies(server, count - through_api)
    generating = time.monotonic() - generating
    server.start()
    time.sleep(rest_seconds / 4)  # what a start does
    began, before = time.monotonic(), server.cpu_seconds()
    time.sleep(rest_seconds)
    rest = {"cpu_percent": round(100 * (server.cpu_seconds() - before) / (time.monotonic() - began), 3), "resident_mib": round(server.resident_mib(), 1),
            "peak_mib": round(server.peak_mib(), 1), "resident_bytes_each": round(server.resident_mib() * 2**20 / count)}
    assert at_rest(server, count)
    size = {kind: round((after - empty[kind]) / count) for kind, after in bytes_by_kind(server).items()}
    chosen = choose(server, 101)
    recovery = kill_and_decide(server, chosen.pop())
    approvals = Approvals(server, STACK)
    decided = [decide_one(approvals, approval_id) for approval_id in chosen]
    eventually("nothing is lost", lambda: pending_records(server) == count - 101)
    running = count_of(server, "SELECT count(*) FROM timers WHERE key < ?", pending_rows.number_key(int((time.time() + 2 * TIMEOUT_SECONDS) * 1000)))
    assert running == count - 101, f"{running} executions wait, not {count - 101}"
    report = {"pending": count, "through_api": through_api, "generating_s": round(generating, 1), "rest": rest,
              "disk_bytes_each": {**size, "together": sum(size.values()), "log streams": round(log_each)}, "after_kill": recovery,
              "count_after": {"decided": 101, "pending": count - 101}, "decision_ms": {"accepted": summary([a for a, _ in decided]), "done": summary([d for _, d in decided])}}
    if step_seconds:
        deploy_bench(server)
        report["steps_beside"] = steps(server, step_seconds)
    report["resident_mib_at_the_end"] = round(server.resident_mib(), 1)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--rest", type=float, default=20, help="seconds over which the processor is looked at while nothing happens")
    parser.add_argument("--steps", type=float, default=0, help="seconds of sequential steps beside them; 0: none")
    arguments = parser.parse_args()
    if arguments.count < THROUGH_API:
        sys.exit(f"pending_load: at least {THROUGH_API}")
    with BenchServer() as server:
        server.deploy(STACK, ApprovalWaitMode="callback", ApprovalTimeoutSeconds=TIMEOUT_SECONDS)
        print(json.dumps(measure(server, arguments.count, arguments.rest, arguments.steps)))


if __name__ == "__main__":
    main()
