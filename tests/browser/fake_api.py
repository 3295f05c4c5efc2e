"""A small server of the inbox page and its JSON API (docs/approvals-api.md), in memory, for the tests of the page alone.

`python3 fake_api.py [PORT]` serves a filled one to look at.
"""
import hashlib
import json
import secrets
import sys
import threading
import uuid
from datetime import datetime, timedelta, timezone
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = Path(__file__).resolve().parents[2] / "src/approvals/inbox"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}
CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
       "form-action 'self'; frame-ancestors 'none'")
OIDC = {"name": "Example SSO", "url": "/api/sign-in/oidc"}


class Refusal(Exception):
    def __init__(self, status, code, message, **details):
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": code, "message": message, "details": details}}


class Approvals:
    """The requests, and the rules that the page meets."""

    def __init__(self):
        self.ahead = timedelta()  # of the clock of whoever looks
        self.records, self.answers = {}, {}
        self.lock = threading.RLock()
        self.looked_at_max = 500  # for one page, however few match

    def now(self):
        return datetime.now(timezone.utc) + self.ahead

    def submit(self, name="Q4 Budget Proposal", requester="dana@example.com", fields=None, stages=None, seconds=3600, age_seconds=60, **more):
        """`stages`: [(name, required, of, [people])]."""
        created = self.now() - timedelta(seconds=age_seconds)
        stages = stages or [("finance", 1, None, ["ann@example.com", "bob@example.com"])]
        record = {
            "approval_id": str(uuid.uuid4()), "document_id": "doc-" + secrets.token_hex(3), "document_name": name, "requester": requester,
            "status": "pending", "created_at": created, "expires_at": self.now() + timedelta(seconds=seconds), "changes_requested": False,
            "fields": dict(fields or {"amount": "120.00 EUR"}), "policy": {"name": "spending", "version": 3, "text": self.policy(stages)},
            "stages": [{"name": stage, "required": required, "of": of, "people": people, "votes": []} for stage, required, of, people in stages],
            "history": [], **more}
        self.records[record["approval_id"]] = record
        self.happened(record, "created", requester, "claimed", at=created)
        return record["approval_id"]

    @staticmethod
    def policy(stages):
        return ", then ".join(f"{required}{f' of {of}' if of else ''} from {name}" for name, required, of, _ in stages)

    def happened(self, record, event, actor, proof, at=None, **more):
        record["history"].append({"seq": len(record["history"]) + 1, "at": at or self.now(), "event": event, "actor": actor, "proof": proof,
                                  "details": {}, **more})

    def change_document(self, approval_id, **fields):
        record = self.records[approval_id]
        changes = self.changes(record["fields"], record["fields"] | fields)
        record["fields"].update(fields)
        self.happened(record, "amended", record["requester"], "token", changes=changes)

    @staticmethod
    def changes(before, after):
        names = [*before, *(name for name in after if name not in before)]
        return [{"name": name, "before": before.get(name), "after": after.get(name)} for name in names if before.get(name) != after.get(name)]

    def expire(self, approval_id):
        record = self.records[approval_id]
        record["expires_at"] = self.now()
        self.settle(record)

    def end_workflow(self, approval_id):
        self.records[approval_id]["ended"] = True

    def settle(self, record):
        if record["status"] == "pending" and record["expires_at"] <= self.now():
            record.update(status="timeout", decided_at=record["expires_at"])
            self.happened(record, "timed_out", "holdpoint", "system")

    @staticmethod
    def digest(record):
        return hashlib.sha256(json.dumps([record["document_name"], record["fields"]]).encode()).hexdigest()

    @staticmethod
    def state(stage):
        last = [*{vote["person"]: vote["decision"] for vote in stage["votes"]}.values()]
        if "rejected" in last:
            return "rejected"
        return "approved" if last.count("approved") >= stage["required"] and "changes_requested" not in last else "open"

    def open_stage(self, record):
        return next((stage for stage in record["stages"] if self.state(stage) == "open"), None)

    def refusal(self, record, person):
        """(status, code, message) of what keeps this person from deciding now, or None."""
        stage = self.open_stage(record)
        if record["status"] == "timeout":
            return 409, "APPROVAL_EXPIRED", "The request ended without a decision."
        if record["status"] != "pending":
            return 409, "APPROVAL_ALREADY_DECIDED", "The request has been decided."
        if record.get("ended"):
            return 409, "WORKFLOW_ENDED", "The workflow has ended."
        if person == record["requester"]:
            return 403, "OWN_REQUEST", "Nobody decides their own request."
        if not any(person in each["people"] for each in record["stages"]):
            return 403, "NOT_AN_APPROVER", f"{person} is in none of its stages."
        if any(vote["person"] == person and vote["decision"] != "changes_requested" for each in record["stages"] for vote in each["votes"]):
            return 409, "ALREADY_VOTED", f"{person} has voted."
        return None if person in stage["people"] else (409, "STAGE_NOT_OPEN", f"{stage['name']} decides first.")

    def decide(self, approval_id, person, decision, comments="", proof="token", shown_digest=None, idempotency_key=None):
        with self.lock:
            record = self.find(approval_id)
            if idempotency_key and (approval_id, idempotency_key) in self.answers:
                return record
            if refusal := self.refusal(record, person):
                raise Refusal(*refusal)
            if shown_digest and shown_digest != self.digest(record):
                self.refuse_outdated(record, shown_digest)
            self.vote(record, person, decision, comments, proof)
            if idempotency_key:
                self.answers[approval_id, idempotency_key] = True
            return record

    def amend(self, approval_id, person, shown_digest=None, fields=None, **named):
        with self.lock:
            record = self.find(approval_id)
            if refusal := self.refusal(record, person):
                if refusal[1] != "OWN_REQUEST":
                    raise Refusal(*refusal)
            if not record.get("amendable", True):
                raise Refusal(409, "DOCUMENT_FIXED", "The document may not be changed while it waits.")
            if shown_digest and shown_digest != self.digest(record):
                self.refuse_outdated(record, shown_digest)
            record.update({name: value for name, value in named.items() if value is not None})
            for name in [name for name, value in named.items() if value is None]:
                record.pop(name, None)
            before = dict(record["fields"])
            for name, value in (fields or {}).items():
                record["fields"].pop(name, None) if value is None else record["fields"].update({name: value})
            for stage in record["stages"]:
                stage["votes"] = []
            record["changes_requested"] = False
            self.happened(record, "amended", person, "token", changes=self.changes(before, record["fields"]))
            return record

    def refuse_outdated(self, record, shown_digest):
        old = record.get("shown", {}).get(shown_digest, {})
        raise Refusal(409, "DOCUMENT_CHANGED", "The document has changed.", shown_digest=self.digest(record), changes=[
            {"name": name, "before": old.get(name, ""), "after": value} for name, value in record["fields"].items() if old.get(name) != value])

    def vote(self, record, person, decision, comments, proof):
        stage, at = self.open_stage(record), self.now()
        stage["votes"].append({"person": person, "decision": decision, "at": at, "comments": comments, "proof": proof})
        self.happened(record, "changes_requested" if decision == "changes_requested" else "decided", person, proof, comments=comments)
        record["changes_requested"] = decision == "changes_requested"
        if decision == "rejected" or (decision == "approved" and self.open_stage(record) is None):
            record.update(status=decision, approver=person, comments=comments, decided_at=at)

    def find(self, approval_id):
        record = self.records.get(approval_id)
        if record is None:
            raise Refusal(404, "APPROVAL_NOT_FOUND", "There is no such request.")
        self.settle(record)
        return record

    def summary(self, record, person):
        self.settle(record)
        stage = self.open_stage(record)
        keys = ("approval_id", "document_id", "document_name", "requester", "kind", "status", "created_at", "expires_at", "decided_at", "approver",
                "changes_requested")
        return {**{key: record[key] for key in keys if key in record}, "may_decide": self.refusal(record, person) is None,
                **({"progress": {"approved": sum(vote["decision"] == "approved" for vote in stage["votes"]), "required": stage["required"],
                                 "stage": stage["name"]}} if stage else {})}

    def detail(self, record, person):
        refusal = self.refusal(record, person)
        record.setdefault("shown", {})[self.digest(record)] = dict(record["fields"])
        first_open = self.open_stage(record)
        stages = [{**({"of": each["of"]} if each["of"] else {}), "name": each["name"], "required": each["required"], "votes": each["votes"],
                   "who": record.get("who", f"group {each['name']}"), "state": "waiting" if self.state(each) == "open" and each is not first_open else self.state(each)}
                  for each in record["stages"]]
        approval = {**self.summary(record, person), "shown_digest": self.digest(record), "policy": record["policy"],
                    "document_version": 1 + sum(event["event"] == "amended" for event in record["history"]),
                    "amendable": record.get("amendable", True),
                    "may_amend": record.get("amendable", True) and person == record["requester"] and record["status"] == "pending",
                    "fields": [{"name": name, "value": value} for name, value in record["fields"].items()],
                    **{key: record[key] for key in ("link", "comments") if key in record}}
        may = {"allowed": False, "code": refusal[1], "message": refusal[2]} if refusal else self.foreseen(record)
        return {"approval": approval, "stages": stages, "may_decide": may, "history": record["history"], "now": self.now()}

    def foreseen(self, record):
        """What a decision comes to; a test may say it otherwise (`foreseen`)."""
        stage = self.open_stage(record)
        is_last = sum(vote["decision"] == "approved" for vote in stage["votes"]) + 1 >= stage["required"]
        later = record["stages"][record["stages"].index(stage) + 1:] if is_last else []
        return {"allowed": True, "stage": stage["name"], "approval_ends": is_last and not later, "rejection_ends": True,
                **({"approval_opens": later[0]["name"]} if later else {}), **record.get("foreseen", {})}

    def page(self, person, status="pending", order="newest", q="", mine="", limit="50", next_token=""):
        chosen = [record for record in list(self.records.values()) if self.settle(record) or record["status"] == status]
        chosen.sort(key=lambda record: (record["expires_at"] if order == "urgent" else -record["created_at"].timestamp(), record["approval_id"]))
        start = next((at + 1 for at, record in enumerate(chosen) if record["approval_id"] == next_token), 0)
        part, more = [], {}
        for at, record in enumerate(chosen[start:], start):
            text = " ".join((record["document_name"], record["document_id"], record["requester"]))
            if q.casefold() in text.casefold() and not (mine and self.refusal(record, person)):
                part.append(record)
            if len(part) == int(limit) or at + 1 - start == self.looked_at_max:
                more = {"next_token": record["approval_id"]} if at + 1 < len(chosen) else {}
                break
        return {"approvals": [self.summary(record, person) for record in part], **more, "now": self.now()}


class FakeApi:
    """Serves it all on a port of this machine. Also seeds it: see seeding.py."""

    def __init__(self, port=0):
        self.approvals, self.tokens, self.links, self.sessions = Approvals(), {}, {}, {}
        self.outbox, self.levels, self.levels_complete, self.oidc = [], [], True, None
        self.requests = []  # (method, path, body), for tests of what is sent
        handler = type("Handler", (Handler,), {"api": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def token(self, person, display_name="", groups=()):
        token = secrets.token_urlsafe(24)
        self.tokens[token] = {"name": person, "display_name": display_name, "groups": list(groups)}
        return token

    def link(self, approval_id, person, refused=""):
        token = secrets.token_urlsafe(24)
        self.links[token] = {"approval_id": approval_id, "person": person, "refused": refused}
        return token

    def enter(self, session):
        key = secrets.token_urlsafe(24)
        self.sessions[key] = {**session, "csrf_token": secrets.token_urlsafe(12)}
        return key

    def cookie_name(self, approval_id):
        return "holdpoint_link_" + hashlib.sha256(approval_id.encode()).hexdigest()[:16] if approval_id else "holdpoint_session"

    def sign_in(self, body):
        if "link" in body:
            link = self.links.get(body["link"])
            if link is None or link["refused"]:
                raise Refusal(401, "SIGN_IN_REFUSED", "The link was not accepted.", reason=link["refused"] if link else "malformed")
            identity = {"name": link["person"], "display_name": "", "groups": [], "proof": "link"}
            return self.enter({"identity": identity, "only_approval": link["approval_id"], "issued_to": link["person"]})
        if body.get("token") not in self.tokens:
            raise Refusal(401, "SIGN_IN_REFUSED", "The token was not accepted.", reason="unknown_key")
        return self.enter({"identity": {**self.tokens[body["token"]], "proof": "token"}})

    def answer(self, method, path, query, body, session):
        """(status, body) of what a session asks for."""
        parts = path.split("/")[2:]  # after /api
        person = session["identity"]["name"]
        if parts == ["me"]:
            return 200, {key: value for key, value in session.items()}
        if parts == ["approvals"]:
            return 200, self.approvals.page(person, **query)
        if parts[0] == "approvals":
            record = self.approvals.find(unquote(parts[1]))
            if session.get("only_approval") not in (None, record["approval_id"]):
                raise Refusal(404, "APPROVAL_NOT_FOUND", "There is no such request.")
            if method == "POST" and parts[2:] == ["document"]:
                record = self.approvals.amend(record["approval_id"], person, **body)
            elif method == "POST":
                self.check(body)
                record = self.approvals.decide(record["approval_id"], person, proof=session["identity"]["proof"], **body)
            return 200, self.approvals.detail(record, person)
        if parts == ["outbox"] and self.outbox is not None:
            return 200, {"messages": self.outbox}
        if parts == ["service-levels"]:
            return 200, {"groups": self.levels, "complete": self.levels_complete, "now": self.approvals.now()}
        raise Refusal(404, "NOT_FOUND", "There is nothing here.")

    @staticmethod
    def check(body):
        if body["decision"] not in ("approved", "rejected", "changes_requested") or not body["idempotency_key"] or not body["shown_digest"]:
            raise Refusal(400, "INVALID_REQUEST", "decision, idempotency_key and shown_digest are required.")
        if body["decision"] != "approved" and not body["comments"]:
            raise Refusal(400, "INVALID_REQUEST", "comments: required when rejecting or requesting changes.")


def as_json(value):
    return json.dumps(value, default=lambda at: at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            return self.serve_api("GET")
        name = "index.html" if path == "/" else path.removeprefix("/assets/")
        file = PAGE / name
        if "/" in name or not file.is_file():
            return self.reply(404, "text/plain", b"Nothing here.")
        return self.reply(200, TYPES[file.suffix] + "; charset=utf-8", file.read_bytes())

    def do_POST(self):
        self.serve_api("POST")

    def serve_api(self, method):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        self.api.requests.append((method, address.path, body))
        try:
            self.dispatch(method, address.path, query, body)
        except Refusal as refusal:
            self.reply_json(refusal.status, refusal.body)

    def dispatch(self, method, path, query, body):
        if path == "/api/sign-in":
            key = self.api.sign_in(body)
            name = self.api.cookie_name(self.api.sessions[key].get("only_approval"))
            return self.reply_json(200, self.api.sessions[key], cookie=f"{name}={key}; HttpOnly; SameSite=Strict; Path=/")
        if path == "/api/sign-in/oidc":
            key = self.api.enter({"identity": {"name": "ann@example.com", "display_name": "Ann", "groups": [], "proof": "oidc"}})
            return self.reply(302, "text/plain", b"", {"Location": "/", "Set-Cookie": f"holdpoint_session={key}; HttpOnly; SameSite=Lax; Path=/"})
        cookie = SimpleCookie(self.headers.get("cookie", "")).get(self.api.cookie_name(self.headers.get("x-holdpoint-approval")))
        session = self.api.sessions.get(cookie.value) if cookie else None
        if session is None:
            raise Refusal(401, "UNAUTHENTICATED", "Sign in first.", **({"oidc": self.api.oidc} if self.api.oidc else {}))
        token = self.headers.get("x-csrf-token")
        if path != "/api/me" and (method == "POST" or token) and token != session["csrf_token"]:
            raise Refusal(403, "CSRF", "The token of the page is old.")
        if path == "/api/sign-out":
            del self.api.sessions[cookie.value]
            return self.reply(204, "application/json", b"")
        return self.reply_json(*self.api.answer(method, path, query, body, session))

    def reply_json(self, status, body, cookie=None):
        etag = '"' + hashlib.sha256(as_json({key: value for key, value in body.items() if key != "now"}).encode()).hexdigest()[:24] + '"'
        if self.command == "GET" and status == 200 and self.headers.get("if-none-match") == etag:
            return self.reply(304, None, b"", {"ETag": etag})
        return self.reply(status, "application/json", as_json(body).encode(), {"ETag": etag, **({"Set-Cookie": cookie} if cookie else {})})

    def reply(self, status, content_type, body, headers=None):
        self.send_response(status)
        fixed = {"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        for name, value in {**fixed, **(headers or {}), **({"Content-Type": content_type} if content_type else {})}.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    from seeding import FakeSeeding

    shown = FakeApi(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(shown.url, "token:", FakeSeeding(shown).fill(), flush=True)
    threading.Event().wait()
