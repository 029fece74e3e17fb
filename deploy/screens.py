# ruff: noqa: INP001 - a script, no package
"""Makes docs/screens/<page>-<theme>.png anew, from a sandbox with a busy day, in the system's Chromium: `make screens`.

    python deploy/screens.py [page…]       without any, all of PAGES

The sandbox is .rso/screens; it is kept, so that a second run takes seconds. What the pictures show is made up.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from rso_onebox import day, demo
from rso_onebox.client import Api
from rso_onebox.datadir import DataDir, running
from rso_shared.contracts.vocabulary import Role, Stage

ROOT = Path(__file__).parents[1]
DATA, SCREENS = ROOT / ".rso" / "screens", ROOT / "docs" / "screens"
CASES = 60
THEMES = ("light", "dark")
WIDTH, HEIGHT = 1280, 800
LIVE = "window.socket && window.socket.connected && !document.body.innerText.includes('Asking the services')"


@dataclass(frozen=True, slots=True)
class Screen:
    """`path` is behind /operations; {case_id} is a case of the day that is in review and has a history. `role`: who looks."""

    name: str
    path: str
    role: Role = Role.CARE_COORDINATOR


PAGES = (
    Screen("today", "/"),
    Screen("cases", "/cases"),
    Screen("board", "/cases?view=board"),
    Screen("case", "/cases/{case_id}"),
    Screen("specialists", "/specialists", Role.OPERATIONS),
    Screen("reports", "/reports", Role.OPERATIONS),
    Screen("health", "/health", Role.OPERATIONS),
)


def main(names: Sequence[str]) -> int:
    chromium = shutil.which("chromium")
    unknown = sorted(set(names) - {page.name for page in PAGES})
    if chromium is None or unknown:
        wanted = f"there is no page {', '.join(unknown)}" if unknown else "there is no Chromium on this machine"
        print(f"screens: {wanted}; pages: {', '.join(page.name for page in PAGES)}", file=sys.stderr)
        return 2
    SCREENS.mkdir(exist_ok=True)
    with deployment() as (address, case_id), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for page in PAGES:
            if not names or page.name in names:
                for theme in THEMES:
                    print(taken(browser, address, page, theme, case_id))
        browser.close()
    return 0


@contextmanager
def deployment() -> Iterator[tuple[str, str]]:
    """Address of the filled sandbox, and the case that stands for all. What was started here is stopped again."""
    data = DataDir(DATA)
    child = None if (running(data) or {}).get("address") else demo.start(data, 0, say)
    try:
        address = str((running(data) or {})["address"])
        say("\n".join(day.fill(address, data.issuer(), CASES, day.SEED, say).lines()))
        desk = Api(address, data.issuer(), Role.OPERATIONS, "screens")
        reviewed = desk.get("/v1/cases", stage=Stage.IN_REVIEW.value, limit=1)["items"]
        desk.close()
        yield address, reviewed[0]["case_id"]
    finally:
        if child is not None:
            demo.stop(child)


def taken(browser: Browser, address: str, screen: Screen, theme: str, case_id: str) -> str:
    """Returns the file's name and size."""
    dark = theme == "dark"
    context = browser.new_context(
        color_scheme="dark" if dark else "light", viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce"
    )
    try:
        context.request.post(f"{address}/operations/sign-in", form={"role": screen.role.value})
        page = context.new_page()
        page.goto(f"{address}/operations{screen.path.format(case_id=case_id)}")
        page.wait_for_selector("h1")
        page.wait_for_function(LIVE)
        file = SCREENS / f"{screen.name}-{theme}.png"
        page.screenshot(path=file)
    finally:
        context.close()
    return f"{file.relative_to(ROOT)}  {file.stat().st_size:,} bytes"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
