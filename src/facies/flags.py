"""Settings and options as flags: each is a flag of every command that needs it, with one help text."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from facies.settings import Settings

_OPTION_FLAGS: Mapping[str, tuple[str, Any, str]] = {
    "threshold": ("--threshold", float, "Probability from which a tile gets the positive label, 0 to 1 (tiles)."),
    "unsure_band": (
        "--unsure-band",
        tuple[float, float],
        "Two probabilities, the lower first; a tile between them is unsure (tiles).",
    ),
    "error_rate": (
        "--error-rate",
        float,
        "Share of each class that may get the other's label; what is too close is unsure (tiles).",
    ),
    "opacity": ("--opacity", float, r"Of the colours over the photo, 0 to 1 (segmentation). \[default: 0.5]"),
    "min_confidence": ("--min-confidence", float, "Pixels less sure than this are unsure, 0 to 1 (segmentation)."),
    "overlap": (
        "--overlap",
        int,
        r"Pixels that neighbouring tiles share (segmentation). \[default: as the package says]",
    ),
    "depth_top_m": ("--depth-top", float, "Depth of the photo's upper end in the hole, metres (cores)."),
    "depth_base_m": ("--depth-base", float, "Depth of its lower end, metres (cores)."),
}
"""Every field of `facies.options.Options`: its flag, its type, its help."""


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one flag for each option of an analysis, and as `options` those that were given, by name."""
    flags = [_option_flag(name, *told) for name, told in _OPTION_FLAGS.items()]

    @wraps(command)
    def with_options(**arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in _OPTION_FLAGS}
        command(**arguments, options={name: value for name, value in given.items() if value is not None})

    own = inspect.signature(command).parameters.values()
    parameters = [*(parameter for parameter in own if parameter.name != "options"), *flags]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return with_options


def _option_flag(name: str, flag: str, kind: Any, told: str) -> inspect.Parameter:
    metavar = "<low> <high>" if name == "unsure_band" else None  # typer's own looks as if a comma stood between them
    option = typer.Option(flag, help=told, rich_help_panel="Analysis", metavar=metavar)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


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
    if annotation == int | None:
        return int
    if annotation in (Path, Path | None):
        return Path
    return list[str] if str(annotation).startswith("tuple") else str


def _told_default(name: str) -> str:
    """The default as the help shows it; the option's own is None, for a flag that was not given."""
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    if isinstance(default, tuple):
        default = ", ".join(default)
    return "" if default in (None, "") else rf" \[default: {default}]"
