"""Which arrays are left where they are, told without importing anything for it."""

from __future__ import annotations

import numpy as np


def is_dask(values: object) -> bool:
    """Whether this is a Dask array.

    >>> is_dask(np.zeros(1))
    False
    """
    return type(values).__module__.partition(".")[0] == "dask"


def is_streamed(points: object) -> bool:
    """Whether points are a memory-mapped array or a Dask array: ``flow.streaming`` reads these block by block."""
    return isinstance(points, np.memmap) or is_dask(points)
