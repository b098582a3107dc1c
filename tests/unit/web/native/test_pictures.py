import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from facies.analysis import analyse
from facies.errors import NoResultError, RenderingError, UnknownJobError
from facies.imaging.sizes import DEFAULT_SIZES, Sizes
from facies.jobs.blobs import PHOTO
from facies.models.fake import FakeRuntime
from facies.models.package import load_package
from facies.rendering import Recipe
from facies.web.renderer import MOST_VIEWS, Renderer
from tests.data.photos import decode, encode, patchwork, strata
from tests.unit.web.native.asking import JOBS, assert_problem, sent

PHOTOS = {"test-coral": encode(patchwork(300, 260)), "test-rock": encode(strata(200, 450))}


@pytest.fixture
def analysed(served):
    """Has a photo really analysed; the job's address."""

    def run(model, sizes=DEFAULT_SIZES):
        job_id = sent(served, PHOTOS[model], model=model)
        job = served.start()
        runtime = FakeRuntime(load_package(served.folder / model))
        found = analyse(served.blobs.path(job_id, PHOTO), runtime, sizes=sizes)
        files = {name: b"".join(pieces) for name, pieces in found.files(legend=model == "test-rock")}
        served.finish(job, files)
        return f"{JOBS}/{job_id}"

    return run


def views(served, url):
    return [name for name in served.blobs.names(url.rpartition("/")[2]) if name.startswith("view-")]


@pytest.mark.parametrize("model", ["test-coral", "test-rock"])
def test_an_overlay_can_be_asked_for_in_other_ways(served, analysed, model):
    url = analysed(model)
    default = served.client.get(f"{url}/overlay.png")
    assert default.status_code == 200
    assert views(served, url) == []
    fainter = served.client.get(f"{url}/overlay.png?opacity=0.1")
    assert (fainter.status_code, fainter.headers["content-type"]) == (200, "image/png")
    assert decode(fainter.content).shape == decode(default.content).shape
    assert (decode(fainter.content) != decode(default.content)).any()
    assert len(views(served, url)) == 1
    assert served.client.get(f"{url}/overlay.png?opacity=0.1").headers["etag"] == fainter.headers["etag"]
    assert fainter.headers["etag"] != default.headers["etag"]
    with_legend = served.client.get(f"{url}/overlay.png?legend=true")
    assert decode(with_legend.content).shape[1] > decode(default.content).shape[1]


def test_some_classes_alone_can_be_asked_for(served, analysed):
    url = analysed("test-coral")
    nothing = served.client.get(f"{url}/overlay.png?classes=")
    assert (decode(nothing.content) == decode(PHOTOS["test-coral"])).all()
    assert "bleached" in assert_problem(served.client.get(f"{url}/overlay.png?classes=rock"), 422, "option")
    for query in ("opacity=2", "opacity=nan", "opacity=x", "legend=perhaps"):
        assert_problem(served.client.get(f"{url}/overlay.png?{query}"), 422, "invalid_request")


def test_thumbnail_and_deep_zoom(served, analysed):
    url = analysed("test-rock")
    small = served.client.get(f"{url}/thumbnail.jpg")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    for base in ("photo", "overlay"):
        description = served.client.get(f"{url}/{base}.dzi")
        assert description.headers["content-type"] == "application/xml"
        assert 'Height="450"' in description.text
        tile = served.client.get(f"{url}/{base}_files/9/0_0.jpg")
        assert (tile.status_code, tile.headers["content-type"]) == (200, "image/jpeg")
        for answer in (description, tile):
            etag, path = answer.headers["etag"], str(answer.url)
            assert served.client.get(path, headers={"if-none-match": etag}).status_code == 304
            part = served.client.get(path, headers={"range": "bytes=2-5"})
            assert (part.status_code, part.content) == (206, answer.content[2:6])
            assert served.client.head(path).headers["content-length"] == str(len(answer.content))
        for path in ("9/7_7.jpg", "99/0_0.jpg", "..%2f/x", "9/..%2f..%2fphoto.dzi"):
            assert served.client.get(f"{url}/{base}_files/{path}").status_code == 404


def test_a_thumbnail_that_a_worker_is_about_to_leave_is_waited_for(served, analysed, monkeypatch):
    monkeypatch.setattr("facies.web.dialects.native.pictures._LEFT_WITHIN_S", 20)
    served.clock.now = time.time()
    url = analysed("test-coral")
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(served.client.get, f"{url}/thumbnail.jpg")
        time.sleep(0.1)
        with served.blobs.create(url.rpartition("/")[2], "thumbnail.jpg") as blob:
            blob.write(b"left by a worker")
        assert asked.result(20).content == b"left by a worker"


def test_they_wait_for_the_result_but_not_those_of_the_photo(served):
    url = f"{JOBS}/{sent(served)}"
    for name in ("overlay.png", "overlay.png?opacity=1", "overlay.dzi", "overlay_files/0/0_0.jpg"):
        assert_problem(served.client.get(f"{url}/{name}"), 409, "no_result")
    assert served.client.get(f"{url}/thumbnail.jpg").status_code == 200
    assert served.client.get(f"{url}/photo.dzi").status_code == 200


def test_views_of_a_job_are_bounded(served, analysed):
    url = analysed("test-coral")
    job_id = url.rpartition("/")[2]
    for index in range(MOST_VIEWS):
        with served.blobs.create(job_id, f"view-{index}.png") as file:
            file.write(b"x")
    assert served.client.get(f"{url}/overlay.png?opacity=0.2").status_code == 200
    assert len(views(served, url)) == 1


class TestRenderer:
    @pytest.fixture
    def job_id(self, served):
        return sent(served)

    def renderer(self, served, program, timeout_s=30.0):
        return Renderer(served.store, served.blobs, (sys.executable, "-c", program), timeout_s)

    def provide(self, renderer, job_id, times=1):
        async def run():
            recipe = Recipe("thumbnail", "nowhere")
            await asyncio.gather(*(renderer.provide(job_id, "thumbnail.jpg", recipe) for _ in range(times)))

        asyncio.run(run())

    @pytest.mark.parametrize(
        "program",
        [
            "import os, signal; print('half', flush=True); os.kill(os.getpid(), signal.SIGSEGV)",
            "import sys; print('half'); sys.exit('The photo is damaged.')",
        ],
    )
    def test_a_crash_costs_an_answer_and_nothing_else(self, served, job_id, program, caplog):
        with pytest.raises(RenderingError):
            self.provide(self.renderer(served, program), job_id)
        assert served.blobs.names(job_id) == ["photo"]
        assert len(served.files()) == 1

    def test_a_process_that_hangs_is_ended(self, served, job_id):
        with pytest.raises(RenderingError):
            self.provide(self.renderer(served, "import time; time.sleep(3600)", timeout_s=0.3), job_id)

    def test_what_several_ask_for_is_made_once(self, served, job_id):
        tally = served.folder / "tally"
        program = f"open({str(tally)!r}, 'a').write('x'); print('picture')"
        self.provide(self.renderer(served, program), job_id, times=5)
        assert tally.read_text() == "x"

    @pytest.mark.parametrize(("method", "path"), [("delete", ""), ("post", "/cancel")])
    def test_a_job_that_loses_its_files_meanwhile_leaves_nothing(self, served, job_id, method, path):
        flag = served.folder / "flag"
        program = f"import os, time\nopen({str(flag)!r}, 'w')\nwhile os.path.exists({str(flag)!r}): time.sleep(0.01)"
        with ThreadPoolExecutor(1) as thread:
            future = thread.submit(self.provide, self.renderer(served, program), job_id)
            while not flag.exists():
                time.sleep(0.01)
            getattr(served.client, method)(f"{JOBS}/{job_id}{path}")
            flag.unlink()
            with pytest.raises((UnknownJobError, NoResultError)):
                future.result(30)
        assert not served.files()

    def test_a_server_that_ends_does_not_wait_for_it(self, served, job_id):
        flag = served.folder / "flag"
        renderer = self.renderer(served, f"import time; open({str(flag)!r}, 'w'); time.sleep(60)", timeout_s=60)
        with ThreadPoolExecutor(1) as thread:
            future = thread.submit(self.provide, renderer, job_id)
            while not flag.exists():
                time.sleep(0.01)
            renderer.stop()
            with pytest.raises(RenderingError):
                future.result(20)

    def test_secrets_of_the_server_are_not_handed_on(self, served, job_id, monkeypatch):
        monkeypatch.setenv("FACIES_DATABASE_URL", "postgresql://secret")
        program = "import os; assert not any(name.startswith('FACIES') for name in os.environ)"
        self.provide(self.renderer(served, program), job_id)
        assert "thumbnail.jpg" in served.blobs.names(job_id)


def test_no_picture_is_made_of_a_damaged_photo(served):
    url = f"{JOBS}/{sent(served, encode(patchwork(300, 260))[:3000])}"
    assert "damaged" in assert_problem(served.client.get(f"{url}/thumbnail.jpg"), 409, "no_result")
    assert len(served.files()) == 1


@pytest.mark.parametrize("model", ["test-coral", "test-rock"])
def test_an_overlay_too_large_for_one_picture_is_a_deep_zoom_alone(served, analysed, model):
    url = analysed(model, Sizes(kept=0, pictured=0))
    links = served.client.get(url).json()["links"]
    assert "overlay" not in links
    assert served.client.get(links["overlay_zip"]).content[:2] == b"PK"
    for query in ("", "?opacity=0.1", "?legend=true"):
        answer = served.client.get(f"{url}/overlay.png{query}")
        assert links["overlay_dzi"] in assert_problem(answer, 406, "picture_too_large")
        assert links["overlay_dzi"] in answer.headers["link"]
    assert b"Overlap" in served.client.get(links["overlay_dzi"]).content
    if model == "test-rock":
        assert served.client.get(links["labels_tif"]).headers["content-type"] == "image/tiff"
        assert "labels" not in links


@pytest.mark.parametrize("sizes", [DEFAULT_SIZES, Sizes(kept=0, pictured=0)], ids=["small", "giant"])
@pytest.mark.parametrize("model", ["test-coral", "test-rock"])
def test_a_deep_zoom_can_be_asked_for_at_another_opacity(served, analysed, model, sizes):
    url = analysed(model, sizes)
    level = 9  # both photos have their full size there
    tile = f"{url}/overlay_files/{level}/0_0.jpg"
    default, fainter = served.client.get(tile), served.client.get(f"{tile}?opacity=0.05")
    plain = served.client.get(f"{url}/photo_files/{level}/0_0.jpg")
    shades = [decode(answer.content).astype(int) for answer in (default, fainter, plain)]
    assert abs(shades[1] - shades[2]).mean() < abs(shades[0] - shades[2]).mean()
    assert [name.rpartition(".")[2] for name in views(served, url)] == ["zip"]
    assert served.client.get(f"{url}/overlay.dzi?opacity=0.05").status_code == 200
    assert len(views(served, url)) == 1
    assert served.client.get(f"{url}/overlay.dzi?classes=gold").status_code == 422
