"""Proofs that functions of θ stay positive along a segment of the trajectory: no wall is met before the one that is.

Two things are compared: the trajectory θ(t), in this chamber from its event at begin ± ``early`` on, and the course
y(t), the same flow from a known point m at ``begin``. The flow is a contraction, so that |θ(t) - y(t)| <= ``radius``
all the way. For f = row · θ + offset three bounds are used, all from the fact that no derivative of θ grows in length:

    f(t + h) >= Σ_{j<K} f⁽ʲ⁾(t) hʲ/j! - |row| |θ⁽ᴷ⁾(t)| hᴷ/K!   for a function that is positive at t, K = 2 and 6;
    f(t) >= f' t - |row| |θ''| t²/2                        for the wall that the trajectory has just crossed, f(0) = 0;
    f(t) >= f'' t²/2 - |row| |θ'''| t³/6                   for the wall that it has just left, f(0) = f'(0) = 0.

The first is applied to the course, the others to the trajectory itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_bounds import OUT, below, bernstein, norm
from symflow.flow.chamber.ball_flow import BallFlow, BallFunction

STEPS = 4000
ORDER = 6  # a function that decays to zero is followed with steps like its 6th root, not its square root
FINE = 0.5  # of the time of the fastest mode: shorter steps of order 2 are worth the trial of one of order 6
HALVINGS = 8
GRID = 64  # times in an octave at which several functions may be looked at
SLACK = 1.0 - 1e-3  # of a step that is allowed
ORDERS = np.arange(ORDER + 1)
FACTORIALS = np.array([math.factorial(order) for order in range(ORDER + 1)], dtype=np.float64)


@dataclass(slots=True)
class BallCourse:
    """A segment of the course, and how far the trajectory may be from it."""

    flow: BallFlow
    stiffness: float  # >= |H|, for the force c - Hθ before its projection; times ``early`` below 1/4
    radius: float  # of |θ(t) - y(t)|
    early: float  # how far from ``begin`` the trajectory may have entered the chamber

    @property
    def around(self) -> float:
        """How far from m the trajectory may enter the chamber, and be up to ``begin``.

        a <= radius + early (|v| + |H| a), since |θ'| is at most |v| + |H| a where the trajectory enters.
        """
        return (self.radius + self.early * self.flow.speed) * (1.0 + 2.0 * self.stiffness * self.early) * (1.0 + OUT)

    def room(self, function: BallFunction) -> float:
        """By how much f may differ between trajectory and course, also in the time before ``begin``."""
        return function.size * self.around * (1.0 + OUT)

    def after_crossing(self, function: BallFunction) -> float:
        """How long a function that starts at zero is positive for; <= 0 if that is not seen."""
        flow = self.flow
        slope = below(function.slope(flow.velocity)) - function.size * self.stiffness * self.around * (1.0 + OUT)
        bend = function.size * (flow.pull + self.stiffness**2 * self.around)
        return slope if slope <= 0.0 else SLACK * 2.0 * slope / bend if bend > 0.0 else math.inf

    def after_leaving(self, function: BallFunction) -> float:
        """The same for a function that starts at zero with slope zero."""
        flow = self.flow
        second = below(function.slope(flow.second)) - function.size * self.stiffness**2 * self.around * (1.0 + OUT)
        third = function.size * (flow.twist + self.stiffness**3 * self.around)
        return second if second <= 0.0 else SLACK * 3.0 * second / third if third > 0.0 else math.inf


def stays_positive(course: BallCourse, function: BallFunction, begin: float, end: float, where: str) -> None:
    """Prove that f is positive on the trajectory from ``begin`` to ``end``, times from the start of the course."""
    if end <= begin:
        return
    flow, room = course.flow, course.room(function)
    if begin <= 0.0 and (
        _stays_in_one(course, function, end) > room
        or _positive_for(flow, function, flow.start, flow.velocity, 0.0, room, end, 0) == end
    ):
        return
    time = max(begin, 0.0)
    for _ in range(STEPS):
        state, velocity, error, bend = flow.state_at(time)
        value = below(function.value(state)) - (room + function.size * error) * (1.0 + OUT)
        slope = below(function.slope(velocity)) - function.size * flow.size * error * (1.0 + OUT)
        if not value > 0.0:
            raise CertificateError(f"{where}: a wall may be met before the event at its end")
        fall = function.size * bend * (1.0 + OUT)
        root = math.sqrt(slope * slope + 2.0 * fall * value)
        step = 2.0 * value / (root - slope) if slope < 0.0 else (slope + root) / fall
        if time + SLACK * step < end and step * flow.size < FINE:
            longest = min(1.0 / flow.size, (end - time) * (1.0 + OUT))
            step = max(step, _positive_for(flow, function, state, velocity, error, room, longest, HALVINGS))
        if time + SLACK * step >= end:
            return
        time = _one_of_few(time + 0.5 * step, time + SLACK * step)
    raise CertificateError(f"{where}: more than {STEPS} steps to show that no wall is met earlier")


def _one_of_few(earliest: float, latest: float) -> float:
    """A time between these that others will get too, if there is one: the states there are found once for all."""
    mantissa, exponent = math.frexp(latest)
    coarse = math.ldexp(math.floor(mantissa * GRID) / GRID, exponent)
    return coarse if coarse >= earliest else latest


def _positive_for(
    flow: BallFlow, function: BallFunction, state: Any, velocity: Any, error: float, room: float, longest: float,
    halvings: int,
) -> float:  # fmt: skip
    """How long f is certainly above ``room`` after a state of the course known to within ``error``; 0 if not at all."""
    if not longest < math.inf:
        return 0.0
    vectors = flow.derivatives_at(velocity, ORDER)
    derivatives, wrong, growth = [], [], function.size * error
    for ball in (function.value(state), *map(function.slope, vectors[: ORDER - 1])):
        middle = float(ball.mid())
        derivatives.append(middle)
        wrong.append((growth + float(ball.rad()) + OUT * abs(middle)) * (1.0 + OUT))
        growth *= flow.size
    derivatives.append(-(function.size * norm(vectors[ORDER - 1]) + growth) * (1.0 + OUT))
    wrong.append(0.0)
    coefficients = np.array((derivatives, wrong)) / FACTORIALS
    step = longest
    for _ in range(1 + halvings):
        terms, spread = coefficients * step**ORDERS
        slack = room + float(spread.sum())
        slack += OUT * (float(np.abs(terms).sum()) + slack)
        if float((bernstein(ORDER) @ terms).min()) > slack:
            return step
        step *= 0.5
    return 0.0


def _stays_in_one(course: BallCourse, function: BallFunction, end: float) -> float:
    """A lower bound of f on the course up to ``end``, from its value and derivatives at the start."""
    flow = course.flow
    value, slope = below(function.value(flow.start)), below(function.slope(flow.velocity))
    second = below(function.slope(flow.second))
    low = min(value, value + slope * end + 0.5 * second * end * end)
    if slope < 0.0 < second and -slope < second * end:
        low = value - 0.5 * slope * slope / second
    sizes = abs(value) + abs(slope) * end + abs(second) * end * end
    return low - 2.0**-40 * sizes - function.size * flow.twist * end**3 / 6.0 * (1.0 + OUT)
