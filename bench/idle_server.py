#!/usr/bin/env python3
"""A server with nothing to do: how soon it is ready, what it costs at rest, how large it is. Prints one JSON document.

    idle_server.py [--starts 20] [--rest SECONDS]
"""
import argparse
import json
import socket
import subprocess
import time

from figures import BIN, BenchServer, summary


def ready_ms(server):
    """Starts it, and asks for /health until it answers that it is ready."""
    begin = time.monotonic()
    with server.log.open("ab") as log:
        server.process = subprocess.Popen([server.bin / "holdpoint", "up", "--data", server.data, "--listen", f"127.0.0.1:{server.port}"],
                                          stdout=log, stderr=log)
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    while True:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 1) as connection:
                connection.sendall(request)
                if connection.recv(1000).startswith(b"HTTP/1.1 200"):
                    return (time.monotonic() - begin) * 1000
        except OSError:
            time.sleep(0.0005)
        if time.monotonic() > begin + 30:
            raise TimeoutError("the server did not get ready: " + server.tail())


def measure(starts, rest_seconds):
    server = BenchServer()
    with server:
        server.stop()
        ready = []
        for _ in range(starts):
            ready.append(ready_ms(server))
            server.stop()
        ready_ms(server)
        time.sleep(2)
        began, before = time.monotonic(), server.cpu_seconds()
        time.sleep(rest_seconds)
        cpu = 100 * (server.cpu_seconds() - before) / (time.monotonic() - began)
        stripped = server.folder / "stripped"
        subprocess.run(["strip", "-o", stripped, BIN / "holdpoint"], check=True)
        return {"ready_ms": summary(ready), "resident_mib": round(server.resident_mib(), 1), "cpu_percent": round(cpu, 3),
                "stripped_mb": round(stripped.stat().st_size / 1e6, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--rest", type=float, default=20, help="seconds over which the processor is looked at")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.starts, arguments.rest)))


if __name__ == "__main__":
    main()
