"""How the tests of the page make what they look at. The same tests run against another server by another class with these methods."""
import random
from datetime import timedelta

from fake_api import OIDC

FINANCE = ("finance", 1, None, ["ann@example.com", "bob@example.com"])
TWO_STAGES = [("finance", 2, 3, ["ann@example.com", "bob@example.com", "cleo@example.com"]), ("legal", 1, None, ["lee@example.com"])]
SUBJECTS = ("Q4 budget proposal", "Travel to Lisbon, 3 nights", "Contract with Nordlicht GmbH", "Blog post: what we learned", "Laptop for Ines",
            "Refund for order 8841", "Press release, spring", "Data processing addendum", "Offsite catering", "Privacy notice, version 7")
PEOPLE = ("dana@example.com", "ines@example.com", "omar@example.com", "yuki@example.com")


class FakeSeeding:
    """In the memory of fake_api.py."""

    def __init__(self, api):
        self.api, self.base_url = api, api.url

    def token(self, person="ann@example.com", display_name="Ann"):
        return self.api.token(person, display_name, ["finance"])

    def link(self, approval_id, person="ann@example.com", refused=""):
        return self.api.link(approval_id, person, refused)

    def submit(self, *arguments, **named):
        return self.api.approvals.submit(*arguments, **named)

    def decide(self, approval_id, person, decision="approved", comments=""):
        self.api.approvals.decide(approval_id, person, decision, comments)

    def change_document(self, approval_id, **fields):
        self.api.approvals.change_document(approval_id, **fields)

    def expire(self, approval_id):
        self.api.approvals.expire(approval_id)

    def end_workflow(self, approval_id):
        self.api.approvals.end_workflow(approval_id)

    def end_sessions(self):
        self.api.sessions.clear()

    def renew_csrf_tokens(self):
        for session in self.api.sessions.values():
            session["csrf_token"] += "x"

    def status(self, approval_id):
        return self.api.approvals.records[approval_id]["status"]

    def decisions(self):
        """The bodies of all decisions that were sent."""
        return [body for method, path, body in self.api.requests if method == "POST" and path.endswith("/decision")]

    def crowd(self, count):
        draw = random.Random(7)
        return [self.submit(f"{draw.choice(SUBJECTS)} no. {number}", draw.choice(PEOPLE), seconds=draw.randint(1800, 900000),
                            age_seconds=draw.randint(60, 500000)) for number in range(count)]

    def fill(self):
        """A day's inbox, to look at. Returns ann's token."""
        hour, day = 3600, 86400
        self.submit("Q4 budget proposal", "dana@example.com", {"amount": "184,000.00 EUR", "cost centre": "4410 Research", "for": "Q4"},
                    TWO_STAGES, 5 * day, 2 * hour, link="https://docs.example.com/budgets/q4")
        urgent = self.submit("Travel to Lisbon, 3 nights", "omar@example.com", {
            "amount": "1,284.50 EUR", "cost centre": "2200 Sales", "reason": "Customer visit at Atlântico, with Rui.\nFlights are held until tonight."},
            [("team leads", 2, 3, ["ann@example.com", "bob@example.com", "cleo@example.com"]), FINANCE], 9 * 60 + 55, 5 * hour, kind="expense",
            link="https://expenses.example.com/reports/5512")
        self.decide(urgent, "bob@example.com", "approved", "Rui asked for this in person. Please be quick, the fare goes at six.")
        changed = self.submit("Contract with Nordlicht GmbH", "ines@example.com", {"value": "48,000.00 EUR", "term": "24 months"}, TWO_STAGES, 2 * day, day)
        self.decide(changed, "bob@example.com", "changes_requested", "Which notice period?")
        self.submit("Blog post: what a year of on-call taught us", "yuki@example.com", {"title": "What a year of on-call taught us", "words": "1,420"},
                    seconds=7 * hour, age_seconds=hour, kind="content")
        self.submit("Laptop for Ines", "ines@example.com", {"amount": "2,190.00 EUR"}, seconds=6 * day, age_seconds=200, kind="expense")
        self.submit("Privacy notice, version 7", "ann@example.com", {"pages": "4"}, seconds=9 * day, age_seconds=3 * day)
        self.submit("פרויקט אביב", "omar@example.com", {"amount": "900.00 EUR"}, seconds=3 * day, age_seconds=2 * day)
        for name, decision in (("Offsite catering", "approved"), ("Sponsorship of the regatta", "rejected")):
            self.decide(self.submit(name, "omar@example.com"), "bob@example.com", decision, "As agreed." if decision == "approved" else "Not this year.")
        self.expire(self.submit("Refund for order 8841", "yuki@example.com"))
        self.api.outbox[:] = [{"to": "ann@example.com", "subject": "Approval needed: Travel to Lisbon, 3 nights", "at": self.api.approvals.now(),
                               "body": f"Omar asks for 1,284.50 EUR.\n\nLook at it and decide:\n{self.base_url}#/link/{self.link(urgent)}\n"}]
        self.api.levels[:] = [
            {"name": "finance", "pending": 4, "oldest_seconds": 7200, "decided": 212, "median_seconds": 1440, "p90_seconds": 19800, "breached": 3},
            {"name": "legal", "pending": 1, "oldest_seconds": 86400, "decided": 61, "median_seconds": 30600, "p90_seconds": 172800, "breached": 0},
            {"name": "team leads", "pending": 0, "oldest_seconds": 0, "decided": 0, "median_seconds": 0, "p90_seconds": 0, "breached": 0}]
        return self.token()

    def offer_single_sign_on(self):
        self.api.oidc = OIDC

    def set_clock_ahead(self, **by):
        self.api.approvals.ahead = timedelta(**by)

    def look_at_few(self, count):
        """For one page of the list."""
        self.api.approvals.looked_at_max = count

    def leave_levels_incomplete(self):
        self.api.levels_complete = False

    def take_outbox_away(self):
        self.api.outbox = None
