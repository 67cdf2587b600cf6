"""Data that stay on their walls: masks between 0 and 1 that keep the preactivations where they are (Filippov).

On a wall both neighbouring velocities may point at it. The flow of Clarke's inclusion then stays: its velocity is the
convex combination of the two along which da/dt = 0. The gradient is affine in the mask of each wall, so that Newton's
method needs one step, and a few more where one datum is on walls of several layers; there the masks are one of the
ways to combine the neighbouring velocities, and where they do not exist another way is not looked for. The derivative
costs as many gradients as there are walls; along a trajectory that of a moment ago serves as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from symflow.flow.layered.systems import Floats, System

STEPS = 8
AT_BOUND = 1e-9  # a mask this far beyond 0 or 1 is still taken for 0 or 1
FARTHEST = 1e3  # masks beyond this are no way to a solution between 0 and 1
ZERO = 1e-12  # rates of this size, in units of what a mask changes, are zero; after all steps LOOSELY is accepted
LOOSELY = 1e-8


class NoSlide(Exception):  # noqa: N818  # not an error: the caller asks whether there is one
    """No masks keep these walls."""


class Slides:
    """The walls slid on, flat indices, and the derivative ∂ȧ/∂h of their rates by their masks, where it was needed."""

    def __init__(self, system: System, walls: NDArray[np.intp]) -> None:
        self.system, self.walls = system, walls
        self._derivative: Floats | None = None
        self._back: Floats | None = None

    def masks(self, theta: Floats, masks: Floats) -> Floats:
        """The masks, with those of the walls changed so that da/dt = 0 there. Raises NoSlide.

        Where several do, as for a datum that is there twice, the change is the least one: equal data stay equal.
        """
        if not self.walls.size:
            return masks.copy()
        if self._derivative is not None:
            try:
                return self._solved(theta, masks, afresh=False)
            except NoSlide:
                pass
        return self._solved(theta, masks, afresh=True)

    def _solved(self, theta: Floats, masks: Floats, *, afresh: bool) -> Floats:
        """By Newton's method, with a derivative of its own for each step or with that of a moment ago."""
        result, unit = masks.copy(), 0.0
        for _ in range(STEPS):
            rates = self._rates(theta, result)
            if unit and np.abs(rates).max() <= ZERO * unit:
                return result
            if afresh:
                self._differentiate(theta, result)
            assert self._derivative is not None and self._back is not None
            unit = float(np.abs(self._derivative).max()) or 1.0
            result[self.walls] -= self._back @ rates
            if not np.abs(result[self.walls]).max() < FARTHEST:
                raise NoSlide
        if not np.abs(self._rates(theta, result)).max() <= LOOSELY * unit:
            raise NoSlide
        return result

    def _differentiate(self, theta: Floats, masks: Floats) -> None:
        """Exact differences, because ȧ is affine in each mask."""
        rates, columns = self._rates(theta, masks), []
        for wall in self.walls:
            moved = masks.copy()
            moved[wall] += 1.0
            columns.append(self._rates(theta, moved) - rates)
        self._derivative = np.array(columns, dtype=np.float64).T
        if not np.isfinite(self._derivative).all():
            raise NoSlide
        self._back = np.asarray(np.linalg.pinv(self._derivative, rcond=1e-10), dtype=np.float64)

    def _rates(self, theta: Floats, masks: Floats) -> Floats:
        velocity = self.system.velocity(theta, masks)
        return np.asarray(self.system.rates(theta, masks, velocity)[self.walls])
