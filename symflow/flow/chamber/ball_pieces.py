"""The course of a segment as polynomials in floats, piece by piece, with a bound of what they leave out.

They tell which walls are far from all of the segment, without a closer look at each of them (``ball_walls``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symflow.flow.chamber.ball_bounds import OUT, floats, norm, spill
from symflow.flow.chamber.ball_positive import ORDER, BallCourse

SHORT = 0.4  # |M| times a time for which two terms of Taylor's series tell the walls that are far
PIECES = 100  # of a longer one: each goes on until what its series leaves out is
CURVED = 7.2  # a hundredth of the way at its first velocity, |θ⁽⁶⁾| h⁶/6! = |θ'| h/100,
NEGLIGIBLE = 1e-9  # or next to nothing, |θ⁽⁶⁾| h⁶ = 1e-9


def pieces(course: BallCourse, theta: list[float], end: float) -> Iterator[tuple[list[list[float]], float]]:
    """(p, r): the trajectory is within r of Σ_j p_j s^j, 0 <= s <= 1, in one piece of the time up to ``end``.

    ``theta`` is where the course begins. The first derivative that is not in the polynomial grows no longer than it is
    at the begin of the piece; the trajectory is next to the course; and what is known of the course are balls.
    """
    flow = course.flow
    if end * flow.size <= SHORT:
        yield _polynomial(course.around, theta, [flow.velocity, flow.second], flow.twist, end)
        return
    time = 0.0
    for left in range(PIECES, 0, -1):
        state, velocity, error, _ = flow.state_at(time)
        *derivatives, last = flow.derivatives_at(velocity, ORDER)
        fast, length = norm(last), end - time
        if left > 1:
            curved = (CURVED * norm(velocity) / fast) ** (1 / (ORDER - 1))
            length = min(length, max(curved, (NEGLIGIBLE / fast) ** (1 / ORDER)))
        around = course.around + error + spill(state)
        yield _polynomial(around, floats(state), derivatives, fast, length * (1.0 + OUT))
        time += length
        if time >= end:
            return


def _polynomial(
    around: float, state: list[float], derivatives: list[Any], least: float, length: float
) -> tuple[list[list[float]], float]:
    """Taylor's polynomial; ``least`` bounds the first derivative that is left out."""
    path, factor = [state], 1.0
    for order, derivative in enumerate(derivatives, 1):
        factor *= length / order
        path.append([entry * factor for entry in floats(derivative)])
        around += factor * spill(derivative)
    return path, (around + factor * length / len(path) * least) * (1.0 + OUT)
