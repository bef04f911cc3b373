"""No request fails during deploys, rollbacks, config changes, restarts and scaling."""

import re
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median

from hosting.agent.deploy import PIPELINE

from .hosted_app import HostedApp, load


def operations(app: HostedApp) -> Iterator[tuple[str, float]]:
    """Run eleven operations; yield name and duration of each."""
    workstation = app.workstation
    commands: list[tuple[str, Callable[[], object]]] = [
        *[("push", lambda: workstation.git("push", "fra", "main"))] * 5,
        *[("rollback", lambda: workstation.hosting("rollback"))] * 2,
        ("config", lambda: workstation.hosting("config", "set", "EXAMPLE", stdin="a")),
        ("config", lambda: workstation.hosting("config", "unset", "EXAMPLE")),
        ("restart", lambda: workstation.hosting("restart")),
        ("scale", lambda: workstation.hosting("scale", "web=3")),
    ]
    for name, command in commands:
        if name == "push":
            workstation.commit("Change", {"version.txt": f"{time.time()}\n"})
        began = time.monotonic()
        command()
        yield name, time.monotonic() - began


def test_no_request_fails(site: HostedApp, record_property: Callable[[str, object], None]) -> None:
    before = site.release
    with load(site) as clients:
        durations = list(operations(site))

    ends = sorted(sample.ended for sample in clients.samples)
    figures = {
        "requests": len(clients.samples),
        "largest gap (s)": round(max(late - early for early, late in pairwise(ends)), 2),
        "slowest request (s)": round(max(one.ended - one.began for one in clients.samples), 2),
        "median push (s)": round(median(t for name, t in durations if name == "push"), 1),
    }
    for name, value in figures.items():
        record_property(name, value)
    print(figures)
    assert [sample for sample in clients.samples if sample.outcome != "200"] == []
    assert len(clients.samples) > 400
    assert site.release == before + len(durations) == before + 11


def test_unchanged_requirements_are_not_installed_again(site: HostedApp) -> None:
    for version in ("1", "2"):
        site.workstation.commit("Change", {"version.txt": version})
        assert site.push().returncode == 0

    log = site.workstation.hosting("build-logs").stdout
    number = site.release
    steps = re.findall(r"^ +[\d.]+s (\w+): ", log, re.MULTILINE)
    assert steps == [step.__name__ for step in PIPELINE]
    links = (
        "cd /srv/site/releases; readlink {0}/venv {1}/venv; find {1}/venv/ -newer {0}/build.log"
    )
    lines = site.server.root(links.format(number - 1, number)).splitlines()
    assert len(lines) == 2
    assert len(set(lines)) == 1
