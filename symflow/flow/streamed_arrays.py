"""Data that are left where they are, and which arrays are; nothing is imported for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, eq=False)
class StreamedData:
    """Data for ``layered_flow`` that stay where they are: points (N, M_0), labels (N,), targets (K, M_{L+1}).

    Points, labels and weights may be memory-mapped arrays, Dask arrays, or any others; a datum has the target of its
    class, and the weight 1/N_j for a class of N_j data unless ``weights`` (N,) are given. Entries are checked as they
    are read.

    >>> data = StreamedData(np.zeros((4, 2)), np.array([0, 0, 0, 1]), np.eye(2))
    >>> data.weights is None
    True
    """

    points: Any
    labels: Any
    targets: Any
    weights: Any = None
