"""One Runge-Kutta step of order 8 in a chart, its error, and the interpolant of order 7 in the same chart.

The dissipation ∫ |θ̇|² runs along as one more coordinate: the cost must fall by exactly that much (theory C10), and by
Cauchy-Schwarz a path that dissipates E in time h is no longer than √(hE), which bounds how far any wall can have moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symflow.flow.rotation.charts import Chart
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.tableau import ALL_STAGES, COUPLINGS, ERROR_WEIGHTS, INTERPOLATION, STAGES

Field = Callable[[Parameters], Floats]


@dataclass(slots=True)
class Step:
    """A step of length ``size`` from the base of ``chart``; slopes (16, D + 1), the last three filled in when asked."""

    chart: Chart
    field: Field
    size: float
    start: Floats  # coordinates, with the dissipation 0 at the end
    slopes: Floats
    end: Floats
    final_velocity: Floats
    _polynomial: Floats | None = None

    def coordinates(self, fraction: float) -> Floats:
        """Coordinates and dissipation at a fraction 0..1 of the step, by the interpolant of order 7."""
        if self._polynomial is None:
            self._polynomial = self._interpolant()
        value = np.zeros_like(self.start)
        for place in range(6, -1, -1):
            value = (value + self._polynomial[place]) * (fraction if place % 2 == 0 else 1.0 - fraction)
        return np.asarray(self.start + value)

    def parameters(self, fraction: float) -> Parameters:
        """The point at a fraction of the step."""
        return self.chart.parameters(self.coordinates(fraction)[:-1])

    @property
    def dissipation(self) -> float:
        """∫ |θ̇|² over the step."""
        return float(self.end[-1])

    def error(self, scale: Floats) -> float:
        """Estimate of the error by the embedded formulas of order 5 and 3, in units of ``scale``."""
        fifth, third = (ERROR_WEIGHTS @ self.slopes[: STAGES + 1, :-1]) / scale
        squared, other = float(fifth @ fifth), float(third @ third)
        below = (squared + 0.01 * other) * len(scale)
        return self.size * squared / np.sqrt(below) if below > 0 else 0.0

    def _interpolant(self) -> Floats:
        for stage in range(STAGES + 1, ALL_STAGES):
            place = self.start + self.size * (COUPLINGS[stage, :stage] @ self.slopes[:stage])
            self.slopes[stage] = slope(self.chart, self.field, place)[0]
        change, first, last = self.end - self.start, self.slopes[0], self.slopes[STAGES]
        leading = [change, self.size * first - change, 2 * change - self.size * (first + last)]
        return np.vstack([*leading, self.size * (INTERPOLATION @ self.slopes)])


def slope(chart: Chart, field: Field, place: Floats) -> tuple[Floats, Floats]:
    """Velocity of the coordinates, |θ̇|² appended; and θ̇ itself."""
    at = chart.parameters(place[:-1])
    velocity = field(at)
    return np.append(chart.pull_back(place[:-1], at, velocity), velocity @ velocity), velocity


def take(chart: Chart, field: Field, velocity: Floats, size: float) -> Step:
    """A step of the given length; ``velocity`` is that of the field at the base of the chart."""
    biases = chart.base.biases.ravel()
    start = np.zeros(len(velocity) + 1)
    start[: len(biases)] = biases
    slopes = np.zeros((ALL_STAGES, len(start)))
    slopes[0, :-1], slopes[0, -1] = velocity, velocity @ velocity
    place, final = start, velocity
    for stage in range(1, STAGES + 1):
        place = start + size * (COUPLINGS[stage, :stage] @ slopes[:stage])
        slopes[stage], final = slope(chart, field, place)
    return Step(chart, field, size, start, slopes, place, final)
