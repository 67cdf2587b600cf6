"""rotation_flow against SciPy's DOP853 and the Lie-group solver lielab: time, evaluations and error, side by side.

The same problem, the same machine, each at several tolerances; quote the ratios, not the times. DOP853 and lielab get
the velocity in NumPy with ReLU's patterns as they meet them, and know nothing of walls. DOP853 works in the entries of
the matrices and leaves the orthogonal group; where the flow slides it chatters, and is stopped after ``CAP`` seconds.
lielab (if it is installed; it works with a Munthe-Kaas method of order 8(7)) is run where no wall is met, among others
on Brockett's double bracket (theory B5). Errors are those of β and R at the end, against rotation_flow at rtol 1e-13.

    python benchmarks/rotation_flow.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.integrate import DOP853

from symflow.flow import rotation_flow
from symflow.network import draw_orthogonal

RUNS = 3
CAP = 4.0


def problem(seed: int, Q: int, L: int, N: int) -> tuple[np.ndarray, ...]:
    """Q clusters around random centres, random targets, biases and rotations."""
    rng = np.random.default_rng(seed)
    centres, labels = rng.normal(size=(Q, Q)), np.arange(N) % Q
    points = centres[labels] + 0.3 * rng.normal(size=(N, Q))
    goals, biases = rng.normal(size=(Q, Q)), rng.uniform(-0.5, 1.0, size=(L, Q))
    return points, labels, goals, biases, np.array([draw_orthogonal(rng, Q) for _ in range(L)])


def equal(points: np.ndarray) -> np.ndarray:
    """Weights 1/N."""
    return np.full(len(points), 1 / len(points))


def entries_velocity(arguments: tuple[np.ndarray, ...]) -> Callable[[float, np.ndarray], np.ndarray]:
    """The velocity of (β, R) in plain NumPy, over all data, for a general-purpose solver."""
    x, labels, goals, biases, _ = arguments
    (L, Q), N, y = biases.shape, len(x), goals[labels]

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        b, R = state[: L * Q].reshape(L, Q), state[L * Q :].reshape(L, Q, Q)
        z, before = x, []
        for layer in range(L):
            u = (z + b[layer]) @ R[layer].T
            before.append((u, u > 0))
            z = np.maximum(u, 0) @ R[layer] - b[layer]
        residual, result = z - y, np.empty_like(state)
        turns = result[L * Q :].reshape(L, Q, Q)
        for layer in range(L - 1, -1, -1):
            u, on = before[layer]
            v = residual @ R[layer].T
            kept = v * on
            result[layer * Q : (layer + 1) * Q] = (v - kept).mean(axis=0) @ R[layer]
            half = (u.T @ kept + v.T @ (u * on)) / (2 * N)
            turns[layer] = (half - half.T) @ R[layer]
            residual = kept @ R[layer]
        return result

    return velocity


def by_scipy(arguments: tuple[np.ndarray, ...], t_max: float, rtol: float) -> tuple[np.ndarray | None, int]:
    """End state and evaluations; None where DOP853 gave up or was still busy after ``CAP`` seconds."""
    start = np.append(arguments[3].ravel(), arguments[4].ravel())
    solver = DOP853(entries_velocity(arguments), 0.0, start, t_max, rtol=rtol, atol=rtol)
    limit = time.perf_counter() + CAP
    while solver.status == "running" and time.perf_counter() < limit:
        solver.step()
    return (solver.y if solver.status == "finished" else None), solver.nfev


def by_lielab(arguments: tuple[np.ndarray, ...], t_max: float, rtol: float) -> tuple[np.ndarray | None, int]:
    """End state and evaluations of lielab on R^(LQ) × SO(Q)^L; None where it gave up."""
    from lielab.domain import RN, SO, CompositeAlgebra, CompositeManifold, rn, so
    from lielab.integrate import HomogeneousIVPSystem, IVPOptions, solve_ivp

    L, Q = arguments[3].shape
    velocity, evaluations = entries_velocity(arguments), 0

    def generator(time: float, at: CompositeManifold) -> CompositeAlgebra:
        nonlocal evaluations
        evaluations += 1
        R = [np.asarray(at[layer + 1].get_matrix()) for layer in range(L)]
        biases = np.asarray(at[0].serialize())
        moved = velocity(time, np.concatenate([biases, *(rotation.ravel() for rotation in R)]))
        turns = moved[L * Q :].reshape(L, Q, Q)
        return CompositeAlgebra(
            [rn.from_vector(moved[: L * Q]), *(so(turn @ rotation.T) for turn, rotation in zip(turns, R, strict=True))]
        )

    options = IVPOptions()
    options.reltol, options.abstol, options.dt_min, options.dt_max = rtol, rtol, 1e-9, t_max
    start = CompositeManifold([RN.from_vector(arguments[3].ravel()), *(SO(rotation) for rotation in arguments[4])])
    solved = solve_ivp(HomogeneousIVPSystem(generator), np.array([0.0, t_max]), start, options)
    if not solved.success:
        return None, evaluations
    end = solved.y[-1]
    matrices = [np.asarray(end[layer + 1].get_matrix()).ravel() for layer in range(L)]
    return np.concatenate([np.asarray(end[0].serialize()), *matrices]), evaluations


def by_symflow(arguments: tuple[np.ndarray, ...], t_max: float, rtol: float) -> tuple[np.ndarray, int]:
    """End state and evaluations."""
    flow = rotation_flow(*arguments, t_max=t_max, rtol=rtol, weights=equal(arguments[0]))
    return np.append(flow.bias([t_max]).ravel(), flow.rotation([t_max]).ravel()), flow.evaluations


def timed(work: Callable[[], tuple[Any, int]]) -> tuple[Any, int, float]:
    """The answer, the evaluations, and the median of the times; one run if it is a long one."""
    times: list[float] = []
    while len(times) < RUNS and sum(times) < CAP:
        begun = time.perf_counter()
        answer, evaluations = work()
        times.append(time.perf_counter() - begun)
    return answer, evaluations, statistics.median(times)


def defect(state: np.ndarray, L: int, Q: int) -> float:
    """Distance from the orthogonal group."""
    R = state[L * Q :].reshape(L, Q, Q)
    return float(np.abs(R @ R.transpose(0, 2, 1) - np.eye(Q)).max())


def compare(title: str, arguments: tuple[np.ndarray, ...], t_max: float) -> None:
    """Print a row for each program and tolerance; ratios are to the first row."""
    L, Q = arguments[3].shape
    flow = rotation_flow(*arguments, t_max=t_max, rtol=1e-13, weights=equal(arguments[0]))
    sizes = f"Q = {Q}, L = {L}, N = {len(arguments[0])}, t <= {t_max:.3g}"
    print(f"\n{title}: {sizes}, {len(flow.events)} events, {flow.status}")
    print(f"  {'':28}{'error':>10}{'off O(Q)':>10}{'evaluations':>13}{'ms':>9}{'time ratio':>12}")
    reference, _ = by_symflow(arguments, t_max, 1e-13)
    unit = 0.0
    rivals = [("rotation_flow", by_symflow), ("SciPy DOP853", by_scipy)]
    if not flow.events and len(arguments[0]) < 1000 and find_spec("lielab"):
        rivals.append(("lielab", by_lielab))
    for name, solve in rivals:
        for rtol in (1e-6, 1e-8, 1e-10, 1e-12):
            state, evaluations, seconds = timed(lambda solve=solve, rtol=rtol: solve(arguments, t_max, rtol))  # type: ignore[misc]
            unit = unit or seconds
            found = "unfinished" if state is None else f"{np.abs(state - reference).max():.1e}"
            off = "" if state is None else f"{defect(state, L, Q):.1e}"
            row = f"  {f'{name}, rtol {rtol:.0e}':28}{found:>10}{off:>10}{evaluations:>13}"
            print(row + f"{1e3 * seconds:>9.1f}{seconds / unit:>12.2f}")


def with_a_gap(N: int) -> tuple[np.ndarray, ...]:
    """Data near the corners of a cube and targets in its middle: thresholds move in the gap, and no wall is met."""
    rng = np.random.default_rng(1)
    turn, goals = 0.05 * rng.normal(size=(3, 3)), 0.2 * rng.normal(size=(2, 3))
    points = rng.choice([-1.0, 1.0], size=(N, 3)) + rng.uniform(-0.1, 0.1, size=(N, 3))
    R = np.linalg.solve(np.eye(3) - turn + turn.T, np.eye(3) + turn - turn.T)
    return points, np.arange(N) % 2, goals, np.full((1, 3), 0.4), R[None]


def double_bracket() -> tuple[np.ndarray, ...]:
    """Data with one common pattern (active, active, truncated) throughout: M = R S Rᵀ runs to a diagonal matrix."""
    rng = np.random.default_rng(2)
    points = rng.uniform([0.6, 1.6, -2.4], [1.4, 2.4, -1.6], size=(20, 3))
    return points, np.zeros(20, dtype=int), np.array([[1.2, 1.4, -1.5]]), np.zeros((1, 3)), np.eye(3)[None]


def main() -> None:
    """All comparisons."""
    compare("double bracket on SO(3)", double_bracket(), 10.0)
    for N in (50, 100_000):
        compare("inside a chamber", with_a_gap(N), 0.5)
    compare("across walls", problem(4, 2, 1, 40), 10.0)
    compare("sliding", problem(5, 2, 1, 20), 10.0)
    compare("sliding, two layers", problem(4, 2, 2, 12), 2.0)


if __name__ == "__main__":
    main()
