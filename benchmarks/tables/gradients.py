"""Fourth table: the gradient by all biases and rotations, in closed form and by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradients as ways
from capped import cpu_seconds
from peers.layers import by_torch

from symflow.network import pulled_back_targets
from tables.rows import beside, heading, row, small, times


def gradients(quick: bool, seconds: float) -> list[str]:
    """Print the table; where two ways differ."""
    print("Gradient by all biases and rotations, ratios to the rows with the same moments (theory C8), which are found")
    print("once in a chamber; compiling is not counted.\n")
    heading("data", "Q", "L", "N", "rows", "moments", "proved formulas", "jax.jit(jax.grad)", "torch", "difference")
    formulas, failed = ways.proved_formulas(), []
    sizes = ((3, 2, 50),) if quick else ((3, 3, 50), (10, 5, 1000), (3, 3, 10_000))
    for drawn, (Q, L, N) in ((drawn, size) for drawn in (ways.scattered, ways.clustered) for size in sizes):
        if drawn is ways.scattered and N > 1000:
            continue  # a network with so many data, none of them near a wall, is not found
        network, data = drawn(Q, L, N)
        problem = network, data, pulled_back_targets(network, data.targets)
        group, ours = ways.by_moments(*problem)
        expected, needed = min((cpu_seconds(ours) for _ in range(5)), key=lambda run: run[1])
        cells, worst = [], 0.0
        for name, way in _ways(formulas, problem):
            turns, reason = beside(lambda ours=ours: ours, name, way, seconds)  # type: ignore[misc]
            cells.append(times(turns.ratio) if turns else "–" if reason == "not installed" else reason)
            if turns:
                worst = max(worst, ways.difference(turns.their_answer, expected))
        cells = [f"{1e6 * needed:.0f} µs", *cells, small(worst)]
        row([drawn.__name__, Q, L, N, len(group().rows.points), *cells])
        if worst > ways.TOLERANCE:
            failed.append(f"gradients, {drawn.__name__}, Q = {Q}, L = {L}, N = {N}: two ways differ by {worst}")
    return failed


def _ways(formulas: Any, problem: tuple[Any, Any, Any]) -> list[tuple[str, Callable[[], Any]]]:
    return [
        ("symflow", lambda: partial(formulas, *problem)),
        ("jax", partial(ways.by_jax, *problem)),
        ("torch", partial(by_torch, *problem)),
    ]
