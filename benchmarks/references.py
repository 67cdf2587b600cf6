"""Flows to 40 and 50 digits with mpmath, by other routes than symflow's: what all errors are measured against.

A number of the reference is kept as a sum of two floats, so that errors far below one unit of rounding are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from problems import Cluster, Floats, arrays

Number = Any  # mpmath has no types


@dataclass(frozen=True)
class Twofold:
    """Numbers as sums of two floats."""

    high: Floats
    low: Floats

    def errors(self, values: Floats) -> Floats:
        """|values - numbers|: values close to a number are subtracted from its higher part without rounding."""
        return np.abs((values - self.high) - self.low)


def twofold(numbers: Sequence[Any], digits: int = 50) -> Twofold:
    """Both parts of mpmath's numbers, an array of the shape of nested sequences."""
    with mpmath.workdps(digits):
        array = np.array(numbers, dtype=object)
        high = np.array([float(number) for number in array.ravel()])
        low = np.array([float(number - mpmath.mpf(part)) for number, part in zip(array.ravel(), high, strict=True)])
    return Twofold(high.reshape(array.shape), low.reshape(array.shape))


def separated_reference(problem: Cluster, digits: int = 50) -> tuple[Twofold, Twofold]:
    """Event times and thresholds at the wanted times, for a threshold that rises past all data.

    Between two events (q* - q(t)) e^{νt} is constant with ν the truncated fraction (theory C3), so that an event adds
    the difference of two logarithms over ν: one logarithm for each datum, from the sorted data alone.
    """
    data = np.sort(problem.points)
    below = int(np.searchsorted(data, problem.start, side="right"))
    count = data.size
    with mpmath.workdps(digits):
        target, when = mpmath.mpf(problem.target), mpmath.mpf(0)
        before = mpmath.log(target - mpmath.mpf(problem.start))
        logarithms, events = [before], []
        for place, value in enumerate(data[below:].tolist(), start=below):
            after = mpmath.log(target - value)
            when += (before - after) * count / place
            events.append(when)
            logarithms.append(after)
            before = after
        times = twofold(events, digits)
        thresholds = []
        for time, stage in zip(
            problem.times.tolist(), np.searchsorted(times.high, problem.times, side="right").tolist(), strict=True
        ):
            since = time - (events[stage - 1] if stage else 0)
            thresholds.append([target - mpmath.exp(logarithms[stage] - since * (below + stage) / count)])
        return times, twofold(thresholds, digits)


class Replay:
    """A chamber flow between given changes of patterns, by Taylor series in time of β̇ = c - Aβ (theory D1)."""

    def __init__(self, problem: dict[str, Any], pattern: np.ndarray, digits: int = 40) -> None:
        """``pattern`` (L, N, Q) at the start, True for active."""
        self.digits = digits
        with mpmath.workdps(digits):
            points, goals, weights, biases, rotations = (_numbers(array) for array in arrays(problem))
            counts = np.bincount(problem["labels"])
            weights = np.array([1 / mpmath.mpf(int(counts[label])) for label in problem["labels"]], dtype=object)
            self.points, self.goals, self.weights, self.rotations = points, goals, weights, rotations
            self.pattern, self.state, self.time = np.array(pattern), biases.ravel(), mpmath.mpf(0)
            n = biases.size
            self.A = np.full((n, n), mpmath.mpf(0), dtype=object)
            self.c = np.full(n, mpmath.mpf(0), dtype=object)
            keys = ["".join("01"[int(on)] for on in self.pattern[:, i].ravel()) for i in range(len(points))]
            for key in sorted(set(keys)):
                members = [i for i, other in enumerate(keys) if other == key]
                self._add(members, 1)

    def prefix(self, datum: int, depth: int) -> tuple[Any, Any]:
        """M and D of z_depth = Mx + Dβ on the pattern of a datum."""
        L, Q, _ = self.rotations.shape
        M, D = _numbers(np.eye(Q)), np.full((Q, L * Q), mpmath.mpf(0), dtype=object)
        for layer in range(depth):
            R = self.rotations[layer]
            P = R.T @ (R * self.pattern[layer, datum].astype(int)[:, None])
            M, D = P @ M, P @ D
            D[:, layer * Q : (layer + 1) * Q] += P - _numbers(np.eye(Q))
        return M, D

    def _add(self, members: list[int], sign: int) -> None:
        M, D = self.prefix(members[0], len(self.rotations))
        w = self.weights[members]
        self.A = self.A + sign * w.sum() * (D.T @ D)
        self.c = self.c - sign * (D.T @ (M @ (w @ self.points[members]) - w @ self.goals[members]))

    def advance(self, length: Number, wall: tuple[Any, Any] | None = None) -> None:
        """By ``length``; with a wall (g, r), to the root of g·β + r next to ``length``."""
        with mpmath.workdps(self.digits):
            norm = max(sum(abs(entry) for entry in row) for row in self.A) + 1
            left = mpmath.mpf(length)
            while left > 1 / norm:
                self.state = _sum(self._series(1 / norm), 1 / norm)
                self.time, left = self.time + 1 / norm, left - 1 / norm
            terms = self._series(max(left, mpmath.mpf("1e-6")))
            if wall is not None:
                values = [wall[0] @ term for term in terms]
                values[0] += wall[1]
                for _ in range(6):
                    slope = sum(k * value * left ** (k - 1) for k, value in enumerate(values) if k)
                    left -= sum(value * left**k for k, value in enumerate(values)) / slope
            self.state, self.time = _sum(terms, left), self.time + left

    def _series(self, length: Number) -> list[Any]:
        terms, power, tiny = [self.state, self.c - self.A @ self.state], length, mpmath.mpf(10) ** -self.digits
        while len(terms) < 60 and max(abs(entry) for entry in terms[-1]) * power > tiny:
            terms.append(-(self.A @ terms[-1]) / len(terms))
            power *= length
        return terms

    def cross(self, layer: int, datum: int, component: int, near: float) -> None:
        """Go on to the wall that a datum meets near a time, and turn over its activation there; all count from 0."""
        with mpmath.workdps(self.digits):
            M, D = self.prefix(datum, layer)
            Q, row = M.shape[0], self.rotations[layer][component]
            gradient = row @ D
            gradient[layer * Q : (layer + 1) * Q] += row
            self.advance(near - self.time, (gradient, row @ (M @ self.points[datum])))
            self._add([datum], -1)
            self.pattern[layer, datum, component] = not self.pattern[layer, datum, component]
            self._add([datum], 1)


def chamber_reference(problem: dict[str, Any], flow: Any, times: Floats) -> tuple[Twofold, Twofold, Twofold]:
    """Event times, states (E, n) at events and at the wanted times (T, n), for a flow that crosses and never slides.

    Taken from the trajectory are only which datum crosses which wall, and about when.
    """
    replay = Replay(problem, flow.start_pattern)
    whens, at_events, at_times, wanted = [], [], [], times.tolist()
    for event in flow.events:
        (change,) = event.changes
        while wanted and wanted[0] < event.time:
            replay.advance(wanted[0] - replay.time)
            at_times.append(replay.state)
            wanted.pop(0)
        replay.cross(change.layer - 1, change.datum, change.component, event.time)
        whens.append(replay.time)
        at_events.append(replay.state)
    for time in wanted:
        replay.advance(time - replay.time)
        at_times.append(replay.state)
    return twofold(whens, 40), twofold(at_events, 40), twofold(at_times, 40)


def _sum(terms: list[Any], length: Number) -> Any:
    result = terms[-1]
    for term in reversed(terms[:-1]):
        result = term + length * result
    return result


def _numbers(array: np.ndarray) -> Any:
    return np.vectorize(mpmath.mpf, otypes=[object])(np.asarray(array, dtype=np.float64))
