#!/usr/bin/env python3
"""What a checkpoint costs the server, by how many its execution has: sequential steps. Prints one JSON document.

    history_load.py [--seconds SECONDS]
"""
import argparse
import json

from figures import BenchServer, deploy_bench, steps

LENGTHS = (10, 100, 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="of each length")
    arguments = parser.parse_args()
    with BenchServer() as server:
        deploy_bench(server)
        print(json.dumps([steps(server, arguments.seconds, each=length) for length in LENGTHS]))


if __name__ == "__main__":
    main()
