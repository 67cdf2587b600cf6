"""One Runge-Kutta step of order 8 in a chart, its error, and the interpolant of order 7 in the same chart.

The dissipation ∫ |θ̇|² runs along as one more coordinate: the cost must fall by exactly that much (theory C10), and by
Cauchy-Schwarz a path that dissipates E in time h is no longer than √(hE), which bounds how far any wall can have moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from symflow.flow.rotation import kernels
from symflow.flow.rotation.charts import Chart, singular
from symflow.flow.rotation.equations import KINDS, Parameters
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.tableau import ALL_STAGES, COUPLINGS, ERROR_WEIGHTS, INTERPOLATION, STAGES


class Field(Protocol):
    """A velocity θ̇ on the manifold; one with a method ``stages`` has a faster way than ``run_stages`` with itself."""

    def __call__(self, at: Parameters) -> Floats:
        """θ̇ at a point."""
        ...


# Chart, length of the step, start, slopes, numbers of the stages; see ``run_stages``.
Stages = Callable[[Chart, float, Floats, Floats, tuple[int, int]], tuple[Floats, Floats]]


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
    _points: Parameters | None = None

    @property
    def polynomial(self) -> Floats:
        """Coefficients (7, D + 1) of the interpolant of order 7."""
        if self._polynomial is None:
            self._polynomial = self._interpolant()
        return self._polynomial

    def coordinates(self, fraction: float) -> Floats:
        """Coordinates and dissipation at a fraction 0..1 of the step, by the interpolant of order 7."""
        value = np.zeros_like(self.start)
        for place in range(6, -1, -1):
            value = (value + self.polynomial[place]) * (fraction if place % 2 == 0 else 1.0 - fraction)
        return np.asarray(self.start + value)

    def points(self, fractions: Floats) -> Parameters:
        """The points at fractions (F,) of the step, stacked; found once, so every call must have the same fractions."""
        if self._points is None:
            chart, L, Q = self.chart, *self.chart.base.biases.shape
            if kernels.USED:
                F = len(fractions)
                found = Parameters(np.empty((F, L, Q)), np.empty((F, L, Q, Q)), np.empty((F, L, Q, Q)))
                kind = KINDS[chart.group]
                if not kernels.fill_along(fractions, self.start, self.polynomial, chart.base, chart.norms, kind, found):
                    raise singular()
            else:
                each = [self.parameters(fraction) for fraction in fractions]
                found = Parameters(*(np.array(arrays) for arrays in zip(*each, strict=True)))
            self._points = found
        return self._points

    def stretched(self, longer: float) -> Step:
        """The step with a tiny piece more, or less if negative, along the velocity at its end."""
        end = self.end + longer * self.slopes[STAGES]
        return Step(self.chart, self.field, self.size + longer, self.start, self.slopes, end, self.final_velocity)

    def parameters(self, fraction: float) -> Parameters:
        """The point at a fraction of the step."""
        return self.chart.parameters(self.coordinates(fraction)[:-1])

    @property
    def is_settled(self) -> bool:
        """Whether the interpolant is known."""
        return self._polynomial is not None

    def settle(self) -> None:
        """Interpolate now, and let go of the field, which holds data."""
        _ = self.polynomial
        self.field = _let_go

    @property
    def dissipation(self) -> float:
        """∫ |θ̇|² over the step."""
        return float(self.end[-1])

    def error(self, scale: Floats) -> float:
        """Estimate of the error by the embedded formulas of order 5 and 3, in units of ``scale``."""
        fifth, third = (ERROR_WEIGHTS @ self.slopes[: STAGES + 1, :-1]) / scale
        squared, other = float(fifth @ fifth), float(third @ third)
        below = (squared + 0.01 * other) * len(scale)
        return 0.0 if below == 0 else self.size * squared / np.sqrt(below)  # NaN stays NaN

    def _interpolant(self) -> Floats:
        _stages_of(self.field)(self.chart, self.size, self.start, self.slopes, (STAGES + 1, ALL_STAGES))
        change, first, last = self.end - self.start, self.slopes[0], self.slopes[STAGES]
        leading = [change, self.size * first - change, 2 * change - self.size * (first + last)]
        return np.vstack([*leading, self.size * (INTERPOLATION @ self.slopes)])


def _let_go(at: Parameters) -> Floats:
    raise AssertionError(f"a settled step was asked for the velocity at {at}; it has its interpolant only")


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
    end, final = _stages_of(field)(chart, size, start, slopes, (1, STAGES + 1))
    return Step(chart, field, size, start, slopes, end, final)


def run_stages(
    chart: Chart, field: Field, size: float, start: Floats, slopes: Floats, numbers: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Fill in the slopes numbers[0]..numbers[1] − 1; the last of their places, and θ̇ there."""
    place, final = start, slopes[0, :-1]
    for stage in range(*numbers):
        place = start + size * (COUPLINGS[stage, :stage] @ slopes[:stage])
        slopes[stage], final = slope(chart, field, place)
    return place, final


def _stages_of(field: Field) -> Stages:
    """The field's own, compiled way to run the stages, if it has one."""
    own: Stages | None = getattr(field, "stages", None)
    if own is not None and kernels.USED:
        return own

    def stages(
        chart: Chart, size: float, start: Floats, slopes: Floats, numbers: tuple[int, int]
    ) -> tuple[Floats, Floats]:
        return run_stages(chart, field, size, start, slopes, numbers)

    return stages
