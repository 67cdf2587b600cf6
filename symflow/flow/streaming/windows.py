"""The flow in memory on a replacement, for as long as the replacement holds, and where to stop it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.flow.chamber.advancing import ENOUGH, NOT_PLAIN, NOTHING_LEFT
from symflow.flow.chamber.integrator import Integrator
from symflow.flow.chamber.trajectory import grown, modes
from symflow.flow.streaming.replacement import Guards, Replacement

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
STRIDE = 1024  # events between looks at the guards
CHOICE = 16  # segments among which the longest is cut


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a window ends: in the middle of a segment, with the state and its velocity there."""

    row: int
    time: float
    theta: Floats
    velocity: Floats


class Window(Integrator):
    """A run that stops once the guards are lost."""

    def __init__(self, replacement: Replacement, guards: Guards, begin: float, extent: float, max_events: int) -> None:
        super().__init__(replacement.problem, max_events)
        self.guards = guards
        self.state.run.clock[0] = begin
        self.state.size_x = extent  # that of all data, so that roundoff is measured alike in all windows

    def holds(self) -> bool:
        """Whether the run, which has ended, is that of all data to its end."""
        log = self.state.log
        return not self.guards.update(log.first[: log.counts[0]], log.changes[: log.counts[1]])

    def _lost(self) -> bool:
        """Whether the guards are lost before the event that has just happened."""
        log = self.state.log
        return self.guards.update(log.first[: log.counts[0]], log.changes[: log.counts[2]])

    def _compiled_segments(self) -> int:
        while True:
            s = self.state
            most = min(self.max_events, int(s.log.counts[0]) + STRIDE)
            why, later = s.advance(self.problem.t_max, most)
            if why != ENOUGH:
                if why == NOTHING_LEFT and later == 0:
                    self.status = "equilibrium"
                return int(why)
            if most == self.max_events or self._lost():
                return ENOUGH

    def _python_segment(self) -> int:
        why = super()._python_segment()
        return ENOUGH if why == NOT_PLAIN and self._lost() else why

    def cut(self) -> Cut | None:
        """A place to stop before the guards are lost; None if there is no event before."""
        log, end = self.state.log, int(min(self.guards.lost, self.state.log.counts[0] - 1))
        rows = np.arange(max(0 if self.guards.parted_at_start else 1, end - CHOICE), end)
        if not len(rows):
            return None
        row = int(rows[np.argmax(log.begin[rows + 1] - log.begin[rows])])
        begin, following = float(log.begin[row]), float(log.begin[row + 1])
        time = begin + 0.5 * (following - begin)
        if not begin < time < following:
            return None
        rates, V, v = (array[0] for array in modes(log, slice(row, row + 1)))
        theta = log.theta[row] + V @ (grown(rates, np.asarray(time - begin)) * v)
        return Cut(row, time, theta, V @ (v * np.exp(-rates * (time - begin))))

    def patterns(self, row: int) -> NDArray[np.bool_]:
        """(L, n + m, Q) of all data of the replacement in a segment."""
        log = self.state.log
        active = self.start_pattern.copy()
        last = int(log.first[row + 1]) if row + 1 < log.counts[0] else int(log.counts[1])
        begin = int(log.first[1]) if log.counts[0] > 1 else int(log.counts[1])
        changes = log.changes[begin:last]
        changes = changes[(changes[:, 3] == 0) | (changes[:, 3] == 1)]
        active[changes[:, 0], changes[:, 1], changes[:, 2]] = changes[:, 3] == 1  # of several the last one counts
        return active

    def counts(self, row: int, replacement: Replacement) -> dict[tuple[int, ...], int]:
        """How many data have which codes and label in a segment: what the next pass must find."""
        active = self.patterns(row)
        bits = 1 << np.arange(active.shape[2], dtype=np.int64)
        names = np.column_stack([*(layer @ bits for layer in active), replacement.labels])
        many = np.concatenate((np.ones(len(replacement.index), dtype=np.int64), replacement.counts))
        kinds, kind_of = np.unique(names, axis=0, return_inverse=True)
        found = np.bincount(kind_of.reshape(-1), weights=many).astype(np.int64)
        return {tuple(kind): int(count) for kind, count in zip(kinds.tolist(), found.tolist(), strict=True)}
