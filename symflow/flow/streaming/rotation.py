"""The rotation flow of data that do not fit into memory, window by window.

Each window takes one pass over the data (``nearest``): it keeps those that could meet a wall soonest, and of all others
the moments, which tell the flow exactly on a path as short as their free one. Then the flow in memory runs so far. The
next pass counts how many data have which pattern; that this agrees with what the window says of all of them is checked
each time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow.given import Progress, read_count, read_horizon, read_tolerance
from symflow.flow.reporting import Report, report_for
from symflow.flow.rotation.charts import CayleyChart
from symflow.flow.rotation.integration import Integration
from symflow.flow.rotation.legs import Leg, Memory, Outcome
from symflow.flow.rotation.problem import Problem
from symflow.flow.rotation.rotations import rotation_problem
from symflow.flow.rotation.sliding import Wall
from symflow.flow.rotation.tableau import ALL_STAGES, STAGES
from symflow.flow.rotation.trajectories import Event, Piece
from symflow.flow.streaming.nearest import Key, Sorted, Sorting
from symflow.flow.streaming.rotation_trajectory import StreamedRotationTrajectory
from symflow.flow.streaming.sources import BLOCK, Source, contradiction, open_source
from symflow.flow.streaming.surveying import Survey, survey
from symflow.network.arrays import as_array, as_floats

Floats = NDArray[np.float64]
EXPLICIT = 1 << 16  # data that a window keeps, about
WIDER = 4  # by how much more data are kept where a window would be
SHORT = 1 / 16  # of the longest, so short: many tied data come near one wall
AT_WALL = 1e-9  # of it: data with a shorter free path are kept however many they are
SURE = 0.9  # of the free path is used


def streamed_rotation_flow(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    rotations: Any,
    *,
    t_max: float,
    rtol: float = 1e-9,
    weights: Any = None,
    progress: Progress | None = None,
    explicit: int = EXPLICIT,
    block: int = BLOCK,
) -> StreamedRotationTrajectory:
    """``rotation_flow`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    ``labels`` and ``weights`` may be arrays of any of these kinds. ``explicit``: how many data a window keeps;
    ``block``: how many rows are in memory at a time. The result agrees with the flow in memory up to ``rtol``: steps
    end where windows end.

    Raises what ``rotation_flow`` raises; a message names the row of a wrong entry. CertificateError: two passes
    contradict each other, so that the result would be wrong.

    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> flow = streamed_rotation_flow(x, [0, 1], [[2, 0], [0, -1]], [[0.5, -0.5]], [np.eye(2)], t_max=5, explicit=1)
    >>> flow.status, flow.windows > 1, bool(flow.loss([5.0])[0] < flow.loss([0.0])[0])
    ('finished', True, True)
    """
    t_max, rtol, explicit = read_horizon(t_max), read_tolerance(rtol), read_count(explicit, "explicit")
    goals = as_floats(as_array(targets, "targets", 2))
    source = open_source(points, labels, weights, len(goals), block)
    # One point at the origin for each class: what is left of the input is checked as in memory.
    origin = np.zeros((len(goals), source.width))
    empty = rotation_problem(origin, np.arange(len(goals)), goals, biases, rotations, None)
    return Run(source, survey(source), empty, t_max, rtol, explicit, report_for(progress, t_max)).trajectory()


class Run:
    """State between two windows."""

    def __init__(
        self, source: Source, known: Survey, empty: Problem, t_max: float, rtol: float, explicit: int,
        report: Report | None,
    ) -> None:  # fmt: skip
        self.source, self.known, self.empty = source, known, empty
        self.t_max, self.rtol, self.explicit, self.report = t_max, rtol, explicit, report
        self.extent = max(known.largest, empty.length)
        self.biases, self.rotations = empty.biases, empty.weights
        self.time, self.size = 0.0, 0.0
        self.memory: Memory | None = None
        self.numbers: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.pieces: list[Piece] = []
        self.events: list[Event] = []
        self.begins: list[float] = []
        self.passes, self.evaluations = 1, 0
        self.wider, self.longest = 1, 0.0
        self.expected: dict[Key, int] | None = None

    def trajectory(self) -> StreamedRotationTrajectory:
        """Window after window."""
        while True:
            outcome = self._window()
            if outcome.status != "cut":
                break
            if self.report is not None:
                self.report(self.time)
        if self.report is not None:
            self.report.finish(self.pieces[-1].end)
        return StreamedRotationTrajectory(
            self.empty, self.pieces, self.events, outcome.status, self._message(outcome), self.evaluations,
            {"rtol": self.rtol}, source=self.source, targets=self.empty.targets, masses=self.known.masses,
            begins=np.array(self.begins), passes=self.passes,
        )  # fmt: skip

    def _window(self) -> Outcome:
        data = self._sorted()
        memory = None if self.memory is None else self._translated(self.memory, data)
        self._check(data, memory)
        near, targets = data.near, self.empty.targets
        problem = Problem(
            near.points, near.labels.astype(np.intp), targets[near.labels], near.masses, self.biases, self.rotations,
            data.background(targets, self.extent),
        )  # fmt: skip
        leg = Leg(self.time, self.size, SURE * data.reach)
        self.begins.append(self.time)
        outcome = Integration(problem, CayleyChart, self.t_max, self.rtol, bounded=True, memory=memory, leg=leg).run()
        self._keep(outcome, data)
        return outcome

    def _sorted(self) -> Sorted:
        """One pass; several, with more data kept, where the free path of the others is too short to be of use."""
        self.wider = max(1, self.wider // WIDER)
        while True:
            explicit = self.wider * self.explicit
            task = Sorting(self.biases, self.rotations, self.known.masses, explicit, AT_WALL * self.extent)
            data: Sorted = self.source.reduce(task, task.merge)
            self.passes += 1
            if data.reach >= SHORT * self.longest:
                self.longest = max(self.longest, data.reach if np.isfinite(data.reach) else 0.0)
                return data
            self.wider *= WIDER

    def _translated(self, memory: Memory, data: Sorted) -> Memory:
        """What was decided about the data of the last window, for those of this one; the others are off all walls."""
        place = np.searchsorted(data.near.numbers, self.numbers)
        kept = place < len(data.near.numbers)
        kept[kept] = data.near.numbers[place[kept]] == self.numbers[kept]
        old, new = np.flatnonzero(kept), place[kept]
        active = np.ascontiguousarray(data.near.active.transpose(1, 0, 2))
        active[:, new] = memory.active[:, old]
        sliding = np.zeros(active.shape, dtype=np.int16)
        sliding[:, new] = memory.sliding[:, old]
        walls = []
        for wall in memory.walls:
            if not kept[wall.data].all():
                raise contradiction(self.time, "data that slide are far from their wall")
            walls.append(Wall(wall.layer, wall.component, place[wall.data]))
        fresh = {(a, int(place[i]), k): value for (a, i, k), value in memory.fresh.items() if kept[i]}
        return Memory(memory.at, active, sliding, tuple(walls), fresh)

    def _check(self, data: Sorted, memory: Memory | None) -> None:
        if self.expected is None or memory is None:
            return
        if _counts(data, memory) != self.expected:
            raise contradiction(self.time, "patterns are not those that the flow of the kept data says")

    def _keep(self, outcome: Outcome, data: Sorted) -> None:
        """Join the window to those before it, and let go of its data."""
        for piece in outcome.pieces:
            if piece.step is not None:
                if not piece.step.is_settled:
                    self.evaluations += ALL_STAGES - STAGES - 1
                piece.step.settle()
        self.evaluations += outcome.evaluations
        self.pieces += [piece for piece in outcome.pieces if piece.end > piece.start or not self.pieces]
        self.events += [
            replace(event, data=tuple(data.near.numbers[list(event.data)].tolist())) for event in outcome.events
        ]
        self.memory, self.numbers, self.size = outcome.memory, data.near.numbers, outcome.size
        if self.memory is not None:
            self.biases, self.rotations = self.memory.at.biases, self.memory.at.weights
            self.time = self.pieces[-1].end
            self.expected = _counts(data, self.memory)

    def _message(self, outcome: Outcome) -> str:
        if outcome.status == "finished":
            return f"t = {self.t_max:.6g} was reached with {len(self.events)} events"
        return outcome.message


def _counts(data: Sorted, memory: Memory) -> dict[Key, int]:
    """How many data have which pattern and class; those that slide count as truncated."""
    found = {key: count for key, (count, _) in data.groups.items()}
    patterns = np.ascontiguousarray((memory.active & (memory.sliding == 0)).transpose(1, 0, 2))
    for pattern, label in zip(patterns, data.near.labels.tolist(), strict=True):
        key = pattern.tobytes(), label
        found[key] = found.get(key, 0) + 1
    return found
