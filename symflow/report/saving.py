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
