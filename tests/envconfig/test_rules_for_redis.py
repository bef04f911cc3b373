"""A Redis client can be built for every valid URL; certificate verification can be turned off."""

import pytest

from app.rate_limiting.storage import ResilientStorage
from envconfig.rules import REDIS, without_certificate_check


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://127.0.0.1:1/0",
        "redis://:p%2Fss@[::1]:1",
        "redis://user:p@ss@127.0.0.1:1/15?db=2",
        "rediss://127.0.0.1:1?ssl_cert_reqs=none",
        "rediss://127.0.0.1:1/0?db=1&ssl_cert_reqs=required&ssl_ca_certs=/missing.pem",
        "unix:///missing.sock?db=1",
        "unix://user:word@/missing.sock",
    ],
)
def test_valid_url_makes_a_client_that_counts(url: str) -> None:
    storage = ResilientStorage(f"shared+{REDIS.read(url)}")

    assert storage.incr("key", 60) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, None),
        ("redis://host", "redis://host"),
        ("rediss://host/0", "rediss://host/0?ssl_cert_reqs=none"),
        ("rediss://host?db=1", "rediss://host?db=1&ssl_cert_reqs=none"),
        ("rediss://host?ssl_cert_reqs=required", "rediss://host?ssl_cert_reqs=required"),
    ],
)
def test_option_is_added_for_tls_only(url: str | None, expected: str | None) -> None:
    assert without_certificate_check(url) == expected
