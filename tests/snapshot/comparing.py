"""Texts kept beside the tests: what a program writes is compared with what it wrote when someone last read it.

``SYMFLOW_SNAPSHOTS=write pytest tests`` writes them anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parent


def assert_as_kept(name: str, text: str) -> None:
    """Fail unless the text is that of the file ``tests/snapshot/name``, line by line."""
    path = HERE / name
    if os.environ.get("SYMFLOW_SNAPSHOTS") == "write":
        path.write_text(text, encoding="utf-8", newline="\n")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text.splitlines() == kept.splitlines(), f"{name} is not what it was; see {Path(__file__).name}"
