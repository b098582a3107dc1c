"""The packages that the native API offers: all that the registry has."""

from collections.abc import Sequence
from threading import Lock

from facies.models.package import Manifest, Package
from facies.models.registry import Registry


class Catalogue:
    """The registry, with each package's weights checked once: a package never changes once it is published."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._checked: dict[str, Package] = {}
        self._lock = Lock()

    def manifests(self) -> Sequence[Manifest]:
        """Every package's manifest, by name and version."""
        return [manifest for _, manifest in self._registry.manifests()]

    def get(self, reference: str) -> Package:
        """The package of `name@version`, or the newest of `name`.

        Raises:
            UnknownModelError: there is none.
            PackageError: it is incomplete or damaged.
        """
        with self._lock:
            checked = self._checked.get(reference)
            if checked is not None and checked.path.is_dir():
                return checked
            package = self._registry.get(reference)
            self._checked[package.reference] = package
            return package
