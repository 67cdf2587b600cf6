"""Files written whole or not at all: to a neighbour first, which then takes the name."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from symflow.errors import ClaimError


def save(path: Path, content: str | bytes) -> None:
    """Write text, or bytes, to the path; whoever reads it meanwhile sees the old file or the new one, never a part.

    A link is followed, and the permissions of a file that was there are kept.

    Raises:
        ClaimError: it cannot be written there.
    """
    target = Path(os.path.realpath(path))
    neighbour = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        try:
            with neighbour.open("xb") as file:
                file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                neighbour.chmod(target.stat().st_mode & 0o777)
            neighbour.replace(target)
        finally:
            neighbour.unlink(missing_ok=True)
    except OSError as error:
        raise ClaimError(f"{path} cannot be written: {error.strerror}") from error


def require_place(path: Path) -> None:
    """Raise ClaimError where ``save`` could not write the path: known before the work, not after.

    The folder must be there, and be one in which files can be made.
    """
    folder = Path(os.path.realpath(path)).parent
    if not folder.exists():
        raise ClaimError(f"{path} cannot be written: No such file or directory, {folder}")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ClaimError(f"{path} cannot be written: no files can be made in {folder}")


def require_folder(path: Path) -> None:
    """Raise ClaimError unless the path is a folder in which files can be made, or such a folder can be made."""
    there = Path(os.path.realpath(path))
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise ClaimError(f"{path} cannot be a folder: {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ClaimError(f"{path} cannot be written: no files can be made in {there}")
