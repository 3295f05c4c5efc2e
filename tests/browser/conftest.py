"""Fixtures: Chromium, the page of a fresh server, and the rule that nothing may be refused by its security policy."""
import os
import shutil
from pathlib import Path

import pytest
from fake_api import FakeApi
from playwright.sync_api import expect, sync_playwright
from seeding import FakeSeeding

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build/screenshots"
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
PATIENCE_MS = 60_000  # of a machine that is slow or does other things, too
expect.set_options(timeout=PATIENCE_MS)
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
WATCH_POLICY = "addEventListener('securitypolicyviolation', (event) => console.error('POLICY ' + event.violatedDirective + ' ' + event.blockedURI))"


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def seeding():
    api = FakeApi()
    yield FakeSeeding(api)
    api.stop()


@pytest.fixture
def open_page(chromium, seeding):
    """Opens a page of the inbox: open_page(person=…) signed in, or open_page(hash=…) signed out. `clock`: its time passes
    as the test says (page.clock). `beside`: in another tab of the browser with that page. What the console complains of fails the test."""
    contexts, complaints = [], []

    def new_browser(viewport, zone):
        context = chromium.new_context(viewport=viewport or DESKTOP, locale="en-GB", has_touch=viewport == PHONE,
                                       reduced_motion="reduce", timezone_id=zone)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        context.add_init_script(WATCH_POLICY)
        return context

    def open_one(person="", hash="", viewport=None, clock=False, beside=None, zone=None):
        context = beside.context if beside else new_browser(viewport, zone)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") and
                not message.text.startswith("Failed to load resource") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(f"asks elsewhere: {request.url}") if not request.url.startswith(
            (seeding.base_url, "data:")) else None)
        if person:
            context.request.post(seeding.base_url + "api/sign-in", data={"token": seeding.token(person, person.split("@")[0].title())})
        if clock:
            page.clock.install()
        page.goto(seeding.base_url + hash)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def poke(page):
    """What a person does who comes back to the page: it asks for news at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def just_before(page, request, act):
    """What happens elsewhere after the page last asked, and before its next request of this kind arrives. Were it done in the test itself, the page might
    ask for news in between."""
    page.route(request, lambda route: (act(), route.continue_()), times=1)


def screenshot(page, name, **options):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)
