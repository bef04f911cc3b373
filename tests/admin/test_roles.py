"""The page of roles."""

from flask import Flask

from app.extensions import db
from app.models import Permission, Role
from tests.support.http_client import SiteClient


def test_roles_are_shown_as_the_database_has_them(app: Flask, boss: SiteClient) -> None:
    with app.app_context():
        db.session.add(Role(name="Guest", permissions=int(Permission.MODERATE)))
        db.session.commit()
    try:
        page = boss.open("/admin/roles")
    finally:
        with app.app_context():
            db.session.delete(Role.find_by_name("Guest"))
            db.session.commit()

    sections = page.html.split("<section")[1:]
    assert len(sections) == 4
    text = {"Guest": "", "User": "", "Administrator": ""}
    for section in sections:
        for name in text:
            if f"role={name}" in section:
                text[name] = section
    assert "Moderate what others write" in text["Guest"]
    assert "Manage accounts" not in text["Guest"]
    assert "Manage accounts" in text["Administrator"]
    assert "Moderate" not in text["User"]
    assert "For new accounts" in text["User"]


def test_required_second_factor_is_shown(app: Flask, boss: SiteClient) -> None:
    assert "Two-factor authentication required" not in boss.open("/admin/roles").text
    app.config["TWO_FACTOR_ROLES"] = ["Moderator"]
    try:
        assert "Two-factor authentication required" in boss.open("/admin/roles").text
    finally:
        app.config["TWO_FACTOR_ROLES"] = []
