"""Databases of earlier schemas are taken over; those of later ones are refused.

schemas/version_N.sql is a database as a server with schema N left it, with one approval decided and one waiting. Whoever
changes the schema adds one: HOLDPOINT_DUMP=1 writes that of the present schema.
"""
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from holdpoint import BIN, DEADLINE, Approvals, Server, deployed

SCHEMAS = Path(__file__).parent / "schemas"
STACK = "app-callback"
# Their workflow drew the request's id in a step of its own, which today's does not.
STEPS_OF_BEFORE = ("version_1", "version_2", "version_3")


def number(database, pragma):
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute(f"PRAGMA {pragma}").fetchone()[0]


def dump(database, file):
    with closing(sqlite3.connect(database)) as opened:
        lines = [*opened.iterdump(), *(f"PRAGMA {name} = {number(database, name)};" for name in ("application_id", "user_version"))]
    file.write_text("\n".join(lines) + "\n")


def take_over(dumped, data):
    """A data folder with the dumped database, and today's executables as its code."""
    data.mkdir(mode=0o700)
    (data / "holdpoint.db").touch(mode=0o600)  # a server does not start over what others may read
    with closing(sqlite3.connect(data / "holdpoint.db")) as database:
        database.executescript(dumped.read_text())
        configured = database.execute("SELECT value FROM functions").fetchall()
    (data / "code").mkdir()
    for (text,) in configured:
        version = json.loads(text)
        if isinstance(version, dict) and "code_sha256" in version:
            shutil.copy(BIN / version["executable"], data / "code" / version["code_sha256"])


@pytest.mark.parametrize("dumped", sorted(SCHEMAS.glob("version_*.sql")), ids=lambda file: file.stem)
def test_an_earlier_schema_is_taken_over(tmp_path, dumped):
    take_over(dumped, tmp_path / "data")
    one = Server(tmp_path).start()
    approvals = Approvals(one, STACK)
    decided, = approvals.records(status="approved")
    assert [event["event"] for event in approvals.audit(decided["approval_id"])].count("decided") == 1
    # What waited was due long ago, and ends by its own timeout or the workflow's; unless this machine's clock is behind.
    waited, = [record for record in approvals.records() if record["approval_id"] != decided["approval_id"]]
    in_time = approvals.decide(waited["approval_id"])[0] == 200
    ended = approvals.ended(waited["execution_arn"])
    if ended["Status"] == "FAILED":
        # The workflow of that time began otherwise. A data folder that is taken over has its code, which goes on; today's is told apart from it.
        assert dumped.stem in STEPS_OF_BEFORE and ended["Error"]["ErrorType"] == "NonDeterministicExecutionError", ended
    else:
        assert ended["Status"] == "TIMED_OUT" or ended["Result"]["decision"] == ("approved" if in_time else "timeout"), ended
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    one.stop()
    assert number(one.data / "holdpoint.db", "user_version") == present_version(tmp_path)


def present_version(tmp_path):
    fresh = Server(tmp_path / "fresh")
    fresh.data.parent.mkdir()
    fresh.start().stop()
    return number(fresh.data / "holdpoint.db", "user_version")


def test_the_present_schema_has_a_dump(own_server, tmp_path):
    approvals = deployed(own_server, "callback")
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    approvals.pending(document_id="doc-waiting")
    own_server.stop()
    file = SCHEMAS / f"version_{number(own_server.data / 'holdpoint.db', 'user_version')}.sql"
    if os.environ.get("HOLDPOINT_DUMP"):
        dump(own_server.data / "holdpoint.db", file)
    assert file.exists(), "the schema has changed: HOLDPOINT_DUMP=1 make long, and commit the new file in tests/e2e/schemas"


def test_a_later_schema_is_refused(tmp_path):
    one = Server(tmp_path).start()
    one.stop()
    with closing(sqlite3.connect(one.data / "holdpoint.db")) as database:
        database.execute("PRAGMA user_version = 99")
    done = subprocess.run([BIN / "holdpoint", "up", "--data", one.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 78 and "newer" in done.stderr and "99" in done.stderr
