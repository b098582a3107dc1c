"""What lies in a folder that other processes are working in."""

import os
from pathlib import Path


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, hidden and half-written ones too; folders that vanish meanwhile are passed over."""
    return [Path(at, name) for at, _, names in os.walk(folder) for name in names]
