"""The trajectory that a chamber flow returns: exact segments, their walls, and a status that says how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np

from symflow.errors import KindError, UndefinedError
from symflow.flow.chamber.history import SLIDES, Log
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.stepping import modes_of_rows
from symflow.flow.given import Progress, read_asked_times
from symflow.flow.starts import AdaptedStart, class_targets
from symflow.network.arrays import Array


@dataclass(frozen=True, slots=True)
class SlidingWall:
    """A wall that is slid on: layer from 1, component from 0, and the data whose preactivation stays zero there."""

    layer: int
    component: int
    data: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PatternChange:
    """One entry of a pattern that changed: layer from 1, datum and component from 0, what it became.

    ``active`` is True or False; a datum on a sliding wall counts as not active, as everywhere where ReLU'(0) = 0.
    """

    layer: int
    datum: int
    component: int
    active: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """The flow from ``begin`` to ``end``: θ(t) = θ0 + V (v φ(λ, t - begin)), φ(λ, t) = (1 - e^{-λt})/λ.

    θ holds the L biases one after another, then, with a moving output bias, its change.
    """

    begin: float
    end: float
    theta: Array  # (n,)
    rates: Array  # (n,) λ
    directions: Array  # (n, n) V
    velocity: Array  # (n,) v in these directions
    sliding: tuple[SlidingWall, ...]
    changes: tuple[PatternChange, ...]  # against the segment before
    pattern_of: Callable[[], Array] = field(repr=False, compare=False)

    @property
    def pattern(self) -> Array:
        """Activation pattern (L, N, Q), True for active; data on sliding walls count as truncated."""
        return self.pattern_of()

    def theta_at(self, times: Array) -> Array:
        """θ at times (T,), as (T, n)."""
        since = np.asarray(times, dtype=np.float64)[:, None] - self.begin
        result: Array = self.theta + (grown(self.rates, since) * self.velocity) @ self.directions.T
        return result


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at a time: the entries of patterns that changed, and the walls that are slid on from then on."""

    time: float
    changes: tuple[PatternChange, ...]
    sliding: tuple[SlidingWall, ...]


@dataclass(frozen=True)
class ChamberTrajectory:
    """Trajectory of ``chamber_flow``.

    ``status`` is one of

    - ``"equilibrium"``: no event is left; the last segment holds for all later times and tends to a rest point;
    - ``"horizon"``: integrated to t_max;
    - ``"non-unique"``: at ``t_end`` several continuations solve Clarke's inclusion; ``message`` names them all, and
      those that may be left at any later time;
    - ``"doubtful"``: at ``t_end`` roundoff decides how it goes on;
    - ``"crowded"``: at ``t_end`` more chambers meet than are looked at, or events follow without time in between;
    - ``"max-events"``: ``t_end`` is the time of the last event that was asked for.
    """

    problem: FlowProblem = field(repr=False)
    log: Log = field(repr=False)
    start_pattern: Array = field(repr=False)  # (L, N, Q) of the first segment, True for active
    status: str
    message: str
    t_end: float
    certificate: Any = field(default=None, repr=False)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments in time order, none where the start has no continuation; made when first asked for."""
        if self.t_end == 0.0:
            return ()
        every = np.append(self.log.first[: self.log.counts[0]], self.log.counts[1])
        # A share that stays at zero to roundoff may be looked at in vain: where nothing changed, the flow goes on.
        kept = np.union1d(np.flatnonzero(np.diff(every) > 0), [0])
        firsts = [*every[kept].tolist(), int(every[-1])]
        begins = self.log.begin[kept].tolist()
        flows = zip(self.log.theta[kept], *modes(self.log, kept), strict=True)
        ends = [*begins[1:], max(self.t_end, begins[-1])]
        held: dict[tuple[int, int, int], int] = {}  # (layer, datum, component) and the number of its sliding wall
        sliding: tuple[SlidingWall, ...] = ()
        result = []
        for row, flow in enumerate(flows):
            rows = self.log.changes[firsts[row] : firsts[row + 1]].tolist()
            slides = [(layer, i, k, entry) for layer, i, k, entry in rows if entry not in {0, 1}]
            for layer, i, k, entry in slides:
                held.pop((layer, i, k), None)
                if entry >= SLIDES:
                    held[layer, i, k] = entry - SLIDES
            sliding = _sliding_walls(held) if slides else sliding
            # what the start decides is part of the start
            changes = tuple(PatternChange(layer + 1, i, k, e == 1) for layer, i, k, e in rows if row and e in {0, 1})
            result.append(Segment(begins[row], ends[row], *flow, sliding, changes, partial(self.pattern, row)))
        return tuple(result)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events between the segments, in time order."""
        return tuple(Event(s.begin, s.changes, s.sliding) for s in self.segments[1:])

    @property
    def end(self) -> float:
        """``t_end``, by the name that it has in every trajectory."""
        return self.t_end

    def state(self, time: float) -> AdaptedStart:
        """Where the flow is at a time, as a start of ``chamber_flow`` or ``rotation_flow``. Raises like ``bias``."""
        given = self.problem
        targets = class_targets(given.labels, given.targets) - self.target_shift([time])[0]
        return AdaptedStart(given.points, given.labels, targets, self.bias([time])[0], given.rotations, given.weights)

    def continued(self, t_max: float, *, progress: Progress | None = None) -> ChamberTrajectory:
        """The same flow from the end of this one on, its time from 0 to ``t_max`` again."""
        from symflow.flow.chamber.flows import chamber_flow

        moving: Literal["moving", "frozen"] = "moving" if self.problem.moving else "frozen"
        return chamber_flow(**vars(self.state(self.end)), t_max=t_max, output_bias=moving, progress=progress)

    def _times(self, times: Any) -> Array:
        """Times (T,) that the trajectory reaches; KindError and UndefinedError for others."""
        when = np.atleast_1d(read_asked_times(times))
        if when.ndim != 1:
            raise KindError(f"times are a number or one row of numbers; got shape {when.shape}")
        if not np.isfinite(when).all():
            raise UndefinedError("times must be finite: ask for a late one")
        if self.status != "equilibrium" and (when > self.t_end).any():
            raise UndefinedError(
                f"times has the entry {when.max():.12g}, and the trajectory ends ({self.status}) "
                f"{self.message or self.t_end}"
            )
        return when

    def theta(self, times: Any) -> Array:
        """The stacked state at times (T,), as (T, n). Raises like ``bias``."""
        when = self._times(times)
        places = np.searchsorted(self.log.begin[: self.log.counts[0]], when, side="right") - 1
        rows, which = np.unique(places, return_inverse=True)
        rates, V, v = (array[which] for array in modes(self.log, rows))
        far = grown(rates, (when - self.log.begin[places])[:, None])
        return np.asarray(self.log.theta[places] + np.einsum("tij,tj->ti", V, far * v))

    def bias(self, times: Any) -> Array:
        """β_1..β_L at times (T,), as (T, L, Q).

        Raises KindError before 0, and UndefinedError after ``t_end`` unless the status is "equilibrium".
        """
        depth, width = self.problem.biases.shape
        return self.theta(times)[:, : depth * width].reshape(-1, depth, width)

    def target_shift(self, times: Any) -> Array:
        """Change of the output bias β_{L+1} since the start at times (T,), as (T, Q); zero where it is frozen.

        The targets are ỹ(t) = ỹ(0) - shift.
        """
        depth, width = self.problem.biases.shape
        theta = self.theta(times)
        return theta[:, depth * width :] if self.problem.moving else np.zeros((theta.shape[0], width))

    def loss(self, times: Any) -> Array:
        """C = ½ Σ_i w_i |z_L(x_i) - ỹ_i|² at times (T,), from the points themselves."""
        biases, shifts = self.bias(times), self.target_shift(times)
        problem = self.problem
        result = np.empty(biases.shape[0])
        for place, (beta, shift) in enumerate(zip(biases, shifts, strict=True)):
            z = problem.points
            for rotation, b in zip(problem.rotations, beta, strict=True):
                z = np.maximum((z + b) @ rotation.T, 0.0) @ rotation - b
            result[place] = 0.5 * float(problem.weights @ ((z - problem.targets + shift) ** 2).sum(axis=1))
        return result

    def pattern(self, index: int) -> Array:
        """Activation pattern (L, N, Q) of a segment, True for active; data on sliding walls count as truncated."""
        index = range(len(self.segments))[index]
        active = self.start_pattern.copy()
        for segment in self.segments[1 : index + 1]:
            for change in segment.changes:
                active[change.layer - 1, change.datum, change.component] = change.active
        return active


def modes(log: Log, rows: Array | slice) -> tuple[Array, Array, Array]:
    """λ (E, n), V (E, n, n) and v (E, n) of some segments: made when asked for, because few segments ever are."""
    return modes_of_rows(*(np.array(array[rows]) for array in (log.hessian, log.velocity, log.size)))


def grown(rates: Array, since: Array) -> Array:
    """φ(λ, t) = (1 - e^{-λt})/λ, and t for λ = 0."""
    positive = rates > 0.0
    safe = np.where(positive, rates, 1.0)
    return np.where(positive, -np.expm1(-safe * since) / safe, since)


def _sliding_walls(held: dict[tuple[int, int, int], int]) -> tuple[SlidingWall, ...]:
    """The walls in the order of their numbers, each with the place of its first datum."""
    walls: dict[int, list[tuple[int, int, int]]] = {}
    for place, number in held.items():
        walls.setdefault(number, []).append(place)
    return tuple(
        SlidingWall(min(walls[number])[0] + 1, min(walls[number])[2], tuple(sorted({i for _, i, _ in walls[number]})))
        for number in sorted(walls)
    )
