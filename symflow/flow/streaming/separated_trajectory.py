"""What a separated flow over files returns: the interface of ``SeparatedTrajectory``, nothing of size N in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.flow.given import read_asked_times
from symflow.flow.separated import Kind
from symflow.flow.separated.reading import Frame
from symflow.flow.separated.trajectories import EVENT, overall
from symflow.flow.starts import ClusterStart
from symflow.flow.streaming.directions import Floats, StreamedDirection
from symflow.flow.streaming.merging import merged
from symflow.flow.streaming.scratch import Scratch
from symflow.flow.streaming.sources import Source


@dataclass(frozen=True, eq=False)
class StreamedSeparatedTrajectory:
    """The solution of q̇_k = F_k(q_k)(q*_k − q_k) for all times, q = −Rβ; its arrays lie in temporary files.

    Methods are those of ``SeparatedTrajectory``; the files go when the trajectory does. It needs the data again when
    ``events`` is first asked for.
    """

    frame: Frame
    source: Source
    scratch: Scratch
    directions: tuple[StreamedDirection, ...]

    def threshold(self, times: ArrayLike) -> Floats:
        """q_k = −(Rβ)_k at each time; shape (T, Q)."""
        return self._stacked(times, StreamedDirection.threshold)

    def bias(self, times: ArrayLike) -> Floats:
        """β = −Rᵀq at each time; shape (T, Q)."""
        return 0.0 - self.frame.back(self.threshold(times))

    def state(self, time: float) -> ClusterStart:
        """Where the flow is at a finite time ≥ 0, as a start of ``separated_flow``; the data stay where they are."""
        target = self.frame.back(self.frame.target)
        return ClusterStart(self.source.points, target, self.bias(time), self.frame.rotation, self.source.weights)

    def velocity(self, times: ArrayLike) -> Floats:
        """dβ/dt from the right at each time; shape (T, Q)."""
        return 0.0 - self.frame.back(self._stacked(times, StreamedDirection.rate))

    def loss(self, times: ArrayLike) -> Floats:
        """C = ½⟨|τ(x) − ỹ|²⟩ at each time (theory A7); shape (T,)."""
        return np.asarray(self._stacked(times, StreamedDirection.loss).sum(axis=-1))

    def truncated_fraction(self, times: ArrayLike) -> Floats:
        """Weight of the data that drive each threshold, over the weight of all; shape (T, Q)."""
        return self._stacked(times, StreamedDirection.fraction)

    @cached_property
    def events(self) -> NDArray[Any]:
        """When which point meets which threshold: time, direction, point, sorted by time; mapped from a file."""
        result = self.scratch.array(sum(len(motion.met) for motion in self.directions), EVENT)
        begin = 0
        for part in self.event_blocks():
            result[begin : begin + len(part)] = part
            begin += len(part)
        return result

    def event_blocks(self) -> Iterator[NDArray[Any]]:
        """The ``events`` in blocks, with one further pass over the data."""
        from symflow.flow.streaming.separated import Sorting, sorted_runs

        numbered = replace(self.source, weights=None)
        files, _ = sorted_runs(numbered, Sorting(self.frame, 1.0, numbered=True), self.scratch)
        points = []
        for motion, runs in zip(self.directions, files, strict=True):
            writer = self.scratch.writer(np.int64)
            for _, who in runs.merged(self.source.block) if len(motion.met) else ():
                writer.append(who)
            runs.remove()
            points.append(writer)
        moving = [k for k, motion in enumerate(self.directions) if len(motion.met)]
        if not moving:
            return
        keys = [self.directions[k].times[1:] for k in moving]
        companions = [[np.broadcast_to(np.intp(k), keys[i].shape), points[k].array()] for i, k in enumerate(moving)]
        for time, direction, point in merged(keys, companions, self.source.block):
            part = np.empty(len(time), dtype=EVENT)
            order = np.lexsort((point, direction, time))
            part["time"], part["direction"], part["point"] = time[order], direction[order], point[order]
            yield part
        for writer in points:
            writer.path.unlink()

    @property
    def collapse_time(self) -> float | None:
        """From when on every point is truncated in every direction, τ(x) = −β; None if never (theory C6)."""
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

    def _stacked(self, times: ArrayLike, quantity: Callable[[StreamedDirection, Floats], Floats]) -> Floats:
        at = read_asked_times(times)
        return np.stack([quantity(motion, at) for motion in self.directions], axis=-1)
