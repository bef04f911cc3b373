"""Concurrent deploys, clients that disconnect, and requests in progress."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from .hosted_app import HostedApp
from .web import wait_until

PUSH = ("git", "push", "fra", "main")


def test_concurrent_pushes_deploy_one_after_the_other(tiny: HostedApp) -> None:
    commit = tiny.workstation.commit("Pushed twice")

    with tiny.workstation.started(*PUSH) as one, tiny.workstation.started(*PUSH) as other:
        pushes = [one, other]
        outputs = [push.communicate()[0] for push in pushes]

    assert 0 in [push.returncode for push in pushes], outputs
    for push, output in zip(pushes, outputs, strict=True):
        assert push.returncode == 0 or "Another deploy of this app is running." in output
    assert commit[:9] in tiny.workstation.hosting("status").stdout
    tiny.assert_consistent()


def test_push_during_rollback(tiny: HostedApp) -> None:
    tiny.workstation.hosting("restart")  # creates a release to roll back to
    tiny.workstation.commit("Pushed during a rollback")

    with (
        tiny.workstation.started_hosting("rollback") as rollback,
        tiny.workstation.started(*PUSH) as push,
    ):
        both = [rollback, push]
        outputs = [process.communicate()[0] for process in both]

    for process, output in zip(both, outputs, strict=True):
        assert process.returncode == 0 or "Another deploy of this app is running." in output
    assert 0 in [process.returncode for process in both]
    tiny.assert_consistent()


@pytest.mark.parametrize("client_signal", [signal.SIGKILL, signal.SIGSTOP])
def test_client_that_is_gone_does_not_stop_the_deploy(
    tiny: HostedApp, client_signal: signal.Signals
) -> None:
    before = tiny.release
    tiny.workstation.commit("The client is gone")
    with tiny.workstation.started(*PUSH) as push:
        assert push.stdout is not None
        next(line for line in push.stdout if "smoke_test" in line)
        os.killpg(push.pid, client_signal)
        wait_until(lambda: tiny.release > before, "the release is live")
        tiny.wait_until_consistent()
        assert tiny.workstation.hosting("restart").returncode == 0
    assert tiny.push().returncode == 0
    tiny.assert_consistent()


def test_request_in_progress_is_completed_by_the_old_release(tiny: HostedApp) -> None:
    old = tiny.release
    connected = f"awk '$6 == \"03\"' /proc/net/unix | grep /{old}.sock"
    with ThreadPoolExecutor() as client:
        slow = client.submit(tiny.get, "/slow")
        wait_until(lambda: tiny.server.root(connected, check=False), "the request has started")
        tiny.workstation.hosting("restart")
        new = tiny.release
        response = slow.result()

    assert (response.status, response.headers["X-Release"]) == (200, str(old))
    assert new > old
    tiny.assert_consistent()
