"""What holds for every page: axe finds nothing serious, in the light and in the dark, and it fits on a phone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import Server
from tests.browser.asking import send_and_wait
from tests.browser.conftest import NARROW, Visits

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
ALL_IS_PAINTED = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""
PAGES = (
    "/",
    "/jobs",
    "/jobs/{reef}",
    "/jobs/{core}",
    "/jobs/{broken}",
    "/batches/{batch}",
    "/models",
    "/models/coral-bleaching",
    "/models/rock-types",
    "/docs",
    "/docs/coral",
    "/docs/rock",
    "/docs/api",
    "/docs/nothing",
    "/nothing",
)


@pytest.fixture(scope="module")
def ids(server: Server, photos: Path) -> dict[str, str]:
    """Jobs that have a page: one of each kind of model, one that failed, and a batch."""
    batch = send_and_wait(server, "coral-bleaching", photos / "reef.jpg", photos / "broken.jpg")
    core = send_and_wait(server, "rock-types", photos / "core.jpg")
    reef, broken = (job["id"] for job in batch["jobs"])
    return {"reef": reef, "broken": broken, "core": core["jobs"][0]["id"], "batch": batch["batch"]}


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious_and_a_phone_shows_all_of_it(visits: Visits, ids: dict[str, str], path: str) -> None:
    page = visits.open(path.format(**ids), expects=["thumbnail.jpg", "/nothing"])  # the broken photo has none
    wait_until_shown(page)
    found = violations(page, "light")
    page.emulate_media(color_scheme="dark")
    page.evaluate(ALL_IS_PAINTED)
    found += violations(page, "dark", only=["color-contrast"])
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    page.evaluate(ALL_IS_PAINTED)
    found += violations(page, "narrow")
    assert not found, "\n\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


def test_an_address_typed_wrong_leads_back_to_the_start(visits: Visits) -> None:
    page = visits.open("/reefs", expects=["/reefs"])
    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    page.get_by_role("link", name="Back to the start").click()
    expect(page).to_have_url(f"{visits.url}/")


def test_the_theme_can_be_chosen_and_stays(visits: Visits) -> None:
    page = visits.open("/docs")
    page.get_by_role("button", name="Colours").click()
    chosen = page.locator("html").get_attribute("data-theme")
    assert chosen in ("light", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", chosen)


def test_all_can_be_reached_by_keyboard(visits: Visits) -> None:
    page = visits.open("/docs")
    wait_until_shown(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Back to app")).to_be_focused()


def wait_until_shown(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")


def violations(page: Page, when: str, only: Sequence[str] = ()) -> list[str]:
    """What axe finds that is serious, with the elements it finds it in; `only` names the rules if not all are asked."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": list(only)} if only else {})}
    result: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{when}: {violation['id']}: {violation['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for violation in result["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
