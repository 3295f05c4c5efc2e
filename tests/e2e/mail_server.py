"""A mail server for tests: takes mail under TLS from whoever signs in, and refuses as it is told."""
import base64
import email
import email.policy
import socketserver
import ssl
import subprocess
import threading
from collections import deque

USER, PASSWORD = "holdpoint", "mail-secret-5521"


class MailServer:
    def __init__(self, folder):
        self.certificate = folder / "mail.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "mail.key",
                        "-out", self.certificate, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, folder / "mail.key")
        self.refusals = {}  # recipient -> answers that come before it is taken
        self.tries = []  # (recipient, answer)
        self.mails = []
        owner = self

        class Session(socketserver.BaseRequestHandler):
            def handle(self):
                Dialogue(owner, self.request).run()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.url = f"smtp://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def refuse(self, recipient, *answers):
        self.refusals[recipient] = deque(answers)

    def to(self, recipient, subject=""):
        return [mail for mail in list(self.mails) if mail["To"] == recipient and subject in mail["Subject"]]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Dialogue:
    def __init__(self, owner, connection):
        self.owner, self.connection = owner, connection
        self.secured = self.signed_in = False
        self.sender = self.recipient = None

    def say(self, *lines):
        for at, line in enumerate(lines):
            code, text = line.split(" ", 1)
            self.connection.sendall(f"{code}{'-' if at + 1 < len(lines) else ' '}{text}\r\n".encode())

    def lines(self):
        rest = b""
        while True:
            while b"\r\n" not in rest:
                got = self.connection.recv(65536)
                if not got:
                    return
                rest += got
            line, rest = rest.split(b"\r\n", 1)
            yield line.decode()

    def run(self):
        self.say("220 mail.test")
        lines = self.lines()
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "EHLO":
                self.say("250 mail.test", "250 AUTH PLAIN LOGIN" if self.secured else "250 STARTTLS")
            elif word == "STARTTLS":
                self.say("220 go on")
                self.connection = self.owner.tls.wrap_socket(self.connection, server_side=True)
                self.secured, lines = True, self.lines()
                return self.run_secured(lines)
            else:
                self.say("530 STARTTLS first")

    def run_secured(self, lines):
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "EHLO":
                self.say("250 mail.test", "250 AUTH LOGIN PLAIN")
            elif word == "AUTH":
                self.signed_in = base64.b64decode(rest.split(" ")[1]).decode() == f"\0{USER}\0{PASSWORD}"
                self.say("235 welcome" if self.signed_in else "535 who are you?")
            elif not self.signed_in:
                self.say("530 sign in first")
            elif word == "MAIL":
                self.say("250 fine")
            elif word == "RCPT":
                self.recipient = rest.removeprefix("TO:<").removesuffix(">")
                answers = self.owner.refusals.get(self.recipient)
                answer = answers.popleft() if answers else "250 fine"
                self.owner.tries.append((self.recipient, answer))
                self.say(answer)
            elif word == "DATA":
                self.say("354 send it")
                text = []
                for one in lines:
                    if one == ".":
                        break
                    text.append(one.removeprefix(".") if one.startswith("..") else one)
                self.owner.mails.append(email.message_from_string("\n".join(text), policy=email.policy.default))
                self.say("250 taken")
            elif word == "QUIT":
                return self.say("221 bye")
            else:
                self.say("502 what?")
