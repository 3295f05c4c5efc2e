#!/usr/bin/env python3
"""waits_load on a server of its own: 5,000 waits of five seconds, and 100,000 that end within one minute. Prints one JSON document."""
import json
import subprocess
import time

from figures import BenchServer, deploy_bench

LOADS = [("--count", "5000", "--seconds", "5"), ("--count", "100000", "--seconds", "200", "--spread", "60")]


def main():
    reports = []
    for load in LOADS:
        with BenchServer() as server:
            deploy_bench(server)
            began, before = time.monotonic(), server.cpu_seconds()
            done = subprocess.run([server.bin / "waits_load", *load], env=server.environment(), stdout=subprocess.PIPE, text=True, check=True)
            report = json.loads(done.stdout)
            report["server_cpu_ms_per_wait"] = round((server.cpu_seconds() - before) * 1000 / report["waits"], 3)
            report["took_s"] = round(time.monotonic() - began, 1)
            report["server_peak_mib"] = round(server.peak_mib(), 1)
            reports.append(report)
    print(json.dumps(reports))


if __name__ == "__main__":
    main()
