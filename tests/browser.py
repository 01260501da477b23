"""Debian's chromium with somebody at it: nothing leaves this machine, and nothing goes wrong unseen."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as Late

CHROMIUM = Path("/usr/bin/chromium")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--font-render-hinting=none",
)  # fmt: skip
PATIENCE = 30_000
"""Milliseconds that a screen may take on a machine that has other things to do."""
PICTURES = os.environ.get("AVAL_PICTURES") == "write"
HERE = ("127.0.0.1", "localhost")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a fresh profile; without one a test fails and says how to install it."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: run `make system`"
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield browser
        browser.close()


class Tab:
    """A tab on the desk; `well` says that nothing went wrong in it so far."""

    def __init__(
        self, browser: Browser, address: str, lang: str = "fr", *, dark: bool = False, wide: int = 1440
    ) -> None:
        locale = {"fr": "fr-FR", "en": "en-GB"}[lang]
        self.context = browser.new_context(
            viewport={"width": 1440, "height": 900}, locale=locale, timezone_id="Europe/Paris", accept_downloads=True,
            color_scheme="light", reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.context.on("request", lambda asked: self._asked(asked.url))
        self.page.goto(address)

    def _said(self, kind: str, text: str) -> None:
        if kind == "error":
            self.faults.append(f"console: {text}")

    def _asked(self, url: str) -> None:
        where = urlsplit(url)
        if where.scheme not in ("data", "blob", "about") and where.hostname not in HERE:
            self.faults.append(f"request to {where.hostname}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.well()
        finally:
            self.context.close()

    def well(self) -> None:
        """No error on the console or the page, no request to elsewhere, no stack trace on the screen."""
        assert not self.faults, self.faults
        assert "Traceback" not in self.page.content()
        expect(self.page.get_by_test_id("stException")).to_have_count(0)

    # What somebody does

    def sign_in(self, key: str) -> Self:
        """By key, with the keyboard's own Enter."""
        self.page.locator("input[type=password]").fill(key)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_test_id("stSidebarNav")).to_be_visible()
        return self

    def go(self, screen: str) -> Self:
        """Another screen, by its name; Streamlit forgets a click in the very moment of a change of light: once more."""
        link = self.settled().page.get_by_test_id("stSidebarNav").get_by_role("link", name=screen)
        heading = self.page.get_by_role("heading", name=screen, exact=True)
        for _ in range(2):
            link.click()
            with suppress(Late):
                heading.wait_for(timeout=PATIENCE / 2)
                break
        expect(heading).to_be_visible()
        return self.settled()

    def press(self, name: str) -> Self:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        return self

    def pick(self, name: str) -> Self:
        """One of several ways, parts or values that stand side by side."""
        one = self.settled().page.get_by_role("radio", name=name, exact=True).first
        one.click()
        expect(one).to_have_attribute("aria-checked", "true")
        return self

    def pick_many(self, name: str) -> Self:
        """One of several that may be on together."""
        self.page.get_by_test_id("stButtonGroup").get_by_text(name).first.click()
        return self

    def reach(self, label: str, most: int = 40) -> Self:
        """By the Tab key alone."""
        wanted = self.page.get_by_label(label, exact=True)
        for _ in range(most):
            if wanted.evaluate("one => one === document.activeElement"):
                return self
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {label}")

    def choose(self, label: str, value: str) -> Self:
        """From a list, by keyboard; it closes when the screen moves beneath it, and is opened again."""
        box, option = self.page.get_by_role("combobox", name=label), self.page.get_by_role("option", name=value).first
        for _ in range(5):
            box.press("ArrowDown")
            with suppress(Late):
                option.click(timeout=PATIENCE / 10)
                return self
        raise AssertionError(f"{label} does not open")

    def fill(self, label: str, text: str) -> Self:
        self.page.get_by_label(label, exact=True).fill(text)
        return self

    def sees(self, *texts: str | re.Pattern[str]) -> Self:
        for text in texts:
            expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible()
        return self

    def status(self, place: int = 0) -> Locator:
        """A verdict's card."""
        return self.page.locator(".aval-verdict").nth(place)

    def cell(self, row: int, column: int, table: int = 0) -> str:
        """What a table says there; its canvas has a table beneath for those who cannot see."""
        grid = self.page.get_by_test_id("stDataFrame").nth(table)
        return str(grid.get_by_test_id(f"glide-cell-{column}-{row}").inner_text())

    def click_row(self, row: int, column: int = 0, table: int = 0) -> Self:
        """Row -1 is the head."""
        grid = self.page.get_by_test_id("stDataFrame").nth(table).locator("canvas").first
        place: Any = {"x": 60 + 110 * column, "y": 18 + 35 * (row + 1)}
        grid.hover(position=place, force=True)  # as a hand does: a table that has moved looks where the mouse is
        grid.click(position=place, force=True)
        return self

    def settled(self) -> Self:
        """The screen has said all that it will."""
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        expect(self.page.locator('[data-stale="true"]')).to_have_count(0)
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        return self

    def picture(self, file: Path) -> None:
        """The whole screen, as high as it is, when pictures are to be written."""
        if not PICTURES:
            return
        self.settled()
        expect(self.page.get_by_test_id("stToast")).to_have_count(0)
        wide = (self.page.viewport_size or {"width": 1440})["width"]
        main = self.page.get_by_test_id("stMain")
        self.page.mouse.move(wide - 5, 5)
        self.page.evaluate("document.activeElement?.blur()")
        for _ in range(3):  # charts grow with the screen, and the screen with its charts
            high = main.evaluate("one => Math.max(...[...one.children].map(c => c.scrollHeight))")
            self.page.set_viewport_size({"width": wide, "height": max(620, int(high))})
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 150)))")
        main.evaluate("one => one.scrollTo(0, 0)")
        self.page.evaluate("document.fonts.ready")
        _small(self.page.screenshot(animations="disabled"), file)
        self.page.set_viewport_size({"width": wide, "height": 900})
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 150)))")


def _small(png: bytes, file: Path) -> None:
    """With the colours a screen needs, 256."""
    from PIL import Image

    image: Any = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, optimize=True)
