"""Which packages there are, and which one a name means."""

from collections.abc import Callable, Iterable
from pathlib import Path

from facies.errors import PackageError, UnknownModelError
from facies.models.package import MANIFEST_NAME, Manifest, Package, load_package, read_manifest

SHIPPED = Path(__file__).parent.parent / "packages"


class Registry:
    """The packages below some folders.

    `name@version` means one package; a name alone means its newest version.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)

    def manifests(self) -> list[tuple[Path, Manifest]]:
        """Folder and manifest of every package, by name and version.

        Raises:
            PackageError: a manifest cannot be read.
        """
        found = [
            (file.parent, read_manifest(file))
            for folder in self._folders
            for file in sorted(folder.glob(f"*/{MANIFEST_NAME}"))
        ]
        return sorted(found, key=lambda entry: (entry[1].name, _version_key(entry[1])))

    def get(self, reference: str) -> Package:
        """Load a package and check its weights.

        Args:
            reference: `name` or `name@version`.

        Raises:
            UnknownModelError: there is no such package.
            PackageError: it is incomplete.
            ChecksumError: its weights are not the ones it was published with.
        """
        name, _, version = reference.partition("@")
        manifests = self.manifests()
        fitting = [path for path, found in manifests if found.name == name and version in ("", found.version)]
        if not fitting:
            known = ", ".join(manifest.reference for _, manifest in manifests) or "none"
            raise UnknownModelError(f"There is no model {reference!r}; known are: {known}.")
        return load_package(fitting[-1])

    def verify(self, check: Callable[[Package], None] = lambda _package: None) -> dict[str, str | None]:
        """Check every package, also those that cannot be read.

        Args:
            check: asked about every package whose files are sound; raises a `PackageError` if something is wrong.

        Returns:
            for every package's folder, what is wrong with it, or None.
        """
        folders = [file.parent for folder in self._folders for file in sorted(folder.glob(f"*/{MANIFEST_NAME}"))]
        return {str(folder): _problem_of(folder, check) for folder in folders}


def _problem_of(folder: Path, check: Callable[[Package], None]) -> str | None:
    try:
        check(load_package(folder))
    except PackageError as error:
        return str(error)
    return None


def _version_key(manifest: Manifest) -> tuple[int, ...]:
    return tuple(int(part) for part in manifest.version.split("."))
