"""Makes the README's pictures of the app, of photos drawn from seeds: `make screenshots`."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from facies.training import synth_cores, synth_reefs
from tests.acceptance.conftest import Server, wait_until
from tests.browser.asking import send_and_wait
from tests.browser.conftest import SHIPPED
from tests.data.photos import encode

DOCS = Path(__file__).parents[2] / "docs"
SIZE = {"width": 1360, "height": 850}
QUALITY = 84
STILL_S = 60.0


def main() -> None:
    """Start a server, have two photos analysed, and keep what their results look like."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), settings={**SHIPPED, "FACIES_MODELS_DIR": folder})
        server.start()
        try:
            jobs = _analyse(server, Path(folder))
            _take(server.url, jobs)
        finally:
            Server.close_all(server)


def _analyse(server: Server, folder: Path) -> dict[str, str]:
    reef, core = folder / "reef-transect-12.jpg", folder / "core-box-7.jpg"
    reef.write_bytes(encode(synth_reefs.draw(65, width=1952, height=1464).photo, "JPEG"))
    core.write_bytes(encode(synth_cores.draw(60, rock_types=(1, 3, 5, 6, 7, 9, 10, 11)).photo, "JPEG"))
    depths = {"depth_top_m": 1210.5, "depth_base_m": 1214.0}
    return {
        "reef": _id(send_and_wait(server, "coral-bleaching", reef)),
        "core": _id(send_and_wait(server, "rock-types", core, options=depths)),
    }


def _id(accepted: dict[str, Any]) -> str:
    job: str = accepted["jobs"][0]["id"]
    return job


def _take(url: str, jobs: dict[str, str]) -> None:
    program = os.environ.get("FACIES_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, scheme in (("reef", "light"), ("core", "dark")):
            page = browser.new_page(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce")
            page.goto(f"{url}/jobs/{jobs[name]}")
            page.get_by_role("application").wait_for()
            page.wait_for_load_state("networkidle")
            wait_until(lambda page=page: _is_still(page), STILL_S)
            page.screenshot(path=DOCS / f"app-{name}.jpg", type="jpeg", quality=QUALITY)
        browser.close()


def _is_still(page: Page) -> bool:
    before = page.screenshot()
    page.wait_for_timeout(500)
    return page.screenshot() == before


if __name__ == "__main__":
    main()
