"""Who comes in, how, and what is left behind."""
from conftest import PHONE, just_before, poke, screenshot
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
    assert page.url.endswith(f"#/approval/{approval}/only")
    assert seeding.status(approval) == "pending", "a link decides nothing by being opened"
    page.go_back()
    assert link not in page.url
    page.goto(seeding.base_url + "#/approval/" + other)
    expect(page.get_by_label("Token")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{seeding.base_url}#/approval/{approval}/only")
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()
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


def approve(page):
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="You approved this.")).to_be_visible()


def test_two_links_and_an_inbox_in_three_tabs_of_one_browser(open_page, seeding):
    travel, laptop, third = seeding.submit("Travel to Lisbon"), seeding.submit("Laptop for Ines"), seeding.submit("Third")
    inbox = open_page("bob@example.com")
    expect(inbox.get_by_role("link", name="Third")).to_be_visible()
    first = open_page(hash="#/link/" + seeding.link(travel), beside=inbox)
    expect(first.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()
    second = open_page(hash="#/link/" + seeding.link(laptop), beside=inbox)
    expect(second.get_by_role("heading", name="Laptop for Ines")).to_be_visible()
    for page, name in ((first, "Travel to Lisbon"), (second, "Laptop for Ines"), (first, "Travel to Lisbon")):
        page.reload()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_text("This link was issued to ann@example.com.")).to_be_visible()
    approve(first)
    approve(second)
    assert [seeding.status(approval) for approval in (travel, laptop, third)] == ["approved", "approved", "pending"]
    poke(inbox)
    expect(inbox.locator(".is-gone")).to_have_count(2)
    expect(inbox.locator(".row").filter(has_text="Third")).not_to_contain_text("No longer pending")
    expect(inbox.get_by_label("Account: Bob")).to_be_attached()
    # Each page signs out of its own session; reloading the inbox is not the link's page.
    first.get_by_label("Account").click()
    first.get_by_role("button", name="Sign out").click()
    expect(first.get_by_role("link", name="Third")).to_be_visible()
    second.reload()
    expect(second.get_by_role("heading", name="Laptop for Ines")).to_be_visible()


def test_who_signs_in_in_another_tab_is_shown_here_with_a_list_of_their_own(open_page, seeding):
    seeding.submit("First", stages=[("finance", 1, None, ["ann@example.com"])])
    page = open_page("ann@example.com", "#/?mine=true")
    expect(page.get_by_role("link", name="First")).to_be_visible()
    page.context.request.post(seeding.base_url + "api/sign-in", data={"token": seeding.token("bob@example.com", "Bob")})
    poke(page)
    expect(page.get_by_label("Account: Bob")).to_be_attached()
    expect(page.get_by_text("Nothing waits for your decision. New requests appear here by themselves.")).to_be_visible()
    expect(page.get_by_text("No longer pending")).to_have_count(0)


def test_nobody_decides_as_somebody_else_who_signed_in_in_another_tab(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon")
    page = open_page("ann@example.com", "#/approval/" + approval)
    page.get_by_role("button", name="Approve").click()
    page.context.request.post(seeding.base_url + "api/sign-in", data={"token": seeding.token("bob@example.com", "Bob")})
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Account: Bob")).to_be_attached()
    expect(page.locator("#live")).to_have_text("You are now signed in as bob@example.com")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    assert seeding.status(approval) == "pending"


def test_who_decided_by_a_link_goes_on_seeing_what_they_did(open_page, seeding):
    page = open_page(hash="#/link/" + seeding.link(seeding.submit("Travel to Lisbon")), viewport=PHONE)
    approve(page)
    with page.expect_response(lambda response: response.status == 401):
        seeding.end_sessions()
        poke(page)
    expect(page.get_by_text("Your link has ended, so this page stays as it is now.")).to_be_visible()
    expect(page.get_by_role("heading", name="You approved this.")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
    screenshot(page, "link-ended-decided")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Your link has ended here. Open it once more from your message, or sign in.")


def test_a_link_that_ends_at_the_deadline_says_that_the_request_ended(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon", seconds=300)
    page = open_page(hash="#/link/" + seeding.link(approval), viewport=PHONE, clock=True)
    page.get_by_role("button", name="Reject").click()
    page.get_by_label("Why you reject it").fill("Too far")
    seeding.end_sessions()
    page.clock.fast_forward(301_000)
    expect(page.get_by_role("heading", name="The time is up")).to_be_visible()
    expect(page.get_by_text("Your link ended with it, so ask the requester what became of it.")).to_be_visible()
    expect(page.get_by_text("You had written: Too far")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
    screenshot(page, "link-ended-expired")


def test_a_link_whose_session_ends_early_says_how_to_go_on(open_page, seeding):
    approval = seeding.submit("Travel to Lisbon")
    link = seeding.link(approval)
    page = open_page(hash="#/link/" + link, viewport=PHONE)
    page.get_by_role("button", name="Reject").click()
    page.get_by_label("Why you reject it").fill("Too far")
    just_before(page, "**/decision", seeding.end_sessions)
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="Your link has ended here")).to_be_visible()
    expect(page.get_by_text("You had written: Too far")).to_be_visible()
    screenshot(page, "link-ended-early")
    page.evaluate("(token) => { location.hash = '#/link/' + token; }", link)
    expect(page.get_by_label("Why you reject it")).to_have_value("Too far")


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
    just_before(page, "**/decision", seeding.end_sessions)
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
