"""The pages of the models."""

import zipfile

from playwright.sync_api import expect

from tests.browser.conftest import Visits


def test_a_card_tells_classes_and_scores_with_their_intervals(visits: Visits) -> None:
    page = visits.open("/models")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Rock types on photos"))
    classes = card.get_by_role("list", name="Classes")
    expect(classes.get_by_role("listitem")).to_have_count(12)
    expect(classes.get_by_text("marl rock")).to_be_visible()
    expect(card.get_by_text("95% interval")).to_be_visible()
    expect(card.get_by_text("75 photos")).to_be_visible()


def test_a_model_has_a_page_with_scores_sources_and_card(visits: Visits) -> None:
    page = visits.open("/models")
    page.get_by_role("link", name="Coral bleaching").click()
    expect(page.get_by_role("heading", name="How well it does")).to_be_visible()
    expect(page.get_by_role("row", name="AUC").first).to_contain_text("–")
    expect(page.get_by_role("heading", name="Where it fails")).to_be_visible()
    for link in page.get_by_role("link").filter(has_text="Koh Tao").all():
        expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_the_package_can_be_taken_away(visits: Visits) -> None:
    page = visits.open("/models/coral-bleaching")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename.startswith("coral-bleaching@")
    names = zipfile.ZipFile(waiting.value.path()).namelist()
    assert any(name.endswith("/package.toml") for name in names)


def test_an_unknown_model_is_told_with_the_known_ones(visits: Visits) -> None:
    page = visits.open("/models/nothing", expects=["404"])
    expect(page.get_by_role("alert")).to_contain_text("rock-types")
    page.get_by_role("link", name="All models").click()
    expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()


def test_who_needs_a_key_is_asked_for_it_once(visits: Visits, keyed_server) -> None:
    page = visits.open("/models", at=keyed_server.url, expects=["401"])
    page.get_by_label("API key").fill("facies_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("does not know this key")).to_be_visible()
    page.get_by_label("API key").fill(keyed_server.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Rock types on photos")).to_be_visible()
    assert keyed_server.key not in page.url
    page.reload()
    expect(page.get_by_role("heading", name="Rock types on photos")).to_be_visible()
