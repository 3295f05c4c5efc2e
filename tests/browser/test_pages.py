"""Every page, in both themes and on two screens: accessible, nothing wider than the screen, big enough to touch; and the other pages."""
import re
from pathlib import Path

import axe_playwright_python
import pytest
from conftest import DESKTOP, PHONE, poke, screenshot
from fake_api import PAGE
from playwright.sync_api import expect

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter((each) => each.checkVisibility() && !each.closest('.skip, .letter'))
  .map((each) => (each.closest('label') ?? each).getBoundingClientRect().height < 43.9 ? each.outerHTML : '').filter(Boolean)"""


def travel(page):
    page.get_by_role("link", name="Travel to Lisbon").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


def rejecting(page):
    travel(page)
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("alert")).to_be_visible()


def approved(page):
    page.get_by_role("radio", name="Approved").check(force=True)
    page.get_by_role("link", name="Offsite catering").click()
    expect(page.get_by_role("heading", name="approved this")).to_be_visible()


def failing(page):
    travel(page)
    page.route("**/decision", lambda route: route.abort())
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()


def amending(page):
    page.get_by_role("link", name="Privacy notice").click()
    page.get_by_role("button", name="Change the document").click()
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_role("alert")).to_be_visible()


def account(page):
    page.get_by_label("Account").click()


def shortcuts(page):
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


PAGES = {
    "sign-in": ("", lambda page: page.get_by_role("button", name="Sign in").click()),
    "list": ("#/", lambda page: expect(page.get_by_role("link", name="Laptop")).to_be_visible()),
    "list-rejected": ("#/?status=rejected", lambda page: expect(page.get_by_role("link", name="Sponsorship")).to_be_visible()),
    "list-empty": ("#/?q=zzz", lambda page: expect(page.get_by_text("Nothing found")).to_be_visible()),
    "account": ("#/", account),
    "help": ("#/", shortcuts),
    "detail": ("#/", travel),
    "rejecting": ("#/", rejecting),
    "failing": ("#/", failing),
    "approved": ("#/", approved),
    "amending": ("#/", amending),
    "outbox": ("#/outbox", lambda page: expect(page.get_by_role("heading", name="Approval needed")).to_be_visible()),
    "service-levels": ("#/service-levels", lambda page: expect(page.get_by_role("rowheader", name="legal")).to_be_visible()),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible(open_page, seeding, name):
    seeding.fill()
    hash, act = PAGES[name]
    page = open_page("" if name == "sign-in" else "ann@example.com", hash, PHONE)
    expect(page.get_by_role("heading", level=1)).to_be_attached()
    act(page)
    page.evaluate(AXE)
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size(viewport)
        for theme, rules in (("dark", ["color-contrast"]), ("light", ALL_RULES)):  # of all rules, one is about colours
            page.emulate_media(color_scheme=theme)
            screenshot(page, f"{name}-{viewport['width']}-{theme}")
            found = page.evaluate("(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'] })", rules)
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert page.evaluate(SMALL) == []
    page.set_viewport_size({"width": 320, "height": 256})  # what a zoom of 400 % leaves
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_outbox_is_offered_where_there_is_one(open_page, seeding):
    seeding.fill()
    page = open_page("ann@example.com")
    page.get_by_role("link", name="Outbox").click()
    expect(page.get_by_role("heading", name="Outbox")).to_be_focused()
    expect(page.get_by_text("Omar asks for 1,284.50 EUR.")).to_be_visible()
    assert page.get_by_role("link", name="#/link/").get_attribute("rel") == "noopener noreferrer"
    seeding.take_outbox_away()
    page = open_page("ann@example.com")
    expect(page.get_by_role("link", name="Laptop")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("link", name="Outbox")).to_have_count(0)
    page = open_page("ann@example.com", "#/outbox")
    expect(page.get_by_text("This server keeps no outbox")).to_be_visible()


def test_service_levels_by_group(open_page, seeding):
    seeding.fill()
    page = open_page("ann@example.com")
    page.get_by_role("link", name="Service levels").click()
    finance = page.get_by_role("row").filter(has_text="finance")
    for words in ("4", "2 h", "212", "24 min", "5 h 30 min", "3"):
        expect(finance.get_by_role("cell").filter(has_text=words).first).to_be_visible()
    expect(page.get_by_text("too many to count")).to_have_count(0)
    seeding.leave_levels_incomplete()
    poke(page)
    expect(page.get_by_text("too many to count")).to_be_visible()


def test_a_record_says_in_which_zone_its_times_are_and_prints_all_of_its_history(open_page, seeding):
    approval = seeding.submit("Q4 budget")
    for amount in range(7):
        seeding.change_document(approval, amount=f"{amount} EUR")
    page = open_page("ann@example.com", "#/approval/" + approval, zone="Asia/Kolkata")
    first = page.locator(".history li").first
    expect(first).to_be_attached()
    expect(first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(first).to_be_visible()
    expect(first).to_contain_text("GMT+5:30")
    expect(page.locator(".head .left")).to_have_attribute("title", re.compile("until .*GMT\\+5:30"))


def test_prints_the_record_without_its_buttons(open_page, seeding):
    seeding.fill()
    page = open_page("ann@example.com")
    travel(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.get_by_text("1,284.50 EUR").first).to_be_visible()
    expect(page.get_by_text("Please be quick").first).to_be_visible()
    expect(page.locator(".left .amount")).to_be_hidden()  # on paper, times are dates
    screenshot(page, "print", full_page=True)


def test_its_source_has_no_way_around_text():
    """Data becomes text alone: nothing in our sources writes markup, and nothing comes from elsewhere."""
    ours = [file for file in PAGE.iterdir() if file.suffix in (".js", ".html", ".css") and file.name != "preact.js"]
    for file in ours:
        text = file.read_text()
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "style=", "onclick=", "url(http"):
            assert forbidden not in text, (file.name, forbidden)
    modules = {file.name for file in ours if file.suffix == ".js"} | {"preact.js"}
    html = (PAGE / "index.html").read_text()
    assert all(f'href="assets/{name}"' in html or f'src="assets/{name}"' in html for name in modules), "each module is fetched at once"
