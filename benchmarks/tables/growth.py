"""Third table: how the time and the memory of symflow grow with N, Q and L."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from capped import cpu_seconds
from problems import draw

from symflow.flow import chamber_flow, separated_flow
from symflow.flow.chamber import state
from tables.rows import heading, row

RUNS = 5
END = 1.0  # of chamber flows

Measured = tuple[float, float, float]  # µs for each unit, of that in the compiled loop, peak memory in bytes


class Stopwatch:
    """Stands in for the compiled event loop of chamber flows and adds up its time."""

    def __init__(self) -> None:
        self.loop, self.seconds = state.advance, 0.0

    def __call__(self, *arguments: Any) -> Any:
        """One stretch of the compiled loop."""
        start = time.process_time()
        answer = self.loop(*arguments)
        self.seconds += time.process_time() - start
        return answer


def growth(quick: bool, _: float) -> list[str]:
    """Print the table; nothing in it can fail."""
    print("Growth of symflow: slopes in log-log of CPU time for each unit and of the peak memory of a whole run, by")
    print(f"tracemalloc, NumPy's arrays included; chamber flows to t = {END:g}, medians over {RUNS} draws.\n")
    heading("flow", "grows", "sizes", "unit", "µs / unit", "slope", "in the compiled loop", "peak MB", "slope")
    for flow, letter, sizes, unit, measure in _rows(quick):
        found = [measure(size) for size in sizes]
        each, loop, memory = zip(*found, strict=True)
        row(
            [
                flow, letter, _list(sizes), unit, _list(each), f"{slope(sizes, each):.2f}",
                _list(loop) if any(loop) else "–", _list([1e-6 * size for size in memory]),
                f"{slope(sizes, memory):.2f}",
            ]
        )  # fmt: skip
    return []


def _rows(quick: bool) -> Iterator[tuple[str, str, Sequence[int], str, Callable[[int], Measured]]]:
    large = (1_000, 4_000, 16_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    yield "separated, Q = 1", "N", large, "datum", lambda N: _separated(N, 1)
    yield "separated, N = 10000", "Q", (1, 2, 4, 8), "datum and direction", lambda Q: _separated(10_000, Q)
    several = (50, 100, 200) if quick else (200, 500, 1000, 2000)
    yield "chamber, Q = 3, L = 2", "N", several, "event", lambda N: _chamber(N, 3, 2)
    yield "chamber, N = 200, L = 2", "Q", (2, 3) if quick else (2, 3, 4, 5, 6), "event", lambda Q: _chamber(200, Q, 2)
    yield "chamber, N = 200, Q = 3", "L", (1, 2) if quick else (1, 2, 3, 4), "event", lambda L: _chamber(200, 3, L)


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Exponent p of the power law c·size^p that fits best in log-log."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def peak(work: Callable[[], object]) -> float:
    """Peak of the memory that Python's and NumPy's allocators hand out during the work, in bytes."""
    tracemalloc.start()
    kept = work()
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return float(highest)


def _separated(N: int, Q: int) -> Measured:
    points = np.random.default_rng(N + Q).normal(size=(N, Q))
    target, bias = np.full(Q, 6.0), -np.quantile(points, 0.02, axis=0)

    def work() -> object:
        return separated_flow(points, target, bias)

    seconds = min(cpu_seconds(work)[1] for _ in range(RUNS))
    return 1e6 * seconds / (N * Q), 0.0, peak(work)


def _chamber(N: int, Q: int, L: int) -> Measured:
    watch = Stopwatch()
    state.advance = watch
    whole, loop, memory = [], [], []
    try:
        for seed in range(RUNS):
            problem = draw(seed, N, Q=Q, L=L)
            best = best_loop = float("inf")
            for _ in range(3):
                watch.seconds, start = 0.0, time.process_time()
                flow = chamber_flow(**problem, t_max=END)
                best, best_loop = min(best, time.process_time() - start), min(best_loop, watch.seconds)
            events = max(1, int(flow.log.counts[0]))
            whole.append(1e6 * best / events)
            loop.append(1e6 * best_loop / events)
            memory.append(peak(lambda problem=problem: chamber_flow(**problem, t_max=END)))  # type: ignore[misc]
    finally:
        state.advance = watch.loop
    return statistics.median(whole), statistics.median(loop), statistics.median(memory)


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
