"""One direction of a separated flow whose data lie in files: the same formulas as in memory, block by block.

Only data between start and target are met, and only they are sorted (theory C3). Of the others the flow sees how many
drive the threshold, their mass, their extremes, and one sum for the loss. Times and masses are running sums with the
two-sum repair of ``separated.sums``, carried on from block to block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow.separated import Kind
from symflow.flow.streaming.scratch import Scratch

Floats = NDArray[np.float64]
CACHED = 8192  # terms that are summed at a time


class RunningSum:
    """Prefix sums of terms ≥ 0 that come in blocks, each to about one rounding (see ``separated.sums``)."""

    def __init__(self, start: float = 0.0) -> None:
        self._carried, self._repair = start, 0.0

    def add(self, terms: Floats) -> Floats:
        """The sums up to and including each of the further terms.

        >>> running = RunningSum()
        >>> _ = [running.add(np.full(100, 0.1)) for _ in range(9)]
        >>> float(running.add(np.full(100, 0.1))[-1])
        100.0
        """
        result = np.empty(len(terms))
        for begin in range(0, len(terms), CACHED):
            added = terms[begin : begin + CACHED]
            sums = np.cumsum(np.concatenate(([self._carried], added)))
            before, after = sums[:-1], sums[1:]
            taken = after - before
            lost = before - (after - taken)
            lost += added - taken
            lost[0] += self._repair
            lost = np.cumsum(lost)
            result[begin : begin + len(added)] = after + lost
            self._carried, self._repair = float(after[-1]), float(lost[-1])
        return result


@dataclass(frozen=True)
class Side:
    """What the flow of one direction needs to know of all data, met or not.

    below: how many are ≤ start; lowest, highest: extremes; driving: mass that drives the threshold at the start;
    remaining: the part of it that the threshold never meets; total: mass of all; above, ahead: Σ ω(x − q*)² over x >
    start, and over the data that are never truncated.
    """

    below: int
    lowest: float
    highest: float
    driving: float
    remaining: float
    total: float
    above: float
    ahead: float


@dataclass(frozen=True, eq=False)
class StreamedDirection:
    """The motion of one threshold from ``start`` to ``target``, as ``separated.Direction``, its arrays in files.

    ``met`` (n,) are the data that it meets, in that order, ``weights`` (n,) theirs, or one for all; event j is at
    ``times[j]``, and ``times[0]`` is 0. ``masses`` (n + 1,) drive the threshold from each of these on; None where they
    follow from counting. ``count`` is the number of all data.
    """

    scratch: Scratch
    side: Side
    count: int
    start: float
    target: float
    met: Floats
    weights: Floats | float
    masses: Floats | None
    times: Floats

    @property
    def rising(self) -> bool:
        """Whether the threshold moves up."""
        return self.target > self.start

    @property
    def first(self) -> int:
        """How many data are truncated at the start."""
        return self.side.below

    @property
    def last(self) -> int:
        """How many data are truncated after the last event."""
        return self.first + len(self.met) if self.rising else self.first - len(self.met)

    @property
    def equilibrium(self) -> float:
        """lim q(t): the target, or where the threshold stands once nothing drives it."""
        return (self.side.lowest if self.first else self.start) if self.last == 0 else self.target

    @property
    def kind(self) -> Kind:
        """``frozen`` if nothing drives q in the end; else ``collapsed`` if q* ≥ all data; else ``partial``."""
        if self.last == 0:
            return "frozen"
        return "collapsed" if self.side.highest <= self.target else "partial"

    @property
    def collapse_time(self) -> float | None:
        """When the last datum is truncated for good; None if one never is."""
        return float(self.times[-1]) if self.last == self.count else None

    @property
    def freezing_time(self) -> float | None:
        """When the threshold comes to rest in finite time; None if it moves for ever, or rests on its target."""
        return float(self.times[-1]) if self.last == 0 else None

    def stages(self, times: Floats) -> NDArray[np.intp]:
        """Number of events up to and including each time."""
        return np.asarray(np.searchsorted(self.times, times, side="right") - 1)

    def mass(self, stages: NDArray[np.intp]) -> Floats:
        """The mass that drives the threshold after so many events."""
        if self.masses is not None:
            return np.asarray(self.masses[stages])
        return masses_by_count(self.first, stages if self.rising else -stages, self.count, self.weights)

    def position(self, stages: NDArray[np.intp]) -> Floats:
        """Where the threshold is at so many events; after all of them, where it tends to."""
        reached = np.minimum(stages, len(self.met))
        here = np.full(stages.shape, self.start)
        here[reached > 0] = self.met[reached[reached > 0] - 1]
        here[stages > len(self.met)] = self.equilibrium
        return here

    def threshold(self, times: Floats) -> Floats:
        """q at each time ≥ 0, infinity included; exactly a datum at its event, and never beyond the next one."""
        stage = self.stages(times)
        here, mass = self.position(stage), self.mass(stage)
        elapsed = times - self.times[stage]
        exponent = np.multiply(mass, elapsed, out=np.zeros_like(elapsed), where=mass > 0)  # 0 times infinity is 0 here
        gap = self.target - here
        # Early on the distance covered is the small quantity, later the distance left: each is computed as itself.
        moved = np.where(exponent < 0.5, here - gap * np.expm1(-exponent), self.target - gap * np.exp(-exponent))
        bound = self.position(stage + 1)
        return np.asarray(np.clip(moved, np.minimum(here, bound), np.maximum(here, bound)))

    def rate(self, times: Floats) -> Floats:
        """dq/dt = ν(q* − q) from the right at each time; 0 in the limit."""
        return np.asarray(self.mass(self.stages(times)) * (self.target - self.threshold(times)))

    def fraction(self, times: Floats) -> Floats:
        """The mass that drives the threshold at each time over the mass of all."""
        return np.minimum(self.mass(self.stages(times)) / self.side.total, 1.0)

    def loss(self, times: Floats) -> Floats:
        """½(ν(q* − q)² + Σ ω(x − q*)² over the data that are not truncated) at each time (theory A7)."""
        stage = self.stages(times)
        moving = self.mass(stage) * (self.target - self.threshold(times)) ** 2
        return np.asarray((moving + self._untouched[stage]) / 2)

    @cached_property
    def _untouched(self) -> Floats:
        """Σ ω(x − q*)² over the data that are not truncated after each event; a sum of positive terms, so exact."""
        size = len(self.met)
        result: Floats = self.scratch.array(size + 1)
        rising = self.rising and self.first > 0
        always = self.side.ahead if rising else self.side.above
        running = RunningSum(always)
        result[size if rising else 0] = always
        for begin, end in spans(size):
            # Sums run from the top: upwards the data met last come first.
            rows = slice(size - end, size - begin) if rising else slice(begin, end)
            weight = self.weights if isinstance(self.weights, float) else self.weights[rows]
            costs = weight * (self.met[rows] - self.target) ** 2
            if rising:
                result[rows] = running.add(costs[::-1])[::-1]
            else:
                result[begin + 1 : end + 1] = running.add(costs)
        return result


def spans(size: int, block: int = 1 << 16) -> Iterator[tuple[int, int]]:
    """0 ≤ begin < end ≤ size, block after block."""
    for begin in range(0, size, block):
        yield begin, min(begin + block, size)


def masses_by_count(first: int, change: NDArray[Any], count: int, weight: Any) -> Floats:
    """Mass of ``first`` + change of the data, of equal weight; 1/n stands for itself, so that masses round once."""
    masses = (first + change) / count if weight == 1 / count else (first + change) * weight
    return np.asarray(masses, dtype=np.float64)


def durations(corners: Floats, target: float, masses: Floats) -> Floats:
    """Time from each of the corners to the next, ν^{-1} log1p(|v′ − v|/|q* − v′|); one shorter than they are."""
    left = np.abs(target - corners)
    with np.errstate(over="ignore"):
        logarithms = np.log1p(np.abs(np.diff(corners)) / left[1:])
    beyond = ~np.isfinite(logarithms)
    if beyond.any():  # a datum so close to the target that the quotient overflows
        logarithms[beyond] = np.log(left[:-1][beyond]) - np.log(left[1:][beyond])
    return np.asarray(logarithms / masses)
