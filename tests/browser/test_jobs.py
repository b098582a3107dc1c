"""What has been run: to look through, to filter, to delete; and a batch's table."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import Server, wait_until
from tests.browser.asking import send, send_and_wait
from tests.browser.conftest import NARROW, Visits
from tests.data.photos import encode, patchwork

MANY = 30
LONG_NAME = "a-very-long-name-of-a-photo-" * 6 + ".png"


@pytest.fixture(scope="module")
def many(waiting_server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of thirty photos that wait, one of them a long one, the last sent first."""
    folder = tmp_path_factory.mktemp("many")
    names = [f"photo-{number:02}.png" for number in range(MANY - 1)] + [LONG_NAME]
    for name in names:
        (folder / name).write_bytes(encode(patchwork(16, 16)))
    send(waiting_server, "coral-bleaching", *(folder / name for name in names))
    return names[::-1]


def rows(page: Page) -> list[str]:
    return page.get_by_role("main").get_by_role("link", name=re.compile(r"\.png$")).all_inner_texts()


@pytest.mark.parametrize("size", [(1440, 900), NARROW], ids=["wide", "narrow"])
def test_thirty_jobs_are_shown_in_two_goes(
    visits: Visits, waiting_server: Server, many: list[str], size: tuple[int, int]
) -> None:
    page = visits.open("/jobs", at=waiting_server.url, size=size)
    expect(page.get_by_text("and older ones")).to_be_visible()
    shown = rows(page)
    assert shown == many[: len(shown)]
    page.get_by_role("button", name="Show older jobs").click()
    expect(page.get_by_role("link", name=many[-1])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_jobs_can_be_found_by_name_and_status(visits: Visits, waiting_server: Server, many: list[str]) -> None:
    page = visits.open("/jobs", at=waiting_server.url)
    page.get_by_label("Photo’s name").fill("photo-07")
    expect(page.get_by_role("link", name="photo-07.png")).to_be_visible()
    expect(page.get_by_role("link", name="photo-08.png")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Photo’s name")).to_have_value("photo-07")
    expect(page.get_by_role("link", name="photo-08.png")).to_have_count(0)
    page.get_by_label("Photo’s name").fill("")
    page.get_by_text("Failed", exact=True).click()
    expect(page.get_by_role("link", name=re.compile(r"\.png$"))).to_have_count(0)


def test_a_deleted_job_can_be_had_back_for_a_moment(visits: Visits, waiting_server: Server, tmp_path: Path) -> None:
    (tmp_path / "unwanted.png").write_bytes(encode(patchwork(16, 16)))
    job = send(waiting_server, "coral-bleaching", tmp_path / "unwanted.png")["jobs"][0]
    page = visits.open("/jobs", at=waiting_server.url)
    link = page.get_by_role("link", name="unwanted.png")
    delete = page.get_by_role("button", name="delete unwanted.png")
    delete.click()
    expect(link).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(link).to_be_visible()
    assert waiting_server.get(job["url"]).status_code == 200
    delete.click()
    wait_until(lambda: waiting_server.get(job["url"]).status_code == 404)


def test_a_batch_is_a_table_to_take_home(visits: Visits, server: Server, photos: Path) -> None:
    batch = send_and_wait(server, "rock-types", photos / "core.jpg", photos / "broken.jpg")["batch"]
    page = visits.open(f"/batches/{batch}", expects=["thumbnail.jpg"])
    expect(page.get_by_role("heading", name="Batch of 2 photos")).to_be_visible()
    expect(page.get_by_text("1 of them failed")).to_be_visible()
    expect(page.get_by_role("row", name="core.jpg")).to_contain_text("%")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert waiting.value.path().read_text().count("core.jpg") == 1
