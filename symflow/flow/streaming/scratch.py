"""Files of floats in a temporary folder that goes when its owner goes, also after an error.

``TMPDIR`` says where; what is written there is about as large as the part of the data that is sorted.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """A temporary folder; ``close`` removes it, and so does the end of this object or of the program."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="symflow-"))
        self._files = 0
        # On POSIX a mapped file stays readable after its folder is gone, so that arrays may outlive this object.
        self.close = weakref.finalize(self, shutil.rmtree, str(self.folder), ignore_errors=True)

    def writer(self, dtype: DTypeLike = np.float64) -> Writer:
        """A new empty file."""
        self._files += 1
        return Writer(self, self.folder / f"{self._files}.bin", np.dtype(dtype))

    def array(self, size: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """A new array (size,) in a file, writable; an ordinary one if it is empty, which cannot be mapped."""
        self._files += 1
        if size == 0:
            return np.empty(0, dtype=dtype)
        return np.memmap(self.folder / f"{self._files}.bin", dtype=dtype, mode="w+", shape=(size,))


class Writer:
    """A file that grows; ``array`` maps what has been written."""

    def __init__(self, scratch: Scratch, path: Path, dtype: np.dtype[Any]) -> None:
        self.scratch, self.path, self.dtype = scratch, path, dtype
        self.size = 0
        path.touch()

    def append(self, values: NDArray[Any]) -> None:
        """Write at the end."""
        with self.path.open("ab") as file:
            np.ascontiguousarray(values, dtype=self.dtype).tofile(file)
        self.size += len(values)

    def array(self) -> NDArray[Any]:
        """All that has been written, read-only."""
        if self.size == 0:
            return np.empty(0, dtype=self.dtype)
        return np.memmap(self.path, dtype=self.dtype, mode="r", shape=(self.size,))
