"""The build hook: the web app and the library are built before they are packed, also for an editable install."""

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "native"))
import build_library


class FaciesBuildHook(BuildHookInterface[Any]):
    """Builds the web app, unless it is there and made of these sources, and compiles the library."""

    def dependencies(self) -> list[str]:
        """A compiler, where the machine has none."""
        return [] if build_library.has_compiler() else [build_library.ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build both; a wheel is then one for this kind of machine, and for any Python."""
        subprocess.run([sys.executable, Path(self.root) / "ui" / "build_app.py"], check=True)
        if self.target_name == "wheel":
            build_library.build()
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
