"""A TOML file, checked against the model of what it must hold."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from facies.errors import FaciesError

_Content = TypeVar("_Content", bound=BaseModel)


def read_toml(path: Path, content: type[_Content], error_type: type[FaciesError], missing: str) -> _Content:
    """Read and check a TOML file.

    Args:
        path: the file.
        content: what it must hold.
        error_type: what is raised.
        missing: the sentence for a file that does not exist.

    Raises:
        FaciesError: of `error_type`; names the file, the place in it, and what is wrong there.
    """
    try:
        return content.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise error_type(missing) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise error_type(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise error_type(f"{path}: {first_problem(error, 'the whole of it')}.") from error


def first_problem(error: ValidationError, whole: str) -> str:
    """The first thing that pydantic says is wrong: its place, or `whole` if it has none, and what it is."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or whole
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"  # its own name for an error that a model raised
