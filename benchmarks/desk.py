"""How soon the desk answers somebody at the screen, beyond the service's own time.

    python -m benchmarks.desk HOME      an AVAL_HOME that `aval demo` filled
    python -m benchmarks.desk           a lender of 3,000, simulated and trained first

Needs Debian's chromium (`make system`). A real browser clicks and slides. The clock runs in the page, from the click or
the key to the frame in which the awaited part has changed and the last thing on the page has moved, every chart drawn;
the service's time is that of the requests its log lines tell of in between.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.service import ROOT, port, running

WATCH = """([wanted, from]) => new Promise((done, fail) => {
  const app = document.querySelector('.stApp')
  let begun = 0, last = 0, changed = false, quiet = 0
  const act = () => { begun = begun || performance.now() }
  for (const kind of ['pointerup', 'keydown']) document.addEventListener(kind, act, { capture: true, once: true })
  const end = () => {
    const charts = [...app.querySelectorAll('[data-testid="stVegaLiteChart"]')]
    if (app.dataset.testScriptState !== 'notRunning' || charts.some(one => !one.querySelector('svg'))) return
    observer.disconnect()
    done(last - begun)
  }
  const look = () => {
    if (!begun) return
    const now = document.querySelector(wanted)?.textContent ?? null
    changed = changed || (now !== null && now !== from)
    requestAnimationFrame(() => { last = performance.now() })
    clearTimeout(quiet)
    if (changed) quiet = setTimeout(end, QUIET)
  }
  const observer = new MutationObserver(look)
  observer.observe(app, { subtree: true, childList: true, characterData: true, attributes: true })
  setTimeout(() => { observer.disconnect(); fail(new Error('never changed: ' + wanted)) }, 20000)
})""".replace("QUIET", "500")
"""Until a place says something else, and the last thing on the page has moved: nothing does for half a second after."""


class Watched:
    """A tab and the service's log."""

    def __init__(self, page: Any, log: Path) -> None:
        self.page, self.log = page, log

    def text(self, wanted: str) -> str | None:
        """What a place says now."""
        found = self.page.evaluate("wanted => document.querySelector(wanted)?.textContent ?? null", wanted)
        return None if found is None else str(found)

    def timed(self, act: Callable[[], None], wanted: str) -> tuple[float, float]:
        """Milliseconds until `wanted` says something else, and those of the service in between."""
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        self.page.wait_for_timeout(300)
        start = self.log.stat().st_size
        self.page.evaluate(f"args => {{ window.waited = ({WATCH})(args) }}", [wanted, self.text(wanted)])
        act()
        took = float(self.page.evaluate("() => window.waited"))
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        lines = [json.loads(line) for line in self.log.read_text()[start:].splitlines() if line.startswith("{")]
        return took, sum(float(line["ms"]) for line in lines if line["event"] == "request")


def interactions(tab: Watched, ids: list[int], times: int) -> dict[str, list[tuple[float, float]]]:
    """Each one `times` times: of an applicant decided, then of the portfolio and the model."""
    page = tab.page
    found: dict[str, list[tuple[float, float]]] = {}

    def note(name: str, act: Callable[[], None], wanted: str) -> None:
        found.setdefault(name, []).append(tab.timed(act, wanted))

    def pick(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("radio", name=name, exact=True).first.click()

    gauge, after = ".st-key-verdict svg.marks", ".st-key-part_simulate .aval-verdict"
    for number in ids[:times]:
        page.get_by_label("Applicant number", exact=True).fill(str(number))
        note("decide an applicant by number", lambda: page.keyboard.press("Enter"), gauge)
        page.locator(after).wait_for()
        for key in ("ArrowRight", "ArrowRight"):
            slider = page.get_by_role("slider").nth(0)
            note("slide the amount: the gauge follows", lambda k=key, s=slider: s.press(k), after)  # type: ignore[misc]
        note("open the comparison with others", pick("Compare"), ".st-key-part_others svg.marks")
        note("open the officer's decision", pick("Officer's decision"), ".st-key-part_officer")
        note("open the letter", pick("Letter"), ".st-key-part_letter")
        note("open the record", pick("Record"), ".st-key-part_record")
        note("switch to French", pick("Français"), "h1")
        note("switch to English", pick("English"), "h1")
        page.get_by_role("button", name="Another application").click()
        page.get_by_label("Applicant number", exact=True).wait_for()
    nav = page.get_by_test_id("stSidebarNav")
    for _ in range(times):
        for screen in ("Worklist", "Portfolio", "Model", "Journal"):
            note(f"go to {screen}", nav.get_by_role("link", name=screen).click, "h1")
            if screen == "Portfolio":
                page.get_by_role("slider").wait_for()
                slider = page.get_by_role("slider").nth(0)
                place = '[data-testid="stColumn"]:nth-child(2) [data-testid="stMetricValue"]'
                page.locator(place).first.wait_for()
                note("slide the price: the curves follow", lambda s=slider: s.press("ArrowRight"), place)  # type: ignore[misc]
            if screen == "Model":
                page.get_by_role("radio", name="What counts", exact=True).wait_for()
                note("open what counts", pick("What counts"), "h3")
    return found


def measure(home: Path, times: int) -> None:
    """The table."""
    from playwright.sync_api import sync_playwright

    from aval.data.warehouse import Warehouse
    from aval.service.access import Keys, Role
    from aval.service.log.log import Log
    from tests.browser import CHROMIUM

    home = home.resolve()
    ids = next(Warehouse.open(home / "warehouse").stream(200)).tables["application"]["SK_ID_CURR"].to_list()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = {"AVAL_HOME": str(home), "AVAL_LOG": f"sqlite:///{folder}/log.db", "AVAL_RATE": "100000",
                    "AVAL_BURST": "100000", "AVAL_LOG_HEAD": f"{folder}/head.json"}  # fmt: skip
        log = Log.open(settings["AVAL_LOG"], home, head=folder / "head.json")
        key = Keys(log.engine).add("bench", Role.ADMIN)
        log.engine.dispose()
        api, desk = (f"http://127.0.0.1:{port()}" for _ in range(2))
        aval = [sys.executable, "-m", "aval"]
        serve = [*aval, "serve", "--port", api.rsplit(":", 1)[1]]
        show = [*aval, "desk", "--api", api, "--port", desk.rsplit(":", 1)[1]]
        with (
            running(serve, api, "/health/ready", folder / "serve.log", **settings),
            running(show, desk, "/_stcore/health", folder / "desk.log", **settings),
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
            page.goto(desk)
            page.locator("input[type=password]").fill(key)
            page.keyboard.press("Enter")
            page.get_by_label("Applicant number", exact=True).wait_for()
            before = os.getloadavg()[0]
            found = interactions(Watched(page, folder / "serve.log"), ids[::7], times)
            browser.close()
    print(f"load {before:.1f} before, {os.getloadavg()[0]:.1f} after; medians of {times} and more, ms\n")
    print("| interaction | to the changed screen | of which the service | the desk | most |\n|---|---|---|---|---|")
    for name, both in found.items():
        whole, served = (statistics.median(one[part] for one in both) for part in (0, 1))
        ours = [max(0.0, a - b) for a, b in both]
        print(f"| {name} | {whole:.0f} | {served:.0f} | {statistics.median(ours):.0f} | {max(ours):.0f} |")


def main() -> None:
    """See the module."""
    import argparse

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("home", type=Path, nargs="?", help="an AVAL_HOME with a warehouse and a champion")
    asked.add_argument("--times", type=int, default=5, help="how often each is done")
    given = asked.parse_args()
    if given.home:
        measure(given.home, given.times)
        return
    with tempfile.TemporaryDirectory() as place:
        home, lender = Path(place) / "home", Path(place) / "lender"
        aval = [sys.executable, "-m", "aval", "--home", str(home)]
        for words in (
            ["simulate", str(lender), "--applicants", "3000"],
            ["ingest", str(lender)],
            ["train", str(ROOT / "tests" / "small.toml")],
        ):
            subprocess.run([*aval, *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        measure(home, given.times)


if __name__ == "__main__":
    main()
