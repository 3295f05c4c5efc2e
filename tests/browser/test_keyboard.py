"""A keyboard is enough; and shortcuts never get in the way of typing."""
from playwright.sync_api import expect


def test_a_day_without_a_mouse(open_page, seeding):
    second = seeding.submit("Second", age_seconds=100)
    first = seeding.submit("First", age_seconds=50)
    page = open_page()
    expect(page.get_by_label("Token")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(seeding.token())
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="First")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("r")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("a j k c / ?")  # text, not commands
    expect(page.get_by_role("textbox")).to_have_value("a j k c / ?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Reject")).to_be_focused()
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You approved this.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Second")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.get_by_label("What should change")).to_be_focused()
    page.keyboard.type("More detail")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You asked for changes.")).to_be_visible()
    assert [seeding.status(approval) for approval in (first, second)] == ["approved", "pending"]


def test_escape_closes_a_form_wherever_the_focus_is(open_page, seeding):
    approval = seeding.submit("First", "dana@example.com")
    mine = seeding.submit("Second", "ann@example.com")
    for about, opens in ((approval, "Reject"), (mine, "Change the document")):
        page = open_page("ann@example.com", "#/approval/" + about)
        page.get_by_role("button", name=opens).click()
        expect(page.get_by_role("button", name="Not now")).to_be_visible()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name=opens)).to_be_focused()
        expect(page.get_by_role("button", name="Not now")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_search_help_and_their_ends(open_page, seeding):
    seeding.submit("First")
    page = open_page("ann@example.com")
    expect(page.get_by_role("link", name="First")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("no such?")
    expect(page.get_by_text("Nothing found for")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="First")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_single_letters_can_be_switched_off(open_page, seeding):
    seeding.submit("First")
    page = open_page("ann@example.com")
    expect(page.get_by_role("link", name="First")).to_be_visible()
    page.keyboard.press("?")
    page.get_by_label("Use single letters").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First")).not_to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="First")).to_be_focused()


def test_steps_from_one_request_to_the_next(open_page, seeding):
    for name, age in (("Third", 30), ("Second", 20), ("First", 10)):
        seeding.submit(name, age_seconds=age)
    page = open_page("ann@example.com")
    page.get_by_role("link", name="First").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("First")
    for key, name in (("j", "Second"), ("j", "Third"), ("k", "Second")):
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
