"""A result to look into. What is painted is judged by the colours on the screen, not by what the page says of them."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import Server, wait_until
from tests.browser.asking import send, send_and_wait
from tests.browser.conftest import NARROW, Visits
from tests.data.photos import encode, patchwork, strata

GREEN, RED = (34, 197, 94), (239, 68, 68)
SANDSTONE = (174, 199, 232)
NEAR = 12


@pytest.fixture(scope="module")
def reef(slow_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A job whose 24 tiles are light and dark by turns, which the fake runtime calls bleached and healthy."""
    photo = tmp_path_factory.mktemp("reef") / "reef.png"
    photo.write_bytes(encode(patchwork(1464, 976)))
    return send_and_wait(slow_server, "coral-bleaching", photo)["jobs"][0]["id"]


@pytest.fixture(scope="module")
def core(slow_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A job whose photo goes from black to white downwards: through all rock types."""
    photo = tmp_path_factory.mktemp("core") / "core.png"
    photo.write_bytes(encode(strata(256, 1280)))
    return send_and_wait(slow_server, "rock-types", photo)["jobs"][0]["id"]


def share_of(page: Page, colour: tuple[int, int, int]) -> float:
    """How much of the viewer has a colour, or very nearly: 0 to 1."""
    screen = np.asarray(Image.open(io.BytesIO(page.get_by_role("application").screenshot())).convert("RGB"), np.int16)
    return float((abs(screen - colour).max(axis=2) <= NEAR).mean())


def wait_for_colours(page: Page, **least_and_most: tuple[tuple[int, int, int], float, float]) -> None:
    """Wait until each colour has a share of the viewer that lies between two bounds."""

    def are_there() -> bool:
        return all(low <= share_of(page, colour) <= high for colour, low, high in least_and_most.values())

    wait_until(are_there)


def paint_plainly(page: Page) -> None:
    """Full colour and no patterns, so that the colours can be told."""
    page.get_by_label("Patterns").uncheck()
    page.get_by_label("Opacity").fill("1")


class TestTiles:
    def test_opacity_and_threshold_repaint_at_once_without_asking_the_server(
        self, visits: Visits, slow_server: Server, reef: str
    ) -> None:
        page = visits.open(f"/jobs/{reef}", at=slow_server.url)
        paint_plainly(page)
        wait_for_colours(page, red=(RED, 0.2, 0.6), green=(GREEN, 0.2, 0.6))
        expect(page.get_by_text("12 · 50.0 %")).to_have_count(2)

        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_label("Opacity").fill("0")
        wait_for_colours(page, red=(RED, 0, 0.02), green=(GREEN, 0, 0.02))
        page.get_by_label("Opacity").fill("1")
        page.get_by_role("slider", name="Threshold").fill("0.9")
        wait_for_colours(page, red=(RED, 0, 0.02), green=(GREEN, 0.5, 1))
        expect(page.get_by_text("24 · 100.0 %")).to_be_visible()
        page.get_by_role("button", name="Back to it").click()
        wait_for_colours(page, red=(RED, 0.2, 0.6), green=(GREEN, 0.2, 0.6))
        assert [address for address in asked if not address.startswith(("blob:", "data:"))] == []

    def test_a_class_can_be_hidden(self, visits: Visits, slow_server: Server, reef: str) -> None:
        page = visits.open(f"/jobs/{reef}", at=slow_server.url)
        paint_plainly(page)
        page.get_by_role("checkbox", name="Healthy").uncheck()
        wait_for_colours(page, red=(RED, 0.2, 0.6), green=(GREEN, 0, 0.02))

    def test_tiles_in_between_can_be_called_unsure(self, visits: Visits, slow_server: Server, reef: str) -> None:
        page = visits.open(f"/jobs/{reef}", at=slow_server.url)
        page.get_by_label("Unsure within").fill("0.3")
        expect(page.get_by_role("checkbox", name="Unsure")).to_be_visible()
        expect(page.get_by_text("24 · 100.0 %")).to_be_visible()

    def test_arrow_keys_read_tile_by_tile(self, visits: Visits, slow_server: Server, reef: str) -> None:
        page = visits.open(f"/jobs/{reef}", at=slow_server.url)
        viewer = page.get_by_role("application")
        viewer.focus()
        page.keyboard.press("ArrowRight")
        first = viewer.get_by_test_id("reading")
        expect(first).to_be_visible()
        said = first.inner_text()
        page.keyboard.press("ArrowRight")
        expect(first).not_to_have_text(said)

    def test_the_original_can_be_compared(self, visits: Visits, slow_server: Server, reef: str) -> None:
        page = visits.open(f"/jobs/{reef}", at=slow_server.url)
        paint_plainly(page)
        wait_for_colours(page, red=(RED, 0.2, 0.6))
        page.get_by_role("radio", name="Side by side").check()
        expect(page.get_by_text("Original", exact=True)).to_be_visible()
        wait_for_colours(page, red=(RED, 0.05, 0.3))
        page.get_by_role("radio", name="Swipe").check()
        divider = page.get_by_role("slider", name="original")
        divider.focus()
        before = share_of(page, RED)
        page.keyboard.press("Home")
        wait_until(lambda: abs(share_of(page, RED) - before) > 0.05)

    def test_everything_can_be_taken_home(self, visits: Visits, slow_server: Server, reef: str) -> None:
        page = visits.open(f"/jobs/{reef}", at=slow_server.url)
        page.get_by_role("slider", name="Threshold").fill("0.9")
        overlay = Image.open(io.BytesIO(downloaded(page, "Overlay")))
        assert overlay.size == (1464, 976)
        assert downloaded(page, "Tiles CSV, every tile").count(b"\n") == 25
        assert b",bleached" not in downloaded(page, "Tiles as set here")
        assert len(json.loads(downloaded(page, "Tiles for a GIS"))["features"]) == 24
        assert json.loads(downloaded(page, "Summary"))["tiles"]["total"] == 24


class TestMaps:
    def test_a_core_is_painted_and_told_as_a_log(self, visits: Visits, slow_server: Server, core: str) -> None:
        page = visits.open(f"/jobs/{core}", at=slow_server.url)
        paint_plainly(page)
        wait_for_colours(page, sandstone=(SANDSTONE, 0.005, 0.5))
        expect(page.get_by_role("cell", name="Sandstone", exact=True)).to_be_visible()
        page.get_by_role("checkbox", name="Sandstone", exact=False).first.uncheck()
        wait_for_colours(page, sandstone=(SANDSTONE, 0, 0.004))

    def test_the_log_goes_with_the_photo(self, visits: Visits, slow_server: Server, core: str) -> None:
        page = visits.open(f"/jobs/{core}", at=slow_server.url)
        depths = page.get_by_role("img", name="From ")
        expect(depths).to_be_visible()
        shown = depths.get_attribute("aria-label")
        viewer = page.get_by_role("application")
        viewer.focus()
        page.keyboard.press("+")
        page.keyboard.press("+")
        expect(depths).not_to_have_attribute("aria-label", shown or "")

    def test_everything_can_be_taken_home(self, visits: Visits, slow_server: Server, core: str) -> None:
        page = visits.open(f"/jobs/{core}", at=slow_server.url, size=NARROW)
        assert Image.open(io.BytesIO(downloaded(page, "Overlay"))).size == (256, 1280)
        assert Image.open(io.BytesIO(downloaded(page, "Label map"))).mode == "P"
        assert b"sandstone" in downloaded(page, "Log")
        page.get_by_label("Overlay with a legend").check()
        assert Image.open(io.BytesIO(downloaded(page, "Overlay"))).width > 256


def test_a_running_job_is_watched_and_becomes_its_result(visits: Visits, slow_server: Server, tmp_path: Path) -> None:
    (tmp_path / "reef.png").write_bytes(encode(patchwork(1464, 976)))
    job = send(slow_server, "coral-bleaching", tmp_path / "reef.png")["jobs"][0]["id"]
    page = visits.open(f"/jobs/{job}", at=slow_server.url)
    expect(page.get_by_text("of 24 tiles")).to_be_visible()
    expect(page.get_by_text("12 · 50.0 %")).to_have_count(2)


def test_a_job_that_is_not_there_is_told(visits: Visits) -> None:
    page = visits.open("/jobs/6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10", expects=["404"])
    expect(page.get_by_text("no such job").first).to_be_visible()


def test_a_result_can_be_deleted(visits: Visits, slow_server: Server, tmp_path: Path) -> None:
    (tmp_path / "reef.png").write_bytes(encode(patchwork(244, 244)))
    job = send_and_wait(slow_server, "coral-bleaching", tmp_path / "reef.png")["jobs"][0]
    page = visits.open(f"/jobs/{job['id']}", at=slow_server.url)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    wait_until(lambda: slow_server.get(job["url"]).status_code == 404)


def downloaded(page: Page, name: str) -> bytes:
    """The file that a button of the downloads gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=False).first.click()
    return waiting.value.path().read_bytes()
