# needs: VPSBRIDGE_BIN
"""Messages reach every kind of channel, harmless and at least once; a heartbeat goes out while the bridge works.

bridge ─▶ receivers that answer as the platforms do, one of them with its rate limit, and a mail server with STARTTLS that hangs up
after the first mail
"""

import email
import email.policy
import http.server
import json
import shutil
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.parse

import harness

HOOK_TOKEN = "a-token-of-the-messages-test"
BOT_TOKEN = "123456:ABC-of-the-messages-test"
PASSWORD = "a-password-of-the-messages-test"
HOSTILE = "@everyone <!channel> [click](https://evil.example) **bold**\r\nBcc: x@evil.example"
KINDS = ["webhook", "slack", "discord", "teams", "mattermost", "telegram", "mail"]

RULES = """\
version: 1
rules:
  - name: tell
    trigger: monitor
    when: 'event.labels.alertname == "HostDown"'
    autonomy: auto
    actions:
""" + "".join(f"""\
      - {{action: notify, with: {{channel: {kind}, text: "${{{{ event.annotations.summary }}}}"}}}}
""" for kind in KINDS)


class Platform:
    """A web server that answers each request as `answer(path, requests)` says: a status and a body."""

    def __init__(self, answer):
        self.requests = []
        platform = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                platform.requests.append((time.monotonic(), self.path, body))
                status, reply = answer(self.path, platform.requests)
                self.send_response(status)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sent(self, path):
        return [json.loads(body) for _, found, body in list(self.requests) if found == path]


class MailServer(socketserver.ThreadingTCPServer):
    """SMTP with STARTTLS and AUTH PLAIN; hangs up in place of its answer to the first mail."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.mails = []
        self.before_tls = []
        self.after_tls = []
        super().__init__(("127.0.0.1", 0), MailHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MailHandler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.converse()
        except (OSError, ValueError):
            pass

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def converse(self):
        self.connection = self.request
        heard, lines = self.server.before_tls, self.connection.makefile("rb")
        self.say("220 test ESMTP")
        while line := lines.readline():
            command = line.decode().strip()
            heard.append(command)
            verb = command.split(" ")[0].upper()
            is_secure = isinstance(self.connection, ssl.SSLSocket)
            if verb == "EHLO":
                self.say("250-test\r\n250 AUTH PLAIN" if is_secure else "250-test\r\n250 STARTTLS")
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                heard, lines = self.server.after_tls, self.connection.makefile("rb")
            elif verb == "AUTH":
                if command == "AUTH PLAIN":
                    self.say("334 ")
                    heard.append(lines.readline().decode().strip())
                self.say("235 welcome")
            elif verb == "DATA":
                self.say("354 go on")
                content = b""
                while (line := lines.readline()) not in (b".\r\n", b""):
                    content += line[1:] if line.startswith(b".") else line
                self.server.mails.append(content)
                if len(self.server.mails) == 1:
                    return
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


def answer(path, requests):
    if path == "/discord" and len([one for one in requests if one[1] == path]) == 1:
        return 429, b'{"message": "You are being rate limited.", "retry_after": 1.5, "global": false}'
    if path == "/teams":
        return 202, b""
    if path.startswith("/bot"):
        return 200, b'{"ok": true, "result": {}}'
    return 200, b"ok"


def certificate(bench):
    """A certificate of 127.0.0.1 and its key."""
    certificate, key = bench.folder / "mail.pem", bench.folder / "mail.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return certificate, key


def alert(bridge, summary):
    body = {"status": "problem", "fingerprint": f"f{time.monotonic_ns()}", "labels": {"alertname": "HostDown"},
            "annotations": {"summary": summary}}
    reply = harness.request("POST", f"{bridge}/hooks/monitor", body, {"Authorization": f"Bearer {HOOK_TOKEN}"})
    assert reply.status == 200, (reply.status, reply.body)


def main():
    if not shutil.which("openssl"):
        harness.skip("openssl is not there")
    with harness.Bench("messages") as bench:
        platform = Platform(answer)
        chain, key = certificate(bench)
        mail = MailServer(chain, key)
        bridge_port, admin_port = harness.free_port(), harness.free_port()
        bridge, admin = f"http://127.0.0.1:{bridge_port}", f"http://127.0.0.1:{admin_port}"
        rules = bench.write("rules/tell.yaml", RULES)
        channels = {kind: {"kind": kind, "url_file": str(bench.write(f"{kind}-url", f"{platform.url}/{kind}", 0o600))}
                    for kind in KINDS[:5]}
        channels["telegram"] = {
            "kind": "telegram", "token_file": str(bench.write("bot", BOT_TOKEN, 0o600)), "chat_id": -1001, "base_url": platform.url}
        channels["mail"] = {
            "kind": "smtp", "server": f"smtp://127.0.0.1:{mail.server_address[1]}", "user": "bridge",
            "password_file": str(bench.write("password", PASSWORD, 0o600)), "from": "VPS Bridge <bridge@example.com>",
            "to": ["ops@example.com", "boss@example.com"]}
        config = bench.write("vpsbridge.yaml", {
            "live": False,
            "listen": f"127.0.0.1:{bridge_port}",
            "admin": {"listen": f"127.0.0.1:{admin_port}"},
            "data": str(bench.folder / "data"),
            "rules": str(bench.folder / "rules"),
            "api": {"base_url": "http://127.0.0.1:9", "token_file": str(bench.write("api-token", "unused-api-token", 0o600))},
            "outbound": {"ca_file": str(chain)},
            "sources": {"monitor": {
                "kind": "generic", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}, "expect_every": "10m"}},
            "limits": {"settle": "0s"},
            "channels": channels,
            "notify": KINDS,
            "notify_digest": {"at": "09:00", "timezone": "+02:00"},
            "heartbeat": {"url_file": str(bench.write("heartbeat", f"{platform.url}/ping", 0o600)), "every": "10s"},
            "reload": {"watch": "1s"},
        })
        serve = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", config])
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"{bridge}/readyz"), 15)

        alert(bridge, HOSTILE)
        paths = {kind: f"/{kind}" for kind in KINDS[:5]} | {"telegram": f"/bot{BOT_TOKEN}/sendMessage"}
        for kind, path in paths.items():
            wanted = 2 if kind == "discord" else 1
            bench.wait_until(f"{kind} got its message", lambda: len(platform.sent(path)) >= wanted, 15)
        lines = HOSTILE.replace("\r\n", "\n").split("\n")
        assert platform.sent("/webhook")[0] == {"text": HOSTILE}, platform.sent("/webhook")
        slack = platform.sent("/slack")[0]
        assert "<" not in slack["text"] and "&lt;!channel&gt;" in slack["text"] and slack["parse"] == "none", slack
        discord = platform.sent("/discord")[1]
        assert discord["allowed_mentions"] == {"parse": []} and r"\[click\]\(https\:\/\/" in discord["content"], discord
        first, second = [at for at, path, _ in platform.requests if path == "/discord"]
        assert second - first >= 1.4, second - first
        runs = [block["inlines"][0]["text"] for block in platform.sent("/teams")[0]["attachments"][0]["content"]["body"]]
        assert runs == lines, runs
        assert "\\@\u2060everyone" in platform.sent("/mattermost")[0]["text"]
        telegram = platform.sent(paths["telegram"])[0]
        assert telegram["chat_id"] == -1001 and telegram["entities"][0]["type"] == "pre", telegram
        harness.say("webhook, Slack, Discord (after its 429), Teams, Mattermost and Telegram: each in its own harmless form")

        bench.wait_until("the mail came again", lambda: len(mail.mails) >= 2, 20)
        assert mail.mails[0] == mail.mails[1], "a mail that may have been taken is sent again as it was"
        read = email.message_from_bytes(mail.mails[0], policy=email.policy.default)
        assert read["From"] == "VPS Bridge <bridge@example.com>" and read["To"] == "ops@example.com, boss@example.com", dict(read)
        assert read["Bcc"] is None and read["Message-ID"].endswith("@example.com>"), dict(read)
        assert read.get_content().splitlines() == lines, read.get_content()
        assert not any(line.startswith(("AUTH", "MAIL")) for line in mail.before_tls), mail.before_tls
        assert any(line.startswith("AUTH PLAIN") for line in mail.after_tls), mail.after_tls
        harness.say(f"mail by STARTTLS: the first was hung up on, the second has the same Message-ID {read['Message-ID']}")

        before = {kind: len(platform.sent(path)) for kind, path in paths.items()}
        mails = len(mail.mails)
        rules.write_text("version: 1\nrules: broken\n")
        for kind, path in paths.items():
            bench.wait_until(f"{kind} is told of the refused rules", lambda: len(platform.sent(path)) > before[kind], 15)
        bench.wait_until("the mail too", lambda: len(mail.mails) > mails, 15)
        subject = email.message_from_bytes(mail.mails[-1], policy=email.policy.default)["Subject"]
        assert "did not take the changed rules" in subject, subject
        harness.say("refused rules are told at once on every channel")

        bench.wait_until("a heartbeat", lambda: any(path == "/ping" for _, path, _ in platform.requests), 15)
        bench.wait_until("its metric", lambda: harness.metric(admin, "vpsbridge_heartbeat_success") == {"": 1.0}, 5)
        counts = harness.metric(admin, "vpsbridge_messages_total")
        assert counts['channel="discord",outcome="throttled"'] == 1, counts
        assert counts['channel="mail",outcome="retried"'] == 1 and counts['channel="mail",outcome="delivered"'] == 2, counts
        assert harness.metric(admin, "vpsbridge_source_silent") == {'source="monitor"': 0.0}
        harness.say("the heartbeat goes out, and the metrics say what became of each message")

        log = serve.log()
        for secret in (BOT_TOKEN, PASSWORD, f"{platform.url}/slack", urllib.parse.quote(BOT_TOKEN)):
            assert secret not in log, secret
        assert serve.stop() == 0
        bench.forget(serve)


if __name__ == "__main__":
    main()
