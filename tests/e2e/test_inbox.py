"""The inbox of a deployed stack, over HTTP as a browser uses it: signing in, looking, deciding; and who is kept out."""
import gzip
import http.client
import json
import uuid
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdpoint import eventually


class Browser:
    """Keeps the cookie and the token that it was given."""

    def __init__(self, approvals):
        self.base = urlsplit(approvals.outputs["InboxUrl"])
        self.headers = {"Content-Type": "application/json"}

    def call(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.base.netloc, timeout=60)
        connection.request(method, self.base.path + path, None if body is None else json.dumps(body), self.headers | headers)
        response = connection.getresponse()
        text = response.read()
        text = (gzip.decompress(text) if response.headers["Content-Encoding"] == "gzip" else text).decode()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.headers["Cookie"] = cookie.split(";")[0]
        answer = json.loads(text) if text and response.headers["Content-Type"] == "application/json" else text
        if path == "api/sign-in" and response.status == 200:
            self.headers["X-CSRF-Token"] = answer["csrf_token"]
            self.headers["X-Holdpoint-Approval"] = answer.get("only_approval", "")
        return response.status, answer, response.headers

    def get(self, path, **headers):
        return self.call("GET", path, **headers)[:2]

    def decide(self, approval_id, decision="approved", comments="", **more):
        digest = self.get(f"api/approvals/{approval_id}")[1]["approval"]["shown_digest"]
        body = {"decision": decision, "comments": comments, "shown_digest": digest, "idempotency_key": str(uuid.uuid4())} | more
        return self.call("POST", f"api/approvals/{approval_id}/decision", body)[:2]


@pytest.fixture
def browser(approvals):
    return Browser(approvals)


def cli(approvals, *arguments):
    return json.loads(approvals.server.run("approvals", *arguments, "--stack-name", approvals.stack, "--json").stdout)


def signed_in(approvals, person, *groups):
    token = cli(approvals, "token", "--person", person, *[word for group in groups for word in ("--group", group)])["token"]
    browser = Browser(approvals)
    status, me, _ = browser.call("POST", "api/sign-in", {"token": token})
    assert (status, me["identity"]["name"], me["identity"]["groups"]) == (200, person, list(groups))
    return browser


def test_the_page_is_served_with_its_files_under_a_strict_policy(approvals, browser):
    status, page, headers = browser.call("GET", "")
    assert status == 200 and "assets/app.js" in page and headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["X-Content-Type-Options"] == "nosniff"
    status, script, headers = browser.call("GET", "assets/app.js")
    assert status == 200 and headers["Content-Type"].startswith("text/javascript") and "import" in script
    assert browser.call("GET", "assets/app.js", **{"If-None-Match": headers["ETag"]})[0] == 304
    assert browser.get("assets/no-such-file")[0] == 404


def test_the_page_is_compressed_where_that_is_taken(browser):
    plain, packed = (browser.call("GET", "assets/app.js", **{"Accept-Encoding": coding}) for coding in ("identity", "gzip"))
    assert plain[1] == packed[1] and plain[2]["ETag"] != packed[2]["ETag"]
    assert (plain[2]["Content-Encoding"], packed[2]["Content-Encoding"], packed[2]["Vary"]) == (None, "gzip", "accept-encoding")
    assert int(packed[2]["Content-Length"]) < int(plain[2]["Content-Length"]) / 2


def test_nobody_gets_in_without_proof(approvals, browser):
    _, approval_id = approvals.pending()
    for path in ("api/me", "api/approvals", f"api/approvals/{approval_id}"):
        assert browser.get(path)[0] == 401
    for wrong in ("nonsense", "hptoken1.00000000.e30.AAAA", cli(approvals, "token", "--person", "ann@example.com")["token"][:-2]):
        status, answer, _ = browser.call("POST", "api/sign-in", {"token": wrong})
        assert (status, answer["error"]["code"]) == (401, "SIGN_IN_REFUSED")
    decide = {"action": "decide", "approval_id": approval_id, "decision": "approved", "approver": "mallory@example.com"}
    assert browser.call("POST", "", decide)[0] in (403, 404, 405)
    assert browser.call("POST", f"api/approvals/{approval_id}/decision", decide)[0] == 401
    assert approvals.record(approval_id)["status"] == "pending"


def test_an_approver_signs_in_finds_the_request_and_decides(approvals):
    arn, approval_id = approvals.pending(document_name="Travel to Lisbon", fields={"amount": "1,284.50 EUR"}, link="https://docs.example/1", kind="expense")
    ann = signed_in(approvals, "ann@example.com", "finance")
    status, found = ann.get("api/approvals?q=lisbon&order=urgent&mine=true")
    assert status == 200 and [one["approval_id"] for one in found["approvals"]].count(approval_id) == 1
    shown = ann.get(f"api/approvals/{approval_id}")[1]
    assert shown["approval"]["fields"] == [{"name": "amount", "value": "1,284.50 EUR"}] and shown["may_decide"]["allowed"]
    assert approvals.record(approval_id).get("callback_token", "?") not in json.dumps(shown)
    status, decided = ann.decide(approval_id, comments="Have a good trip")
    assert (status, decided["approval"]["status"], decided["approval"]["approver"]) == (200, "approved", "ann@example.com")
    assert approvals.ended(arn)["Result"]["decision"] == "approved" and approvals.agree(approval_id, arn) == "approved"
    assert [record["actor_proof"] for record in approvals.audit(approval_id) if record["event"] == "decided"] == ["token"]
    # Whoever comes later is told what happened, and changes nothing.
    status, late = signed_in(approvals, "bob@example.com").decide(approval_id, "rejected", "no")
    assert (status, late["error"]["code"], late["error"]["details"]["approver"]) == (409, "APPROVAL_ALREADY_DECIDED", "ann@example.com")


def test_a_requester_who_cheats_gets_nowhere(approvals):
    _, approval_id = approvals.pending(requester="olga@example.com")
    olga = signed_in(approvals, "Olga@Example.com ")
    assert olga.decide(approval_id)[1]["error"]["code"] == "OWN_REQUEST"
    assert olga.decide(approval_id, shown_digest="0" * 64)[1]["error"]["code"] in ("OWN_REQUEST", "DOCUMENT_CHANGED")
    status, answer = approvals.decide(approval_id, "approved", "OLGA@example.com")
    assert (status, answer["error"]["code"]) == (403, "OWN_REQUEST")
    for look_alike in ("olga@example.com\u00a0", "ol\u200bga@example.com", "\uff4flga@example.com", "olga\u2065@example.com", "olga@example.com\U000e0fff"):
        assert approvals.decide(approval_id, "approved", look_alike)[1]["error"]["code"] == "OWN_REQUEST"
        assert signed_in(approvals, look_alike).decide(approval_id)[1]["error"]["code"] == "OWN_REQUEST"
    for unnameable in ("olga\n@example.com", "olga@example.com\0", "\u202eolga@example.com"):
        status, answer = approvals.decide(approval_id, "approved", unnameable)
        assert (status, answer["error"]["code"]) == (400, "INVALID_REQUEST") and "approver: " in answer["error"]["message"]
    assert approvals.record(approval_id)["status"] == "pending"


def test_a_link_is_for_one_person_one_request_and_one_decision(approvals, browser):
    _, other = approvals.pending()
    arn, approval_id = approvals.pending()
    url = cli(approvals, "link", approval_id, "--person", "ann@example.com")["link"]
    base, link = url.split("#/link/")
    assert base == approvals.outputs["InboxUrl"]
    assert browser.get("")[0] == 200 and approvals.record(approval_id)["status"] == "pending"  # a mail scanner looked
    status, me, _ = browser.call("POST", "api/sign-in", {"link": link})
    assert (status, me["only_approval"], me["issued_to"]) == (200, approval_id, "ann@example.com")
    assert [one["approval_id"] for one in browser.get("api/approvals")[1]["approvals"]] == [approval_id]
    assert browser.get(f"api/approvals/{other}")[0] == 404
    assert browser.call("POST", "api/sign-in", {"token": link})[0] == 401, "a link is no token"
    assert browser.decide(approval_id, "rejected", "too much")[0] == 200
    assert approvals.ended(arn)["Result"]["decision"] == "rejected"
    again = Browser(approvals)
    assert again.call("POST", "api/sign-in", {"link": link})[0] == 200
    status, refused = again.decide(approval_id)
    assert (status, refused["error"]["code"], refused["error"]["details"]["used_by"]) == (409, "LINK_USED", "ann@example.com")


def test_a_link_that_is_opened_late_says_what_became_of_the_request(polling):
    arn, approval_id = polling.pending(timeout_seconds=1)
    made = cli(polling, "link", approval_id, "--person", "ann@example.com")
    assert made["expires_at"] > polling.record(approval_id)["expires_at"]
    assert polling.ended(arn)["Result"]["decision"] == "timeout"
    late = Browser(polling)
    assert late.call("POST", "api/sign-in", {"link": made["link"].split("#/link/")[1]})[0] == 200
    assert late.get(f"api/approvals/{approval_id}")[1]["approval"]["status"] == "timeout"
    status, refused = late.decide(approval_id)
    assert (status, refused["error"]["code"]) == (409, "APPROVAL_EXPIRED")
    assert [record["event"] for record in polling.audit(approval_id)][-1] == "decision_refused"


def test_what_could_let_nobody_in_is_not_made(polling):
    def refused(*arguments):
        done = polling.server.run("approvals", *arguments, "--stack-name", polling.stack, check=False)
        assert done.returncode in (1, 2) and "hptoken1." not in done.stdout and "#/link/" not in done.stdout
        return done.stderr
    _, approval_id = polling.pending()
    for name, found in (("", "an empty text"), ("\u200b", "blank text"), ("a\nb", "a control character (U+000A)"), ("x" * 5000, "5000 characters")):
        assert "--person: " in refused("token", "--person", name) and found in refused("token", "--person", name)
        assert "--group: " in refused("token", "--person", "ann", "--group", name)
        assert "--person: " in refused("link", approval_id, "--person", name)
    groups = [word for i in range(120) for word in ("--group", f"a group of some department {i}")]
    assert "120 groups are more than a browser keeps" in refused("token", "--person", "ann", *groups)
    assert "Expected the id of a token or link" in refused("revoke", "nope")
    done = polling.server.run("approvals", "revoke", "9999999999-0123456789abcdef", "--stack-name", polling.stack)
    assert "nobody can tell whether there is" in done.stdout


def test_what_can_be_no_id_is_not_found(polling):
    ann = signed_in(polling, "ann@example.com")
    for none in ("", "x" * 5000, "%ff"):
        status, answer = ann.get(f"api/approvals/{none}")
        assert status == 404 and answer["error"]["code"] == "APPROVAL_NOT_FOUND", (none[:4], status, answer)


def test_a_policy_takes_two_people_and_then_a_group(approvals):
    policy = {"name": "contract", "stages": [
        {"name": "finance", "approvers": {"people": ["ann@example.com", "bob@example.com"]}, "required": 2},
        {"name": "legal", "approvers": {"groups": ["legal"]}}]}
    arn, approval_id = approvals.pending(policy=policy)
    ann, bob, lea = (signed_in(approvals, *who) for who in (("ann@example.com",), ("bob@example.com",), ("lea@example.com", "legal")))
    assert lea.decide(approval_id)[1]["error"]["code"] == "STAGE_NOT_OPEN"
    assert ann.decide(approval_id)[1]["approval"]["status"] == "pending"
    assert bob.decide(approval_id)[1]["approval"]["progress"] == {"approved": 0, "required": 1, "stage": "legal"}
    assert lea.decide(approval_id)[1]["approval"]["status"] == "approved"
    assert approvals.ended(arn)["Result"]["decision"] == "approved"
    # That the second stage was told is among them, unless it was quicker.
    events = [record["event"] for record in approvals.audit(approval_id) if "notif" not in record["event"]]  # who decides may be quicker than that
    assert events[-4:] == ["voted", "voted", "decided", "completed"]


def test_what_is_revoked_lets_nobody_in_and_ends_its_sessions(approvals):
    _, approval_id = approvals.pending()
    made = cli(approvals, "token", "--person", "ann@example.com")
    ann, bob, carl = Browser(approvals), Browser(approvals), signed_in(approvals, "carl@example.com")
    assert ann.call("POST", "api/sign-in", {"token": made["token"]})[0] == 200
    link = cli(approvals, "link", approval_id, "--person", "bob@example.com")["link"].split("#/link/")[1]
    assert bob.call("POST", "api/sign-in", {"link": link})[0] == 200
    cli(approvals, "revoke", made["id"])
    cli(approvals, "revoke", "--person", "Bob@example.com")
    eventually("both sessions end", lambda: (ann.get("api/me")[0], bob.get("api/me")[0]) == (401, 401))
    for secret in ({"token": made["token"]}, {"link": link}):
        status, answer, _ = Browser(approvals).call("POST", "api/sign-in", secret)
        assert (status, answer["error"]["details"]["reason"]) == (401, "revoked")
    assert carl.get("api/me")[0] == 200 and signed_in(approvals, "bob@example.com").get("api/me")[0] == 200
    # The id alone is on stderr, so that a pipe gets the token and nothing else.
    printed = approvals.server.run("approvals", "token", "--person", "ann@example.com", "--stack-name", approvals.stack)
    assert len(printed.stdout.split()) == 1 and printed.stdout.startswith("hptoken1.") and "revoke" in printed.stderr
    for wrong in ([], ["id", "--person", "ann@example.com"], [made["token"]]):
        refused = approvals.server.run("approvals", "revoke", *wrong, "--stack-name", approvals.stack, check=False)
        assert refused.returncode != 0 and made["token"] not in refused.stderr


def test_a_copied_cookie_is_worth_nothing_after_signing_out(approvals):
    ann, thief, at_home = signed_in(approvals, "ann@example.com"), Browser(approvals), signed_in(approvals, "ann@example.com")
    thief.headers = dict(ann.headers)
    assert thief.get("api/me")[0] == 200
    assert ann.call("POST", "api/sign-out", {})[0] == 204
    assert thief.get("api/me")[0] == 401 and at_home.get("api/me")[0] == 200


def test_service_levels_on_the_page_and_for_prometheus(approvals, browser):
    policy = {"name": "levels", "stages": [{"name": "only", "approvers": {"groups": ['counted "here"']}}]}
    _, decided = approvals.pending(policy=policy)
    approvals.pending(policy=policy)
    ann = signed_in(approvals, "ann@example.com", 'counted "here"')
    assert ann.decide(decided)[0] == 200

    def levels():
        return next((one for one in ann.get("api/service-levels")[1]["groups"] if one["name"] == 'counted "here"'), {})
    eventually("the levels say so", lambda: (levels().get("pending"), levels().get("decided")) == (1, 1))
    assert levels()["breached"] == 0 and 0 <= levels()["median_seconds"] <= levels()["p90_seconds"]

    status, refused, headers = browser.call("GET", "metrics")
    assert (status, refused["error"]["code"], headers["WWW-Authenticate"]) == (401, "UNAUTHENTICATED", "Bearer")
    token = cli(approvals, "token", "--person", "prometheus")["token"]
    status, page, headers = browser.call("GET", "metrics", Authorization=f"Bearer {token}")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert {name: family.type for name, family in families.items()} == {
        "holdpoint_approvals_pending": "gauge", "holdpoint_approvals_oldest_pending_seconds": "gauge",
        "holdpoint_approvals_time_to_decision_seconds": "summary", "holdpoint_approvals_breached": "gauge", "holdpoint_approvals_complete": "gauge"}
    assert all(family.documentation for family in families.values())
    samples = {(sample.name, sample.labels.get("quantile")): sample.value for family in families.values() for sample in family.samples
               if sample.labels.get("group") == 'counted "here"'}
    assert samples["holdpoint_approvals_pending", None] == 1 and samples["holdpoint_approvals_time_to_decision_seconds_count", None] == 1
    assert samples["holdpoint_approvals_time_to_decision_seconds", "0.5"] == levels()["median_seconds"]


def test_dropped_keys_let_nobody_in(approvals):
    token = cli(approvals, "token", "--person", "ann@example.com")["token"]
    cli(approvals, "rotate-keys", "--drop-older")
    def refused():
        status, answer, _ = Browser(approvals).call("POST", "api/sign-in", {"token": token})
        return status == 401 and answer["error"]["details"]["reason"] == "unknown_key"
    eventually("the token is refused", refused)
    signed_in(approvals, "ann@example.com")
