"""What has to be said in the address of a Redis."""

CERTIFICATE = "ssl_cert_reqs="  # redis-py's word for how far the certificate is checked


def with_any_certificate(url: str | None) -> str | None:
    """Return `url` such that the certificate is not checked, unless it says itself how it is."""
    if url is None or not url.startswith("rediss:") or CERTIFICATE in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}{CERTIFICATE}none"
