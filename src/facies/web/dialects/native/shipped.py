"""The shipped packages, for the examples of the OpenAPI document: what these say can be asked of any server."""

from typing import Final

from facies.models.package import Manifest
from facies.models.registry import SHIPPED, Registry

_NEWEST: Final = {manifest.name: manifest for _, manifest in Registry([SHIPPED]).manifests()}

CORAL: Final[Manifest] = _NEWEST["coral-bleaching"]
ROCK: Final[Manifest] = _NEWEST["rock-types"]
