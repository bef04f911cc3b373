"""A user in a browser: the actions that several tests share."""

from playwright.sync_api import Locator, Page, expect

from tests.support.factories import PASSWORD


class BrowserUser:
    """Uses the site in one page, by the labels of links, buttons and fields."""

    def __init__(self, page: Page, username: str) -> None:
        self.page = page
        self.username = username
        self.email = f"{username}@example.com"

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def click_link(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def expect_text(self, text: str) -> None:
        expect(self.page.get_by_text(text, exact=True).first).to_be_visible()

    def register(self) -> None:
        self.page.goto("/")
        self.click_link("Sign up")
        self.fill("Email", self.email)
        self.fill("Username", self.username)
        self._fill_passwords("Password", PASSWORD)
        self.click("Sign up")
        self.expect_text(
            f"We sent an email to {self.email}. Open the link in it to activate your account."
        )

    def confirm(self, link: str) -> None:
        self.page.goto(link)
        self.fill("Password", PASSWORD)
        self.click("Confirm email")
        self.expect_text("Your email is confirmed and you’re logged in. Welcome!")

    def log_in(self, password: str = PASSWORD) -> None:
        self.page.goto("/auth/login")
        self.fill("Email", self.email)
        self.fill("Password", password)
        self.click("Log in")
        expect(self.page.get_by_role("heading", name="Latest posts")).to_be_visible()

    def log_out(self) -> None:
        self.page.locator("header summary").click()
        self.click("Log out")
        self.expect_text("You have been logged out.")

    def write(self, text: str) -> None:
        self.page.goto("/")
        self.fill("What’s on your mind?", text)

    def comment(self, post: str, text: str) -> None:
        self.page.goto("/")
        self.article(post).get_by_role("link", name="No comments yet").click()
        self.fill("Your comment", text)
        self.click("Comment")
        self.expect_text("Your comment has been published.")

    def follow(self, username: str) -> None:
        self.page.goto("/")
        self.click_link(username)
        self.click("Follow")
        self.expect_text(f"You are now following {username}.")
        expect(self.page.get_by_role("button", name="Unfollow")).to_be_visible()
        self.expect_text("1 follower")

    def request_password_reset(self) -> None:
        self.page.goto("/auth/login")
        self.click_link("Forgot your password?")
        self.fill("Email", self.email)
        self.click("Send email")
        self.expect_text("We sent an email with instructions to this address.")

    def reset_password(self, link: str, password: str) -> None:
        self.page.goto(link)
        self._fill_passwords("New password", password)
        self.click("Set password")
        self.expect_text("Your password has been updated. You can now log in.")

    def article(self, text: str) -> Locator:
        """Return the post or comment with this text."""
        return self.page.get_by_role("article").filter(has_text=text)

    def _fill_passwords(self, label: str, password: str) -> None:
        self.fill(label, password)
        self.fill("Confirm password", password)
