"""A pytest plugin: where CI is set, a skipped test is a failed one.

A test may skip itself on a developer's machine that lacks a browser or a network. The build
has both, and a skip there would hide that something is no longer tested.
"""

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return refuse_skip((yield))


def refuse_skip(report: Report) -> Report:
    """Turn a skip into a failure on CI; an expected failure is reported as one and stays."""
    is_expected_failure = hasattr(report, "wasxfail")
    if os.environ.get("CI") and report.skipped and not is_expected_failure:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped on CI. {reason}"
    return report
