"""The server as its operator sees it: settings, /health and /metrics, its log, doctor, backup and restore, systemd."""
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdpoint import BIN, ROOT, Approvals, Server, deployed, eventually, free_port


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metrics(port):
    """The samples of /metrics, read by Prometheus's own parser: {name: [(labels, value), …]}."""
    status, text = get(port, "/metrics")
    assert status == 200
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type in ("counter", "gauge", "histogram"), family.name
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(samples, name, **labels):
    return sum(number for has, number in samples.get(name, []) if all(has.get(k) == v for k, v in labels.items()))


def holdpoint(*arguments, **variables):
    return subprocess.run([str(BIN / "holdpoint"), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", **variables})


def test_metrics_count_what_happens_and_name_nobody(server, polling):
    arn, approval_id = polling.pending()
    polling.decide(approval_id)
    polling.ended(arn)
    samples = metrics(server.port)
    assert value(samples, "holdpoint_executions_started_total") >= 1
    for name in ("executions_in_memory", "events_waiting", "deliveries_waiting", "subscriptions_silent"):
        assert f"holdpoint_{name}" in samples
    eventually("the end of its retention is counted", lambda: value(metrics(server.port), "holdpoint_timers_pending") >= 1)
    assert value(samples, "holdpoint_executions_ended_total", status="SUCCEEDED") >= 1
    assert value(samples, "holdpoint_checkpoints_total") >= 3
    assert value(samples, "holdpoint_requests_total", service="lambda", operation="CheckpointDurableExecution", status="200") >= 3
    assert value(samples, "holdpoint_requests_total", service="lambda", operation="Invoke", status="202") >= 1
    assert value(samples, "holdpoint_commit_seconds_count") > 5 and value(samples, "holdpoint_commit_batch_commands_count") > 5
    assert value(samples, "holdpoint_function_processes") >= 1
    assert value(samples, "holdpoint_store_bytes", store="database") > 0
    assert value(samples, "process_resident_memory_bytes") > 1_000_000
    assert value(samples, "holdpoint_build_info") == 1
    for name, of_name in samples.items():
        if name.endswith("_bucket"):
            series = {}
            for labels, number in of_name:
                series.setdefault(tuple(sorted((k, v) for k, v in labels.items() if k != "le")), []).append(number)
            assert all(numbers == sorted(numbers) for numbers in series.values()), name
    _, text = get(server.port, "/metrics")
    for secret in (approval_id, arn, server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"], "app-polling", "000000000000"):
        assert secret not in text


def test_metrics_can_have_an_address_of_their_own_or_none(tmp_path):
    port = free_port()
    one = Server(tmp_path, flags=["--metrics", f"127.0.0.1:{port}"]).start()
    assert value(metrics(port), "holdpoint_build_info") == 1
    assert get(port, "/health") == (200, '{"status":"ready"}')
    assert get(port, "/2015-03-31/functions/")[0] == 404
    assert get(one.port, "/metrics")[0] == 404
    one.stop()
    one.flags = ["--metrics", "off"]
    one.start()
    assert get(one.port, "/metrics")[0] == 404 and get(one.port, "/health")[0] == 200
    one.stop()


def test_settings_have_one_precedence_and_say_where_they_came_from(tmp_path):
    file = tmp_path / "holdpoint.conf"
    file.write_text("# ours\ndata = /from/file\nio-threads = 3\nlisten = 127.0.0.1:1\n")
    done = holdpoint("up", "--config", file, "--print-config", "--listen", "127.0.0.1:3", HOLDPOINT_LISTEN="127.0.0.1:2", HOLDPOINT_IO_THREADS="4")
    assert done.returncode == 0, done.stderr
    shown = dict(re.findall(r"^(\S+) = .*?(\S+)\s+# .*$", done.stdout, re.M))
    assert (shown["data"], shown["listen"], shown["io-threads"]) == ("/from/file", "127.0.0.1:3", "4")
    origins = dict(re.findall(r"^(\S+) = .*# (.*)$", done.stdout, re.M))
    assert origins["data"] == f"{file}:2" and origins["listen"] == "flag --listen" and origins["io-threads"] == "environment HOLDPOINT_IO_THREADS"
    assert origins["drain-seconds"] == "default"


@pytest.mark.parametrize("line, expected", [
    ("liisten = 1", "there is no setting 'liisten'; expected one of data, listen"),
    ("io-threads = many", "io-threads: expected a whole number from 1 to 64, got 'many'"),
    ("io-threads = 0", "expected a whole number from 1 to 64"),
    ("log-format = xml", "expected one of text, json, got 'xml'"),
])
def test_a_wrong_setting_is_refused_with_its_place(tmp_path, line, expected):
    file = tmp_path / "holdpoint.conf"
    file.write_text(f"# a comment\n{line}\n")
    done = holdpoint("up", "--config", file)
    assert done.returncode == 78 and f"{file}:2: " in done.stderr and expected in done.stderr


def test_help_shows_every_setting_of_the_page():
    table = (ROOT / "docs/server.md").read_text().split("<!-- settings: begin -->")[1].split("<!-- settings: end -->")[0]
    flags = re.findall(r"^\| `[\w.-]+` \| `(--[\w-]+)", table, re.M)
    shown = holdpoint("up", "--help").stdout
    assert len(flags) > 15 and not [flag for flag in flags if flag not in shown]


def test_each_answer_has_an_id_and_the_log_has_its_line(tmp_path):
    one = Server(tmp_path, flags=["--log-format", "json", "--log-level", "debug"]).start()
    approvals = deployed(one, "callback")
    arn, approval_id = approvals.pending()
    callback = next(e for e in approvals.history(arn, IncludeExecutionData=True) if e["EventType"] == "CallbackStarted")
    callback_id = callback["CallbackStartedDetails"]["CallbackId"]
    state = approvals.lambda_.get_durable_execution(DurableExecutionArn=arn)
    table = approvals.dynamodb.list_tables()
    topics = approvals.sns.list_topics()
    with pytest.raises(Exception) as refused:
        approvals.lambda_.get_function(FunctionName="no-such-function")
    approvals.lambda_.send_durable_execution_callback_heartbeat(CallbackId=callback_id)
    one.stop()
    text = one.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"ready", "ending"} <= {line["event"] for line in lines}
    by_id = {line["request_id"]: line for line in lines if line["event"] == "request"}
    for answer, operation in ((state, "GetDurableExecution"), (table, "ListTables"), (topics, "ListTopics"), (refused.value.response, "GetFunction")):
        meta = answer["ResponseMetadata"]
        assert meta["HTTPHeaders"]["x-amzn-requestid"]
        line = by_id[meta["HTTPHeaders"]["x-amzn-requestid"]]
        assert (line["operation"], line["status"], line["level"]) == (operation, str(meta["HTTPStatusCode"]), "debug")
    assert by_id[state["ResponseMetadata"]["RequestId"]]["execution"] == arn
    for secret in (callback_id, one.env["AWS_SECRET_ACCESS_KEY"], "Authorization"):
        assert secret not in text


def findings(done):
    return {f["check"]: f for f in json.loads(done.stdout)["findings"]}


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(tmp_path):
    one = Server(tmp_path).start()
    well = one.run("doctor", "--data", one.data, "--json")
    assert json.loads(well.stdout)["healthy"] and "is ready" in findings(well)["server"]["found"]
    assert {"data folder", "disk space", "disk speed", "clock", "holdpoint.db", "logs.db", "open files"} <= set(findings(well))

    def open_files():
        few = subprocess.run(["sh", "-c", 'ulimit -n 300; exec "$0" doctor --data "$1" --json', BIN / "holdpoint", one.data], capture_output=True, text=True)
        return findings(few)["open files"]["found"]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert open_files() == f"{most} open files are allowed", "what counts is the server's limit, not the doctor's"
    one.stop()
    assert open_files() == "300 open files are allowed"
    (one.data / "credentials.json").chmod(0o644)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ill = one.run("doctor", "--data", one.data, "--listen", f"127.0.0.1:{port}", "--json", check=False)
    assert ill.returncode == 1
    assert "chmod" in findings(ill)["files"]["advice"] and "--listen" in findings(ill)["server"]["advice"]
    text = one.run("doctor", "--data", one.data, check=False)
    assert text.returncode == 1 and "problem" in text.stdout and "→" in text.stdout
    assert holdpoint("doctor", "--data", tmp_path / "none", "--listen", "127.0.0.1:0").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_another_user_is_told_that_the_folder_is_not_theirs():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        backup = f"{folder}/backup"
        one = Server(pathlib.Path(folder)).start()
        one.run("backup", backup, "--data", one.data)
        data = one.data

        def as_nobody(*arguments):
            return subprocess.run([BIN / "holdpoint", *arguments], capture_output=True, text=True, timeout=60, user=65534, group=65534, extra_groups=[])

        for path, command in ((f"{data}/server.json", ("env", "--data", data)), (f"{data}/holdpoint.db", ("backup", f"{folder}/second", "--data", data)),
                              (f"{backup}/manifest.json", ("restore", backup, "--check"))):
            done = as_nobody(*command)
            assert done.returncode == 1 and done.stderr == f"holdpoint: cannot read {path}: Permission denied\n", done.stderr
        done = as_nobody("doctor", "--data", data, "--json")
        assert "belongs to user 0, and you are 65534" in findings(done)["data folder"]["found"]
        assert not {"files", "disk speed", "server", "holdpoint.db", "master key"} & set(findings(done))  # nothing is known of them
        one.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_root_may_back_up_what_is_another_users():
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        data, noted = f"{folder}/data", pathlib.Path(folder, "data/last-backup")
        one = Server(pathlib.Path(folder)).start()
        one.stop()
        for path in (data, *pathlib.Path(data).rglob("*")):
            os.chown(path, 65534, 65534)
        for user, backup in ((0, "by-root"), (65534, "by-its-owner")):
            done = subprocess.run([BIN / "holdpoint", "backup", f"{folder}/{backup}", "--data", data], capture_output=True, text=True, timeout=60,
                                  user=user, group=user, extra_groups=[])
            assert done.returncode == 0 and done.stderr == "", done.stderr
            made_at = json.loads(pathlib.Path(folder, backup, "manifest.json").read_text())["made_at"]
            assert noted.read_text() == f"{made_at}\n" and noted.stat().st_uid == user
        os.chown(f"{data}/lock", 0, 0)  # as when root started a server there
        doctor, up = (subprocess.run([BIN / "holdpoint", *arguments], capture_output=True, text=True, timeout=60, user=65534, group=65534, extra_groups=[])
                      for arguments in (("doctor", "--data", data, "--json"), ("up", "--data", data, "--listen", "127.0.0.1:0")))
        assert doctor.returncode == 1 and f"{data}/lock belongs to user 0" in findings(doctor)["files"]["found"]
        assert up.returncode == 78 and f"cannot open {data}/lock: Permission denied: `holdpoint doctor` says whose it is" in up.stderr
        finding = findings(one.run("doctor", "--data", data, "--json", check=False))["data folder"]
        assert "belongs to user 65534, and you are 0" in finding["found"] and finding["advice"] == "run as its owner: `sudo -u '#65534' …`"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_what_the_server_may_not_read_is_not_deployed_and_that_is_said():
    """As under systemd, where it sees no home folder."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        os.chown(folder, 65534, 65534)
        shutil.copy(BIN / "holdpoint", folder)
        for name in ("approvals_workflow", "approval_api", "audit_seal"):
            os.symlink(BIN / name, f"{home}/{name}")
        up = [f"{folder}/holdpoint", "up", "--data", f"{folder}/data", "--listen", "127.0.0.1:0"]
        with subprocess.Popen(up, stdout=subprocess.PIPE, text=True, user=65534, group=65534, extra_groups=[]) as server:
            server.stdout.readline()
            done = holdpoint("deploy", ROOT / "template.yaml", "--data", f"{folder}/data", "--bin", home)
            server.send_signal(signal.SIGTERM)
        assert done.returncode == 1 and re.search(rf"The server cannot read {home}/\w+: Permission denied", done.stderr), done.stderr


class Load(threading.Thread):
    """Submits executions until it is told to stop; `acknowledged` has the ARNs that were answered."""

    def __init__(self, approvals):
        super().__init__()
        self.approvals, self.acknowledged, self.over = approvals, [], False

    def run(self):
        while not self.over:
            self.acknowledged.append(self.approvals.submit())


def test_a_backup_under_load_is_restored_and_everything_goes_on(tmp_path):
    (tmp_path / "one").mkdir()
    one = Server(tmp_path / "one").start()
    approvals = deployed(one, "callback")
    arn, approval_id = approvals.pending()
    load = Load(Approvals(one, "app-callback"))
    load.start()
    eventually("there is load", lambda: len(load.acknowledged) >= 5)
    before = list(load.acknowledged)
    assert "holdpoint_last_backup_timestamp_seconds" not in metrics(one.port)
    said = one.run("backup", tmp_path / "backup", "--data", one.data).stdout
    assert abs(value(metrics(one.port), "holdpoint_last_backup_timestamp_seconds") - time.time()) < 60
    assert "keep it as safe" in said
    eventually("the load goes on", lambda: len(load.acknowledged) > len(before))
    load.over = True
    load.join()
    one.stop()
    shutil.rmtree(one.data)

    (tmp_path / "two").mkdir()
    two = Server(tmp_path / "two")
    two.run("restore", tmp_path / "backup", "--data", two.data)
    refused = two.run("restore", tmp_path / "backup", "--data", two.data, check=False)
    assert refused.returncode == 1 and "is not empty" in refused.stderr
    two.start()
    approvals = Approvals(two, "app-callback")
    for known in before:
        assert approvals.execution(known)["Status"] == "RUNNING"
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    record = approvals.record_of(before[-1])
    assert approvals.decide(record["approval_id"], "rejected")[0] == 200
    assert approvals.agree(record["approval_id"], before[-1]) == "rejected"
    two.stop()


def test_a_database_that_is_damaged_or_newer_is_refused_with_what_to_do(tmp_path):
    one = Server(tmp_path).start()
    deployed(one, "callback")
    one.stop()
    database = one.data / "holdpoint.db"
    good = database.read_bytes()
    damaged = bytearray(good)
    damaged[4096 * 3:] = b"\x5a" * (len(good) - 4096 * 3)
    database.write_bytes(damaged)
    done = holdpoint("up", "--data", one.data, "--listen", "127.0.0.1:0")
    assert done.returncode == 78 and "is damaged" in done.stderr and "holdpoint restore" in done.stderr
    assert database.read_bytes() == damaged, "nothing was changed"
    database.write_bytes(good)
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    done = holdpoint("up", "--data", one.data, "--listen", "127.0.0.1:0")
    assert done.returncode == 78 and "schema version 999, newer" in done.stderr and "Use the newer holdpoint" in done.stderr


def test_lines_of_a_deleted_log_group_are_erased(own_server):
    logs = own_server.client("logs")
    logs.create_log_group(logGroupName="/gone")
    logs.create_log_stream(logGroupName="/gone", logStreamName="s")
    logs.put_log_events(logGroupName="/gone", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "m"}])
    assert logs.filter_log_events(logGroupName="/gone")["events"]
    logs.delete_log_group(logGroupName="/gone")
    own_server.restart()  # it looks once after its start, and then each minute

    def lines():
        with sqlite3.connect(f"file:{own_server.data}/logs.db?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM log_events").fetchone()[0]

    eventually("its lines are erased", lambda: lines() == 0)


def test_log_groups_have_a_retention(server):
    logs = server.client("logs")
    logs.create_log_group(logGroupName="/kept")
    logs.put_retention_policy(logGroupName="/kept", retentionInDays=14)
    assert logs.describe_log_groups(logGroupNamePrefix="/kept")["logGroups"][0]["retentionInDays"] == 14
    logs.delete_retention_policy(logGroupName="/kept")
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix="/kept")["logGroups"][0]
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_retention_policy(logGroupName="/kept", retentionInDays=2)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.put_retention_policy(logGroupName="/none", retentionInDays=1)


def test_systemd_is_told_when_it_is_ready_and_when_it_ends(tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(30)
        one = Server(tmp_path, variables={"NOTIFY_SOCKET": path}).start()
        assert manager.recv(4096).decode().startswith("READY=1\n")
        one.flags = ["--drain-seconds", 600]
        one.restart()
        assert manager.recv(4096).decode().startswith("READY=1\n")
        one.stop()
        said = dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())
        assert said["STOPPING"] == "1" and int(said["EXTEND_TIMEOUT_USEC"]) > 600_000_000, "or systemd kills it after half a minute"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_units_are_such_that_systemd_takes_them(tmp_path):
    backup = [tmp_path / "holdpoint-backup.service", tmp_path / "holdpoint-backup.timer"]
    for name in ("holdpoint.service", "holdpoint-seal@.service", "holdpoint-seal@.timer", *(file.name for file in backup)):
        unit = (ROOT / "packaging" / name).read_text()
        (tmp_path / name).write_text(unit.replace("/usr/local/bin/holdpoint", str(BIN / "holdpoint")))
    files = [tmp_path / "holdpoint.service", tmp_path / "holdpoint-seal@app-sam.service", tmp_path / "holdpoint-seal@app-sam.timer"]
    for file in files[1:]:
        file.symlink_to(file.name.replace("app-sam", ""))
    done = subprocess.run(["systemd-analyze", "verify", *map(str, files + backup)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "holdpoint" not in done.stderr, done.stderr


def run_unit(name, **variables):
    """Its command lines as systemd would run them; what the last one said."""
    unit = (ROOT / "packaging" / name).read_text()
    for line in re.findall("^ExecStart(?:Pre)?=(.*)$", unit, re.MULTILINE):
        line = line.replace("$$", "$").replace("%i", "app-sam").replace("%%", "%").replace("/usr/local/bin/holdpoint", str(BIN / "holdpoint"))
        done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"], **variables})
        if done.returncode != 0:
            break
    return done


def test_the_seal_unit_seals_and_verifies(server, tmp_path):
    server.deploy("app-sam")
    done = run_unit("holdpoint-seal@.service", HOLDPOINT_DATA=str(server.data))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Statement 1 of") and "all is as it was written" in done.stdout
    done = run_unit("holdpoint-seal@.service", HOLDPOINT_DATA=str(tmp_path / "none"))
    assert done.returncode == 1 and done.stderr.startswith("holdpoint: no server is running") and done.stderr.count("\n") == 1, done.stderr


def test_the_backup_unit_keeps_the_newest(server, tmp_path):
    for name in ("2026-01-01T023000Z", "2026-01-02T023000Z", "2026-01-03T023000Z.partial", "mine"):
        (tmp_path / name / "code").mkdir(parents=True)
    variables = {"HOLDPOINT_DATA": str(server.data), "STATE_DIRECTORY": str(tmp_path), "BACKUPS_KEPT": "2"}
    done = run_unit("holdpoint-backup.service", **variables)
    assert done.returncode == 0, done.stderr
    older, newest, mine = sorted(path.name for path in tmp_path.iterdir())
    assert (older, mine) == ("2026-01-02T023000Z", "mine")
    assert "It is whole." in server.run("restore", tmp_path / newest, "--check").stdout
    assert run_unit("holdpoint-backup.service", **{**variables, "HOLDPOINT_DATA": "/nonexistent"}).returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [older, newest, mine], "nothing goes when nothing new came"


def test_the_units_leave_settings_to_the_file_and_share_what_commands_need(tmp_path):
    units = [(ROOT / "packaging" / name).read_text() for name in ("holdpoint.service", "holdpoint-seal@.service", "holdpoint-backup.service")]
    assert "\nExecReload=/bin/kill -HUP $MAINPID\n" in units[0]
    for unit in units:
        assert "\nEnvironmentFile=-/etc/holdpoint/environment\n" in unit and "Environment=HOLDPOINT_" not in unit
    variables = dict(re.findall(r"^Environment=(\w+)=(\S+)$", units[0], re.MULTILINE))
    file = tmp_path / "holdpoint.conf"
    for text, data in (("", "/var/lib/holdpoint"), ("data = /srv/elsewhere", "/srv/elsewhere")):
        file.write_text(f"log-format = json\n{text}\n")
        shown = subprocess.run([BIN / "holdpoint", "up", "--config", file, "--print-config"], env=variables, capture_output=True, text=True, timeout=30)
        assert re.search(rf"^data = {data} ", shown.stdout, re.MULTILINE) and re.search("^log-format = json ", shown.stdout, re.MULTILINE), shown.stdout


def test_a_reload_ends_no_service(tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        one = Server(tmp_path, variables={"NOTIFY_SOCKET": path}).start()
        one.process.send_signal(signal.SIGHUP)
        assert "is ready" in one.run("doctor", "--data", one.data).stdout and one.process.poll() is None
        one.stop()
