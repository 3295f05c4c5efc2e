"""Messages to people and endpoints: e-mail with links that decide, the outbox instead of it, and signed webhooks."""
import base64
import contextlib
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from holdpoint import DEADLINE, Approvals, Server, eventually, follow
from mail_server import PASSWORD, USER, MailServer
from test_inbox import Browser, cli, signed_in

ANN, BOB, CARL = "ann@example.com", "bob@example.com", "carl@example.com"
CONFIRMATION = "AWS Notification - Subscription Confirmation"


def policy(*people):
    return {"name": "contract", "stages": [{"name": "legal", "approvers": {"people": list(people)}}]}


def link_in(text):
    return re.search(r"^https?://\S+#/link/\S+$", text, re.MULTILINE).group()


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def approve_by_link(approvals, approval_id, link, person):
    """As the page does when somebody opens the link and presses the button."""
    browser = Browser(approvals)
    status, me, _ = browser.call("POST", "api/sign-in", {"link": link.split("#/link/")[1]})
    assert (status, me["only_approval"], me["issued_to"]) == (200, approval_id, person)
    assert browser.get("api/outbox")[1].get("messages", []) == [], "a link shows no other links"
    assert browser.decide(approval_id)[0] == 200
    return browser


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    server = MailServer(tmp_path_factory.mktemp("mail"))
    yield server
    server.stop()


def test_ann_decides_from_her_mail(mail, tmp_path):
    mail.refuse(BOB, "451 come again")
    mail.refuse(CARL, "550 no such person")
    # A bundle of AWS's authorities says nothing of a mail server's.
    variables = {"HOLDPOINT_SMTP_USER": USER, "HOLDPOINT_SMTP_PASSWORD": PASSWORD, "SSL_CERT_FILE": str(mail.certificate),
                 "AWS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt"}
    flags = ["--smtp-url", mail.url, "--mail-from", "approvals@example.com"]
    server = Server(tmp_path, flags=flags, variables=variables).start()
    try:
        server.deploy()
        approvals = Approvals(server)
        approvals.publish()
        for person in (BOB, CARL, ANN.upper()):
            cli(approvals, "subscribe", person)
        question = eventually("the question is there", lambda: mail.to(ANN.upper(), CONFIRMATION))[0]
        confirm = re.search(r"^http\S+$", text_of(question), re.MULTILINE).group()
        assert f'href="{confirm.replace("&", "&amp;")}"' in text_of(question, "html")
        assert "You are subscribed" in follow(confirm, Accept="text/html")

        arn, approval_id = approvals.pending(policy=policy("Ann@example.com", BOB), document_name="Köln, Bcc: x", fields={"amount": "<b>12</b>"})
        letter = eventually("Ann is asked", lambda: mail.to(ANN.upper(), "Approval needed"))[0]
        assert (str(letter["From"]), letter["Auto-Submitted"], letter["Bcc"]) == ("Approvals <approvals@example.com>", "auto-generated", None)
        assert "Document: Köln, Bcc: x (doc-123)\n> amount: <b>12</b>\n" in text_of(letter) and "&lt;b&gt;12&lt;/b&gt;" in text_of(letter, "html")
        link = link_in(text_of(letter))
        assert f'<a href="{link}"' in text_of(letter, "html") and ">Open it and decide</a>" in text_of(letter, "html")
        approve_by_link(approvals, approval_id, link, ANN)
        assert approvals.ended(arn)["Result"]["approver"] == ANN and approvals.agree(approval_id, arn) == "approved"
        trail = {record["event"]: record for record in approvals.audit(approval_id)}
        assert trail["people_notified"]["details"] == {"people": "2"} and trail["decided"]["actor_proof"] == "link"

        # All of it went out: there is no outbox.
        assert signed_in(approvals, ANN).get("api/outbox")[0] == 404
        assert "no outbox" in server.run("approvals", "outbox", check=False).stderr
        # Who follows the other link is asked first, because mail scanners follow links, too.
        leave = letter["List-Unsubscribe"].strip("<>")
        assert leave in text_of(letter) and "<button>Unsubscribe</button>" in follow(leave, Accept="text/html")
        assert cli(approvals, "unsubscribe", ANN)["ended"] == 1
        assert "not subscribed" in server.run("approvals", "unsubscribe", ANN, check=False).stderr
        doctor = [server.bin / "holdpoint", "doctor", "--data", server.data, *flags]
        assert re.search(r"mail .*takes mail", subprocess.run(doctor, env={**os.environ, **variables}, capture_output=True, text=True).stdout)
        wrong = subprocess.run(doctor, env={**os.environ, **variables, "HOLDPOINT_SMTP_PASSWORD": "wrong"}, capture_output=True, text=True).stdout
        assert re.search(r"mail .*535 who are you", wrong) and PASSWORD not in wrong + server.log.read_text()

        # A mail server may ask for patience, and may refuse for good; neither kept Ann's mail back.
        eventually("Bob is asked again", lambda: mail.to(BOB, CONFIRMATION))
        assert [answer for recipient, answer in mail.tries if recipient == BOB] == ["451 come again", "250 fine"]
        assert [answer for recipient, answer in mail.tries if recipient == CARL] == ["550 no such person"]
        given_up = eventually("it is given up", lambda: cli(approvals, "undelivered"))
        assert [(one["to"], one["tries"], one["why"]) for one in given_up] == [(CARL, "1", "the mail server said: 550 no such person")]
        assert CARL in server.run("approvals", "undelivered").stdout
        log = server.log.read_text()
        assert re.search(r"a mail was refused and is given up .* why=\"the mail server said: 550 no such person\"", log)
        assert re.search(r"a mail was not taken .* tries=1 .*451 come again", log) and not re.search("example.com", "".join(re.findall("a mail was.*", log)))
        assert len({one["Message-ID"] for one in mail.mails}) == len(mail.mails) == 3
    finally:
        server.stop()


def test_without_a_mail_server_everybody_finds_their_own_messages(server):
    server.deploy("kept")
    approvals = Approvals(server, "kept")
    approvals.publish()
    for person in (ANN, BOB):
        cli(approvals, "subscribe", person)
        approvals.confirm(person)
    arn, approval_id = approvals.pending(policy=policy(ANN, BOB))
    def mails(*arguments):
        return [one for one in cli(approvals, "outbox", *arguments) if approval_id in one["body"] or one["subject"].startswith("Approval needed")]
    eventually("both are told", lambda: len(mails()) == 2)
    assert [one["to"] for one in mails("--to", "Ann@Example.com")] == [ANN]
    assert cli(approvals, "undelivered") == []
    page = signed_in(approvals, "Ann@example.com").get("api/outbox")
    assert page[0] == 200 and {one["to"] for one in page[1]["messages"]} == {ANN}
    assert page[1]["messages"][0]["subject"] == "Approval needed: Q4 Budget Proposal" and set(page[1]["messages"][0]) == {"to", "subject", "at", "body"}
    for other in ("mallory@example.com", "*", '" || $.to = "*'):
        assert signed_in(approvals, other).get("api/outbox") == (200, {"messages": []})
    approve_by_link(approvals, approval_id, link_in(page[1]["messages"][0]["body"]), ANN)
    assert approvals.ended(arn)["Result"]["approver"] == ANN
    # The default policy names nobody: nobody is told in person, and it costs no step.
    arn, approval_id = approvals.pending()
    assert "notify-people" not in [event.get("Name") for event in approvals.history(arn)] and len(mails()) == 2
    approvals.decide(approval_id)
    # Bob has enough of it: the link asks him, and its button ends the messages. A link with another token does not.
    leave = re.search(r"^http\S+Action=Unsubscribe\S+$", mails("--to", BOB)[0]["body"], re.MULTILINE).group()
    with pytest.raises(urllib.error.HTTPError) as refused:
        follow(leave[:-1] + "&Asked=true", Accept="text/html")
    assert refused.value.code == 403 and "This link is not good" in refused.value.read().decode()
    assert "You are unsubscribed" in follow(leave + "&Asked=true", Accept="text/html")
    assert "not subscribed" in server.run("approvals", "unsubscribe", BOB, "--stack-name", "kept", check=False).stderr


def test_everybody_finds_the_messages_of_a_stack_by_name_and_by_address(polling, callback):
    cli(polling, "subscribe", "VK@example.com", "--person", "Vera K")
    polling.confirm("vk@example.com")
    polling.sns.subscribe(TopicArn=polling.outputs["SnsTopicArn"], Protocol="email", Endpoint="office@example.com")
    polling.confirm("office@example.com")
    arn, approval_id = polling.pending(policy=policy("vera  k"))
    def mails(stack, *arguments):
        return [(one["to"], one["subject"]) for one in cli(stack, "outbox", *arguments) if approval_id in one["body"]]
    def page(stack, person):
        status, found = signed_in(stack, person).get("api/outbox")
        assert status == 200
        return [(one["to"], one["subject"]) for one in found["messages"] if approval_id in one["body"] or "#/link/" in one["body"]]
    asked = [(address, "Approval needed: Q4 Budget Proposal") for address in ("office@example.com", "vk@example.com")]
    # The link is a token that does not show the id.
    eventually("Vera is asked", lambda: page(polling, "VERA K"))
    eventually("the office, too", lambda: mails(polling))
    vera = [one["body"] for one in cli(polling, "outbox", "--to", "Vera K") if "#/link/" in one["body"]]
    assert len(vera) == 1 and page(polling, "Vera K") == page(polling, "vk@example.com") == asked[1:]
    assert page(polling, "office@example.com") == mails(polling) == asked[:1]
    # Who has these names in another stack is somebody else.
    for person in ("Vera K", "vk@example.com", "office@example.com"):
        assert page(callback, person) == [] and cli(callback, "outbox", "--to", person) == []
    assert mails(callback) == [] and vera[0] not in [one["body"] for one in cli(callback, "outbox")]
    approve_by_link(polling, approval_id, link_in(vera[0]), "vera k")
    assert polling.ended(arn)["Result"]["approver"] == "vera k"


def test_an_address_is_subscribed_once_however_it_is_written(polling):
    def subscriptions():
        pages = polling.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=polling.outputs["MailTopicArn"])
        return [one["Endpoint"] for page in pages for one in page["Subscriptions"] if one["Endpoint"].lower() == "dup@example.com"]
    def questions():
        return [one for one in cli(polling, "outbox", "--to", "dup@example.com") if one["subject"] == CONFIRMATION]
    def subscribe(*arguments, check=True):
        return polling.server.run("approvals", "subscribe", *arguments, "--stack-name", polling.stack, check=check)
    assert "once the link" in subscribe("Dup@example.com").stdout
    eventually("the question is there", questions)
    assert "once the link" in subscribe("dup@example.com").stdout
    eventually("it is asked again", lambda: len(questions()) == 2)
    assert subscriptions() == ["Dup@example.com"]
    polling.confirm("dup@example.com")
    assert subscribe("DUP@example.com").stdout == "Dup@example.com is subscribed already and gets what is for DUP@example.com.\n"
    arn = cli(polling, "subscribe", "dup@example.com")["subscription_arn"]
    refused = subscribe("dup@example.com", "--person", "Dora", check=False)
    assert refused.returncode == 1 and "holdpoint approvals unsubscribe Dup@example.com" in refused.stderr and "Dora" in refused.stderr
    assert subscriptions() == ["Dup@example.com"] and len(questions()) == 2
    assert polling.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["Endpoint"] == "Dup@example.com"
    assert cli(polling, "unsubscribe", "DUP@example.com")["ended"] == 1 and subscriptions() == []


def test_people_of_a_later_stage_are_told_when_it_opens(approvals):
    finance, legal = f"fin-{approvals.stack}@example.com", f"leg-{approvals.stack}@example.com"
    for person in (finance, legal):
        cli(approvals, "subscribe", person)
        approvals.confirm(person)
    def mails(person):
        return [one for one in cli(approvals, "outbox", "--to", person) if one["subject"].startswith("Approval needed")]
    stages = [{"name": name, "approvers": {"people": [person]}} for name, person in (("finance", finance), ("legal", legal))]
    arn, approval_id = approvals.pending(policy={"name": "contract", "stages": stages}, timeout_seconds=3600)
    first = eventually("finance is told", lambda: mails(finance))[0]
    eventually("the trail says so", lambda: len(approvals.audit(approval_id)) == 3)
    assert mails(legal) == [] and approvals.decide(approval_id, approver=legal)[1]["error"]["code"] == "STAGE_NOT_OPEN"
    token = approvals.record(approval_id).get("callback_token")
    approve_by_link(approvals, approval_id, link_in(first["body"]), finance)
    second = eventually("legal is told", lambda: mails(legal))[0]
    assert "was approved by the stages before yours" in second["body"]
    told = eventually("the trail says so", lambda: [r for r in approvals.audit(approval_id) if r["details"].get("occasion") == "stage_opened"][1:])
    assert told[0]["event"] == "people_notified" and told[0]["details"] == {
        "occasion": "stage_opened", "stage": "legal", "document_version": "1", "people": "1"}
    # By the vote itself, not by a look at the record that was due; and what waits now is another callback.
    if token:
        eventually("there is another callback", lambda: approvals.record(approval_id)["callback_token"] != token)
        assert [event["EventType"] for event in approvals.history(arn)].count("CallbackSucceeded") == 1
    approve_by_link(approvals, approval_id, link_in(second["body"]), legal)
    assert approvals.ended(arn)["Result"]["approver"] == legal and approvals.agree(approval_id, arn) == "approved"
    assert (len(mails(finance)), len(mails(legal))) == (1, 1)
    events = [record["event"] for record in approvals.audit(approval_id)]
    assert events == ["created", "notified", "people_notified", "voted", "notified", "people_notified", "decided", "completed"]


def test_who_has_only_the_mail_asks_for_changes_and_decides_on_the_new_version(approvals):
    ann, olga = f"ann-{approvals.stack}@example.com", f"olga-{approvals.stack}@example.com"
    for person in (ann, olga):
        cli(approvals, "subscribe", person)
        approvals.confirm(person)
    def mail(person, subject):
        found = [one for one in cli(approvals, "outbox", "--to", person) if one["subject"].startswith(subject)]
        assert len(found) < 2, "each is told once"
        return found[0]["body"] if found else None
    arn, approval_id = approvals.pending(policy=policy(ann), requester=olga, fields={"amount": "100"}, timeout_seconds=3600)
    first = link_in(eventually("Ann is asked", lambda: mail(ann, "Approval needed")))
    browser = Browser(approvals)
    browser.call("POST", "api/sign-in", {"link": first.split("#/link/")[1]})
    assert browser.decide(approval_id, decision="changes_requested", comments="less")[0] == 200
    asked = eventually("Olga hears of it", lambda: mail(olga, "Changes requested"))
    assert f"{ann} asks for changes" in asked and "> less" in asked
    requester = Browser(approvals)
    status, me, _ = requester.call("POST", "api/sign-in", {"link": link_in(asked).split("#/link/")[1]})
    assert (status, me["issued_to"]) == (200, olga)
    assert requester.decide(approval_id)[0] == 403, "she may not decide on her own request"
    change = {"fields": {"amount": "90"}, "shown_digest": requester.get(f"api/approvals/{approval_id}")[1]["approval"]["shown_digest"]}
    assert requester.call("POST", f"api/approvals/{approval_id}/document", change)[0] == 200
    anew = eventually("Ann is asked anew", lambda: mail(ann, "Changed, approval needed"))
    assert "amount: 90" in anew and link_in(anew) != first
    approve_by_link(approvals, approval_id, link_in(anew), ann)
    assert approvals.ended(arn)["Result"]["approver"] == ann and approvals.agree(approval_id, arn) == "approved"
    assert f"Your request was approved by {ann}" in eventually("Olga hears of the outcome", lambda: mail(olga, "Approved"))
    assert [record["event"] for record in approvals.audit(approval_id)] == [
        "created", "notified", "people_notified", "changes_requested", "requester_notified", "decision_refused", "amended", "notified",
        "people_notified", "decided", "completed"]


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_what_subscribers_follow_is_at_the_public_url(own_server):
    own_server.stop()
    own_server.variables = {"HOLDPOINT_PUBLIC_URL": "https://approvals.example.com"}
    own_server.start()
    endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    endpoint.got = []
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    sns = own_server.client("sns")
    sns.subscribe(TopicArn=sns.create_topic(Name="told")["TopicArn"], Protocol="http", Endpoint=f"http://127.0.0.1:{endpoint.server_address[1]}/hook")
    try:
        asked = eventually("the question arrived", lambda: endpoint.got)[0]
    finally:
        endpoint.shutdown()
        endpoint.server_close()
    assert asked["SubscribeURL"].startswith("https://approvals.example.com/?Action=ConfirmSubscription")
    assert asked["SigningCertURL"].startswith("https://approvals.example.com/")


@pytest.mark.parametrize("version, digest", [("1", "-sha1"), ("2", "-sha256")])
def test_webhooks_are_signed_as_awss_validators_check(server, tmp_path, version, digest):
    """What is signed, in which order: SNS developer guide, "Verifying the signatures of Amazon SNS messages"."""
    endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    endpoint.got = []
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    sns = server.client("sns")
    topic = sns.create_topic(Name=f"signed-{version}", Attributes={"SignatureVersion": version})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{endpoint.server_address[1]}/hook")
    try:
        eventually("the question arrived", lambda: endpoint.got)
        follow(endpoint.got[0]["SubscribeURL"])
        sns.publish(TopicArn=topic, Message="Grüße\nzwei", Subject="s")
        sns.publish(TopicArn=topic, Message="without a subject")
        eventually("both messages arrived", lambda: len(endpoint.got) == 3)
    finally:
        endpoint.shutdown()
        endpoint.server_close()
    for at, message in enumerate(endpoint.got):
        fields = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] if message["Type"] == "SubscriptionConfirmation" \
            else ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        assert message["SignatureVersion"] == version
        text = "".join(f"{field}\n{message[field]}\n" for field in fields if field in message)
        certificate, key, signature, signed = (tmp_path / f"{at}.{kind}" for kind in ("pem", "key", "signature", "text"))
        certificate.write_bytes(urllib.request.urlopen(message["SigningCertURL"], timeout=30).read())
        key.write_bytes(subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True).stdout)
        signature.write_bytes(base64.b64decode(message["Signature"]))
        for what, good in ((text, True), (text + "x", False)):
            signed.write_text(what)
            verified = subprocess.run(["openssl", "dgst", digest, "-verify", key, "-signature", signature, signed], capture_output=True, text=True)
            assert (verified.returncode == 0) == good, verified.stdout + verified.stderr


class DrippingEndpoint:
    """Confirms itself, and answers a notification with a header each half second."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.notified = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.answer, args=self.listener.accept()[:1], daemon=True).start()

    def answer(self, connection):
        request = b""
        while not request.endswith(b"}"):
            request += connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        if b"SubscribeURL" in request:
            connection.sendall(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            connection.close()
            return follow(json.loads(request.split(b"\r\n\r\n", 1)[1])["SubscribeURL"])
        self.notified += 1
        with contextlib.suppress(OSError):  # until the server leaves
            while True:
                connection.sendall(b"X-More: 1\r\n")
                time.sleep(0.5)


def test_an_endpoint_that_drips_keeps_neither_others_nor_the_end_waiting(own_server, tmp_path):
    slow, got = DrippingEndpoint(), []

    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            got.append(message)

        def log_message(self, *_):
            pass
    healthy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=healthy.serve_forever, daemon=True).start()
    sns = own_server.client("sns")
    topic, other = (sns.create_topic(Name=name)["TopicArn"] for name in ("slow", "other"))
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=slow.url)
    sns.subscribe(TopicArn=other, Protocol="http", Endpoint=f"http://127.0.0.1:{healthy.server_port}/")
    follow(eventually("it is asked", lambda: got)[0]["SubscribeURL"])
    eventually("the slow one is confirmed", lambda: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1")
    for _ in range(8):
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": str(number), "Message": "x"} for number in range(10)])
    eventually("it drips", lambda: slow.notified == 2)
    sns.publish(TopicArn=other, Message="hello")
    eventually("the other one hears of it", lambda: [message for message in got if message["Type"] == "Notification"])
    assert slow.notified == 2, "it waited until one of these was given up"
    own_server.process.send_signal(signal.SIGTERM)
    own_server.process.wait(timeout=DEADLINE)  # all that waits for the slow one takes ten minutes
    healthy.shutdown()
