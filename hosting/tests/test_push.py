"""git's proc-receive protocol."""

import io

import pytest

from hosting.agent import push
from hosting.agent.paths import App


def test_packets_can_be_read_back() -> None:
    stream = io.BytesIO()

    push.send(stream, ["version=1", "ok refs/heads/main"])
    push.send(stream, [])

    assert stream.getvalue() == b"000eversion=1\n0017ok refs/heads/main\n00000000"
    stream.seek(0)
    assert list(push.packets(stream)) == ["version=1", "ok refs/heads/main"]
    assert list(push.packets(stream)) == list(push.packets(stream)) == []


@pytest.mark.parametrize(
    ("new", "ref", "is_only"),
    [
        ("1" * 40, "refs/heads/other", True),
        ("1" * 40, "refs/heads/main", False),
        ("0" * 40, "refs/heads/main", True),
    ],
)
def test_other_refs_are_rejected(
    new: str, ref: str, is_only: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    report = push.receive(App(), "2" * 40, new, ref, is_only=is_only)

    assert report.startswith(f"ng {ref} ")
    assert capsys.readouterr().out.startswith("Not de")  # deployed, deleted
