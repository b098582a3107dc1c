"""What holds for all tests: how they are shared out, and what the garbage collector need not look at."""

import gc
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"


class ByFile(LoadScopeScheduling):
    """A file's tests run one after the other in one process, and so do all of the browser's, which share servers."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Share the tests out in the order in which they stand."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's come first: begun last, they would be waited for when all others are done."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


def pytest_collection_finish() -> None:
    """Modules and tests are here to stay: looking through them again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
