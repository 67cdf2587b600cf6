"""What the radius of a replay in ball arithmetic does at an event.

The true trajectory θ and the course y, |θ - y| <= r, pass the wall f = 0 at times at most ρ apart; y does so at T.
While |t - T| <= ρ the two may be in different chambers, with velocities F and F'. Where (F' - F)(m) = α ∇f + e, the
difference D = θ - y has

    ½ (|D|²)' <= |H| |D|² + (|e| + (|H| + |H'|) · distance from m) |D| ± α ∇f · D,

+ where θ passes first, and then ∇f · D = f(θ) - f(y) <= |f(m)|, for θ is behind the wall and y before it; - where
y does, and the reverse. So if α > 0, which is so where the wall brakes the flow or stops it to slide, the last term
is at most a = α |f(m)|, roundoff: valleys keep trajectories together. Otherwise α is counted in with e. On sliding
walls that remain, ∇f stands for its part along them: D has no other part but for δ. From |D|' <= a/|D| + E + H |D|
for a time ρ follows that |D| becomes at most (sqrt(r² + 2 a ρ) + E ρ) exp(H ρ).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from symflow.flow.chamber.ball_bounds import OUT, above, norm
from symflow.flow.chamber.ball_flow import BallFunction


@dataclass(slots=True)
class Passing:
    """The event between two chambers, as the course passes it."""

    arriving: Any  # F, the velocity before
    stiffness: float  # |H| before
    wall: BallFunction | None  # f, if it is one wall that is met; its gradient along the walls that are slid on
    value: float  # |f| there at most, and by how much f may differ across those walls

    def radius_after(
        self, radius: float, early: float, velocity: Any, stiffness: float, moved: float, off: float
    ) -> float:
        """|θ - y| when both have passed: see above; ``early`` is ρ, and the course was ``moved`` onto sliding walls."""
        both = stiffness + self.stiffness
        jump = velocity - self.arriving
        close = radius + moved
        nearby = both * (close + moved + 2.0 * (norm(self.arriving) + norm(velocity)) * early)
        braking, beside = 0.0, norm(jump)
        if self.wall is not None:
            row = self.wall.row
            share = (row * jump)[0, 0] / (row * row.transpose())[0, 0]
            if share > 0:
                braking, beside = above(share), norm(jump - row.transpose() * share)
                kappa = self.value + self.wall.size * off
                close = math.hypot(close, math.sqrt(2.0 * early * braking * kappa))
        return (close + early * (beside + nearby)) * (1.0 + 4.0 * both * early) * (1.0 + 2.0 * OUT)
