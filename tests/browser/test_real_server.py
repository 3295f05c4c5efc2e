"""The page as `holdpoint up` serves it, end to end: an approver with a link on a phone decides, and the workflow goes on."""
import json
import os
import sys
from pathlib import Path

import pytest
from conftest import PHONE, screenshot
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from holdpoint import BIN, Approvals, Server  # noqa: E402


@pytest.fixture
def approvals(tmp_path):
    if not (BIN / "holdpoint").exists():
        assert not os.environ.get("CI"), f"there is no server in {BIN}"
        pytest.skip(f"there is no server in {BIN}")
    server = Server(tmp_path).start()
    server.deploy("app-sam", ApprovalWaitMode="callback")
    approvals = Approvals(server)
    approvals.publish()
    yield approvals
    server.stop()


@pytest.fixture
def seeding(approvals):
    """What open_page needs to know of the server."""
    class Real:
        base_url = approvals.outputs["InboxUrl"]
    return Real()


def link_hash(approvals, approval_id):
    url = json.loads(approvals.server.run("approvals", "link", approval_id, "--person", "ann@example.com", "--json").stdout)["link"]
    return "#/link/" + url.split("#/link/")[1]


def test_an_approver_with_links_in_two_tabs_decides_on_a_phone(approvals, open_page):
    arn, approval_id = approvals.pending(document_name="Travel to Lisbon", fields={"amount": "1,284.50 EUR"})
    _, other_id = approvals.pending(document_name="Laptop for Ines", fields={"reason": "Hers is old,\nand slow."})
    page = open_page(hash=link_hash(approvals, approval_id), viewport=PHONE)
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()
    other = open_page(hash=link_hash(approvals, other_id), beside=page)
    expect(other.get_by_role("heading", name="Laptop for Ines")).to_be_visible()
    assert "Hers is old,\nand slow." in other.locator(".fields").inner_text()
    page.reload()
    expect(page.get_by_role("heading", name="Travel to Lisbon")).to_be_visible()
    expect(page.get_by_text("1,284.50 EUR")).to_be_visible()
    expect(page.get_by_text("This link was issued to")).to_be_visible()
    assert "/link/" not in page.url
    screenshot(page, "real_server_link")
    page.get_by_role("button", name="Approve").first.click()
    page.get_by_role("textbox").first.fill("Have a good trip")
    page.get_by_role("button", name="Approve").last.click()
    expect(page.get_by_text("Approved").first).to_be_visible()
    assert approvals.ended(arn)["Result"]["decision"] == "approved"
    assert approvals.record(approval_id)["comments"] == "Have a good trip"
    other.get_by_role("button", name="Approve").first.click()
    other.get_by_role("button", name="Approve").last.click()
    expect(other.get_by_role("heading", name="You approved this.")).to_be_visible()
    assert approvals.record(other_id)["approver"] == "ann@example.com"
