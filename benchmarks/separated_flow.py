"""The separated flow beside a sort of the same array: ratios from one run. ``flows.py`` has general solvers.

``python benchmarks/separated_flow.py [--runs N] [--largest N] [--numba] [--fresh]``: the time of ``separated_flow``,
trajectory complete, as a multiple of ``numpy.sort`` of the same array, and the most memory that it holds at once, as a
multiple of that array.

Times are processor times, the least of the runs. A process that has used memory before is measured, for which its
pages are there already: the flow fills three arrays where a sort fills one, and ``--fresh`` shows what new pages cost.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from symflow.flow import separated_flow

Floats = NDArray[np.float64]
WARMED = 3_500_000  # numbers; up to 32 MB glibc learns to keep what it once had to ask for


def main() -> None:
    """Print the table."""
    options = _options()
    if options.numba:
        import_module("numba")  # symflow adds with it where it is loaded
    if not options.fresh:
        np.ones(WARMED)  # freed at once: from now on the allocator keeps what is freed
    print(f"separated_flow as a multiple of numpy.sort, with {'numba' if options.numba else 'NumPy alone'}\n")
    print("       N  Q   of each contiguous column   axis=0: equal weights   given weights   with events   memory")
    for count, size in ((1_000, 1), (10_000, 1), (10_000, 3), (100_000, 1), (100_000, 3), (1_000_000, 1)):
        if count <= options.largest:
            print("{:8d}  {}   {:25.2f}   {:21.2f}   {:13.2f}   {:11.2f}".format(
                count, size, *against_sort(count, size, options.runs)), f"  {memory(count, size):6.2f}")  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9, help="runs of each timing (default: 9)")
    parser.add_argument("--numba", action="store_true", help="load numba first")
    parser.add_argument("--fresh", action="store_true", help="do not warm up the allocator")
    parser.add_argument("--largest", type=int, default=1_000_000, help="largest number of points (default: 1e6)")
    return parser.parse_args()


def cluster(count: int, size: int) -> tuple[Floats, Floats, Floats]:
    """Points, target above them all, bias whose thresholds lie on the third lowest: every datum becomes an event."""
    points = np.random.default_rng(count + size).normal(size=(count, size))
    return points, np.full(size, 6.0), -np.sort(points, axis=0)[2]


def against_sort(count: int, size: int, runs: int) -> list[float]:
    """Time over that of sorting contiguous columns; over that of a sort along axis 0: equal weights, given, events."""
    points, target, bias = cluster(count, size)
    columns = np.ascontiguousarray(points.T)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, size=count)
    works: list[Callable[[], object]] = [
        lambda: [np.sort(column) for column in columns],
        lambda: np.sort(points, axis=0),
        lambda: separated_flow(points, target, bias),
        lambda: separated_flow(points, target, bias, weights=weights),
        lambda: separated_flow(points, target, bias).events,
    ]
    # In turns, so that what else the machine does hits all alike.
    times = np.array([[seconds(work) for work in works] for _ in range(max(runs, 200_000 // count) + 1)])[1:]
    columnwise, along, equal, given, events = times.min(axis=0).tolist()
    return [equal / columnwise, equal / along, given / along, events / along]


def memory(count: int, size: int) -> float:
    """The most that is held at once, over the size of the points."""
    points, target, bias = cluster(count, size)
    tracemalloc.start()
    flow = separated_flow(points, target, bias)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert flow.directions[0].times.size == count - 2
    return peak / points.nbytes


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
