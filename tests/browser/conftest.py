"""A real browser and real servers: Chromium, driven by Playwright, against `facies serve` in processes of its own.

Every page is watched: a test fails if a page asks another host for anything, if its Content-Security-Policy stops
something, or if an error shows in its console, unless the test says which one it brings about.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from facies.training import synth_cores, synth_reefs
from facies.web.pages import BUILT_APP
from tests.acceptance.conftest import Server
from tests.data.photos import encode

WIDE = (1440, 900)
NARROW = (390, 844)
PATIENCE_MS = 90_000
SHIPPED = {"FACIES_CORAL_MODEL": "coral-bleaching", "FACIES_ROCK_MODEL": "rock-types", "FACIES_RUNTIME": "openvino"}

SLOW = {"FACIES_RUNTIME": "fake", "FACIES_FAKE_DELAY_S": "0.6", "FACIES_WORKER_THREADS": "1", "FACIES_LEASE_S": "3"}

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_KEY_NAME = "facies-key"  # as in ui/src/session/key.ts

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program; nothing is started before it is known to be there."""
    program = os.environ.get("FACIES_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        _do_without("there is no Chromium here; install it, or name one in FACIES_TEST_CHROMIUM")
    if not (BUILT_APP / "index.html").is_file():
        _do_without("the web app is not built; `make ui` builds it")
    return program


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for the tests of a file. Playwright runs an event loop meanwhile: other tests could not run one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def _do_without(reason: str) -> None:
    """Skip, but fail where FACIES_TEST_BROWSER says that a browser must be there."""
    (pytest.fail if os.environ.get("FACIES_TEST_BROWSER") == "required" else pytest.skip)(reason)


@dataclass
class Visits:
    """Opens pages in windows that share nothing, and keeps what the pages did that they must not."""

    browser: Browser
    url: str
    wrongs: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        path: str = "/",
        *,
        at: str = "",
        size: tuple[int, int] = WIDE,
        dark: bool = False,
        key: str | None = None,
        expects: Sequence[str] = (),
    ) -> Page:
        """A page of the server.

        Args:
            path: which.
            at: address of another server.
            size: of the window, width and height.
            dark: whether the system prefers dark pages.
            key: API key of somebody who has signed in already.
            expects: parts of errors that the test brings about.
        """
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            base_url=at or self.url,
            has_touch=width < 640,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        self.expected += expects
        if key is not None:
            context.add_init_script(f"sessionStorage.setItem({_KEY_NAME!r}, {key!r})")
        page = context.new_page()
        self._watch(page, at or self.url)
        answer = page.goto(path)
        assert answer is not None
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return page

    def _watch(self, page: Page, url: str) -> None:
        def asked(request: Request) -> None:
            if not request.url.startswith((f"{url}/", "blob:", "data:")):
                self.wrongs.append(f"asked for {request.url}")

        def said(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.wrongs.append(f"console: {message.text} ({message.location.get('url')})")

        def broke(error: Error) -> None:
            self.wrongs.append(f"error: {error}")

        page.on("request", asked)
        page.on("console", said)
        page.on("pageerror", broke)

    def close(self) -> None:
        """Close all windows; nothing unexpected may have happened in them."""
        for context in self.contexts:
            context.close()
        unexpected = [wrong for wrong in self.wrongs if not any(part in wrong for part in self.expected)]
        assert unexpected == []


@pytest.fixture
def visits(browser: Browser, server: Server) -> Iterator[Visits]:
    visits = Visits(browser, server.url)
    yield visits
    visits.close()


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers with the shipped packages, and any flags and settings; they end with the session."""
    running: list[Server] = []

    def start(*flags: str, **settings: str) -> Server:
        server = Server(tmp_path_factory.mktemp("server"), flags, {**SHIPPED, **settings})
        running.append(server)
        server.start()
        return server

    yield start
    Server.close_all(*running)


@pytest.fixture(scope="session")
def server(chromium: str, start_server: Callable[..., Server]) -> Server:
    """A server with the shipped packages and its worker."""
    return start_server()


@pytest.fixture(scope="session")
def slow_server(start_server: Callable[..., Server]) -> Server:
    """A server that takes its time with every few tiles."""
    return start_server(**SLOW)


@pytest.fixture(scope="session")
def waiting_server(start_server: Callable[..., Server]) -> Server:
    """A server without a worker: what is sent there waits."""
    return start_server("--workers", "0")


@pytest.fixture(scope="session")
def keyed_server(start_server: Callable[..., Server]) -> Server:
    """A server whose native API wants a key."""
    return start_server("--require-keys")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reef, a core, and a photo that breaks off."""
    folder = tmp_path_factory.mktemp("photos")
    reef = encode(synth_reefs.draw(45, width=976, height=732).photo, "JPEG")
    (folder / "reef.jpg").write_bytes(reef)
    (folder / "core.jpg").write_bytes(encode(synth_cores.draw(60, height=900, width=256).photo, "JPEG"))
    (folder / "broken.jpg").write_bytes(reef[: len(reef) // 3])
    return folder
