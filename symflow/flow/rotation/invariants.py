"""What a flow of moving weights conserves, or may only let fall: checked after every step, a violation is an error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symflow.flow.rotation.charts import Chart
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.stepping import Step
from symflow.flow.rotation.trajectories import InvariantError

MISMATCH = 10.0  # times what the error of a step allows, between the cost's fall and what was dissipated
RISE = 1.0  # the same for a cost that rises
ROUNDED = 1e2  # units of rounding within which a velocity is orthogonal to rows
CONSERVED = 1e-14


@dataclass(frozen=True, eq=False)
class Invariants:
    """Of one run: ``length`` ℓ, the largest coordinate; ``mass`` M of all data; what a step may be off by.

    ``norms`` (L, Q) of the rows with which the run began.
    """

    length: float
    mass: float
    rtol: float
    scale: Floats
    norms: Floats

    def check(self, step: Step, end: Chart, before: float, after: float, placed: float, when: str) -> None:
        """After a step to ``end`` on which the cost went from ``before`` to ``after``; events are ``placed`` so well.

        What is conserved is conserved to rounding, and the cost falls by what was dissipated (theory C10). Raises
        InvariantError.
        """
        allowed = self._allowed(step, end.base, max(before, after))
        if abs(before - after - step.dissipation) > MISMATCH * allowed or after > before + RISE * allowed:
            raise InvariantError(
                f"{when} the cost went from {before:.17g} to {after:.17g} while the flow dissipated "
                f"{step.dissipation:.3g}; the two must agree. A smaller rtol may help; if not, this is a bug"
            )
        weights = end.base.weights
        if end.group == "rotations":
            defect = float(np.abs(weights @ weights.transpose(0, 2, 1) - np.eye(weights.shape[-1])).max())
            if defect > CONSERVED:
                raise InvariantError(f"{when} a rotation is off the orthogonal group by {defect:.1e}")
        else:
            self._check_rows(step, weights, placed, when)

    def _check_rows(self, step: Step, weights: Floats, placed: float, when: str) -> None:
        """Rows keep their norms: those that the run began with, and by a velocity orthogonal to each row (B8).

        The chart brings rows back to their norms, which would hide a velocity that changes them.
        """
        defect = float(np.abs(np.linalg.norm(weights, axis=2) / self.norms - 1.0).max())
        if not defect <= CONSERVED:
            raise InvariantError(f"{when} the norm of a row is off by {defect:.1e} of it")
        start = step.chart.base
        changes = step.slopes[0, start.biases.size : -1].reshape(start.weights.shape)
        radial = np.abs((changes * start.weights).sum(axis=2)).max(axis=1)
        # Ẇ is a product with W^{-T}, whose product with Wᵀ is the identity up to the condition of W; and along a wall
        # the change is by the preactivation there, which is zero up to rounding of the data, or, where a slide begins,
        # up to how well the event was placed.
        size = np.linalg.norm(start.weights, axis=(1, 2))
        condition, speed = size * np.linalg.norm(start.inverses, axis=(1, 2)), np.linalg.norm(step.slopes[0, :-1])
        rounding = ROUNDED * np.finfo(float).eps * condition * size * (1 + self.length)
        if not (radial <= (rounding + placed * condition) * speed).all():
            raise InvariantError(f"{when} the velocity of a weight changes the norm of a row")

    def _allowed(self, step: Step, at: Parameters, top: float) -> float:
        """How far a cost, at most ``top``, may be off after a step: by its error, and by rounding.

        The step may be off by δ, |δ_i| ≤ ``scale`` in the mean over the n coordinates, and the cost then by |∇C·δ|, at
        most |v ∘ scale| √n with the velocity v = −∇C, and in second order by the masses times |δ|². Residuals are
        rounded in units of what they are differences of, the largest coordinate ℓ (times the condition of the weights),
        which makes εℓ√(2CM) of the cost C. All of it is linear in ℓ, unless the cost is tiny: an offset of the data,
        which changes no residual, does not hide a rise of ℓ² times the tolerance.
        """
        n, eps = len(self.scale), np.finfo(float).eps
        gradient = max(
            float(np.linalg.norm(velocity * self.scale)) for velocity in (step.slopes[0, :-1], step.final_velocity)
        )
        condition = float(np.abs(at.weights).max() * np.abs(at.inverses).max()) * at.biases.shape[1]
        unit = eps * self.length * condition * n
        error = gradient * np.sqrt(n) + self.mass * n * (self.rtol * self.length) ** 2
        return float(error + unit * np.sqrt(2.0 * top * self.mass) + self.mass * unit**2 + eps * n * top)
