"""What a running server costs, as the kernel counts it, and a server of a benchmark's own."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from holdpoint import BIN, Server  # noqa: E402


class BenchServer(Server):
    """A server with its data on the disk beside the build: /tmp may be memory, where flushing costs nothing."""

    def __init__(self, **options):
        (ROOT / "build/bench").mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="data.", dir=ROOT / "build/bench"))
        super().__init__(self.folder, **options)

    def __enter__(self):
        return self.start()

    def __exit__(self, *problem):
        if self.process and self.process.poll() is None:
            self.kill() if problem[0] else self.stop()
        shutil.rmtree(self.folder)

    def client(self, service, verify=None, **credentials):
        """Without the tests' check of each answer, which is a load of its own."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=64)
        return boto3.client(service, endpoint_url=self.env["AWS_ENDPOINT_URL"], region_name=self.env["AWS_DEFAULT_REGION"], config=config,
                            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"])

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def functions_cpu_seconds(self):
        """Of the functions that run; what has ended counts, too."""
        ended = sum(map(int, stat(self.process.pid)[13:15])) / os.sysconf("SC_CLK_TCK")
        return ended + sum(cpu_seconds(pid) for pid in self.children())

    def resident_mib(self):
        return status_kib(self.process.pid, "VmRSS") / 1024

    def peak_mib(self):
        return status_kib(self.process.pid, "VmHWM") / 1024


def stat(pid):
    """The fields of /proc/PID/stat from the third on; the second may contain spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid):
    """Of a process, by its threads, to the nanosecond; a thread that has ended does not count."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            continue  # it ended
    return total / 1e9


def status_kib(pid, name):
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines[name].split()[0])


def summary(values):
    """As bench/measurements.hpp has it: the smallest value that a share of all do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return {}
    at = lambda share: round(ordered[max(1, -(-len(ordered) * share // 100)) - 1], 3)  # noqa: E731
    return {"p50": at(50), "p95": at(95), "p99": at(99), "max": round(ordered[-1], 3), "mean": round(statistics.fmean(ordered), 3)}


def deploy_bench(server):
    server.run("deploy", ROOT / "bench/template.yaml", "--data", server.data, "--stack-name", "steps", "--bin", server.bin)


def steps(server, seconds, clients=16, each=10):
    """Sequential steps in executions of `each`, and the server's processor time for one step."""
    before, warm_up = server.cpu_seconds(), 1
    done = subprocess.run([server.bin / "steps_load", "--clients", str(clients), "--steps", str(each), "--seconds", str(seconds), "--warm-up", str(warm_up)],
                          env=server.environment(), capture_output=True, text=True, check=True)
    load = json.loads(done.stdout)
    # What ran in the warm-up is not in the load's count: it costs what the rest does.
    cpu = (server.cpu_seconds() - before) * seconds / (seconds + warm_up)
    return {"clients": clients, "steps_each": each, "steps_per_second": load["steps_per_second"], "execution_ms": load["execution_ms"],
            "server_cpu_us_per_step": round(cpu * 1e6 / (load["steps_per_second"] * seconds), 1)}
