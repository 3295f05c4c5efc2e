"""What happens to a server whose disk is full, read-only or damaged: it says so and ends, and nothing that was acknowledged is lost."""
import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from holdpoint import BIN, DEADLINE, Server, deployed, eventually

MEGABYTE = 1 << 20
REFUSED = 1         # the exit status of a start that is refused
WRONG_FILES = 78    # of a start that no other start helps
STORE_FAILED = 70   # of a server that ends because what it wrote may not be on disk


def refused_start(data, statuses=(REFUSED,)):
    """Why the server does not start over this folder."""
    done = subprocess.run([BIN / "holdpoint", "up", "--data", data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode in statuses, (done.returncode, done.stderr)
    return done.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 256 MB; skips where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no mount is permitted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def submit_until_it_ends(approvals, server, most=4000):
    """Starts executions until the server is gone; the ARNs it acknowledged, by name."""
    started = {}
    while server.process.poll() is None and len(started) < most:
        name = f"n-{len(started)}"
        try:
            started[name] = approvals.submit(name=name, document_name="x" * 200)
        except (BotoCoreError, ClientError, AssertionError):
            pass
    return started


def acknowledged_are_there(server, approvals, started):
    server.start()
    approvals.reconnect()
    for name, arn in started.items():
        assert approvals.submit(name=name, document_name="x" * 200) == arn, "an acknowledged start was lost"
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"


def fill(folder, left):
    """Takes all of the space but `left` bytes, with one more file. The server may take of it meanwhile."""
    with tempfile.NamedTemporaryFile(prefix="ballast", dir=folder, delete=False) as file:
        while (free := shutil.disk_usage(folder).free - left) > 0:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, free)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def free_space(folder):
    for file in folder.glob("ballast*"):
        file.unlink()


def test_a_full_disk_ends_the_server_and_loses_nothing(small_disk):
    one = Server(small_disk)
    one.log = small_disk.parent / "server.log"
    one.start()
    approvals = deployed(one, "callback")
    fill(small_disk, MEGABYTE)
    started = submit_until_it_ends(approvals, one)
    assert one.process.wait(30) == STORE_FAILED, one.tail()
    assert "full" in one.tail() and "what was acknowledged is safe" in one.tail()
    assert started, "nothing was acknowledged before it was full"
    fill(small_disk, 0)
    reason = refused_start(one.data, (REFUSED, STORE_FAILED))  # at once, or at its first write
    assert "space" in reason or "full" in reason, reason
    free_space(small_disk)
    acknowledged_are_there(one, approvals, started)
    one.stop()


def test_sigterm_on_a_full_disk_ends_cleanly(small_disk):
    one = Server(small_disk)
    one.log = small_disk.parent / "server.log"
    one.start()
    deployed(one, "callback").pending()
    fill(small_disk, 0)
    one.process.terminate()
    assert one.process.wait(30) in (0, STORE_FAILED), one.tail()


def test_a_limit_on_the_size_of_files_ends_the_server_and_loses_nothing(own_server):
    approvals = deployed(own_server, "callback")
    limit = (own_server.data / "holdpoint.db-wal").stat().st_size + MEGABYTE
    resource.prlimit(own_server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    started = submit_until_it_ends(approvals, own_server)
    assert own_server.process.wait(30) == STORE_FAILED, own_server.tail()
    assert "what was acknowledged is safe" in own_server.tail()
    acknowledged_are_there(own_server, approvals, started)


def test_a_read_only_disk_is_refused(small_disk):
    one = Server(small_disk)
    one.log = small_disk.parent / "server.log"
    one.start()
    one.stop()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert "Read-only file system" in refused_start(one.data)


def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    data = tmp_path / "data"
    data.mkdir(mode=0o500)
    assert str(data) in refused_start(data)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A data folder with some executions, of a server that ended."""
    one = Server(tmp_path_factory.mktemp("stopped")).start()
    approvals = deployed(one, "callback")
    for number in range(40):
        approvals.submit(name=f"n-{number}", document_name="x" * 200)
    eventually("the records are there", lambda: len(approvals.records()) == 40)
    one.stop()
    return one


@pytest.fixture
def copied(stopped, tmp_path):
    """The same folder, to be damaged."""
    shutil.copytree(stopped.data, tmp_path / "data", ignore=shutil.ignore_patterns("work"))
    return tmp_path / "data"


def flip(file, at, count):
    with file.open("r+b") as opened:
        opened.seek(at)
        old = opened.read(count)
        opened.seek(at)
        opened.write(bytes(byte ^ 0xff for byte in old))


def checkpointed(data):
    """Everything in the database's file, nothing in its log."""
    with sqlite3.connect(data / "holdpoint.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return data / "holdpoint.db"


@pytest.mark.parametrize("at, count, what_to_do", [(0, 16, "Restore the last backup"), (16, 40, "Restore the last backup"),
                                                   (68, 4, "Choose another folder"), (100, 200, "Restore the last backup")])
def test_a_damaged_header_is_refused(copied, at, count, what_to_do):
    flip(checkpointed(copied), at, count)
    reason = refused_start(copied, (WRONG_FILES,))
    assert str(copied / "holdpoint.db") in reason and what_to_do in reason, reason


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_damaged_pages_are_refused(copied, part):
    file = checkpointed(copied)
    page = int(file.stat().st_size * part) // 4096
    flip(file, page * 4096, 4096)
    reason = refused_start(copied, (WRONG_FILES,))
    assert str(file) in reason and "Restore the last backup" in reason, reason


def test_a_database_cut_short_is_refused(copied):
    file = checkpointed(copied)
    os.truncate(file, file.stat().st_size // 2)
    assert "Restore the last backup" in refused_start(copied, (WRONG_FILES,))


def test_a_log_cut_short_loses_its_end_and_nothing_else(own_server):
    """As after a power cut in the middle of a write: what is whole stays, what is not was never acknowledged."""
    approvals = deployed(own_server, "callback")
    arn, approval_id = approvals.pending()
    own_server.kill()
    log = own_server.data / "holdpoint.db-wal"
    with log.open("ab") as file:
        file.write(os.urandom(3000))
    own_server.start()
    approvals.reconnect()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"


def test_damaged_log_lines_are_refused(copied):
    flip(copied / "logs.db", 0, 16)
    reason = refused_start(copied, (WRONG_FILES,))
    assert str(copied / "logs.db") in reason and "move it away" in reason, reason


def test_damaged_keys_are_refused(copied):
    (copied / "credentials.json").write_text("{")
    assert "credentials.json is damaged" in refused_start(copied, (WRONG_FILES,))
    (copied / "credentials.json").unlink()
    (copied / "sns-signing.pem").write_text("nonsense")
    assert "sns-signing.pem" in refused_start(copied, (WRONG_FILES,))
