"""Problems are sent to ALERT_URL once, and again when they are solved."""

from collections.abc import Iterator

import pytest

from .hosted_app import HostedApp
from .web import wait_until

RECEIVED = "/root/received"
RECEIVER = f"""
from http.server import BaseHTTPRequestHandler, HTTPServer

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open("{RECEIVED}", "ab").write(body + b"\\n")
        self.send_response(204)
        self.end_headers()

HTTPServer(("127.0.0.1", 9999), Receiver).serve_forever()
"""
# A new run: the one after a deploy, or that of the timer, may still be active.
NOTIFY = """
systemctl() { command systemctl --user -M tiny@ "$@" check.service; }
while systemctl is-active | grep -q activating; do sleep 0.2; done
systemctl start
"""
CERTIFICATE = """
mv /etc/ssl/tiny /root/certificate && mkdir -m 755 /etc/ssl/tiny
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 \\
    -subj /CN=tiny.example -keyout /etc/ssl/tiny/privkey.pem \\
    -out /etc/ssl/tiny/fullchain.pem
systemctl reload nginx
"""
RESTORED = "rm -rf /etc/ssl/tiny; mv /root/certificate /etc/ssl/tiny; systemctl reload nginx"


@pytest.fixture(scope="module")
def alerted(only_tiny: HostedApp) -> Iterator[HostedApp]:
    """The minimal app, with a receiver of messages on its server."""
    only_tiny.server.root("cat >/root/receiver.py", stdin=RECEIVER)
    only_tiny.server.root("systemd-run --quiet --unit receiver python3 /root/receiver.py")
    url = "http://127.0.0.1:9999/secret-path"
    only_tiny.workstation.hosting("config", "set", "ALERT_URL", stdin=url)
    yield only_tiny
    only_tiny.workstation.hosting("config", "unset", "ALERT_URL")


def received(app: HostedApp) -> str:
    """Return all messages."""
    return app.server.root(f"cat {RECEIVED}", check=False)


def test_test_message_is_sent(alerted: HostedApp) -> None:
    wait_until(
        lambda: alerted.workstation.hosting("check", "--test", check=False).returncode == 0,
        "the receiver has started",
    )

    assert '"text": "tiny at server:\\nThis is a test."' in received(alerted)


def test_failed_deploy_is_sent_once(alerted: HostedApp) -> None:
    workstation = alerted.workstation
    workstation.commit("Broken", {"Procfile": "web: echo giving up; exit 3\n"})
    alerted.push()
    number = workstation.hosting("releases").stdout.split()[0]
    text = f"Release {number} failed: "
    wait_until(lambda: text in received(alerted), "the message arrives")
    alerted.server.root(NOTIFY)

    check = workstation.hosting("check", check=False)
    workstation.reset()
    assert alerted.push().returncode == 0
    solved = f"Solved: release {number} failed."
    wait_until(lambda: solved in received(alerted), "the second message arrives")

    assert received(alerted).count('"text": "tiny at server:\\n' + text) == 1
    assert check.returncode == 1
    assert text in check.stdout


def test_expiring_certificate_is_sent(alerted: HostedApp) -> None:
    alerted.server.root(CERTIFICATE)
    try:
        wait_until(lambda: "expires in 2 days" in check(alerted), "nginx uses it")
        alerted.server.root(NOTIFY)
    finally:
        alerted.server.root(RESTORED)

    assert "The certificate expires in 2 days." in received(alerted)
    wait_until(lambda: "no problems" in check(alerted), "nginx uses the old one")


def check(app: HostedApp) -> str:
    """Return what `check` prints."""
    return app.workstation.hosting("check", check=False).stdout


def test_restarting_process_is_sent(alerted: HostedApp) -> None:
    alerted.server.root(NOTIFY)
    for _ in range(3):
        kill_web_process(alerted)
    wait_until(alerted.is_ready, "the site responds")

    alerted.server.root(NOTIFY)

    assert "was restarted 3 times since the last check." in received(alerted)


def kill_web_process(app: HostedApp) -> None:
    """Kill the main process of the site; return once systemd has started another."""
    # Not with pkill: workers of a process that was killed before may still be running.
    systemctl = "systemctl --user -M tiny@"
    show = f"{systemctl} show --value --property=NRestarts 'process-web@*'"
    wait_until(app.is_ready, "the site responds")
    before = int(app.server.root(show))
    app.server.root(f"{systemctl} kill --kill-whom=main --signal=KILL 'process-web@*'")
    wait_until(lambda: int(app.server.root(show)) > before, "systemd restarts the process")


def test_unreachable_receiver_is_an_error_without_the_url(alerted: HostedApp) -> None:
    alerted.server.root("systemctl stop receiver")

    done = alerted.workstation.hosting("check", "--test", check=False)

    assert done.returncode == 1
    assert "ALERT_URL at 127.0.0.1 failed: " in done.stdout
    assert "secret-path" not in done.stdout
