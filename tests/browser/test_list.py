"""Finding what to decide: order, filters, search, many, and news that disturbs nobody."""
import re
from datetime import datetime, timedelta

from conftest import PHONE, poke
from playwright.sync_api import expect


def rows(page):
    return page.get_by_role("list", name="Requests").get_by_role("listitem")


def names(page):
    expect(rows(page).first).to_be_visible()
    return page.locator(".row .name").all_inner_texts()


def test_shows_what_waits_and_what_matters_of_it(open_page, seeding):
    seeding.fill()
    page = open_page("ann@example.com")
    expect(rows(page)).to_have_count(7)
    travel = rows(page).filter(has_text="Travel to Lisbon")
    for words in ("omar@example.com", "expense", "Urgent", "1 of 2", "team leads", "You can decide this."):
        expect(travel).to_contain_text(words)
    expect(travel.locator(".left")).to_have_text(re.compile(r"9 min \d\d s left"))
    expect(rows(page).filter(has_text="Contract")).to_contain_text("Changes requested")
    assert "You can decide" not in rows(page).filter(has_text="Privacy notice").inner_text()
    expect(rows(page).filter(has_text="Laptop")).to_contain_text("waits for finance")


def test_orders_filters_and_searches_and_the_address_remembers(open_page, seeding):
    seeding.fill()
    page = open_page("ann@example.com")
    assert names(page)[0] == "Laptop for Ines"
    page.get_by_label("Order").select_option("urgent")
    expect(rows(page).first).to_contain_text("Travel to Lisbon")
    page.get_by_label("I can decide").check()
    expect(rows(page)).to_have_count(6)
    page.get_by_label("Search").fill("LISBON")
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Search")).to_have_value("LISBON")
    page.get_by_label("Search").fill("nothing like it")
    expect(page.get_by_text("Nothing found for")).to_be_visible()
    page.get_by_label("Search").fill("")
    for status, name in (("Approved", "Offsite catering"), ("Rejected", "Sponsorship"), ("Timed out", "Refund")):
        page.get_by_role("radio", name=status).check(force=True)
        expect(rows(page)).to_have_count(1)
        expect(rows(page)).to_contain_text(name)


def test_search_waits_for_the_end_of_a_word(open_page, seeding):
    seeding.fill()
    page = open_page("ann@example.com", clock=True)
    expect(rows(page)).to_have_count(7)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
    page.clock.pause_at(datetime.now() + timedelta(minutes=5))  # however long this machine takes, between two keys is no pause
    page.get_by_label("Search").press_sequentially("lisbon")
    page.clock.resume()
    expect(rows(page)).to_have_count(1)
    assert len(asked) == 1


def test_news_waits_until_it_is_asked_for_and_moves_nothing(open_page, seeding):
    first, second = seeding.submit("First", age_seconds=200), seeding.submit("Second", age_seconds=100)
    page = open_page("ann@example.com", viewport=PHONE)
    expect(rows(page)).to_have_count(2)
    before = rows(page).nth(1).bounding_box()
    seeding.submit("Third")
    seeding.decide(second, "bob@example.com")
    poke(page)
    expect(page.get_by_role("button", name="Show 1 new")).to_be_visible()
    expect(page.get_by_text("1 new request", exact=True)).to_be_attached()
    expect(rows(page).nth(0)).to_contain_text("No longer pending")
    assert names(page) == ["Second", "First"]
    assert rows(page).nth(1).bounding_box() == before
    page.get_by_role("button", name="Show 1 new").click()
    expect(rows(page).nth(0)).to_contain_text("Third")
    assert names(page) == ["Third", "First"]
    expect(page.get_by_role("link", name="Third")).to_be_focused()
    assert seeding.status(first) == "pending"


def test_news_reaches_rows_that_were_loaded_later(open_page, seeding):
    crowd = seeding.crowd(120)
    page = open_page("ann@example.com", "#/?order=urgent")
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(rows(page)).to_have_count(100)
    last = rows(page).nth(99).get_by_role("link").get_attribute("data-id")
    assert last in crowd
    seeding.decide(last, "bob@example.com")
    poke(page)
    expect(rows(page).nth(99)).to_contain_text("No longer pending")
    expect(rows(page).filter(has_text="No longer pending")).to_have_count(1)


def test_an_empty_inbox_fills_by_itself(open_page, seeding):
    page = open_page("ann@example.com", clock=True)
    expect(page.get_by_text("All clear.")).to_be_visible()
    seeding.submit("First")
    page.clock.run_for(4_500)
    expect(rows(page)).to_have_count(1)


def test_what_is_typed_is_not_lost_to_news(open_page, seeding):
    seeding.submit("First")
    page = open_page("ann@example.com")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Search").focus()
    page.keyboard.type("Fir")
    seeding.submit("First of May")
    poke(page)
    page.keyboard.type("st")
    expect(page.get_by_label("Search")).to_have_value("First")
    expect(page.get_by_label("Search")).to_be_focused()
    expect(rows(page)).to_have_count(2)


def test_nothing_new_costs_no_body(open_page, seeding):
    seeding.submit("First")
    page = open_page("ann@example.com", clock=True)
    expect(rows(page)).to_have_count(1)
    with page.expect_response(lambda response: "api/approvals?" in response.url) as answer:
        page.clock.run_for(4_500)
    assert answer.value.status == 304


def test_asks_seldom_while_hidden_and_while_failing(open_page, seeding):
    seeding.submit("First")
    page = open_page("ann@example.com", viewport=PHONE, clock=True)
    expect(rows(page)).to_have_count(1)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "api/approvals" in request.url else None)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    poke(page)
    page.clock.run_for(50_000)
    assert len(asked) <= 1
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => false, configurable: true })")
    page.route("**/api/approvals?*", lambda route: route.abort())
    before = rows(page).bounding_box()
    poke(page)
    expect(page.get_by_text("No connection. This may be old.")).to_be_visible()
    assert rows(page).bounding_box() == before, "nothing moves"
    asked.clear()
    for _ in range(12):
        page.clock.run_for(5_000)
    assert 1 <= len(asked) <= 5, "backs off"
    page.unroute("**/api/approvals?*")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("This may be old")).to_have_count(0)


def test_time_is_the_servers_not_this_machines(open_page, seeding):
    seeding.set_clock_ahead(hours=30)
    seeding.submit("First", seconds=599)
    page = open_page("ann@example.com", clock=True)
    expect(rows(page).locator(".left")).to_have_text(re.compile(r"9 min \d\d s left"))
    page.clock.run_for(60_000)
    expect(rows(page).locator(".left")).to_have_text(re.compile(r"8 min \d\d s left"))
    expect(page.locator("#live")).to_have_text("")  # no tick is read out


def test_ten_thousand_pending_stay_a_small_page(open_page, seeding):
    seeding.crowd(10_000)
    page = open_page("ann@example.com", "#/?order=urgent")
    expect(rows(page)).to_have_count(50)
    for shown in range(100, 350, 50):
        page.get_by_role("button", name="Show more").click()
        expect(rows(page)).to_have_count(shown)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("button", name="Back to the first ones")).to_be_visible()
    expect(rows(page)).to_have_count(50)
    assert page.evaluate("document.querySelectorAll('*').length") < 5000
    page.get_by_role("button", name="Back to the first ones").click()
    expect(page.get_by_role("button", name="Back to the first ones")).to_have_count(0)


def test_what_is_far_behind_is_found_all_the_same(open_page, seeding):
    seeding.submit("Needle", age_seconds=900_000)
    seeding.crowd(120)
    seeding.look_at_few(25)
    page = open_page("ann@example.com", "#/?q=needle")
    expect(page.get_by_text("Nothing among the first 500.")).to_be_visible()
    expect(page.get_by_text("Nothing found")).to_have_count(0)
    page.get_by_role("button", name="Look further").click()
    expect(rows(page)).to_have_count(1)
    page = open_page("ann@example.com", "#/?q=zzz")
    page.get_by_role("button", name="Look further").click()
    expect(page.get_by_text("Nothing found")).to_be_visible()


def test_coming_back_finds_the_list_as_it_was(open_page, seeding):
    seeding.crowd(120)
    page = open_page("ann@example.com", "#/?order=urgent&q=o")
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(rows(page)).to_have_count(100)
    row = rows(page).nth(80).get_by_role("link")
    row.scroll_into_view_if_needed()
    name, scrolled = row.locator(".name").inner_text(), page.evaluate("scrollY")
    row.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("link", name="‹ Inbox").click()
    expect(rows(page)).to_have_count(100)
    expect(page.get_by_role("link", name=name)).to_be_focused()
    assert abs(page.evaluate("scrollY") - scrolled) < 5
    expect(page.get_by_label("Search")).to_have_value("o")
    expect(page.get_by_label("Order")).to_have_value("urgent")


def test_what_others_write_stays_text_in_its_own_direction(open_page, seeding):
    nasty = "<img src=x onerror=alert(1)>\u202egnp.exe"
    approval = seeding.submit(nasty, fields={nasty: nasty}, link="javascript:alert(1)")
    page = open_page("ann@example.com")
    assert names(page) == [nasty]
    rows(page).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(nasty)
    expect(page.get_by_text("Its link is not a web address")).to_be_visible()
    assert page.locator("img, a[href^=javascript]").count() == 0
    assert page.locator("h1 bdi").count() == 1
    assert seeding.status(approval) == "pending"
