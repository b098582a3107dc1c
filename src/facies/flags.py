"""Settings as flags: every field of `Settings` is an option of the commands that need it, with one help text."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from facies.settings import Settings


def takes_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one flag for each of these settings, and the `Settings` that come of them.

    Args:
        names: fields of `Settings`; none means all.
    """
    chosen = names or tuple(Settings.model_fields)
    flags = [_flag(name) for name in chosen]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_settings(**arguments: Any) -> None:
            given = {name: arguments.pop(name) for name in chosen}
            command(**arguments, settings=Settings.read(**given))

        own = inspect.signature(command).parameters.values()
        parameters = [*(parameter for parameter in own if parameter.name != "settings"), *flags]
        with_settings.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return with_settings

    return decorate


def _flag(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    option = typer.Option(help=f"{field.description}{_told_default(name)}", rich_help_panel="Settings")
    flag_type: Any = _flag_type(field.annotation) | None
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[flag_type, option]
    )


def _flag_type(annotation: Any) -> Any:
    if annotation in (bool, int, float):
        return annotation
    if annotation == bool | None:
        return bool
    if annotation in (Path, Path | None):
        return Path
    return list[str] if str(annotation).startswith("tuple") else str


def _told_default(name: str) -> str:
    """The default as the help shows it; the option's own is None, for a flag that was not given."""
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    if isinstance(default, tuple):
        default = ", ".join(default)
    return "" if default in (None, "") else rf" \[default: {default}]"
