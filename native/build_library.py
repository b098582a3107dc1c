"""Compiles `pixels.c` and `deflate.c` into `src/facies/imaging/compiled.so`.

    python native/build_library.py

Run by the wheel's build hook. Takes the compiler that `CC` names, or `cc`; where that does not work, the one that the
package `ziglang` brings. Needs nothing of Facies.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

NATIVE = Path(__file__).resolve().parent
LIBRARY = NATIVE.parent / "src" / "facies" / "imaging" / "compiled.so"
ZIG = "ziglang>=0.13"
"""The package to install where `has_compiler` says no."""

# Freestanding: no header or function of a C library is needed, only the compiler's own.
_FLAGS = ("-O3", "-std=c11", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-shared", "-fPIC")
# For any machine of its kind, as other compilers do; and without building a C library first.
_ZIG_FLAGS = ("-mcpu=baseline", "-nostdlib")


def build() -> None:
    """Compile the library, with a compiler of the machine's or else zig's.

    Raises:
        subprocess.CalledProcessError: neither made it; zig's words stand above.
    """
    with TemporaryDirectory(dir=LIBRARY.parent) as folder:  # a process that uses the old one keeps it
        library = Path(folder, LIBRARY.name)
        if not _compiles(_own_compiler(), library):
            subprocess.run(_command([sys.executable, "-m", "ziglang", "cc", *_ZIG_FLAGS], library), check=True)
        library.replace(LIBRARY)


def has_compiler() -> bool:
    """Whether this machine's own compiler makes the library."""
    with TemporaryDirectory() as folder:
        return _compiles(_own_compiler(), Path(folder, LIBRARY.name))


def _own_compiler() -> list[str]:
    return shlex.split(os.environ.get("CC", "cc"))


def _compiles(compiler: list[str], library: Path) -> bool:
    try:
        done = subprocess.run(_command(compiler, library), check=False, capture_output=True)
    except OSError:  # there is no such program
        return False
    return done.returncode == 0 and library.is_file()


def _command(compiler: list[str], library: Path) -> list[str]:
    return [*compiler, *_FLAGS, "-o", str(library), *map(str, sorted(NATIVE.glob("*.c")))]


if __name__ == "__main__":
    build()
