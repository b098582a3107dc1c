"""The build hook: the web app is built before it is packed, also for an editable install."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AppBuildHook(BuildHookInterface[Any]):
    """Runs `ui/build_app.py`, which does nothing where the built app is that of the sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the app."""
        subprocess.run([sys.executable, Path(self.root) / "ui" / "build_app.py"], check=True)
