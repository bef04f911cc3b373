"""Faults that applications of this shape are known for, and where each is shown to be absent.

The table cannot lie: a test that is renamed or removed has to be renamed here, too. What had no
place elsewhere is tested below it.
"""

import ast
import importlib
import pkgutil
import subprocess
import sys

import pytest
from flask import Flask

import app as application

from .factories import Factory
from .reader import Reader
from .repository import ROOT

FAULTS = {
    "a missing environment variable stops every configuration": (
        "tests/test_faults.py",
        "test_tests_and_laptops_need_no_environment",
    ),
    "a module imports what no longer exists": (
        "tests/test_faults.py",
        "test_every_module_can_be_imported",
    ),
    "`next` leads off the site": ("tests/test_security.py", "test_login_never_leads_off_the_site"),
    "a reset link works again": ("tests/auth/test_password.py", "test_reset_link_works_once"),
    "a reset link works twice at once": (
        "tests/test_races.py",
        "test_reset_link_used_twice_at_once_works_once",
    ),
    "a stolen session survives the reset": (
        "tests/auth/test_password.py",
        "test_setting_the_password_ends_every_session",
    ),
    "a link for one purpose serves another": (
        "tests/auth/test_registration.py",
        "test_link_for_another_purpose_confirms_nothing",
    ),
    "follow and unfollow work by opening a link": (
        "tests/main/test_follows.py",
        "test_opening_an_address_follows_nobody",
    ),
    "log out works by opening a link": ("tests/auth/test_session.py", "test_log_out_is_a_button"),
    "anything changes by opening a link": (
        "tests/test_methods.py",
        "test_opening_an_address_changes_no_row",
    ),
    "a mail scanner confirms accounts": (
        "tests/auth/test_registration.py",
        "test_opening_the_link_confirms_nothing",
    ),
    "a page tells who has an account": (
        "tests/auth/test_secrecy.py",
        "test_known_address_is_answered_like_an_unknown_one",
    ),
    "registration tells who has an account": (
        "tests/auth/test_secrecy.py",
        "test_known_address_registers_like_an_unknown_one",
    ),
    "links in letters follow a forged host": (
        "tests/auth/test_letters.py",
        "test_links_never_lead_to_the_host_that_a_request_names",
    ),
    "a reader chooses an address, and limits count it": (
        "tests/test_proxies.py",
        "test_without_a_proxy_no_header_is_believed",
    ),
    "a page leads to the host that a request names": (
        "tests/test_proxies.py",
        "test_unknown_host_gets_nothing_else",
    ),
    "the login crosses the wire in the clear, and works": (
        "tests/test_https.py",
        "test_what_was_sent_in_the_clear_is_refused",
    ),
    "the redirect to https loses the query": (
        "tests/test_https.py",
        "test_plain_http_is_sent_to_the_same_page",
    ),
    "another host of the domain sets the session": (
        "tests/test_https_cookies.py",
        "test_cookies_that_another_host_could_set_are_not_read",
    ),
    "error pages lack the headers of the others": (
        "tests/test_headers.py",
        "test_answer_has_every_header",
    ),
    "a script that somebody smuggles in runs": (
        "tests/browser/test_policy.py",
        "test_violation_has_no_effect_and_is_a_fault",
    ),
    "a hidden comment is still sent to readers": (
        "tests/main/test_moderation.py",
        "test_suspended_comment_is_hidden_from_readers",
    ),
    "the API sends the text of a hidden comment": (
        "tests/api/test_moderation.py",
        "test_text_of_a_disabled_comment_is_for_moderators_alone",
    ),
    "JSON that is a list, null or of wrong types is a 500": (
        "tests/api/test_errors.py",
        "test_nonsense_is_refused_and_changes_nothing",
    ),
    "an error of the API is a page": (
        "tests/api/test_errors.py",
        "test_error_is_told_in_one_shape_whatever_is_accepted",
    ),
    "PUT accepts what POST refuses": (
        "tests/api/test_errors.py",
        "test_nonsense_is_refused_and_changes_nothing",
    ),
    "a token cannot be revoked": (
        "tests/api/test_tokens.py",
        "test_one_token_is_ended_and_the_others_live",
    ),
    "a token survives the password": (
        "tests/api/test_tokens.py",
        "test_tokens_die_with_the_password",
    ),
    "a page of another site uses the API with a reader's cookies": (
        "tests/api/test_tokens.py",
        "test_cookie_of_a_session_counts_for_nothing",
    ),
    "a stranger's comment breaks the page": (
        "tests/main/test_comments.py",
        "test_stranger_who_comments_is_asked_to_log_in",
    ),
    "the time of the last visit never moves": (
        "tests/main/test_users.py",
        "test_time_one_was_last_seen_moves_by_reading_alone",
    ),
    "who unfollows themself has minus one follower": (
        "tests/main/test_follows.py",
        "test_unfollowing_oneself_changes_nothing",
    ),
    "a deleted author breaks the home page": (
        "tests/test_faults.py",
        "test_pages_outlive_the_account_of_an_author",
    ),
    "foreign keys have no index": (
        "tests/models/test_schema.py",
        "test_every_foreign_key_has_an_index",
    ),
    "the column is too short for a password's hash": (
        "tests/models/test_schema.py",
        "test_password_column_takes_todays_hash",
    ),
    "every stranger gets a cookie": (
        "tests/test_methods.py",
        "test_stranger_who_reads_gets_no_cookie",
    ),
}


@pytest.mark.parametrize(("path", "name"), FAULTS.values(), ids=FAULTS)
def test_fault_is_shown_to_be_absent(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))

    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", ["testing", "development"])
def test_tests_and_laptops_need_no_environment(name: str) -> None:
    code = f"import config; from app import create_app; create_app({name!r})"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["production", "heroku", "docker", "unix"])
def test_public_site_says_what_it_needs_when_it_is_chosen_and_not_before(name: str) -> None:
    code = f"import config, app; print('imported'); app.create_app({name!r})"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )

    assert done.stdout == "imported\n"
    assert done.returncode != 0
    for needed in ("SECRET_KEY", "DATABASE_URL", "FLASKY_URL"):
        assert needed in done.stderr


MODULES = [name for _, name, _ in pkgutil.walk_packages(application.__path__, "app.")]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported(name: str) -> None:
    importlib.import_module(name)


def test_pages_outlive_the_account_of_an_author(app: Flask, make: Factory, reader: Reader) -> None:
    ann, bob, boss = (
        make.user("ann"),
        make.user("bob"),
        make.user("boss", role="Administrator"),
    )
    bobs_post = make.post(bob, "Words of bob")
    make.comment(ann, bobs_post)
    make.post(ann, "Words of ann")
    make.follow(bob, ann)

    reader.log_in(boss).submit("/user/ann/deletion", {"username": "ann"})

    for visitor in (Reader(app), Reader(app).log_in(bob)):
        page = visitor.open("/")
        assert page.status == 200
        assert "Words of bob" in page.text
        assert "Words of ann" not in page.text
        assert visitor.open(f"/post/{bobs_post}").status == 200
        assert visitor.open("/followed-by/bob").status == 200
    assert Reader(app).log_in(bob).open("/followed").status == 200
