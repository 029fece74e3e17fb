"""The system's Chromium, driven by Playwright: an open page together with everything that went wrong on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
PATIENCE_MS = 20_000
"""For what comes when it comes, on a crowded machine too."""
SERIOUS = ("serious", "critical")
CONNECTED = "window.socket && window.socket.connected"


@dataclass
class Walk:
    """`trouble`: errors of scripts, of the console, and answers with an error status, in the order they came."""

    page: Page
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.trouble.append(f"script: {error}"))
        self.page.on(
            "console", lambda said: self.trouble.append(f"console: {said.text}") if said.type == "error" else None
        )
        self.page.on(
            "response", lambda got: self.trouble.append(f"{got.status} {got.url}") if got.status >= 400 else None
        )

    def open(self, address: str) -> None:
        """Returns when the page follows the facts."""
        self.page.goto(address)
        self.page.wait_for_selector("h1")
        self.page.wait_for_function(CONNECTED)

    def shows(self, words: str, *, within: float = PATIENCE_MS / 1000) -> None:
        """Fails when the page does not show the words within so many seconds."""
        script = "words => document.body.innerText.includes(words)"
        self.page.wait_for_function(script, arg=words, timeout=within * 1000)

    def findings(self) -> list[str]:
        """What axe-core holds for serious or worse, with the place."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS]

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def walking(browser: Browser, theme: str, address: str, role: str) -> Iterator[Walk]:
    """A window of its own, signed in as `role` by the keyboard alone."""
    context = browser.new_context(color_scheme=theme, viewport={"width": 1320, "height": 900})  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    try:
        walk = Walk(context.new_page())
        walk.page.goto(f"{address}/")
        assert walk.page.url.startswith(f"{address}/sign-in"), "the pages are open to strangers"
        walk.page.locator(f"button[value={role}]").focus()
        walk.page.keyboard.press("Enter")
        walk.page.wait_for_url(f"{address}/")
        yield walk
    finally:
        context.close()
