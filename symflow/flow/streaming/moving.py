"""The flow of moving weights for data that do not fit into memory, window by window.

Each window takes one pass over the data (``nearest``): it keeps those that could meet a wall soonest, and of all others
the moments, which tell the flow exactly on a path as short as their free one. Then the flow in memory runs so far. The
next pass counts how many data have which pattern; that this agrees with what the window says of all of them is checked
each time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from symflow.flow.reporting import Report
from symflow.flow.rotation.integration import Integration, MakeChart
from symflow.flow.rotation.legs import Leg, Memory, Outcome
from symflow.flow.rotation.problem import Problem
from symflow.flow.rotation.sliding import Wall
from symflow.flow.rotation.tableau import ALL_STAGES, STAGES
from symflow.flow.rotation.trajectories import Event, Piece
from symflow.flow.streaming.nearest import Key, MovingLook, Passes, Sorted
from symflow.flow.streaming.rotation_trajectory import Stream
from symflow.flow.streaming.sources import Source, contradiction
from symflow.flow.streaming.surveying import Survey

EXPLICIT = 1 << 16  # data that a window keeps, about
SURE = 0.9  # of the free path is used


class Run:
    """State between two windows."""

    def __init__(
        self, source: Source, known: Survey, empty: Problem, make_chart: MakeChart, t_max: float, rtol: float,
        explicit: int, report: Report | None,
    ) -> None:  # fmt: skip
        self.source, self.known, self.empty, self.make_chart = source, known, empty, make_chart
        self.t_max, self.rtol, self.report = t_max, rtol, report
        self.extent = max(known.largest, empty.length)
        self.passes = Passes(source, known.masses, explicit, self.extent)
        self.biases, self.weights = empty.biases, empty.weights
        self.time, self.size = 0.0, 0.0
        self.memory: Memory | None = None
        self.numbers: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.pieces: list[Piece] = []
        self.events: list[Event] = []
        self.begins: list[float] = []
        self.evaluations = 0
        self.expected: dict[Key, int] | None = None

    def go(self) -> tuple[Outcome, str]:
        """Window after window: what the last one said, and its message."""
        while True:
            outcome = self._window()
            if outcome.status != "cut":
                break
            if self.report is not None:
                self.report(self.time)
        if self.report is not None:
            self.report.finish(self.pieces[-1].end)
        return outcome, self._message(outcome)

    @property
    def stream(self) -> Stream:
        """The data, and how they were read."""
        return Stream(self.source, self.known.masses, np.array(self.begins), 1 + self.passes.count)

    def _window(self) -> Outcome:
        chart = self.make_chart(self.biases, self.weights)
        data = self.passes.sort(MovingLook(chart.base, chart.reach))
        memory = None if self.memory is None else self._translated(self.memory, data)
        self._check(data, memory)
        near, targets = data.near, self.empty.targets
        problem = Problem(
            near.points, near.labels.astype(np.intp), targets[near.labels], near.masses, self.biases, self.weights,
            data.background(targets, self.extent),
        )  # fmt: skip
        leg = Leg(self.time, self.size, SURE * data.reach)
        self.begins.append(self.time)
        outcome = Integration(problem, self.make_chart, self.t_max, self.rtol, memory=memory, leg=leg).run()
        self._keep(outcome, data)
        return outcome

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
        if data.counts(_patterns(memory)) != self.expected:
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
            self.biases, self.weights = self.memory.at.biases, self.memory.at.weights
            self.time = self.pieces[-1].end
            self.expected = data.counts(_patterns(self.memory))

    def _message(self, outcome: Outcome) -> str:
        if outcome.status == "finished":
            return f"t = {self.t_max:.6g} was reached with {len(self.events)} events"
        return outcome.message


def _patterns(memory: Memory) -> NDArray[np.bool_]:
    """Of the data of a window (n, L, Q); those that slide count as truncated."""
    return np.ascontiguousarray((memory.active & (memory.sliding == 0)).transpose(1, 0, 2))
