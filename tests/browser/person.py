"""Somebody at a browser window, who uses the site as its words suggest."""

from playwright.sync_api import Locator, Page, expect

from tests.factories import PASSWORD


class Someone:
    """Does what people do here, in one window."""

    def __init__(self, page: Page, username: str) -> None:
        self.page = page
        self.username = username
        self.email = f"{username}@example.com"

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow_link(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text, exact=True).first).to_be_visible()

    def register(self) -> None:
        self.page.goto("/")
        self.follow_link("Sign up")
        self.fill("E-mail address", self.email)
        self.fill("Username", self.username)
        self._choose_password("Password", PASSWORD)
        self.press("Sign up")
        self.sees(f"We sent a letter to {self.email}. Open the link in it to finish.")

    def confirm(self, link: str) -> None:
        self.page.goto(link)
        self.fill("Password", PASSWORD)
        self.press("Confirm my address")
        self.sees("Thank you! Your address is confirmed, and you are logged in.")

    def log_in(self, password: str = PASSWORD) -> None:
        self.page.goto("/auth/login")
        self.fill("E-mail address", self.email)
        self.fill("Password", password)
        self.press("Log in")
        expect(self.page.get_by_role("heading", name="Latest posts")).to_be_visible()

    def log_out(self) -> None:
        self.page.locator("header summary").click()
        self.press("Log out")
        self.sees("You have been logged out.")

    def write(self, text: str) -> None:
        self.page.goto("/")
        self.fill("What’s on your mind?", text)

    def comment(self, post: str, text: str) -> None:
        self.page.goto("/")
        self.article(post).get_by_role("link", name="No comments yet").click()
        self.fill("Your comment", text)
        self.press("Comment")
        self.sees("Your comment has been published.")

    def follow(self, username: str) -> None:
        self.page.goto("/")
        self.follow_link(username)
        self.press("Follow")
        self.sees(f"You are now following {username}.")
        expect(self.page.get_by_role("button", name="Unfollow")).to_be_visible()
        self.sees("1 follower")

    def ask_for_a_new_password(self) -> None:
        self.page.goto("/auth/login")
        self.follow_link("Forgot your password?")
        self.fill("E-mail address", self.email)
        self.press("Send me a letter")
        self.sees("A letter with instructions is on its way to this address.")

    def set_password(self, link: str, password: str) -> None:
        self.page.goto(link)
        self._choose_password("New password", password)
        self.press("Set the password")
        self.sees("Your password has been set. You can log in now.")

    def article(self, text: str) -> Locator:
        """Return the post or comment that says `text`."""
        return self.page.get_by_role("article").filter(has_text=text)

    def _choose_password(self, label: str, password: str) -> None:
        self.fill(label, password)
        self.fill("Repeat the password", password)
