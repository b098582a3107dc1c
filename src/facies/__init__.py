"""Facies turns photographs of the ground into maps of what is there.

>>> import facies
>>> result = facies.analyse("core.jpg", model="rock-types")
>>> result.summary["classes"][0]["name"]
'sandstone'
>>> result.overlay(opacity=0.6).shape
(2537, 256, 3)
"""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facies.analysis import analyse as _analyse
from facies.errors import FaciesError, PackageError, PhotoError, RemoteError
from facies.findings import Analysis, MapAnalysis, TileAnalysis
from facies.options import DEFAULT_OPTIONS, Options
from facies.version import __version__

if TYPE_CHECKING:
    from facies.client import Client

__all__ = [
    "Analysis",
    "Client",
    "FaciesError",
    "MapAnalysis",
    "Options",
    "PackageError",
    "PhotoError",
    "RemoteError",
    "TileAnalysis",
    "__version__",
    "analyse",
]


def __getattr__(name: str) -> Any:
    """`Client` loads when it is asked for: who analyses on this machine needs no HTTP library."""
    if name == "Client":
        from facies.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def analyse(photo: str | PathLike[str], model: str, options: Options = DEFAULT_OPTIONS) -> Analysis:
    """Analyse a photo on this machine, without a server.

    The model is compiled at the first call and kept.

    Args:
        photo: a JPEG, PNG, WebP, TIFF or BigTIFF file.
        model: `name` or `name@version` of a package, for example "coral-bleaching".
        options: the user's choices.

    Returns:
        A `TileAnalysis` (every tile with its probability and label) or a `MapAnalysis` (every pixel with its class).

    Raises:
        PhotoError: the file is no photo, too large or damaged.
        PackageError: there is no such model, or its package is damaged.
        OSError: there is no such file, or it may not be read.
    """
    from facies.assembly import shared_runtimes  # the back ends load when they are needed

    return _analyse(Path(photo), shared_runtimes().get(model), options)
