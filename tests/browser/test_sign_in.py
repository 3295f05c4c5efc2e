"""Who comes in, how, and what is left behind."""
from playwright.sync_api import expect


def sign_in_with(page, token):
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_a_token_signs_in_and_signing_out_ends_it(open_page, seeding):
    page = open_page()
    sign_in_with(page, "nonsense")
    expect(page.get_by_role("alert")).to_contain_text("does not know this token")
    expect(page.get_by_label("Token")).to_be_focused()
    sign_in_with(page, seeding.token())
    expect(page.get_by_text("All clear.")).to_be_visible()
    page.get_by_label("Account: Ann").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_link_signs_in_for_its_one_request_and_leaves_the_address_at_once(open_page, seeding):
    approval, other = seeding.submit("Travel to Lisbon"), seeding.submit("Another one")
    link = seeding.link(approval)
    page = open_page(hash="#/link/" + link)
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()
    expect(page.get_by_text("This link was issued to ann@example.com.")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    assert page.url.endswith("#/approval/" + approval)
    assert seeding.status(approval) == "pending", "a link decides nothing by being opened"
    page.go_back()
    assert link not in page.url
    page.goto(seeding.base_url + "#/approval/" + other)
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, performance.getEntries().map((each) => each.name)])")
    assert link not in kept.replace(page.evaluate("performance.getEntriesByType('navigation')[0].name"), "")


def test_a_link_pasted_into_an_open_page_works_too(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon")
    page = open_page(person="bob@example.com")
    expect(page.get_by_role("link", name="Travel to Lisbon")).to_be_visible()
    page.evaluate("(token) => { location.hash = '#/link/' + token; }", seeding.link(approval))
    expect(page.get_by_text("This link was issued to ann@example.com.")).to_be_visible()
    assert "link" not in page.url


def test_a_refused_link_says_why(open_page, seeding):
    approval = seeding.submit()
    page = open_page()
    expect(page.get_by_label("Token")).to_be_visible()
    for refused, words in (("expired", "has expired"), ("used", "has been used"), ("unknown_key", "does not know"), ("malformed", "incomplete")):
        page.goto(seeding.base_url + "#/link/" + seeding.link(approval, refused=refused))
        expect(page.get_by_role("alert")).to_contain_text(words)
        assert "link" not in page.url


def test_a_link_can_be_tried_again_when_the_server_did_not_answer(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon")
    page = open_page()
    expect(page.get_by_label("Token")).to_be_visible()
    page.route("**/api/sign-in", lambda route: route.abort())
    page.evaluate("(token) => { location.hash = '#/link/' + token; }", seeding.link(approval))
    expect(page.get_by_role("alert")).to_contain_text("No connection")
    page.unroute("**/api/sign-in")
    page.get_by_role("button", name="Try the link again").click()
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()


def test_single_sign_on_is_offered_where_there_is_one_and_comes_back_to_the_same_page(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon")
    page = open_page()
    expect(page.get_by_label("Token")).to_be_visible()
    expect(page.get_by_role("link", name="Continue with")).to_have_count(0)
    seeding.offer_single_sign_on()
    page = open_page(hash="#/approval/" + approval)
    page.get_by_role("link", name="Continue with Example SSO").click()
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()


def test_who_was_signed_out_meanwhile_goes_on_where_they_were(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon")
    page = open_page("ann@example.com", "#/approval/" + approval)
    page.get_by_role("button", name="Reject").click()
    page.get_by_label("Why you reject it").fill("Too far")
    seeding.end_sessions()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("alert")).to_contain_text("what you wrote is kept")
    sign_in_with(page, seeding.token())
    expect(page.get_by_label("Why you reject it")).to_have_value("Too far")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="You rejected this.")).to_be_visible()


def test_an_inbox_that_cannot_be_reached_says_so(open_page, seeding):
    page = open_page()
    page.route("**/api/me", lambda route: route.fulfill(status=502, body="bad gateway"))
    page.reload()
    expect(page.get_by_role("heading", name="The server has a problem")).to_be_visible()
    page.unroute("**/api/me")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
