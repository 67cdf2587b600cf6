"""The separated flow beside a sort of the same array, and beside general solvers: ratios from one run.

``python benchmarks/separated_flow.py [--runs N] [--largest N]``: the first table has the time of ``separated_flow``,
trajectory complete, as a multiple of ``numpy.sort`` of the same array; the second has SciPy's solvers on small
clusters, as multiples of ``separated_flow`` with evaluation, and how far from the exact thresholds they end up.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from symflow.flow import separated_flow

Floats = NDArray[np.float64]
TOLERANCE = 1e-10
END = 30.0


def main() -> None:
    """Print both tables."""
    options = _options()
    print("separated_flow as a multiple of numpy.sort(points, axis=0), medians\n")
    print("       N  Q   equal weights   given weights   with events")
    for count, size in ((1_000, 1), (10_000, 1), (10_000, 3), (100_000, 1), (100_000, 3), (1_000_000, 1)):
        if count <= options.largest:
            print(
                f"{count:8d}  {size}   "
                + "   ".join(f"{ratio:13.2f}" for ratio in against_sort(count, size, options.runs))
            )
    print(
        f"\nSciPy, rtol = atol = {TOLERANCE:.0e}, 50 times up to {END:g}: multiples of separated_flow, largest error\n"
    )
    for count in (100, 1_000):
        for method in ("LSODA", "DOP853"):
            print("{:8d}  {:7s} × {:8.0f}   {:.0e}".format(count, method, *against_solver(count, method, options.runs)))
    # heyoka is on conda, and on few platforms on PyPI: measured where someone has it, never required.
    print("\nheyoka:", "installed, not driven by this file" if find_spec("heyoka") else "not importable here, left out")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9, help="runs of each timing (default: 9)")
    parser.add_argument("--largest", type=int, default=1_000_000, help="largest number of points (default: 1e6)")
    return parser.parse_args()


def cluster(count: int, size: int) -> tuple[Floats, Floats, Floats]:
    """Points, target above them all, bias whose thresholds lie on the third lowest: every datum becomes an event."""
    points = np.random.default_rng(count + size).normal(size=(count, size))
    return points, np.full(size, 6.0), -np.sort(points, axis=0)[2]


def against_sort(count: int, size: int, runs: int) -> list[float]:
    """Time over that of the sort: equal weights, given weights, and equal weights with the list of events."""
    points, target, bias = cluster(count, size)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, size=count)
    works: list[Callable[[], object]] = [
        lambda: np.sort(points, axis=0),
        lambda: separated_flow(points, target, bias),
        lambda: separated_flow(points, target, bias, weights=weights),
        lambda: separated_flow(points, target, bias).events,
    ]
    # In turns, so that what else the machine does hits all alike.
    times = np.array([[seconds(work) for work in works] for _ in range(runs + 1)])[1:]
    return [float(ratio) for ratio in np.median(times[:, 1:], axis=0) / np.median(times[:, 0])]


def against_solver(count: int, method: str, runs: int) -> tuple[float, float]:
    """Time of the solver as a multiple of the exact flow's, and its largest error in a threshold."""
    points, target, bias = cluster(count, 1)
    times = np.linspace(0, END, 50)
    data = np.sort(points[:, 0])

    def slope(_time: float, threshold: Floats) -> Floats:
        return np.searchsorted(data, threshold, side="right") / count * (target - threshold)

    begun = time.perf_counter()
    solution = solve_ivp(slope, (0, END), -bias, method=method, t_eval=times, rtol=TOLERANCE, atol=TOLERANCE)
    needed = time.perf_counter() - begun
    ours = statistics.median(
        seconds(lambda: separated_flow(points, target, bias).threshold(times)) for _ in range(runs)
    )
    exact = separated_flow(points, target, bias).threshold(times)[:, 0]
    return needed / ours, float(np.abs(solution.y[0] - exact).max())


def seconds(work: Callable[[], object]) -> float:
    """Time of one run."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
