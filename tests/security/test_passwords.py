"""The list of common passwords."""

from app.security.passwords import is_common


def test_common_passwords_are_recognized_in_any_case() -> None:
    for password in ("password", "PassWord", "12345678", "qwertyuiop"):
        assert is_common(password), password


def test_other_passwords_and_comments_in_the_list_are_not_common() -> None:
    for password in ("correct horse battery", "", "# ", "password\n"):
        assert not is_common(password), password
