"""The web app as it is served, and the files it is made of."""

import gzip
import json
import re
import runpy
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from facies.web import pages
from facies.web.headers import CONTENT_SECURITY_POLICY

UI = Path(__file__).parents[3] / "ui"
FIRST_LOAD_BYTES = 300_000
SCRIPT = "console.log('x');\n" * 200


@pytest.fixture
def built_app(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text(SCRIPT)
    (tmp_path / "index.html").write_text("<!doctype html><title>the app</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    return tmp_path


@pytest.fixture
def client(built_app):
    return _client(built_app)


def _client(folder: Path) -> TestClient:
    app = FastAPI(docs_url=None)
    pages.mount(app, {}, built_app=folder)
    return TestClient(app)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/jobs",
        "/jobs/6f1c",
        "/batches/6f1c",
        "/models",
        "/models/coral-bleaching@1.0.0",
        "/docs",
        "/docs/coral",
        "/docs/",
    ],
)
def test_every_page_of_the_app_is_the_app(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert "the app" in answer.text
    assert client.head(path).content == b""


def test_other_addresses_are_not_the_app(client):
    assert client.get("/nothing").status_code == 404
    assert client.get("/jobs/6f1c/nothing").status_code == 404
    assert client.get("/theme.js").status_code == 404  # this build has none
    assert client.get("/assets/%2e%2e/index.html").status_code == 404


def test_assets_are_kept_by_browsers_and_sent_compressed(client):
    answer = client.get("/assets/index-1a2b.js")
    assert answer.text == SCRIPT
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert client.get("/icon.svg").headers["cache-control"] == "no-cache"


def test_a_missing_asset_is_not_kept(client):
    answer = client.get("/assets/index-0000.js")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_without_a_build_the_page_says_how_to_make_one(tmp_path):
    answer = _client(tmp_path / "nothing").get("/jobs")
    assert answer.status_code == 503
    assert "make ui" in answer.text


def test_a_page_may_load_and_run_nothing_but_this_servers_own_files():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert re.findall(r"https?://[^ ;]+|\*", CONTENT_SECURITY_POLICY) == []


def test_the_types_of_the_app_are_those_of_the_api(tmp_path):
    dump = runpy.run_path(str(UI / "dump_openapi.py"))
    kept = json.loads((UI / "openapi.json").read_text(encoding="utf-8"))
    assert kept == dump["native_document"](tmp_path), "the API changed: run `make ui-types`"


class TestBuilt:
    """The app that was really built, as `make test` does before."""

    @pytest.fixture
    def index(self):
        path = pages.BUILT_APP / "index.html"
        if not path.is_file():
            pytest.skip("the app is not built; `make ui` builds it")
        return path.read_text(encoding="utf-8")

    def test_it_loads_nothing_from_elsewhere_and_has_no_script_of_its_own(self, index):
        loaded = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', index)
        assert loaded
        assert all((pages.BUILT_APP / address.removeprefix("/")).is_file() for address in loaded)
        assert not re.search(r"<script>|<style|\sstyle=", index)

    def test_who_runs_no_scripts_is_led_to_the_description_of_the_api(self, index):
        assert "/openapi.json" in re.search("<noscript>(.*)</noscript>", index)[1]

    def test_the_first_page_needs_less_script_than_it_may(self, index):
        manifest = json.loads((pages.BUILT_APP / "manifest.json").read_text(encoding="utf-8"))
        needed, waiting = set(), ["index.html"]
        while waiting:
            part = manifest[waiting.pop()]
            if part["file"] not in needed:
                needed.add(part["file"])
                waiting += part.get("imports", [])
        sizes = [len(gzip.compress((pages.BUILT_APP / name).read_bytes())) for name in needed]
        assert 0 < sum(sizes) < FIRST_LOAD_BYTES
