"""Time per event of ``chamber_flow`` as the data grow, and general ODE solvers on the same flows.

    python benchmarks/chamber_flow.py [--seeds N] [--cap SECONDS]

First table: overlapping clusters, L = 2, Q = 3, t <= 20; the median over the seeds of time / events of a whole run, of
its compiled part, and the largest difference of an event state from the ball-arithmetic replay (first seed, N <= 200).
Second table: SciPy's solvers with rtol = 1e-10 on one of these flows, and with terminal events and restarts on the
smallest flow that slides. Exit status 1: time per event in the compiled part grows by more than 3 from N = 200 to 2000.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import numpy as np

from symflow.flow import chamber_flow
from symflow.flow.chamber import integrator
from symflow.flow.chamber.balls import isolate_events
from symflow.flow.chamber.compiling import COMPILED

SMALLEST = {
    "points": [[-1.0], [0.0]], "labels": [0, 1], "targets": [[2.0], [-3.0]], "biases": [[0.5]], "rotations": [[[1.0]]],
}  # fmt: skip


def draw(seed: int, N: int, *, Q: int = 3, L: int = 2) -> dict[str, Any]:
    """Overlapping clusters, biases and targets anywhere."""
    rng = np.random.default_rng(seed)
    rotations = np.array([np.linalg.qr(rng.normal(size=(Q, Q)))[0] for _ in range(L)])
    labels = np.arange(N) % Q
    points = rng.normal(size=(N, Q)) + 1.5 * rng.normal(size=(Q, Q))[labels]
    targets, biases = 1.5 * rng.normal(size=(Q, Q)), rng.normal(size=(L, Q))
    return {"points": points, "labels": labels, "targets": targets, "biases": biases, "rotations": rotations}


class Stopwatch:
    """Stands in for the compiled loop and adds up its time and its events."""

    def __init__(self) -> None:
        self.loop, self.seconds, self.events = integrator.advance, 0.0, 0

    def __call__(self, *arguments: Any) -> Any:
        """One stretch of the compiled loop."""
        log = arguments[2]
        before, start = int(log.counts[0]), time.perf_counter()
        answer = self.loop(*arguments)
        self.seconds += time.perf_counter() - start
        self.events += int(log.counts[0]) - before
        return answer


def per_event(N: int, seeds: int) -> tuple[int, float, float, float]:
    """Events of all seeds; microseconds an event: all, compiled (medians over seeds); share of plain events."""
    watch = Stopwatch()
    integrator.advance = watch
    whole, loop, events, plain = [], [], 0, 0
    try:
        for seed in range(seeds):
            problem, best, best_loop = draw(seed, N), float("inf"), float("inf")
            for _ in range(3):
                watch.seconds, watch.events, start = 0.0, 0, time.perf_counter()
                flow = chamber_flow(**problem, t_max=20.0)
                best = min(best, time.perf_counter() - start)
                best_loop = min(best_loop, watch.seconds / max(1, watch.events))
            count = int(flow.log.counts[0])
            events += count
            plain += watch.events
            whole.append(best / count)
            loop.append(best_loop)
    finally:
        integrator.advance = watch.loop
    return events, 1e6 * statistics.median(whole), 1e6 * statistics.median(loop), plain / events


def right_side(problem: dict[str, Any]) -> Any:
    """-∂C/∂β of the network as it stands, ReLU'(0) = 0, by backpropagation."""
    x, labels, R = (np.asarray(problem[name]) for name in ("points", "labels", "rotations"))
    y, w = np.asarray(problem["targets"])[labels], (1.0 / np.bincount(labels))[labels]
    shape = np.asarray(problem["biases"]).shape

    def velocity(_: float, stacked: Any) -> Any:
        beta, z, kept = stacked.reshape(shape), x, []
        for rotation, b in zip(R, beta, strict=True):
            u = (z + b) @ rotation.T
            kept.append(u > 0)
            z = np.where(u > 0, u, 0.0) @ rotation - b
        p, result = w[:, None] * (z - y), np.empty(shape)
        for layer in range(len(R) - 1, -1, -1):
            through = np.where(kept[layer], p @ R[layer].T, 0.0) @ R[layer]
            result[layer], p = (p - through).sum(axis=0), through
        return result.ravel()

    return velocity


class OutOfTimeError(Exception):
    """A peer took longer than its cap."""


def peer(problem: dict[str, Any], method: str, horizon: float, cap: float) -> str:
    """Seconds and error of a SciPy solver, or what became of it."""
    from scipy.integrate import solve_ivp

    velocity, end = right_side(problem), time.perf_counter() + cap

    def capped(t: float, state: Any) -> Any:
        if time.perf_counter() > end:
            raise OutOfTimeError
        return velocity(t, state)

    truth = chamber_flow(**problem, t_max=horizon).bias([horizon]).ravel()
    start = time.perf_counter()
    try:
        answer = solve_ivp(capped, (0.0, horizon), np.ravel(problem["biases"]), method, rtol=1e-10, atol=1e-12)
    except OutOfTimeError:
        return f"> {cap:.0f} s"
    if not answer.success:
        return f"fails: {answer.message}"
    return f"{time.perf_counter() - start:.2f} s, error {np.abs(answer.y[:, -1] - truth).max():.1e}"


def restarted(method: str, restarts: int = 200) -> str:
    """The smallest flow with the wall as a terminal event, restarted from where it stopped."""
    from scipy.integrate import solve_ivp

    velocity, state, t = right_side(SMALLEST), np.array([0.5]), 0.0

    def wall(_: float, b: Any) -> float:
        return float(b[0])

    wall.terminal = True  # type: ignore[attr-defined]
    for count in range(restarts):
        answer = solve_ivp(velocity, (t, 10.0), state, method, rtol=1e-10, atol=1e-12, events=wall)
        if not answer.success:
            return f"fails at t = {answer.t[-1]:.4g} after {count} restarts"
        if answer.t[-1] >= 10.0:
            return f"{count} restarts, t = {answer.t[-1]:.4g}, error {abs(answer.y[0, -1]):.1e}"
        t, state = answer.t[-1], answer.y[:, -1]
    return f"chatters: {restarts} restarts, still at t = {t:.6g}"


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=9)
    parser.add_argument("--cap", type=float, default=10.0)
    options = parser.parse_args()
    chamber_flow(**draw(0, 30), t_max=20.0)  # compiles, or loads what was compiled
    print("compiled with numba" if COMPILED else "interpreted: numba is not installed")
    print("| N | events | µs / event, whole run | µs / event, compiled loop | of all events there |")
    print("|---|---|---|---|---|")
    loops = {}
    for N in (200, 500, 1000, 2000):
        events, whole, loop, plain = per_event(N, options.seeds)
        loops[N] = loop
        print(f"| {N} | {events} | {whole:.1f} | {loop:.1f} | {100 * plain:.0f} % |", flush=True)
    balls = isolate_events(chamber_flow(**draw(0, 200), t_max=20.0))
    print(f"ball replay of {balls.events} events: state error {balls.state_error:.1e}, times {balls.time_error:.1e}")
    print("| solver | L = 2, Q = 3, N = 60, t = 5 | smallest slide, t = 10 | the same with terminal events |")
    print("|---|---|---|---|")
    medium = draw(4, 60)
    start = time.perf_counter()
    chamber_flow(**medium, t_max=5.0)
    print(f"| chamber_flow | {time.perf_counter() - start:.4f} s | exact | exact |")
    for method in ("RK45", "DOP853", "LSODA", "Radau", "BDF"):
        cells = peer(medium, method, 5.0, options.cap), peer(SMALLEST, method, 10.0, options.cap), restarted(method)
        print(f"| {method} | {' | '.join(cells)} |", flush=True)
    return int(loops[2000] > 3.0 * loops[200])


if __name__ == "__main__":
    sys.exit(main())
