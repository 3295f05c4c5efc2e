"""The requester changes the document while the request waits."""
import pytest
from conftest import PHONE, just_before, poke, screenshot
from playwright.sync_api import expect

REQUESTER, APPROVER = "dana@example.com", "ann@example.com"


def own(open_page, approval, **options):
    page = open_page(REQUESTER, "#/approval/" + approval, **options)
    page.get_by_role("button", name="Change the document").click()
    expect(page.get_by_role("heading", name="Change the document")).to_be_focused()
    return page


def save(page):
    page.get_by_role("button", name="Save the changes").click()


def sent(seeding):
    return [body for method, path, body in seeding.api.requests if method == "POST" and path.endswith("/document")]


@pytest.mark.parametrize("viewport", [PHONE, None], ids=["phone", "desktop"])
def test_what_is_typed_is_changed_and_nothing_else(open_page, seeding, viewport):
    approval = seeding.submit("Q4 budget", REQUESTER, {"amount": "120.00 EUR", "cost centre": "4410", "for": "Q4"}, link="https://docs.example.com/q4")
    seeding.decide(approval, "bob@example.com", "changes_requested", "Too much")
    page = own(open_page, approval, viewport=viewport)
    page.get_by_label("amount").fill("98.00 EUR")
    page.get_by_label("for", exact=True).fill("")
    page.get_by_label("Link to the document").fill("")
    screenshot(page, f"amending_{'phone' if viewport else 'desktop'}")
    save(page)
    expect(page.locator(".document").get_by_text("98.00 EUR")).to_be_visible()
    expect(page.get_by_role("button", name="Change the document")).to_be_focused()
    expect(page.locator(".history")).to_contain_text("Document changed")
    [body] = sent(seeding)
    assert {name: body[name] for name in body if name != "shown_digest"} == {"link": None, "fields": {"amount": "98.00 EUR", "for": None}}
    assert seeding.api.approvals.records[approval]["fields"] == {"amount": "98.00 EUR", "cost centre": "4410"}


def test_what_is_typed_survives_looking_elsewhere_and_signing_in_again(open_page, seeding):
    approval = seeding.submit("Q4 budget", REQUESTER, {"amount": "120.00 EUR", "for": "Q4"})
    page = own(open_page, approval)
    page.get_by_label("amount").fill("98.00 EUR")
    page.get_by_role("link", name="‹ Inbox").click()
    page.get_by_role("link", name="Q4 budget").click()
    expect(page.get_by_label("amount")).to_have_value("98.00 EUR")
    just_before(page, "**/document", seeding.end_sessions)
    save(page)
    page.get_by_label("Token").fill(seeding.token(REQUESTER))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("amount")).to_have_value("98.00 EUR")
    save(page)
    expect(page.locator(".document").get_by_text("98.00 EUR")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Change the document")).to_be_visible()


def test_not_now_forgets_what_was_typed(open_page, seeding):
    page = own(open_page, seeding.submit("Q4 budget", REQUESTER))
    page.get_by_label("amount").fill("98.00 EUR")
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("button", name="Change the document").click()
    expect(page.get_by_label("amount")).to_have_value("120.00 EUR")


def test_saving_nothing_sends_nothing(open_page, seeding):
    page = own(open_page, seeding.submit("Q4 budget", REQUESTER))
    save(page)
    expect(page.get_by_role("alert")).to_have_text("Nothing is changed yet.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Change the document")).to_be_focused()
    assert sent(seeding) == []


def test_what_changed_meanwhile_is_shown_and_not_changed_back(open_page, seeding):
    approval = seeding.submit("Q4 budget", REQUESTER, {"amount": "120.00 EUR", "cost centre": "4410"})
    page = own(open_page, approval)
    page.get_by_label("amount").fill("98.00 EUR")
    seeding.change_document(approval, **{"cost centre": "2200"})
    save(page)
    expect(page.get_by_role("heading", name="The document has changed meanwhile")).to_be_visible()
    expect(page.get_by_label("amount")).to_have_value("98.00 EUR")
    save(page)
    expect(page.locator(".document").get_by_text("98.00 EUR")).to_be_visible()
    assert seeding.api.approvals.records[approval]["fields"] == {"amount": "98.00 EUR", "cost centre": "2200"}


def test_a_request_that_ended_stays_as_it_was(open_page, seeding):
    approval = seeding.submit("Q4 budget", REQUESTER)
    page = own(open_page, approval)
    page.get_by_label("amount").fill("98.00 EUR")
    just_before(page, "**/document", lambda: seeding.decide(approval, APPROVER))
    save(page)
    expect(page.get_by_text("The request is approved. Whatever waited for it goes on.", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Save the changes")).to_have_count(0)


def test_others_are_not_offered_it(open_page, seeding):
    page = open_page(APPROVER, "#/approval/" + seeding.submit("Q4 budget", REQUESTER))
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_role("button", name="Change the document")).to_have_count(0)


def test_what_is_not_amendable_is_not_offered_to_change_and_says_what_to_do(open_page, seeding):
    approval = seeding.submit("Printer: 5000.00 EUR", REQUESTER, amendable=False)
    page = open_page(REQUESTER, "#/approval/" + approval)
    expect(page.get_by_text("Its document may not be changed while it waits. To change it, submit a new request.")).to_be_visible()
    expect(page.get_by_role("button", name="Change the document")).to_have_count(0)
    decider = open_page(APPROVER, "#/approval/" + approval)
    decider.get_by_role("button", name="Ask for changes").click()
    expect(decider.get_by_text("They may not change this document, but can submit a new request.")).to_be_visible()


def test_who_decides_meanwhile_is_shown_what_changed(open_page, seeding):
    approval = seeding.submit("Q4 budget", REQUESTER)
    decider = open_page(APPROVER, "#/approval/" + approval)
    expect(decider.locator(".document").get_by_text("120.00 EUR")).to_be_visible()
    page = own(open_page, approval)
    page.get_by_label("amount").fill("98.00 EUR")
    save(page)
    expect(page.locator(".document").get_by_text("98.00 EUR")).to_be_visible()
    poke(decider)
    expect(decider.get_by_role("heading", name="The document has just changed")).to_be_visible()


def test_whoever_comes_after_a_change_sees_what_it_was(open_page, seeding):
    approval = seeding.submit("Q4 budget", REQUESTER, {"amount": "120.00 EUR", "terms": "30 days"})
    page = open_page(APPROVER, "#/approval/" + approval)
    expect(page.get_by_role("heading", name="Document", exact=True)).to_be_visible()
    expect(page.locator(".last-change")).to_have_count(0)
    page.close()
    seeding.change_document(approval, terms="90 days")
    page = open_page(APPROVER, "#/approval/" + approval)
    expect(page.get_by_role("heading", name="Changed in version 2")).to_be_visible()
    expect(page.locator(".last-change del")).to_have_text("30 days")
    expect(page.locator(".last-change ins")).to_have_text("90 days")
    screenshot(page, "last_change")
