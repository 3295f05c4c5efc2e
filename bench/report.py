#!/usr/bin/env python3
"""Brings the measurements of bench/run.sh together.

    report.py processes SERVER_PID DATA_FOLDER   prints the memory of the server and its functions, and the files' sizes, as JSON
    report.py starts FOLDER                      prints how functions start, as a table
    report.py table FOLDER                       writes FOLDER/results.json and prints a short table
    report.py long FOLDER                        prints what the long loads found, as far as they were run
"""
import json
import os
import statistics
import sys
from pathlib import Path

MIB = 1024 * 1024


def memory(pid):
    """Name, peak and present resident memory of a process, in MiB."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {"peak_mib": int(lines["VmHWM"].split()[0]) / 1024, "resident_mib": int(lines["VmRSS"].split()[0]) / 1024}


def children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def processes(pid, data):
    functions = [memory(child) for child in children(pid)]
    return {
        "server": memory(pid),
        "functions": {"count": len(functions), "peak_mib_p50": statistics.median(f["peak_mib"] for f in functions)},
        "files_mib": {path.name: round(path.stat().st_size / MIB, 1) for path in sorted(Path(data).glob("*.db*"))},
    }


def per_item(benchmark):
    """Nanoseconds per item of a Google Benchmark result."""
    return 1e9 / benchmark["items_per_second"]


def read_starts(folder):
    def read(name, transport):
        return [{**start, "transport": transport} for start in json.loads((folder / name).read_text())]
    return read("start_hello.json", "http") + read("start_https.json", "https") + read("start_others.json", "http")


def starts_table(starts):
    yield f"{'function':<26}{'MB':>6}{'exec to next ms p50/p95':>26}{'idle MiB':>10}{'invocation ms p50/p95':>24}{'MiB then':>10}"
    for start in starts:
        line = "{executable:<20}{transport:<6}{file_mb:>6.2f}".format(**start)
        line += "{p50:>17.1f} / {p95:<6.1f}".format(**start["to_next_ms"]) + f"{start['resident_mib_p50']:>10.1f}"
        if first := start.get("first_invocation"):
            line += "{p50:>15.1f} / {p95:<6.1f}".format(**first["ms"]) + f"{first['resident_mib_p50']:>10.1f}"
        yield line


def steps_table(loads):
    yield f"{'sequential steps of':<20}{'clients':>8}{'steps/s':>10}   {'execution of 10 ms p50/p95/p99':<30}"
    for load in sorted(loads, key=lambda load: (load["function"], load["clients"])):
        yield f"{load['function']:<20}{load['clients']:>8}{load['steps_per_second']:>10.0f}   " \
            + "{p50:.1f} / {p95:.1f} / {p99:.1f}".format(**load["execution_ms"])


def sdk_table(sdk):
    for replay in sdk["replays"]:
        yield f"replay of {replay['steps']:>7} steps: {replay['cpu_ms']['p50']:>7.1f} ms of CPU (p95 {replay['cpu_ms']['p95']:.1f}), " \
              f"{replay['cpu_us_per_step']:.2f} us each, peak {replay['peak_mib']:.0f} MiB"
    for name in ("steps", "map"):
        run = sdk[name]
        yield f"{name} of {run['count']}: {run['cpu_us_each']:.0f} us of CPU and {run['wall_us_each']:.0f} us each, peak {run['peak_mib']:.0f} MiB"


def inbox_lines(inbox):
    target = inbox["targets"]
    yield f"inbox with {inbox['pending']:,} pending: ms p50 / p99 of a call (a list is to stay below {target['list_ms']})"
    for name, call in inbox["calls"].items():
        yield f"    {name:<24}{quantiles(call['ms'], 'p50', 'p99'):>14}   {call['bytes']:>7,} bytes"
    for name, paint in (inbox["paints"] or {}).items():
        yield f"first paint, {name}: {quantiles(paint['first_paint_ms'], 'p50', 'max')} ms (p50 / max; to stay below {target['first_paint_ms']:,}), " \
              f"the list: {quantiles(paint['list_ms'], 'p50', 'max')} ms, {paint['bytes']:,} bytes"


def collect(folder):
    def read(name):
        return json.loads((folder / name).read_text())

    loads = [read(f"load_{mode}_{clients}.json") for mode in ("callback", "polling") for clients in (1, 16, 64)]
    core = [{"name": b["name"], "ns_per_item": round(per_item(b), 1)} for b in read("core.json")["benchmarks"]]
    return {
        "cores": os.cpu_count(),
        "sync": {"before": read("sync_before.json"), "after": read("sync_after.json")},
        "loads": loads,
        "steps": [json.loads(path.read_text()) for path in sorted(folder.glob("steps_*.json"))],
        "sdk": read("sdk.json"),
        "processes": read("server.json"),
        "starts": read_starts(folder),
        "inbox": read("inbox.json"),
        "core": core,
    }


def table(results):
    before, after = (results["sync"][when]["append_ms"]["p50"] for when in ("before", "after"))
    yield f"{results['cores']} cores; one flush to the disk (p50): {before:.2f} ms before the loads, {after:.2f} ms after"
    yield ""
    yield f"{'mode':<10}{'clients':>8}{'approvals/s':>13}   {'lifecycle ms p50/p95/p99':<28}{'decision to done ms p50/p95/p99':<32}"
    for load in results["loads"]:
        def row(stage):
            values = load["milliseconds"][stage]
            return "{p50:.1f} / {p95:.1f} / {p99:.1f}".format(**values)
        yield f"{load['mode']:<10}{load['clients']:>8}{load['approvals_per_second']:>13.1f}   {row('whole'):<28}{row('decision_to_done'):<32}"
    yield ""
    yield from steps_table(results["steps"])
    yield ""
    yield from sdk_table(results["sdk"])
    yield ""
    yield from starts_table(results["starts"])
    server = results["processes"]["server"]
    functions = results["processes"]["functions"]
    yield f"after the loads: server {server['resident_mib']:.0f} MiB (peak {server['peak_mib']:.0f}), " \
          f"{functions['count']} function processes of {functions['peak_mib_p50']:.1f} MiB at their peak"
    yield ""
    yield from inbox_lines(results["inbox"])
    yield ""
    for benchmark in results["core"]:
        yield f"{benchmark['name']:<28}{benchmark['ns_per_item'] / 1000:>10.2f} us per item"


def quantiles(values, *names):
    return " / ".join(f"{values[name]:,.1f}" for name in names)


def idle_lines(idle):
    yield f"idle server: {idle['resident_mib']} MiB, {idle['cpu_percent']} % of a core, ready in {quantiles(idle['ready_ms'], 'p50', 'max')} ms " \
          f"(p50 / max), {idle['stripped_mb']} MB stripped"


def history_lines(history):
    for load in history:
        yield f"executions of {load['steps_each']:>5} steps: {load['server_cpu_us_per_step']:>6.1f} us of the server's CPU each, {load['steps_per_second']:,.0f} steps/s"


def pending_lines(pending):
    disk = pending["disk_bytes_each"]
    yield f"{pending['pending']:,} pending: {pending['rest']['resident_mib']} MiB, {disk['together']:,} bytes on disk each, " \
          f"{pending['rest']['cpu_percent']} % of a core; first one completed {pending['after_kill']['first_completed_s']} s after kill -9; " \
          f"{pending['count_after']['pending']:,} pending after {pending['count_after']['decided']} decisions"
    yield "    bytes each: " + ", ".join(f"{kind} {size:,}" for kind, size in disk.items())
    if beside := pending.get("steps_beside"):
        yield f"    steps beside them: {beside['server_cpu_us_per_step']} us of the server's CPU each, {beside['steps_per_second']:,.0f} steps/s"


def waits_lines(waits):
    for load in waits:
        yield f"{load['waits']:,} waits, ends spread over {load['spread_seconds']} s: late p50/p99/max code {quantiles(load['late_ms']['code'], 'p50', 'p99', 'max')} ms, " \
              f"commit {quantiles(load['late_ms']['commit'], 'p50', 'p99', 'max')} ms; {load['resumptions_per_second']:,.0f} resumptions/s"


def polls_lines(polls):
    yield f"{polls['pending']:,} polled every {polls['interval_s']} s for {polls['seconds']:.0f} s: {polls['polls_per_second']:,.0f} polls/s, " \
          f"late p50/p99/max {quantiles(polls['late_ms']['invoked'], 'p50', 'p99', 'max')} ms, {polls['later_than_a_second']} by more than a second; " \
          f"cores: server {polls['cores']['server']}, functions {polls['cores']['functions']}"


LONG = {"idle.json": idle_lines, "history.json": history_lines, "pending_1000.json": pending_lines, "pending_100000.json": pending_lines,
        "pending_1000000.json": pending_lines, "waits.json": waits_lines, "polls.json": polls_lines}


def long_table(folder):
    for name, lines in LONG.items():
        if (folder / name).exists():
            yield from lines(json.loads((folder / name).read_text()))


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "processes":
        print(json.dumps(processes(int(arguments[1]), arguments[2])))
    elif len(arguments) == 2 and arguments[0] == "starts":
        print("\n".join(starts_table(read_starts(Path(arguments[1])))))
    elif len(arguments) == 2 and arguments[0] == "long":
        print("\n".join(long_table(Path(arguments[1]))))
    elif len(arguments) == 2 and arguments[0] == "table":
        folder = Path(arguments[1])
        results = collect(folder)
        (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        print("\n".join(table(results)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
