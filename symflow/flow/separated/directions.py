"""One direction of the separated flow: its events, and its threshold at any time (theory C3-C5).

The threshold q moves towards q* and never turns, so that the data it meets are a slice of the sorted data, and which
of them drive it is known by counting: upwards all data ≤ q, downwards all data < q. Between neighbours the mass ν of
these is constant and q* − q decays like e^{−νt}; the time to the next datum v′ is a logarithm,

    ν^{-1} log((q* − v)/(q* − v′)) = ν^{-1} log1p((v′ − v)/(q* − v′)),

whose second form has only differences of data in it and loses no digit when v′ is close to v. These formulas are
written by hand, since a sum over the data at every time would lose what one sort has won; tests compare velocities with
the proved right side of C2, to 1e-13, and places with those of C3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from symflow.flow.separated.sums import BLOCK, Floats, prefix_sums, prefix_sums_of

Kind = Literal["collapsed", "partial", "frozen"]
Masses = Callable[[int, int], Floats]


@dataclass(frozen=True, eq=False)
class Direction:
    """The motion of one threshold from ``start`` to ``target``; event j is at ``times[j]``, and ``times[0]`` is 0.

    ``data`` (N,) are the sorted coordinates; ``first`` and ``last`` count the data that are truncated at the start and
    after the last event, so that ``times`` has length 1 + |last − first|. ``weights`` (N,) belong to the sorted data,
    ``masses_below`` (N + 1,) are their prefix sums; None where all weights are one number.
    """

    data: Floats
    weights: Floats | float
    masses_below: Floats | None
    start: float
    target: float
    first: int
    last: int
    times: Floats

    @cached_property
    def thresholds(self) -> Floats:
        """Where the threshold is at each of ``times``: the start, then the data that it meets."""
        return np.concatenate(([self.start], _met(self.data, self.first, self.last)))

    @cached_property
    def masses(self) -> Floats:
        """The mass that drives the threshold from each of ``times`` on."""
        masses = _masses(self.first, self.last, self.weights, self.masses_below)
        return masses(0, self.times.size)

    @property
    def equilibrium(self) -> float:
        """lim q(t): the target, or where the threshold stands once nothing drives it."""
        return float(self.data[0] if self.first else self.start) if self.last == 0 else self.target

    @property
    def kind(self) -> Kind:
        """``frozen`` if nothing drives q in the end; else ``collapsed`` if q* ≥ all data; else ``partial``."""
        if self.last == 0:
            return "frozen"
        return "collapsed" if self.data[-1] <= self.target else "partial"

    @property
    def collapse_time(self) -> float | None:
        """When the last datum is truncated for good; None if one never is."""
        return float(self.times[-1]) if self.last == self.data.size else None

    @property
    def freezing_time(self) -> float | None:
        """When the threshold comes to rest in finite time; None if it moves for ever, or rests on its target."""
        return float(self.times[-1]) if self.last == 0 else None

    def stages(self, times: Floats) -> NDArray[np.intp]:
        """Number of events up to and including each time."""
        return np.asarray(np.searchsorted(self.times, times, side="right") - 1)

    def threshold(self, times: Floats) -> Floats:
        """q at each time ≥ 0, infinity included; exactly a datum at its event, and never beyond the next one."""
        stage = self.stages(times)
        here, mass = self.thresholds[stage], self.masses[stage]
        elapsed = times - self.times[stage]
        exponent = np.multiply(mass, elapsed, out=np.zeros_like(elapsed), where=mass > 0)  # 0 times infinity is 0 here
        gap = self.target - here
        # Early on the distance covered is the small quantity, later the distance left: each is computed as itself.
        moved = np.where(exponent < 0.5, here - gap * np.expm1(-exponent), self.target - gap * np.exp(-exponent))
        bound = np.append(self.thresholds[1:], self.equilibrium)[stage]
        return np.asarray(np.clip(moved, np.minimum(here, bound), np.maximum(here, bound)))

    def rate(self, times: Floats) -> Floats:
        """dq/dt = ν(q* − q) from the right at each time; 0 in the limit."""
        return np.asarray(self.masses[self.stages(times)] * (self.target - self.threshold(times)))

    def loss(self, times: Floats) -> Floats:
        """½(ν(q* − q)² + Σ ω(x − q*)² over the data that are not truncated) at each time (theory A7)."""
        stage = self.stages(times)
        moving = self.masses[stage] * (self.target - self.threshold(times)) ** 2
        return np.asarray((moving + self._untouched[stage]) / 2)

    @cached_property
    def _untouched(self) -> Floats:
        """Σ ω(x − q*)² over the data that are not truncated after each event; a sum of positive terms, so exact."""
        top = max(self.first, self.last)
        costs = self.weights * (self.data - self.target) ** 2
        always = np.sum(costs[top:])
        met = costs[min(self.first, self.last) : top][::-1]  # from the top: each sum has what lies above a datum
        sums = prefix_sums_of(met) + always
        return sums[::-1] if self.last > self.first else sums


def direction(data: Floats, weights: Floats | float, start: float, target: float) -> Direction:
    """The motion from ``start`` to ``target`` through sorted ``data`` (N,); ``weights`` in that order, or one for all.

    A weight for all that is the float nearest to 1/n stands for 1/n: masses are then j/n, rounded once.
    """
    below = int(data.searchsorted(start, side="right"))  # a datum on the wall counts as truncated
    if below == 0 or target == start:
        last = below  # nothing drives the threshold, or it is where it wants to be
    else:
        last = int(data.searchsorted(target, side="left" if target > start else "right"))
    masses_below = None if isinstance(weights, float) else prefix_sums_of(weights)
    met = _met(data, below, last)
    durations = _durations(met, start, target, _masses(below, last, weights, masses_below))
    return Direction(data, weights, masses_below, start, target, below, last, prefix_sums(met.size, durations))


def _met(data: Floats, first: int, last: int) -> Floats:
    """The data that a threshold meets, in order: a view."""
    return data[first:last] if last > first else data[last:first][::-1]


def _masses(first: int, last: int, weights: Floats | float, masses_below: Floats | None) -> Masses:
    """Mass of the lowest ``first`` data, of one more (or one less, towards ``last``), and so on, from i to before j."""
    rising = last > first
    if masses_below is not None:
        path = masses_below[first : last + 1] if rising else masses_below[last : first + 1][::-1]
        return lambda begin, end: path[begin:end]
    assert isinstance(weights, float)
    step, weight = 1.0 if rising else -1.0, weights
    whole = round(1 / weight) if weight <= 1 else 0
    exact = whole > 0 and weight == 1 / whole

    def masses(begin: int, end: int) -> Floats:
        counts = np.arange(first + step * begin, first + step * end, step)
        if exact:
            counts /= whole
        else:
            counts *= weight
        return counts

    return masses


def _durations(met: Floats, start: float, target: float, masses: Masses) -> Callable[[int, int], Floats]:
    """Times between the events from i to before j, in an array that the next call overwrites.

    Large arrays cost more to allocate than to fill: what is needed on the way exists in blocks, and these only once.
    """
    size = min(met.size, BLOCK)
    steps, distances = np.empty(size), np.empty(size)
    # With steps of at most 2e150 no quotient overflows unless a datum is as close to the target as this.
    safe = met.size == 0 or abs(target - float(met[-1])) > 1e-150

    def durations(begin: int, end: int) -> Floats:
        step, left, here = steps[: end - begin], distances[: end - begin], met[begin:end]
        behind = float(met[begin - 1]) if begin else start
        step[0] = here[0] - behind
        np.subtract(here[1:], here[:-1], out=step[1:])
        np.subtract(target, here, out=left)
        if safe:
            step /= left
            np.log1p(step, out=step)
        else:
            _logarithms(step, left, abs(target - behind))
        step /= masses(begin, end)
        return step

    return durations


def _logarithms(steps: Floats, left: Floats, before: float) -> None:
    """log1p(steps/left) in place where the quotient may overflow; ``before`` is the distance left at the first step."""
    distances = np.abs(np.concatenate(([before], left)))
    with np.errstate(over="ignore"):
        steps /= left
    np.log1p(steps, out=steps)
    beyond = ~np.isfinite(steps)
    steps[beyond] = np.log(distances[:-1][beyond]) - np.log(distances[1:][beyond])
