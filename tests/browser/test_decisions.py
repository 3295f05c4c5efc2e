"""Deciding, and everything that can come between."""
import re

import pytest
from conftest import PHONE, just_before, poke
from playwright.sync_api import expect
from seeding import TWO_STAGES

ME = "ann@example.com"


def detail(open_page, approval, **options):
    page = open_page(ME, "#/approval/" + approval, **options)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def choose(page, button, comments=""):
    page.get_by_role("button", name=button, exact=True).click()
    if comments:
        page.get_by_role("textbox").fill(comments)


def press(page, button):
    page.get_by_role("button", name=button).first.click()


def note(page, title):
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page.locator(".note").filter(has_text=title)


def test_shows_everything_one_needs_to_decide(open_page, seeding):
    approval = seeding.submit("Q4 budget", fields={"amount": "120.00 EUR"}, stages=TWO_STAGES, link="https://docs.example.com/q4", kind="expense")
    seeding.decide(approval, "bob@example.com", comments="Fine by me")
    page = detail(open_page, approval)
    for words in ("120.00 EUR", "2 of 3 from finance, then 1 from legal", "policy spending, version 3", "Deciding now", "Comes later", "Fine by me",
                  "Requested by dana@example.com", "1 of 2"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.locator("[aria-current=step]")).to_contain_text("finance")
    link = page.get_by_role("link", name="Open the document docs.example.com")
    assert link.get_attribute("rel") == "noopener noreferrer"
    expect(page.locator(".history")).to_contain_text("Requested · dana@example.com")
    expect(page.locator(".head .left")).to_have_text(re.compile(r"59 min left"))


@pytest.mark.parametrize("viewport", [PHONE, None], ids=["phone", "desktop"])
def test_approving_is_two_presses(open_page, seeding, viewport):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval, viewport=viewport)
    choose(page, "Approve")
    expect(page.get_by_text("The request is approved at once, for good")).to_be_in_viewport()
    press(page, "Not now")
    choose(page, "Approve")
    assert page.evaluate("scrollY") == 0, "the document stays where it is"
    press(page, "Approve")
    expect(note(page, "You approved this.")).to_contain_text("Whatever waited for it goes on")
    expect(note(page, "You approved this.")).to_be_focused()
    assert seeding.status(approval) == "approved"


def test_says_what_more_is_needed(open_page, seeding):
    approval = seeding.submit("Q4 budget", stages=TWO_STAGES)
    page = detail(open_page, approval)
    choose(page, "Approve")
    expect(page.get_by_text(re.compile("After it, 1 more is needed from .finance.\\."))).to_be_visible()
    press(page, "Not now")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    seeding.decide(approval, "bob@example.com")
    poke(page)
    expect(page.locator(".head")).to_contain_text("1 of 2")
    choose(page, "Approve")
    expect(page.get_by_text(re.compile("The request then goes on to .legal.\\."))).to_be_visible()
    press(page, "Approve")
    expect(note(page, "You approved this.")).to_contain_text("1 more approval is needed from")


PARALLEL = [("finance", 1, None, ["ann@example.com"]), ("legal", 1, None, ["lee@example.com"])]


@pytest.mark.parametrize(("button", "foreseen", "words"), [
    ("Approve", {"stage": "legal", "approval_ends": True}, "The request is approved at once, for good"),
    ("Approve", {"stage": "legal", "approval_ends": False, "approval_opens": ""}, "last approval that .legal. must give. The request stays open"),
    ("Reject", {"rejection_ends": True}, "The request is rejected at once, for good"),
    ("Reject", {"rejection_ends": False}, "The request can still be approved by others")])
def test_says_what_a_decision_comes_to_as_the_server_knows_it(open_page, seeding, button, foreseen, words):
    page = detail(open_page, seeding.submit("Q4 budget", stages=PARALLEL, foreseen=foreseen))
    choose(page, button)
    expect(page.locator(".consequence")).to_have_text(re.compile(words))


def test_a_stage_that_waits_for_changes_is_said_to(open_page, seeding):
    approval = seeding.submit("Q4 budget", foreseen={"approval_ends": False})
    page = detail(open_page, approval)
    choose(page, "Ask for changes", "Which quarter?")
    press(page, "Ask for changes")
    expect(note(page, "You asked for changes.")).to_contain_text("1 more approval is needed")
    seeding.api.approvals.records[approval]["stages"][0]["votes"].append(
        {"person": "bob@example.com", "decision": "approved", "at": seeding.api.approvals.now(), "comments": "", "proof": "token"})
    poke(page)
    expect(note(page, "You asked for changes.")).to_contain_text("it waits for what was asked to be changed")


@pytest.mark.parametrize(("button", "status", "title"), [("Reject", "rejected", "You rejected this."),
                                                         ("Ask for changes", "pending", "You asked for changes.")])
def test_a_no_needs_a_reason(open_page, seeding, button, status, title):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval)
    choose(page, button)
    expect(page.get_by_role("textbox")).to_be_focused()
    press(page, button)
    expect(page.get_by_role("alert")).to_contain_text("Write a few words")
    expect(page.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
    assert seeding.decisions() == []
    page.get_by_role("textbox").fill("The sum is wrong")
    press(page, button)
    note(page, title)
    assert seeding.status(approval) == status
    expect(page.locator(".stages blockquote")).to_have_text("The sum is wrong")


def test_a_double_click_sends_one_decision(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    choose(page, "Approve")
    page.locator(".decide button").first.dblclick()
    note(page, "You approved this.")
    assert len(seeding.decisions()) == 1


@pytest.mark.parametrize("viewport", [PHONE, {"width": 844, "height": 390}, None], ids=["phone", "phone that lies", "desktop"])
def test_a_double_click_opens_a_form_and_sends_nothing(open_page, seeding, viewport):
    page = detail(open_page, seeding.submit("Q4 budget"), viewport=viewport)
    for button in ("Approve", "Reject", "Ask for changes"):
        box = page.get_by_role("button", name=button, exact=True).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
        expect(page.locator(".decide h2")).to_be_visible()
        page.mouse.down(click_count=2)
        page.mouse.up(click_count=2)
        page.keyboard.press("Escape")
        expect(page.locator(".choose")).to_be_visible()
    assert seeding.decisions() == [], "the second click lands where the form's own button is now"


def test_who_hears_the_page_is_told_of_each_try_that_failed(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    page.route("**/decision", lambda route: route.fulfill(status=503, body="{}"))
    choose(page, "Approve")
    press(page, "Approve")
    for _ in range(2):
        expect(note(page, "The server has a problem")).to_be_focused()
        press(page, "Try again")
    expect(note(page, "The server has a problem")).to_be_focused()


@pytest.mark.parametrize(("failure", "title"), [("offline", "No connection"), ("server", "The server has a problem")])
def test_a_failure_keeps_the_text_and_tries_again_on_demand(open_page, seeding, failure, title):
    page = detail(open_page, seeding.submit("Q4 budget"))
    choose(page, "Reject", "Too much")
    page.route("**/decision", lambda route: route.abort() if failure == "offline" else route.fulfill(status=503, body="{}"))
    press(page, "Reject")
    note(page, title)
    expect(page.get_by_role("textbox")).to_have_value("Too much")
    page.unroute("**/decision")
    press(page, "Try again")
    note(page, "You rejected this.")


def test_an_answer_that_was_lost_is_asked_for_with_the_same_key(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    choose(page, "Approve", "Good")

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/decision", lose)
    press(page, "Approve")
    note(page, "No connection")
    page.unroute("**/decision")
    press(page, "Try again")
    note(page, "You approved this.")
    first, second = seeding.decisions()
    assert first == second


def test_another_intention_has_another_key(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    page.route("**/decision", lambda route: (seen.append(route.request.post_data_json), route.abort()))
    seen = []
    for button, comments in (("Approve", "Good"), ("Approve", "Very good"), ("Reject", "Very good")):
        choose(page, button, comments)
        press(page, button)
        note(page, "No connection")
        press(page, "Not now")
    assert len({body["idempotency_key"] for body in seen}) == 3


def test_a_changed_document_is_shown_and_asked_about_anew(open_page, seeding):
    approval = seeding.submit("Q4 budget", fields={"amount": "100 EUR", "for": "Q4"})
    page = detail(open_page, approval)
    choose(page, "Approve", "Fine")
    seeding.change_document(approval, amount="120 EUR")
    poke(page)
    expect(page.locator(".fields")).to_contain_text("100 EUR")  # what is being decided about does not change under one's eyes
    press(page, "Approve")
    expect(note(page, "The document has changed")).to_contain_text("100 EUR")
    expect(page.locator(".note .changes ins")).to_have_text("120 EUR")
    expect(page.locator(".fields")).to_contain_text("120 EUR")
    assert seeding.status(approval) == "pending"
    expect(page.get_by_role("textbox")).to_have_value("Fine")
    press(page, "Approve")
    note(page, "You approved this.")
    keys = [body["idempotency_key"] for body in seeding.decisions()]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(("who", "required", "of", "words"), [
    ("anyone", 1, None, "Anyone: one approval is enough"), ("anyone", 2, None, "Anyone: 2 approvals are needed"),
    ("group finance", 1, None, "One approval by group finance"), ("ann, bob", 1, 2, "1 of 2 people: ann, bob")])
def test_who_decides_is_said_in_plain_words(open_page, seeding, who, required, of, words):
    approval = seeding.submit("Q4 budget", stages=[("approval", required, of, [ME])], who=who)
    page = detail(open_page, approval)
    shown = page.locator(".stage .quiet").first.inner_text().replace("\u2068", "").replace("\u2069", "")
    assert shown.startswith(words)


def test_lines_of_a_field_stay_lines(open_page, seeding):
    approval = seeding.submit("Q4 budget", fields={"excerpt": "One line,\nanother,\n\n\tand a third."})
    page = detail(open_page, approval)
    assert page.locator(".fields dd").first.inner_text() == "One line,\nanother,\n\n\tand a third."
    seeding.change_document(approval, excerpt="One line,\nand no other.")
    poke(page)
    expect(page.locator(".note .changes ins")).to_be_visible()
    assert page.locator(".note .changes ins").inner_text() == "One line,\nand no other."
    assert page.locator(".note .changes del").inner_text().count("\n") == 3


def test_a_change_while_one_reads_is_pointed_out(open_page, seeding):
    approval = seeding.submit("Q4 budget", fields={"amount": "100 EUR"})
    page = detail(open_page, approval)
    seeding.change_document(approval, amount="120 EUR", reason="More seats")
    poke(page)
    changed = note(page, "The document has just changed")
    for words in ("100 EUR", "120 EUR", "More seats"):
        expect(changed).to_contain_text(words)


def test_who_was_first_is_told_to_who_was_second(open_page, seeding):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval)
    choose(page, "Reject", "Too much")
    just_before(page, "**/decision", lambda: seeding.decide(approval, "bob@example.com", comments="Needed"))
    press(page, "Reject")
    lost = note(page, "This is decided already")
    for words in ("bob@example.com", "approved this", "You had written: Too much", "The request is approved"):
        expect(lost).to_contain_text(words)
    assert seeding.status(approval) == "approved"


def test_who_decided_in_another_tab_is_not_told_of_somebody_else(open_page, seeding):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval)
    choose(page, "Approve")
    just_before(page, "**/decision", lambda: seeding.decide(approval, ME))
    press(page, "Approve")
    expect(note(page, "This is decided already")).to_contain_text("ann@example.com")
    expect(page.get_by_text("Somebody else")).to_have_count(0)


@pytest.mark.parametrize("event", ["decided", "expired", "closed"])
def test_what_was_being_written_stays_to_be_read_when_it_ends_meanwhile(open_page, seeding, event):
    stages = TWO_STAGES if event == "closed" else None
    approval = seeding.submit("Q4 budget", stages=stages)
    page = detail(open_page, approval)
    choose(page, "Reject", "Too much, because of the seats")
    if event == "expired":
        seeding.expire(approval)
    for person in {"decided": ["bob@example.com"], "closed": ["bob@example.com", "cleo@example.com"]}.get(event, []):
        seeding.decide(approval, person)
    poke(page)
    expect(page.locator(".aside .note")).to_contain_text("You had written: Too much, because of the seats")
    expect(page.locator(".aside .note")).to_be_focused()  # whoever does not see the page was in the form


def test_a_decision_elsewhere_shows_by_itself(open_page, seeding):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval)
    seeding.decide(approval, "bob@example.com", "rejected", "Not now")
    poke(page)
    expect(note(page, "rejected this")).to_contain_text("Not now")
    expect(page.locator("#live")).to_contain_text("rejected this")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.parametrize(("event", "title"), [("expire", "The time is up"), ("end_workflow", "Nothing waits for this any more")])
def test_too_late(open_page, seeding, event, title):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval)
    choose(page, "Approve")
    just_before(page, "**/decision", lambda: getattr(seeding, event)(approval))
    press(page, "Approve")
    note(page, title)


def test_the_end_of_its_time_is_seen_without_asking(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget", seconds=2))
    expect(page.get_by_role("article")).to_contain_text("Nobody decided in time")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


REFUSALS = [(403, "OWN_REQUEST", "This is your own request"), (403, "NOT_AN_APPROVER", "This is not yours to decide"),
            (409, "STAGE_NOT_OPEN", "It is not your turn"), (409, "ALREADY_VOTED", "You have decided here already"),
            (409, "LINK_USED", "This link has been used"), (400, "INVALID_REQUEST", "That was not accepted")]


def test_every_refusal_is_explained(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    refusal = {}
    page.route("**/decision", lambda route: route.fulfill(**refusal))
    for status, code, title in REFUSALS:
        refusal = {"status": status, "json": {"error": {"code": code, "message": "because", "details": {}}}}
        choose(page, "Approve", "Fine")
        press(page, "Approve")
        note(page, title)
        expect(page.get_by_text("Fine")).to_be_attached()
        page.reload()


def test_a_stage_that_is_closed_to_somebody_is_said_in_the_servers_words(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    closed = {"error": {"code": "STAGE_NOT_OPEN", "message": "Stage finance is approved already.", "details": {}}}
    page.route("**/decision", lambda route: route.fulfill(status=409, json=closed))
    choose(page, "Approve")
    press(page, "Approve")
    expect(note(page, "It is not your turn")).to_contain_text("Stage finance is approved already.")


def test_too_many_attempts_wait_as_long_as_they_are_told(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"), clock=True)
    refused = {"error": {"code": "TOO_MANY_REQUESTS", "message": "", "details": {"retry_after_seconds": 300}}}
    page.route("**/decision", lambda route: route.fulfill(status=429, json=refused))
    choose(page, "Approve")
    press(page, "Approve")
    note(page, "Too many attempts")
    expect(page.get_by_role("button", name=re.compile(r"Wait \d+ s"))).to_be_visible()
    page.unroute("**/decision")
    page.clock.fast_forward(301_000)
    press(page, "Try again")
    note(page, "You approved this.")


def test_a_renewed_session_costs_nobody_a_press(open_page, seeding):
    page = detail(open_page, seeding.submit("Q4 budget"))
    choose(page, "Approve")
    seeding.renew_csrf_tokens()
    press(page, "Approve")
    note(page, "You approved this.")


@pytest.mark.parametrize(("requester", "people", "title"), [(ME, [ME], "This is your own request"), ("dana@example.com", ["bob@example.com"], "This is not yours")])
def test_who_may_not_decide_reads_why(open_page, seeding, requester, people, title):
    page = detail(open_page, seeding.submit("Q4 budget", requester, stages=[("finance", 1, None, people)]))
    note(page, title)
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_what_is_typed_survives_looking_elsewhere(open_page, seeding):
    approval = seeding.submit("Q4 budget")
    page = detail(open_page, approval)
    choose(page, "Reject", "Too much, because")
    poke(page)
    page.get_by_role("link", name="‹ Inbox").click()
    page.get_by_role("link", name="Q4 budget").click()
    expect(page.get_by_role("textbox")).to_have_value("Too much, because")


def test_after_one_comes_the_next(open_page, seeding):
    seeding.submit("Second", age_seconds=100)
    seeding.submit("First", age_seconds=50)
    page = open_page(ME)
    page.get_by_role("link", name="First").click()
    choose(page, "Approve")
    press(page, "Approve")
    press(page, "Next request")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second")
    page.get_by_role("link", name="‹ Inbox").click()
    expect(page.get_by_role("link", name="Second")).to_be_visible()
    expect(page.get_by_role("link", name="First")).to_have_count(0)


def test_a_request_that_is_not_there(open_page, seeding):
    page = open_page(ME, "#/approval/nowhere")
    expect(page.get_by_role("heading", name="There is no such request")).to_be_visible()
