"""TLS: who has the certificate's authority gets in, functions go on without it, and what is wrong with files is said."""
import json
import re
import signal
import subprocess
import time

import pytest
from botocore.exceptions import SSLError

from holdpoint import BIN, Approvals, Server, eventually


def certificate(folder, name="server", days=30):
    """A self-signed certificate for 127.0.0.1, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                    "-days", str(days), "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


class TlsServer(Server):
    def __init__(self, folder):
        super().__init__(folder)
        self.cert, self.key = certificate(folder)
        self.flags = ["--tls-cert", self.cert, "--tls-key", self.key]

    def environment(self, **more):
        return super().environment(AWS_CA_BUNDLE=str(self.cert), **more)

    def client(self, service, **credentials):
        return super().client(service, verify=str(self.cert), **credentials)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    one = TlsServer(tmp_path_factory.mktemp("tls")).start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def approvals(tls):
    tls.deploy()
    return Approvals(tls)


def served_name(server):
    shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}"], input="", capture_output=True, text=True)
    return next(line.split("CN = ")[1] for line in shown.stdout.splitlines() if line.startswith("subject="))


def test_clients_need_the_authority_and_get_https(tls):
    assert tls.env["AWS_ENDPOINT_URL"] == f"https://127.0.0.1:{tls.port}"
    assert tls.client("sts").get_caller_identity()["Arn"].endswith("user/holdpoint")
    with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        Server.client(tls, "sts").get_caller_identity()
    assert "user/holdpoint" in tls.aws("sts", "get-caller-identity").stdout
    curl = ["curl", "-sS", f"https://127.0.0.1:{tls.port}/health"]
    assert subprocess.run([*curl, "--cacert", tls.cert], capture_output=True, text=True).stdout == '{"status":"ready"}'
    assert subprocess.run(curl, capture_output=True).returncode == 60
    assert subprocess.run([*curl, "--cacert", tls.cert, "--tls-max", "1.1"], capture_output=True).returncode != 0
    assert subprocess.run(["curl", "-sS", f"http://127.0.0.1:{tls.port}/health"], capture_output=True).returncode != 0


def test_a_client_says_that_no_tls_is_spoken(server):
    environment = {**server.environment(), "AWS_ENDPOINT_URL": f"https://127.0.0.1:{server.port}"}
    done = subprocess.run([BIN / "holdpoint", "executions", "list", "--function", "f"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "TLS handshake failed: no TLS is spoken there" in done.stderr, done.stderr


def test_a_client_says_why_it_refuses_the_certificate(tls):
    def refused(host, **variables):
        environment = {**tls.environment(), "AWS_ENDPOINT_URL": f"https://{host}:{tls.port}", **variables}
        done = subprocess.run([BIN / "holdpoint", "executions", "list", "--function", "f"], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stdout
        return done.stderr
    assert "TLS with localhost: its certificate was refused: hostname mismatch" in refused("localhost")
    assert "its certificate was refused: self-signed certificate" in refused("127.0.0.1", AWS_CA_BUNDLE="")
    for bundle in ("/nonexistent", "/etc/passwd"):
        assert f"(AWS_CA_BUNDLE: there are no certificates in {bundle})" in refused("127.0.0.1", AWS_CA_BUNDLE=bundle)


def test_an_approval_runs_although_functions_know_no_certificate(tls, approvals):
    assert approvals.publish() == "1"
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"
    environments = tls.children().values()
    assert environments and all(one["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:") for one in environments)
    assert arn.split(":")[6] in tls.run("executions", "list").stdout


@pytest.mark.parametrize("claim", [[], ["-H", "X-Forwarded-Proto: http"]], ids=["as it is", "whatever it claims"])
def test_the_sessions_cookie_is_for_https_alone(tls, approvals, claim):
    token = json.loads(tls.run("approvals", "token", "--person", "ann@example.com", "--json").stdout)["token"]
    url = approvals.outputs["InboxUrl"] + "api/sign-in"
    answer = subprocess.run(["curl", "-sS", "-D", "-", url, "--cacert", tls.cert, "-H", "Content-Type: application/json", *claim,
                             "-d", json.dumps({"token": token})], check=True, capture_output=True, text=True).stdout
    cookie = next(line for line in answer.splitlines() if line.lower().startswith("set-cookie: holdpoint_session="))
    assert url.startswith("https://") and "; Secure" in cookie


def days_left(server):
    page = subprocess.run(["curl", "-sS", f"https://127.0.0.1:{server.port}/metrics", "-k"], check=True, capture_output=True, text=True).stdout
    ends = re.search(r"^holdpoint_tls_certificate_expires_timestamp_seconds (\S+)$", page, re.MULTILINE)[1]
    return round((float(ends) - time.time()) / 86400)


def test_sighup_takes_a_new_certificate_and_keeps_the_old_one_when_it_is_wrong(tls):
    assert served_name(tls) == "server" and days_left(tls) == 30
    old = tls.cert.read_text(), tls.key.read_text()
    tls.cert.write_text("nonsense")
    tls.process.send_signal(signal.SIGHUP)
    eventually("it is said", lambda: "the certificate stays as it is" in tls.log.read_text())
    assert served_name(tls) == "server" and days_left(tls) == 30
    for name, target in zip(certificate(tls.cert.parent, "newer", days=60), (tls.cert, tls.key)):
        target.write_text(name.read_text())
    tls.process.send_signal(signal.SIGHUP)
    eventually("the new one is served", lambda: served_name(tls) == "newer")
    assert days_left(tls) == 60
    tls.cert.write_text(old[0])
    tls.key.write_text(old[1])


def up(tmp_path, *options):
    return subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=30)


def test_files_that_do_not_fit_are_named(tmp_path):
    cert, key = certificate(tmp_path)
    _, other = certificate(tmp_path, "other")
    empty, reversed_chain = tmp_path / "empty.pem", tmp_path / "reversed.pem"
    empty.touch()
    reversed_chain.write_text((tmp_path / "other.pem").read_text() + cert.read_text())
    for options, said in ((("--tls-cert", cert, "--tls-key", other), f"the key {other} is not that of the certificate {cert}"),
                          (("--tls-cert", tmp_path / "no.pem", "--tls-key", key), f"cannot read the certificate {tmp_path / 'no.pem'}: No such file"),
                          (("--tls-cert", reversed_chain, "--tls-key", key), f"{reversed_chain}: in a chain the server's own comes first"),
                          (("--tls-cert", empty, "--tls-key", key), "the file is empty"),
                          (("--tls-cert", key, "--tls-key", key), f"the file {key} holds no certificate in PEM form"),
                          (("--tls-cert", cert), "--tls-key")):
        done = up(tmp_path, *options)
        assert done.returncode == 78 and said in done.stderr + done.stdout, done.stderr + done.stdout


def test_the_doctor_names_them_too_and_listening_without_tls(tmp_path):
    def doctor(*options):
        done = subprocess.run([BIN / "holdpoint", "doctor", "--json", "--data", tmp_path / "x", *options], capture_output=True, text=True, timeout=30)
        return done.returncode, {f["check"]: f for f in json.loads(done.stdout)["findings"]}["tls"]
    cert, key = certificate(tmp_path)
    _, other = certificate(tmp_path, "other")
    soon, its_key = certificate(tmp_path, "soon", days=3)
    listen = ("--listen", "0.0.0.0:0")
    assert doctor(*listen, "--tls-cert", cert, "--tls-key", key)[0] == 0
    status, found = doctor(*listen, "--tls-cert", cert, "--tls-key", other)
    assert status == 1 and "is not that of the certificate" in found["found"]
    status, found = doctor(*listen, "--tls-cert", soon, "--tls-key", its_key)
    assert status == 0 and found["verdict"] == "warning" and "expires in" in found["found"]
    status, found = doctor(*listen)
    assert status == 1 and "without TLS" in found["found"]
    assert doctor(*listen, "--insecure-plain-http")[0] == 0 and doctor("--listen", "127.0.0.1:0")[0] == 0


def test_an_expired_certificate_is_warned_of(tmp_path):
    one = TlsServer(tmp_path)
    one.cert, one.key = certificate(tmp_path, "soon", days=3)
    one.key.chmod(0o644)
    one.flags = ["--tls-cert", one.cert, "--tls-key", one.key]
    one.start()
    try:
        text = eventually("it is warned of", lambda: "expires in" in one.log.read_text() and one.log.read_text())
        assert "expires in 2 days" in text or "expires in 3 days" in text
        assert f"chmod 600 {one.key}" in text
    finally:
        one.stop()


def test_plain_http_is_for_this_machine_alone(tmp_path):
    refused = subprocess.run([BIN / "holdpoint", "up", "--data", tmp_path / "x", "--listen", "0.0.0.0:0"], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 78 and "--tls-cert" in refused.stderr and "--insecure-plain-http" in refused.stderr
    with subprocess.Popen([BIN / "holdpoint", "up", "--data", tmp_path / "y", "--listen", "0.0.0.0:0", "--insecure-plain-http"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = []
        while not lines or lines[-1] and "listens on" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
    assert any("without TLS" in line for line in lines) and "listens on http://127.0.0.1:" in lines[-1]
