"""Known faults of applications of this kind, and the test that rules out each of them.

When a test in the table is renamed or removed, update the table. Faults without a test elsewhere
are tested here.
"""

import ast
import importlib
import pkgutil
import subprocess
import sys

from flask import Flask

import app as application
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.repository import ROOT

FAULTS = {
    "a missing environment variable stops every configuration": (
        "tests/template/test_known_faults.py",
        "test_testing_and_development_need_no_environment",
    ),
    "a module imports what no longer exists": (
        "tests/template/test_known_faults.py",
        "test_every_module_can_be_imported",
    ),
    "`next` redirects to another site": (
        "tests/security/test_redirects.py",
        "test_login_ignores_unsafe_targets",
    ),
    "a password reset link can be used again": (
        "tests/auth/test_password.py",
        "test_reset_link_can_be_used_once",
    ),
    "a password reset link can be used twice concurrently": (
        "tests/requests/test_races.py",
        "test_reset_link_is_used_once_by_concurrent_requests",
    ),
    "a stolen session survives a password reset": (
        "tests/auth/test_password.py",
        "test_reset_ends_all_sessions",
    ),
    "a token for one purpose is accepted for another": (
        "tests/auth/test_registration.py",
        "test_token_for_another_purpose_confirms_nothing",
    ),
    "follow and unfollow by GET": (
        "tests/main/test_follows.py",
        "test_follow_and_unfollow_need_post",
    ),
    "log out by GET": ("tests/auth/test_session.py", "test_logout_needs_post"),
    "a GET request changes data": (
        "tests/requests/test_methods.py",
        "test_get_changes_no_row",
    ),
    "a mail scanner confirms accounts": (
        "tests/auth/test_registration.py",
        "test_opening_the_link_confirms_nothing",
    ),
    "a form reveals which email addresses have an account": (
        "tests/auth/test_secrecy.py",
        "test_known_address_gets_the_response_of_an_unknown_one",
    ),
    "registration reveals which email addresses have an account": (
        "tests/auth/test_secrecy.py",
        "test_known_address_registers_like_an_unknown_one",
    ),
    "links in emails use a forged Host header": (
        "tests/auth/test_emails.py",
        "test_links_ignore_the_host_of_the_request",
    ),
    "a client chooses the IP address that rate limits apply to": (
        "tests/security/test_proxies.py",
        "test_without_a_proxy_no_header_is_trusted",
    ),
    "pages link to a forged Host": (
        "tests/security/test_proxies.py",
        "test_untrusted_host_is_rejected_for_every_path_and_method",
    ),
    "login works over plaintext HTTP": (
        "tests/security/test_https.py",
        "test_data_sent_over_http_is_rejected",
    ),
    "the redirect to HTTPS drops the query string": (
        "tests/security/test_https.py",
        "test_http_is_redirected_to_the_same_url",
    ),
    "a sibling domain can set the session cookie": (
        "tests/security/test_https_cookies.py",
        "test_cookies_without_host_prefix_are_ignored",
    ),
    "error pages lack the security headers": (
        "tests/security/test_headers.py",
        "test_every_response_has_the_headers",
    ),
    "an injected script runs": (
        "tests/browser/test_policy.py",
        "test_violation_is_blocked_and_recorded",
    ),
    "a suspended comment is still shown": (
        "tests/main/test_moderation.py",
        "test_disabled_comment_is_hidden",
    ),
    "the API returns the text of a suspended comment": (
        "tests/api/test_comments.py",
        "test_body_of_a_hidden_comment_is_only_visible_to_moderators",
    ),
    "JSON of the wrong type causes a 500": (
        "tests/api/test_request_parsing.py",
        "test_invalid_body_is_rejected_and_changes_nothing",
    ),
    "API errors are HTML": (
        "tests/errors/test_problem_details.py",
        "test_format_does_not_depend_on_the_request",
    ),
    "PUT accepts what POST rejects": (
        "tests/api/test_request_parsing.py",
        "test_invalid_body_is_rejected_and_changes_nothing",
    ),
    "a token cannot be revoked": (
        "tests/api/test_tokens.py",
        "test_revoking_one_token_keeps_the_others",
    ),
    "a token survives a password change": (
        "tests/api/test_authentication.py",
        "test_token_is_invalid_after_a_password_change",
    ),
    "another site can use the API with a user's cookies": (
        "tests/api/test_authentication.py",
        "test_session_cookie_is_ignored",
    ),
    "a comment by an anonymous user causes a 500": (
        "tests/main/test_comments.py",
        "test_anonymous_user_must_log_in_to_comment",
    ),
    "last_seen is never updated": (
        "tests/main/test_users.py",
        "test_get_requests_update_last_seen",
    ),
    "unfollowing oneself leads to a follower count of -1": (
        "tests/main/test_follows.py",
        "test_user_cannot_unfollow_themselves",
    ),
    "deleting an author breaks the home page": (
        "tests/template/test_known_faults.py",
        "test_pages_work_after_their_author_is_deleted",
    ),
    "foreign keys are not indexed": (
        "tests/models/test_schema.py",
        "test_every_foreign_key_has_an_index",
    ),
    "the password column is too short for the hash": (
        "tests/models/test_schema.py",
        "test_password_column_is_wide_enough",
    ),
    "every anonymous visitor gets a cookie": (
        "tests/requests/test_methods.py",
        "test_anonymous_user_gets_no_cookie_from_pages_without_forms",
    ),
}


def test_every_fault_has_its_test() -> None:
    missing = [f"{path}::{name}" for path, name in FAULTS.values() if name not in names_in(path)]

    assert missing == []


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_testing_and_development_need_no_environment() -> None:
    done = python("from app import create_app; create_app('testing'); create_app('development')")

    assert (done.returncode, done.stderr) == (0, "")


CREATE_ALL = """
import sys, config, app
print("imported")
for name in sys.argv[1:]:
    try:
        app.create_app(name)
    except config.ConfigurationError as error:
        print(name, *(word for word in {settings} if word in str(error)))
"""


def test_production_requires_its_settings_when_created_but_not_when_imported() -> None:
    names = ["production", "heroku", "docker", "unix"]
    required = ["SECRET_KEY", "DATABASE_URL", "SITE_URL"]
    code = CREATE_ALL.format(settings=required)

    done = python(code, *names)

    assert done.stdout.splitlines() == ["imported", *(" ".join([x, *required]) for x in names)]


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in the root of the repository, without environment variables."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_module_can_be_imported() -> None:
    for _, name, _ in pkgutil.walk_packages(application.__path__, "app."):
        importlib.import_module(name)


def test_pages_work_after_their_author_is_deleted(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, bob, boss = (
        make.user("ann"),
        make.user("bob"),
        make.user("boss", role="Administrator"),
    )
    bobs_post = make.post(bob, "Post of bob")
    make.comment(ann, bobs_post)
    make.post(ann, "Post of ann")
    make.follow(bob, ann)

    client.log_in(boss).submit("/user/ann/deletion", {"username": "ann"})

    for visitor in (SiteClient(app), SiteClient(app).log_in(bob)):
        page = visitor.open("/")
        assert page.status == 200
        assert "Post of bob" in page.text
        assert "Post of ann" not in page.text
        assert visitor.open(f"/post/{bobs_post}").status == 200
        assert visitor.open("/followed-by/bob").status == 200
    assert SiteClient(app).log_in(bob).open("/followed").status == 200
