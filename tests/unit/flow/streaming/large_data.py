"""Data in files and in Dask chunks, and what a trajectory does, in a form that can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np


def mapped(folder, **arrays: Any) -> dict[str, Any]:
    """The same arrays as memory-mapped files."""
    result = {}
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        np.save(path, array)
        result[name] = np.load(path, mmap_mode="r")
    return result


def happenings(flow) -> list[Any]:
    """Events of a chamber flow without their times: changes and sliding walls, in no particular order."""
    return [
        (
            sorted((c.layer, c.datum, c.component, c.active) for c in event.changes),
            sorted((wall.layer, wall.component, wall.data) for wall in event.sliding),
        )
        for event in flow.events
    ]
