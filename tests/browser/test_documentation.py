"""The pages of documentation: what the contracts ask of them, and their examples, run as they are shown."""

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import JOB_S, Server
from tests.browser.asking import send, send_and_wait
from tests.browser.conftest import NARROW, Visits

EXAMPLE_NUMBER = "1052"
EXAMPLE_JOB = "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10"
EXAMPLE_BATCH = "0d9f8f0e-3c53-4e0b-9b0a-1f4f9d3c7e21"
EXAMPLE_UPLOAD = "b7c1f5d2-7a3e-4a57-8d0c-5e2f9a6c4b18"
PLACEHOLDER = "facies_..."
LANGUAGES = ("curl", "Python")
OF_GIANTS_ONLY = (".tif,",)  # only photos of hundreds of megapixels have these
PROBLEM = re.compile(r"/api/v1/problems/|\"detail\"|'detail'|'error': '|\"error\": ?\"")


@pytest.fixture
def folder(tmp_path: Path, photos: Path) -> Path:
    """Where the examples run: with the photos that they name."""
    for name in ("reef.jpg", "core.jpg"):
        shutil.copy(photos / name, tmp_path)
    return tmp_path


def shown_examples(page: Page, language: str) -> dict[str, str]:
    """Every example on the page, by its caption, as a reader sees it."""
    page.get_by_role("group", name="Language of the examples").first.get_by_role("button", name=language).click()
    expect(page.get_by_role("figure").filter(has_text=f", {language}").first).to_be_visible()
    texts: list[list[str]] = page.get_by_role("figure").evaluate_all(
        "figures => figures.map(f => [f.querySelector('figcaption').firstChild.textContent,"
        " f.querySelector('pre').innerText])"
    )
    return {caption: text for caption, text in texts if caption.endswith(f", {language}")}


def run(example: str, language: str, folder: Path) -> str:
    """What an example prints, run in `folder` as it stands."""
    if language == "Python":
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            exec(compile(example, "example", "exec"), {"__name__": "__main__"})
        return printed.getvalue()
    done = subprocess.run(
        ["bash", "-c", example.replace("curl ", "curl -sS --fail-with-body ", 1)],
        cwd=folder,
        capture_output=True,
        timeout=JOB_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="replace")


def coral_job(server: Server, photo: Path) -> str:
    answer = server.post("/V1/api/classify", files={"image": photo.read_bytes()})
    return str(answer.json()["job_id"])


class TestCoral:
    def test_it_says_what_the_contract_asks(self, visits: Visits, server: Server) -> None:
        page = visits.open("/docs/coral")
        expect(page.get_by_role("heading", level=1, name="Coral classifier API")).to_be_visible()
        expect(page.get_by_text(f"{server.url}/V1/api", exact=True)).to_be_visible()
        table = page.get_by_role("table")
        for route in ("/health", "/classify", "/status/{JOB_ID}", "/classify/{JOB_ID}"):
            expect(table.get_by_text(route, exact=True)).to_be_visible()
        expect(page.get_by_role("heading", name="Definitions")).to_be_hidden()
        for heading in ("The status response", "Training data", "Source and models"):
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.get_by_role("link", name="Koh Tao")).to_have_attribute("href", re.compile("^https://"))
        expect(page.get_by_role("link", name="openapi.json")).to_have_attribute("href", "/openapi.json")
        page.get_by_role("link", name="Back to app").click()
        expect(page).to_have_url(f"{server.url}/")

    def test_on_a_phone_the_routes_are_definitions(self, visits: Visits) -> None:
        page = visits.open("/docs/coral", size=NARROW)
        expect(page.get_by_role("heading", name="Definitions")).to_be_visible()
        expect(page.get_by_role("table")).to_be_hidden()

    def test_the_models_files_can_be_downloaded(self, visits: Visits) -> None:
        page = visits.open("/docs/coral")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="package.toml").click()
        assert 'name = "coral-bleaching"' in waiting.value.path().read_text()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_its_examples_run(self, visits: Visits, server: Server, folder: Path, language: str) -> None:
        page = visits.open("/docs/coral")
        examples = shown_examples(page, language)
        assert len(examples) >= 4
        for caption, example in examples.items():
            number = coral_job(server, folder / "reef.jpg")
            printed = run(example.replace(EXAMPLE_NUMBER, number), language, folder)
            assert printed.strip(), caption
            assert not PROBLEM.search(printed), f"{caption}: {printed}"

    def test_the_whole_script_runs(self, visits: Visits, folder: Path) -> None:
        page = visits.open("/docs/coral")
        script = shown_examples(page, "Python")["From sending to the saved picture, Python"]
        printed = run(script, "Python", folder)
        assert "completed 12/12" in printed
        assert (folder / "result.png").read_bytes().startswith(b"\x89PNG")


class TestRock:
    def test_it_says_what_the_contract_asks(self, visits: Visits) -> None:
        page = visits.open("/docs/rock")
        expect(page.get_by_role("heading", level=1, name="Rock types segmentation API")).to_be_visible()
        for route in ("/predict", "/job/{job_id}", "/job/{job_id}?form=png"):
            expect(page.get_by_role("table").get_by_text(route, exact=True)).to_be_visible()
        expect(page.get_by_text("Every call needs a key")).to_be_visible()
        expect(page.get_by_text("interlayered sandstones and mudstones")).to_be_visible()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_its_examples_run(self, visits: Visits, server: Server, folder: Path, language: str) -> None:
        answer = server.post("/predict", headers=server.key_header, files={"file": (folder / "core.jpg").read_bytes()})
        job = answer.json()["job_id"]
        page = visits.open("/docs/rock")
        examples = shown_examples(page, language)
        script = examples.pop("From sending to the saved picture, Python", None)
        if script is not None:  # the job that was sent first is over as well when this one is
            assert "finished" in run(script.replace(PLACEHOLDER, server.key), "Python", folder)
            assert (folder / "result.png").read_bytes().startswith(b"\x89PNG")
        assert len(examples) == 3
        for caption, example in examples.items():
            assert PLACEHOLDER in example, caption
            printed = run(example.replace(PLACEHOLDER, server.key).replace(EXAMPLE_JOB, job), language, folder)
            assert not PROBLEM.search(printed), f"{caption}: {printed}"


class TestKeys:
    def test_a_key_is_shown_only_when_it_is_asked_for(self, visits: Visits, server: Server) -> None:
        page = visits.open("/docs/rock", key=server.key)
        expect(page.get_by_text(f'-H "api-key: {PLACEHOLDER}"').first).to_be_visible()
        assert server.key not in page.content()
        page.get_by_role("button", name="Put my key into the examples").click()
        expect(page.get_by_text(f'-H "api-key: {server.key}"').first).to_be_visible()
        page.get_by_role("button", name="Take my key out again").click()
        expect(page.get_by_text(f'-H "api-key: {PLACEHOLDER}"').first).to_be_visible()
        assert server.key not in page.content()
        assert server.key not in page.url

    def test_who_has_not_signed_in_is_asked_for_a_key(self, visits: Visits, server: Server) -> None:
        page = visits.open("/docs/rock")
        page.get_by_role("button", name="Put my key into the examples").click()
        page.get_by_label("API key").fill(server.key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text(f'-H "api-key: {server.key}"').first).to_be_visible()


class TestNative:
    def test_every_operation_is_there(self, visits: Visits, server: Server) -> None:
        document: dict[str, Any] = server.get("/openapi.json").json()
        page = visits.open("/docs/api")
        page.get_by_role("button", name="Open all").click()
        shown = " ".join(page.get_by_role("heading", level=3).all_inner_texts())
        for path in document["paths"]:
            if not path.startswith(("/V1/", "/predict", "/job/")):
                assert path in shown

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_its_examples_run(
        self, visits: Visits, server: Server, waiting_server: Server, folder: Path, language: str
    ) -> None:
        page = visits.open("/docs/api")
        page.get_by_role("button", name="Open all").click()
        batch, jobs = finished_jobs(server, folder)
        examples = shown_examples(page, language)
        assert len(examples) >= 30
        for caption, example in examples.items():
            if caption.startswith(("POST /api/v1/jobs/{job_id}/cancel", "DELETE", "PATCH", "HEAD")):
                continue  # these need something of their own, below
            if any(name in caption for name in OF_GIANTS_ONLY):
                continue
            printed = run(with_real_ids(caption, example, batch, jobs), language, folder)
            if "problems" not in caption:  # that one explains them
                assert not PROBLEM.search(printed), f"{caption}: {printed}"
        self.run_what_changes_things(examples, server, waiting_server, folder, language)

    def run_what_changes_things(
        self, examples: dict[str, str], server: Server, waiting: Server, folder: Path, language: str
    ) -> None:
        def example(name: str) -> str:
            return examples[f"{name}, {language}"]

        queued = send(waiting, "coral-bleaching", folder / "reef.jpg")["jobs"][0]["id"]
        cancel = example("POST /api/v1/jobs/{job_id}/cancel").replace(server.url, waiting.url)
        assert "cancelled" in run(cancel.replace(EXAMPLE_JOB, queued), language, folder)

        run(
            example("DELETE /api/v1/jobs/{job_id}").replace(EXAMPLE_JOB, queued).replace(server.url, waiting.url),
            language,
            folder,
        )
        assert waiting.get(f"/api/v1/jobs/{queued}").status_code == 404

        begun = run(example("POST /api/v1/uploads"), language, folder)
        upload = re.search(r"/api/v1/uploads/([0-9a-f-]{36})", begun)
        assert upload is not None, begun
        size = str((folder / "reef.jpg").stat().st_size)
        for verb, expected in (("PATCH", size), ("HEAD", size), ("DELETE", "")):
            text = example(f"{verb} /api/v1/uploads/{{upload_id}}").replace(EXAMPLE_UPLOAD, upload[1])
            assert expected in run(text, language, folder), verb
        assert server.get(f"/api/v1/uploads/{upload[1]}").status_code in (404, 405)

    def test_an_address_leads_to_an_operation(self, visits: Visits) -> None:
        page = visits.open("/docs/api#get-api-v1-jobs-job-id-events")
        expect(page.get_by_role("figure").filter(has_text="/events").first).to_be_visible()

    def test_a_server_that_wants_keys_shows_them_in_every_example(
        self, visits: Visits, keyed_server: Server, folder: Path
    ) -> None:
        page = visits.open("/docs/api", at=keyed_server.url, key=keyed_server.key)
        page.get_by_role("button", name="Open all").click()
        page.get_by_role("button", name="Put my key into the examples").click()
        for language in LANGUAGES:
            example = shown_examples(page, language)[f"GET /api/v1/models, {language}"]
            assert "coral-bleaching@" in run(example, language, folder)


def finished_jobs(server: Server, folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """A batch whose jobs are finished, and documents of two jobs: a reef with tiles and a core with a map."""
    batch = send_and_wait(server, "coral-bleaching", folder / "reef.jpg", folder / "core.jpg")
    rock = send_and_wait(server, "rock-types", folder / "core.jpg")
    return batch["batch"], [server.get(accepted["jobs"][0]["url"]).json() for accepted in (batch, rock)]


def with_real_ids(caption: str, example: str, batch: str, jobs: list[dict[str, Any]]) -> str:
    """An example with the id of the batch, and of the first job that has the file which the caption names."""
    file_name = caption.partition(",")[0].rpartition("/")[2]
    having = (job for job in jobs if f"{job['links']['self']}/{file_name}" in job["links"].values())
    return example.replace(EXAMPLE_BATCH, batch).replace(EXAMPLE_JOB, next(having, jobs[0])["id"])
