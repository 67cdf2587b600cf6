"""From the paths of a command line to the files that are to be checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = (".toml", ".py")


def find_files(paths: Iterable[str]) -> Iterator[Path]:
    """Claims files and derivation files: those named, and those in the folders named, sorted, each once.

    In folders, names that start with a dot or an underscore are passed over, and so are links to folders. A path that
    is named is given back whatever it is, so that whoever reads it says what is wrong with it.
    """
    seen: set[str] = set()
    for path in map(Path, paths):
        for file in _inside(path) if path.is_dir() else (path,):
            key = os.path.realpath(file)
            if key not in seen:
                seen.add(key)
                yield file


def _inside(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(files):
            if name.endswith(SUFFIXES) and not name.startswith((".", "_")) and name != "conftest.py":
                yield Path(place, name)
