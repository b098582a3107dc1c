"""Photos go in: chosen, sent, watched tile by tile, stopped; and what happens when something is wrong."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from facies.training import synth_cores
from tests.acceptance.conftest import Server
from tests.browser.conftest import NARROW, SLOW, Visits
from tests.data.photos import encode, patchwork

CORAL, ROCK = "Coral bleaching", "Rock types"
AWAY = ("Failed to load resource", "net::ERR_")
PROGRESS = re.compile(r"\b[1-9]\d* of \d+ tiles")


@pytest.fixture(scope="module")
def large_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of many tiles: one for either package, and one that takes long."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "reef.jpg").write_bytes(encode(patchwork(1464, 976), "JPEG"))
    (folder / "core.jpg").write_bytes(encode(synth_cores.draw(60, height=4000, width=256).photo, "JPEG"))
    (folder / "long.jpg").write_bytes(encode(patchwork(4880, 2440), "JPEG"))
    return folder


def begin(page: Page, model: str, *photos: Path) -> None:
    """Choose a model and photos, and have them analysed."""
    page.get_by_role("radio", name=model).check()
    page.get_by_label("Photos", exact=True).set_input_files(photos)
    page.get_by_role("button", name=re.compile(r"^Analyse \d+ photo")).click()


def row(page: Page, photo: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=photo)


@pytest.mark.parametrize(("model", "photo"), [(CORAL, "reef.jpg"), (ROCK, "core.jpg")])
def test_a_photo_is_sent_watched_and_has_a_result(
    visits: Visits, slow_server: Server, large_photos: Path, model: str, photo: str
) -> None:
    page = visits.open(at=slow_server.url)
    begin(page, model, large_photos / photo)
    expect(row(page, photo).get_by_text(PROGRESS)).to_be_visible()
    expect(row(page, photo).get_by_text("Finished")).to_be_visible()
    row(page, photo).get_by_role("link", name="Result").click()
    expect(page).to_have_url(re.compile("/jobs/[0-9a-f-]{36}$"))


def test_several_photos_are_a_batch_on_a_phone_too(visits: Visits, server: Server, photos: Path) -> None:
    page = visits.open(size=NARROW)
    begin(page, CORAL, photos / "reef.jpg", photos / "core.jpg")
    for photo in ("reef.jpg", "core.jpg"):
        expect(row(page, photo).get_by_text("Finished")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    page.get_by_role("link", name="Table of the batch").click()
    expect(page).to_have_url(re.compile("/batches/"))


def test_a_job_can_be_cancelled_and_tried_again(visits: Visits, slow_server: Server, large_photos: Path) -> None:
    page = visits.open(at=slow_server.url)
    begin(page, CORAL, large_photos / "long.jpg")
    expect(row(page, "long.jpg").get_by_text(PROGRESS)).to_be_visible()
    row(page, "long.jpg").get_by_role("button", name="Cancel").click()
    expect(row(page, "long.jpg").get_by_text("Cancelled")).to_be_visible()
    row(page, "long.jpg").get_by_role("button", name="Try again").click()
    expect(row(page, "long.jpg").get_by_text(PROGRESS)).to_be_visible()
    row(page, "long.jpg").get_by_role("button", name="Cancel").click()
    expect(row(page, "long.jpg").get_by_text("Cancelled")).to_be_visible()


def test_the_page_of_a_job_without_result_tries_it_again(
    visits: Visits, slow_server: Server, large_photos: Path
) -> None:
    page = visits.open(at=slow_server.url, expects=["thumbnail.jpg"])
    begin(page, CORAL, large_photos / "long.jpg")
    expect(row(page, "long.jpg").get_by_text(PROGRESS)).to_be_visible()
    row(page, "long.jpg").get_by_role("button", name="Cancel").click()
    expect(row(page, "long.jpg").get_by_text("Cancelled")).to_be_visible()
    newest = slow_server.get("/api/v1/jobs").json()["jobs"][0]["id"]
    page.goto(f"/jobs/{newest}")
    page.get_by_role("button", name="Try again").click()
    expect(row(page, "long.jpg").get_by_text(PROGRESS)).to_be_visible()
    row(page, "long.jpg").get_by_role("button", name="Cancel").click()
    expect(row(page, "long.jpg").get_by_text("Cancelled")).to_be_visible()


def test_a_broken_photo_is_told_in_a_sentence_and_does_no_harm_to_others(visits: Visits, photos: Path) -> None:
    page = visits.open(expects=["thumbnail.jpg"])
    begin(page, CORAL, photos / "broken.jpg", photos / "reef.jpg")
    expect(row(page, "broken.jpg").get_by_role("alert")).to_contain_text(re.compile(r"[a-z]+ [a-z]+.*\.$"))
    expect(row(page, "reef.jpg").get_by_text("Finished")).to_be_visible()


def test_what_is_no_photo_is_told_before_anything_is_sent(visits: Visits, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("This is a photo, really.")
    page = visits.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.get_by_label("Photos", exact=True).set_input_files(tmp_path / "notes.jpg")
    expect(row(page, "notes.jpg").get_by_role("alert")).to_be_visible()
    assert "POST" not in asked
    row(page, "notes.jpg").get_by_role("button", name="Remove").click()
    expect(row(page, "notes.jpg")).to_have_count(0)


def test_a_reload_loses_nothing(visits: Visits, slow_server: Server, large_photos: Path) -> None:
    page = visits.open(at=slow_server.url)
    begin(page, CORAL, large_photos / "reef.jpg")
    expect(row(page, "reef.jpg").get_by_text(PROGRESS)).to_be_visible()
    page.reload()
    expect(row(page, "reef.jpg").get_by_text("Finished")).to_be_visible()


def test_a_server_goes_away_and_comes_back(
    visits: Visits, start_server: Callable[..., Server], large_photos: Path, photos: Path
) -> None:
    server = start_server(**SLOW)
    page = visits.open(at=server.url, expects=AWAY)
    begin(page, CORAL, large_photos / "reef.jpg")
    expect(row(page, "reef.jpg").get_by_text(PROGRESS)).to_be_visible()
    server.kill()
    expect(page.get_by_text("The server does not answer.").first).to_be_visible()
    begin(page, CORAL, photos / "core.jpg")
    server.start()
    expect(page.get_by_text("The server does not answer.")).to_have_count(0)
    expect(row(page, "reef.jpg").get_by_text("Finished")).to_be_visible()
    expect(row(page, "core.jpg").get_by_text("Finished")).to_be_visible()
    server.stop()


def test_a_key_opens_everything_and_stays_out_of_addresses(visits: Visits, keyed_server: Server, photos: Path) -> None:
    page = visits.open(at=keyed_server.url, expects=["401"])
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.get_by_label("API key").fill(keyed_server.key)
    page.get_by_role("button", name="Sign in").click()
    begin(page, CORAL, photos / "reef.jpg")
    expect(row(page, "reef.jpg").get_by_text("Finished")).to_be_visible()
    row(page, "reef.jpg").get_by_role("link", name="Result").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert not [address for address in addresses if keyed_server.key in address]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
