"""wrk, the load generator."""

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

CONNECTIONS = 32
# gunicorn's, and a rate limit that is never reached: all clients have one IP address.
WORKERS = ("--workers", "2", "--threads", "4")
UNLIMITED = "1000000 per minute"
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


class Load(NamedTuple):
    """What wrk measured: requests per second, and percentiles in milliseconds."""

    rate: float
    p50: float
    p99: float


def require_wrk() -> None:
    """Exit unless wrk is installed."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: sudo apt install wrk")


def load(url: str, headers: Mapping[str, str], seconds: int, *options: str) -> Load:
    """Load `url` with 32 connections for some seconds, twice as long if there was no response.

    `options` are further options of wrk. Exit unless all responses are 2xx.
    """
    fields = [f"-H{name}: {value}" for name, value in headers.items()]
    arguments = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *options, *fields]
    command = ["wrk", *arguments, url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - of this module
    if "Non-2xx" in output:
        sys.exit(output)
    [rate] = map(float, re.findall(r"Requests/sec:\s+([\d.]+)", output))
    if not rate:  # a slow page on a busy machine
        return load(url, headers, seconds * 2, *options)
    return Load(rate, _percentile(output, 50), _percentile(output, 99))


def median(loads: Sequence[Load]) -> Load:
    """Return the medians of several loads."""
    return Load(*map(statistics.median, zip(*loads, strict=True)))


def ratio(loads: Sequence[Load], others: Sequence[Load]) -> str:
    """Return the median and the range of the ratios of rates, round by round."""
    ratios = [one.rate / other.rate for one, other in zip(loads, others, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _percentile(output: str, percent: int) -> float:
    [[value, unit]] = re.findall(rf"\b{percent}%\s+([\d.]+)(us|ms|s)", output)
    return float(value) * MILLISECONDS[unit]
