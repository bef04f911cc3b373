"""Invalid settings are errors: one sentence each, which says what to set."""

from werkzeug.sansio.utils import host_is_trusted

from tests.support.app_factory import settings_from

VALID = {
    "SECRET_KEY": "k" * 48,
    "SITE_URL": "https://example.com",
    "DATABASE_URL": "postgresql://user@host/site",
}

# What is changed, and the start of the one error.
INVALID = [
    ({"SECRET_KEY": "  "}, "SECRET_KEY is not set. Generate one: "),
    ({"SECRET_KEY": "hard to guess string"}, "SECRET_KEY is public, too short or not ASCII. Gen"),
    (
        {"SECRET_KEY": "development only: set SECRET_KEY in production"},
        "SECRET_KEY is public, too short",
    ),
    ({"SECRET_KEY": "k" * 31}, "SECRET_KEY is public, too short"),
    ({"SECRET_KEY": "ключ" * 10}, "SECRET_KEY is public, too short or not ASCII"),
    ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG is on"),
    ({"SITE_URL": "example.com"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://[x"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "ftp://example.com"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com//blog"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/../blog"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/a/."}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/bl%6Fg"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/café"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/a b"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/blog?x"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com\\blog"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com/?x"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://example.com#x"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://a:b@example.com"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://[::1]"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://my_site:8000"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://a.example:0"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://a..example"}, "SITE_URL is missing or invalid"),
    ({"SITE_URL": "https://bücher.example"}, "SITE_URL is missing or invalid"),
    ({"OIDC_ISSUER": "http://a.example"}, "OIDC_ISSUER is 'http://a.example': use the https"),
    (
        {"OIDC_ISSUER": "https://a.example/?x"},
        "OIDC_ISSUER is 'https://a.example/?x': use the https",
    ),
    (
        {"OIDC_ISSUER": "https://a.example", "OIDC_CLIENT_ID": "x"},
        "OIDC_ISSUER is set: set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, too.",
    ),
    ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
    ({"DATABASE_URL": "mysql://host/site"}, "DATABASE_URL is invalid: use postgresql://"),
    ({"DATABASE_URL": "sqlite:site"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "postgresql://u:p@host:abc/db"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "postgresql://u:p@host/db?pool_size=5"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "postgresql://u:p@host/db%00"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "sqlite://site/site.sqlite"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "sqlite:////srv/site.sqlite?timeout=x"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "postgresql://a:5432,b:5432/db"}, "DATABASE_URL is invalid"),
    ({"DATABASE_URL": "postgresql://%2Frun%2Fpostgresql"}, "DATABASE_URL names no database"),
    *(
        ({"DATABASE_URL": f"{scheme}://{rest}"}, "DATABASE_URL names no database: write its name")
        for scheme in ("postgres", "postgresql", "postgresql+psycopg2")
        for rest in (
            "u:p@host",
            "u:p@host/",
            "[::1]:5432",
            "/?host=/run/x",
            "host?connect_timeout=2",
        )
    ),
    ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL is an in-memory database"),
    ({"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL is an in-memory database"),
    ({"DATABASE_URL": "sqlite:///:memory:?cache=x"}, "DATABASE_URL is an in-memory database"),
    ({"DATABASE_URL": "sqlite:///"}, "DATABASE_URL is an in-memory database"),
    ({"MAIL_USERNAME": "ann"}, "MAIL_USERNAME is set, but MAIL_PASSWORD is not"),
    ({"MAIL_USE_TLS": "1", "MAIL_USE_SSL": "1"}, "MAIL_USE_TLS and MAIL_USE_SSL are both on"),
    (
        {"SSL_REDIRECT": "1", "SITE_URL": "http://example.com"},
        "SSL_REDIRECT is on, but SITE_URL does not start with https",
    ),
]


def test_invalid_setting_is_one_error() -> None:
    for changes, start in INVALID:
        errors = settings_from("production", **(VALID | changes)).validation_errors()

        assert len(errors) == 1, (changes, errors)
        assert errors[0].startswith(start)


def test_valid_settings_are_accepted() -> None:
    for changes in [
        {},
        {"DATABASE_URL": "sqlite:////srv/site.sqlite"},
        {"DATABASE_URL": "postgres://user:p%40ss@[::1]:5432/site?sslmode=require"},
        {"DATABASE_URL": "postgresql:///site?host=/run/postgresql"},
        {"DATABASE_URL": "postgresql://host/?connect_timeout=2&dbname=site"},
        {"DATABASE_URL": "postgresql://?service=site"},
        {"SECRET_KEY": "k" * 32, "SECRET_KEY_FALLBACKS": "o" * 32},
        {"SITE_URL": "HTTPS://example.com"},
        {"SITE_URL": "https://example.com/"},
        {"SITE_URL": "https://example.com/blog"},
        {"SITE_URL": "https://example.com:8443/~ann/my.blog_1-2/"},
        {"SSL_REDIRECT": "1", "RELEASE": "v42-c0ffee"},
        {"MAIL_USERNAME": "ann", "MAIL_PASSWORD": "sesame", "MAIL_USE_TLS": "1"},
        {"FLASK_DEBUG": "0"},
    ]:
        assert settings_from("production", **(VALID | changes)).validation_errors() == [], changes


def test_host_of_every_valid_site_url_is_trusted() -> None:
    for host in (
        "example.com",
        "Example.com:8443",
        "localhost:1",
        "127.0.0.1",
        "example.com/blog",
        "xn--bcher-kva.de",
    ):
        settings = settings_from("production", **(VALID | {"SITE_URL": f"https://{host}"}))

        assert settings.validation_errors() == []
        assert host_is_trusted(host.partition("/")[0].lower(), settings.TRUSTED_HOSTS), host


def test_invalid_site_url_is_an_error_in_development_too() -> None:
    for url in ("http://my_site:5000", "127.0.0.1:5000", "http://127.0.0.1/blog?"):
        [error] = settings_from("development", SITE_URL=url).validation_errors()

        assert error.startswith("SITE_URL is missing or invalid")


def test_database_error_names_the_variable() -> None:
    [error] = settings_from("testing", TEST_DATABASE_URL="postgresql://x").validation_errors()
    assert error.startswith("TEST_DATABASE_URL names no database")
    for url in ("mysql://x/y", "foo", "postgresql://u:p@ss@127.0.0.1/x"):
        settings = settings_from("development", DEV_DATABASE_URL=url)
        [error] = settings.validation_errors()

        assert error.startswith("DEV_DATABASE_URL is invalid: use postgresql://")
