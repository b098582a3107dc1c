import io
import json
import logging
from contextlib import contextmanager

import pytest

from facies import logs

SENTENCE = "A café is on fire."


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@contextmanager
def answering(request_id):
    token = logs.request_id.set(request_id)
    yield
    logs.request_id.reset(token)


def lines_of(stream, level="info"):
    logs.configure(level, stream)
    logger = logging.getLogger("facies.test")
    logger.debug("Not this.")
    logger.info("Plain %d.", 1)
    with answering("0123456789abcdef"):
        logger.warning(SENTENCE)
    try:
        raise ValueError("a\nb")
    except ValueError:
        logger.exception("It failed.")
    return stream.getvalue().splitlines()


def test_a_terminal_gets_text():
    lines = lines_of(Terminal())
    assert lines[0].endswith("INFO    facies.test: Plain 1.")
    assert lines[1].endswith(f"WARNING facies.test: {SENTENCE} [01234567]")
    assert lines[2].endswith("ERROR   facies.test: It failed.")
    assert lines[3].startswith("Traceback")


def test_anything_else_gets_an_object_a_line():
    plain, within, failed = map(json.loads, lines_of(io.StringIO()))
    assert plain.keys() == {"time", "level", "logger", "message"}
    assert (plain["level"], plain["logger"], plain["message"]) == ("info", "facies.test", "Plain 1.")
    assert plain["time"].endswith("+00:00")
    assert (within["message"], within["request_id"]) == (SENTENCE, "0123456789abcdef")
    assert failed["exception"].endswith("ValueError: a\nb")


def test_the_level_is_kept_to():
    assert [json.loads(line)["level"] for line in lines_of(io.StringIO(), "warning")] == ["warning", "error"]


def test_libraries_that_tell_of_every_step_are_quiet():
    stream = io.StringIO()
    logs.configure("info", stream)
    logging.getLogger("alembic").info("Step.")
    logging.getLogger("alembic").warning("Careful.")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["Careful."]
