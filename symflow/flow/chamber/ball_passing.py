"""One event in balls: where its root is, and how far trajectory and course may be apart when both have passed it.

Trajectory θ and course y pass the wall f = 0 at times that differ by at most ρ, and may be in different chambers in
between, with velocities F before and F' behind. Where (F' - F)(m) = α ∇f + e at the event, D = θ - y has

    ½ (|D|²)' <= |H| |D|² + (|e| + (|H| + |H'|) · distance from m) |D| ± α ∇f · D,

+ where θ passes first, and then ∇f · D = f(θ) - f(y) <= |f(m)|, for θ is behind the wall and y before it; - where y
does, and the reverse. So if α > 0, which is so where the wall brakes the flow or stops it to slide, the last term is at
most a = α |f(m)|, roundoff: valleys keep trajectories together. Otherwise α is counted in with e. On sliding walls that
remain, ∇f stands for its part along them: D has no other part but for roundoff. From |D|' <= a/|D| + E + H |D| for a
time ρ follows that |D| becomes at most (sqrt(r² + 2 a ρ) + E ρ) exp(H ρ).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import flint

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_bounds import OUT, above, below, norm
from symflow.flow.chamber.ball_flow import BallFlow, BallFunction
from symflow.flow.chamber.ball_positive import BallCourse

ZERO = 2.0**-70  # values within this of zero are taken for zero where two walls are met at once, and counted
LONGER = 1e-6  # an event is never looked for farther than half of this from the time that the trajectory gives it
ROUNDS = 8
CLOSE = 2.0**-45  # a root that is as near as that is exact, at the first precision, after one correction


class TooCoarseError(CertificateError):
    """The same at a higher precision may succeed."""


@dataclass(slots=True)
class Passing:
    """The event between two chambers, as the course passes it."""

    arriving: Any  # F, the velocity before
    speed: float  # >= |F|
    stiffness: float  # |H| before
    wall: BallFunction | None  # f, if it is one wall that is met; its gradient along the walls that are slid on
    value: float  # |f| there at most, and by how much f may differ across those walls

    def radius_after(
        self, radius: float, early: float, flow: BallFlow, stiffness: float, moved: float, off: float
    ) -> float:
        """|θ - y| when both have passed: ``early`` is ρ, and the course was ``moved`` onto sliding walls."""
        both = stiffness + self.stiffness
        jump = flow.velocity - self.arriving
        close = radius + moved
        nearby = both * (close + moved + 2.0 * (self.speed + flow.speed) * early)
        braking, beside = 0.0, norm(jump)
        if self.wall is not None:
            row = self.wall.row
            share = (row * jump)[0, 0] / (row * row.transpose())[0, 0]
            if share > 0:
                braking, beside = above(share), norm(jump - row.transpose() * share)
                kappa = self.value + self.wall.size * off
                close = math.hypot(close, math.sqrt(2.0 * early * braking * kappa))
        return (close + early * (beside + nearby)) * (1.0 + 4.0 * both * early) * (1.0 + 2.0 * OUT)


def meet(flow: BallFlow, function: BallFunction, about: Any, state: Any, error: float) -> tuple[Any, Any, float]:
    """(time, ball, error) where a function vanishes: Newton steps along three derivatives.

    The fourth derivative is nowhere longer than at the start; a step back lets what is left out grow.
    """
    step = about
    for again in range(ROUNDS):
        if again:
            about = step
            state, error = flow.at(about)
        velocity = flow.velocity_at(state)
        second = -(flow.M * velocity)
        third = -(flow.M * second)
        f = [function.value(state), *(function.slope(derivative) for derivative in (velocity, second, third))]
        delta = (-f[0] / f[1]).mid()
        for _ in range(1 if abs(delta) < CLOSE else 2):
            rest = f[0] + delta * (f[1] + delta / 2 * (f[2] + delta / 3 * f[3]))
            delta = (delta - rest / (f[1] + delta * f[2])).mid()
        step = (about + delta).mid()
        delta = step - about
        left_out = flow.size * flow.twist * above(delta) ** 4 / 24.0 * (1.0 + OUT)
        if not left_out > 2.0 ** (8 - flint.ctx.prec) or not above(delta) < LONGER:
            break
    ball = state + (velocity + (second + third * (delta / 3)) * (delta / 2)) * delta
    return step, ball, error * math.exp(min(flow.size * above(delta), 1e2)) * (1.0 + OUT) + left_out


def isolate_root(
    course: BallCourse, function: BallFunction, arrived: Any, arriving: Any, error: float, radius: float,
    where: str,
) -> tuple[float, float]:  # fmt: skip
    """(h, ρ): the trajectory has one root within ρ, and none in a time h before that root."""
    flow, size = course.flow, function.size
    value = above(function.value(arrived)) + size * error
    if not value < ZERO * (1.0 + size):
        raise TooCoarseError(f"{where}: walls taken as met together are met one after another")
    slope = below(-function.slope(arriving)) - size * flow.size * error * (1.0 + OUT)
    if not slope > 0.0:
        raise CertificateError(f"{where}: a wall is met too flatly to tell its root from others")
    wide = 2.0 * (value + size * radius) / slope * (1.0 + OUT)
    loss = size * (course.stiffness * radius + flow.pull * wide) * (1.0 + OUT)
    if not loss < 0.25 * slope:
        raise TooCoarseError(f"{where}: a wall is met too flatly to tell its root from others")
    bend = size * (flow.pull + course.stiffness**2 * course.around) * (1.0 + OUT)
    return 1.99 * (slope - loss) / bend, (value + size * radius) / (slope - loss) * (1.0 + 4 * OUT)
