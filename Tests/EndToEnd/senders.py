# needs: PROMETHEUS_BIN ALERTMANAGER_BIN
"""The real Prometheus and Alertmanager deliver to a plain receiver: firing, repeated, resolved, with the credentials.

Proves the bench itself, without the bridge: when this fails, the other scripts that use the senders will too.
"""

import http.server
import threading

import harness

TOKEN = "a-token-of-the-senders-test"


class Exporter:
    """A metrics page with one server, up or down."""

    def __init__(self):
        self.up = 1
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = f'# TYPE vps_server_up gauge\nvps_server_up{{server="web-server-01",ip="203.0.113.10"}} {exporter.up}\n'.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def main():
    with harness.Bench("senders") as bench:
        exporter, receiver = Exporter(), bench.receiver()
        alertmanager_port = harness.free_port()
        bench.start_alertmanager(f"{receiver.url}/hooks/alertmanager", TOKEN, port=alertmanager_port)
        bench.start_prometheus(exporter.port, alertmanager_port)
        harness.say("Prometheus and Alertmanager are ready")

        exporter.up = 0
        bench.wait_until("the alert and one repeat arrive", lambda: len(receiver.requests) >= 2, 30)
        path, headers, _ = receiver.requests[0]
        body = receiver.bodies()[0]
        alert = body["alerts"][0]
        assert path == "/hooks/alertmanager", path
        assert headers["authorization"] == f"Bearer {TOKEN}", headers
        assert body["version"] == "4" and body["status"] == "firing", body
        labels = alert["labels"]
        expected = {"alertname": "HostDown", "severity": "critical", "server": "web-server-01", "ip": "203.0.113.10"}
        assert {name: labels.get(name) for name in expected} == expected, labels
        harness.say(f"firing: {labels}")

        exporter.up = 1
        bench.wait_until("the resolve arrives", lambda: receiver.bodies()[-1]["status"] == "resolved", 30)
        harness.say(f"resolved after {len(receiver.requests)} notifications")
        for process in bench.processes:
            assert process.stop() == 0, f"{process.name} ended with {process.child.returncode}"
        bench.processes.clear()


if __name__ == "__main__":
    main()
