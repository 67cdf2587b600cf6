"""The separated flow of a cluster: all directions together, and back from thresholds to biases (theory C2-C6).

Sorting is all the work there is: with N points, one sort per direction, then prefix sums. No step size, no tolerance:
every value is a closed formula in the data. What few people ask for, the identities of the points at the events and
the sums of the loss, is computed when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError
from symflow.flow.given import read_asked_times
from symflow.flow.separated.directions import Direction, Kind, direction
from symflow.flow.separated.reading import Frame, read_frame, read_points, read_weights
from symflow.flow.separated.sums import Floats
from symflow.flow.starts import ClusterStart
from symflow.flow.streamed_arrays import is_streamed

if TYPE_CHECKING:
    from symflow.flow.separated.population_integrals import Distribution

EVENT = np.dtype([("time", np.float64), ("direction", np.intp), ("point", np.intp)])


@dataclass(frozen=True, eq=False)
class SeparatedTrajectory:
    """The solution of q̇_k = F_k(q_k)(q*_k − q_k) for all times, q = −Rβ.

    ``directions[k]`` is the motion of threshold k; ``coordinates`` (Q, N) are the data Rx. ``frame`` holds R, q(0), q*.
    Methods take times ≥ 0 of any shape, (T,) say, infinity for the limit; they raise KindError for others.
    """

    frame: Frame
    coordinates: Floats
    weights: Floats | float
    directions: tuple[Direction, ...]

    def threshold(self, times: ArrayLike) -> Floats:
        """q_k = −(Rβ)_k at each time; shape (T, Q)."""
        return self._stacked(times, Direction.threshold)

    def bias(self, times: ArrayLike) -> Floats:
        """β = −Rᵀq at each time; shape (T, Q). ``bias(t)`` is a start for another flow, which continues this one."""
        return 0.0 - self.frame.back(self.threshold(times))

    def state(self, time: float) -> ClusterStart:
        """Where the flow is at a finite time ≥ 0, as a start of ``separated_flow``, which continues this one."""
        points = self.frame.back(self.coordinates.T)
        weights = np.broadcast_to(self.weights, points.shape[:1])
        return ClusterStart(points, self.frame.back(self.frame.target), self.bias(time), self.frame.rotation, weights)

    def velocity(self, times: ArrayLike) -> Floats:
        """dβ/dt from the right at each time; shape (T, Q)."""
        return 0.0 - self.frame.back(self._stacked(times, Direction.rate))

    def loss(self, times: ArrayLike) -> Floats:
        """C = ½⟨|τ(x) − ỹ|²⟩ at each time (theory A7); shape (T,)."""
        return np.asarray(self._stacked(times, Direction.loss).sum(axis=-1))

    def truncated_fraction(self, times: ArrayLike) -> Floats:
        """Weight of the data that drive each threshold, over the weight of all; shape (T, Q).

        F_k(q_k) of theory C2, except where a threshold has come down on a datum: upwards a datum on the wall counts,
        downwards it does not, so that the fraction is 0 at rest on the lowest datum.
        """
        points = self.coordinates.shape[1]
        total = points * self.weights if isinstance(self.weights, float) else float(np.sum(self.weights))
        # A sum of N weights is rounded; all of them are all of them.
        return np.minimum(self._stacked(times, lambda motion, at: motion.masses[motion.stages(at)]) / total, 1.0)

    @cached_property
    def events(self) -> NDArray[Any]:
        """When which point meets which threshold, as a structured array: time, direction, point; sorted by time.

        A point is truncated by an event of a rising threshold and released by one of a falling threshold; points that
        tie have events at the same time. A point on a falling threshold at the start is released at time 0.
        """
        motions = list(zip(self.directions, self.coordinates, strict=True))
        points = np.concatenate([_points_met(motion, row) for motion, row in motions])
        times = np.concatenate([motion.times[1:] for motion in self.directions])
        directions = np.repeat(np.arange(len(motions)), [motion.times.size - 1 for motion in self.directions])
        if len(motions) > 1:
            # Each direction's times are sorted: a stable sort merges these runs and keeps their order where they tie.
            order = np.argsort(times, kind="stable")
            times, directions, points = times[order], directions[order], points[order]
        events = np.empty(times.size, dtype=EVENT)
        events["time"], events["direction"], events["point"] = times, directions, points
        return events

    @property
    def collapse_time(self) -> float | None:
        """From when on every point is truncated in every direction, τ(x) = −β and C(s) = C(0)e^{−2s}; None if never.

        The formula of the loss is for weights of sum 1 (theory C6). Where a largest coordinate equals q*_k, the
        threshold takes for ever to come there: the kind is ``collapsed`` and the time None.
        """
        times = [motion.collapse_time for motion in self.directions]
        known = [time for time in times if time is not None]
        return max(known) if len(known) == len(times) else None

    @property
    def freezing_times(self) -> tuple[float | None, ...]:
        """Per direction: when the threshold comes to rest short of its target; None if it never does."""
        return tuple(motion.freezing_time for motion in self.directions)

    @property
    def equilibrium(self) -> Floats:
        """lim β(t); shape (Q,)."""
        return 0.0 - self.frame.back(np.array([motion.equilibrium for motion in self.directions]))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Per direction: ``collapsed`` (all data end at the target), ``partial``, or ``frozen`` (nothing drives q)."""
        return tuple(motion.kind for motion in self.directions)

    @property
    def kind(self) -> Kind:
        """``collapsed`` if all directions are: the loss tends to 0; ``frozen`` if all are; else ``partial``."""
        return overall(self.kinds)

    def _stacked(self, times: ArrayLike, quantity: Callable[[Direction, Floats], Floats]) -> Floats:
        at = read_asked_times(times)
        return np.stack([quantity(motion, at) for motion in self.directions], axis=-1)


def _points_met(motion: Direction, row: Floats) -> NDArray[np.intp]:
    """The points that a threshold meets, in order; those of one time in the order of their numbers."""
    low, high = sorted((motion.first, motion.last))
    if low == high:
        return np.empty(0, dtype=np.intp)
    order = np.argsort(row)[low:high]
    points = order if motion.last > motion.first else order[::-1]
    tied = np.concatenate(([False], motion.times[2:] == motion.times[1:-1], [False]))  # with the one before
    if not tied.any():
        return points
    places = np.flatnonzero(tied[:-1] | tied[1:])
    # Sorted by (number of the run, point), of which the first is sorted already and hence stays where it is.
    runs = np.cumsum(~tied[places]) * row.size
    points[places] = np.sort(runs + points[places]) - runs
    return points


def overall(kinds: tuple[Kind, ...]) -> Kind:
    """The kind of the whole from those of its directions."""
    return kinds[0] if len(set(kinds)) == 1 else "partial"


def separated_flow(
    points: ArrayLike,
    target: ArrayLike,
    bias: ArrayLike,
    *,
    rotation: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> SeparatedTrajectory:
    """The exact flow β̇ = −⟨P^⊥(β + ỹ)⟩ of the bias of one cluster's layer (theory B3, C2-C6).

    Arguments: ``points`` (N, Q), one datum a row; ``target`` ỹ and ``bias`` β(0), each (Q,); ``rotation`` R (Q, Q),
    orthogonal, the identity unless given; ``weights`` (N,), positive, 1/N unless given. Fractions become floats.

    Points that are a memory-mapped array or a Dask array stay where they are (``streaming``). In place of points there
    may be a list of Q frozen distributions of ``scipy.stats``: the flow of a population, see ``population_flow``.

    A datum on its wall, (R(x + β))_k = 0, counts as truncated, ReLU′(0) = 0. That decides the one case in which the
    equation has two solutions, q_k(0) on the lowest datum and q*_k above it: the threshold *rises*, driven by that
    datum; resting there would be the other solution. With q*_k below it, it rests. A threshold that falls to the lowest
    datum comes to rest on it in finite time (theory C5).

    Event times have relative errors below 4e-15, thresholds errors of a few units of rounding of max(|q|, |q*|), given
    the coordinates Rx, −Rβ and Rỹ: a rotation rounds these.

    Raises ShapeError (shapes, no points) and KindError (NaN, infinity, entries above 1e150, weights that are not
    positive, a rotation that is not orthogonal).

    >>> flow = separated_flow([[0.0], [1.0]], target=[2.0], bias=[0.0])  # q = 0: on the first point, which is truncated
    >>> flow.events["time"].tolist() == [2 * np.log(2)]  # ν = ½ until q = 1
    True
    >>> flow.threshold([0.0, 2 * np.log(2), np.inf]).ravel().tolist(), flow.kind
    ([0.0, 1.0, 2.0], 'collapsed')
    >>> separated_flow([[0.0], [1.0]], target=[-1.0], bias=[-0.5]).freezing_times  # ½ log(1.5/1), times 1/ν = 2
    (0.8109302162163288,)
    """
    if is_population(points):
        from symflow.flow.separated.population import population_flow

        if weights is not None:
            raise KindError("a distribution has its weights in itself: leave out weights")
        population = population_flow(cast("Sequence[Distribution]", points), target, bias, rotation=rotation)
        return cast("SeparatedTrajectory", population)  # another class with the same methods, but for the events
    if is_streamed(points):
        from symflow.flow.streaming import streamed_separated_flow

        flow = streamed_separated_flow(points, target, bias, rotation=rotation, weights=weights)
        return cast("SeparatedTrajectory", flow)  # another class of the same interface
    array = read_points(points)
    count, size = array.shape
    frame = read_frame(target, bias, rotation, size)
    mass = read_weights(weights, count)
    coordinates = frame.coordinates(array)
    directions = tuple(
        _sorted_direction(row, mass, float(start), float(end))
        for row, start, end in zip(coordinates, frame.start, frame.target, strict=True)
    )
    return SeparatedTrajectory(frame, coordinates, mass, directions)


def is_population(points: object) -> bool:
    """Whether these are distributions rather than points.

    >>> is_population([[0.0], [1.0]]), is_population([])
    (False, False)
    """
    return isinstance(points, list | tuple) and len(points) > 0 and all(hasattr(entry, "cdf") for entry in points)


def _sorted_direction(row: Floats, weights: Floats | float, start: float, target: float) -> Direction:
    if isinstance(weights, float):
        return direction(np.sort(row), weights, start, target)
    order = np.argsort(row)
    return direction(row.take(order), weights.take(order), start, target)
