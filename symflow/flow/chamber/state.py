"""The state of a run: θ and the clock, where the data are, which walls are slid on, and the log."""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.advancing import advance, at_walls
from symflow.flow.chamber.bookkeeping import NONE, empty_places, grown, put_in_all, read_patterns
from symflow.flow.chamber.history import Log, empty_log, with_room
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.judging import Edges
from symflow.flow.chamber.nearby import ORDER
from symflow.flow.chamber.prefixes import FULL, PrefixTable
from symflow.flow.chamber.running import empty_run, mark, unmark
from symflow.flow.chamber.tolerances import AT_WALL
from symflow.flow.chamber.trials import empty_trial
from symflow.flow.chamber.zero_classes import empty_classes
from symflow.network.arrays import Array

Zeros = dict[int, set[tuple[int, int]]]  # for each datum at a wall its zero preactivations (layer, component)


class FlowState:
    """Arrays that the compiled loop updates in place, and the few things that it leaves alone."""

    def __init__(self, problem: FlowProblem) -> None:
        self.problem = problem
        self.table = PrefixTable(problem.rotations, problem.moving)
        self.depth, self.width, self.n = self.table.depth, self.table.width, self.table.size
        self.points = empty_places(
            problem.points, problem.targets, problem.weights, self.depth, self.table.nodes.level.size
        )
        places = self.points.active.shape
        self.run = empty_run(problem.start, places, ORDER)
        self.classes, self.trial = empty_classes(places), empty_trial(places, self.n)
        self.edges: Edges | None = None  # of the slide, where its walls have no shares of their own
        self.log: Log = empty_log(self.n, 1024, 4096 + 4 * self.run.found.shape[0])
        self.size_x = float(max(1.0, np.abs(problem.points).max()))

    @property
    def time(self) -> float:
        """t."""
        return float(self.run.clock[0])

    @property
    def bound(self) -> float:
        """Preactivations below this are zero."""
        return AT_WALL * (self.size_x + float(np.abs(self.run.theta).max()))

    def make_room(self) -> None:
        """Room in the log for another event, in the table of nodes, and in the places for all of them."""
        self.log = with_room(self.log, 1, 2 * self.run.found.shape[0] + 2 * int(self.run.marked.shape[0]))
        self.table.make_room(32)
        self.points = grown(self.points, self.table.nodes.level.size)

    def advance(self, t_max: float, most: int) -> tuple[int, int]:
        """Run the compiled loop until something is not plain, or there are more than ``most`` events."""
        return advance(
            self.table.nodes, self.points, self.log, self.run, self.classes, self.trial, t_max, self.size_x, most
        )

    def enter_all(self) -> Zeros:
        """Place all data; returns those that start on a wall."""
        found = np.empty((self.points.s.size, 3), dtype=np.int64)
        count = FULL
        while count == FULL:
            self.make_room()
            count = int(read_patterns(self.table.nodes, self.points, self.problem.biases, self.bound, found))
        self.make_room()
        put_in_all(self.table.nodes, self.points)
        return _zeros(found[:count])

    def zeros(self) -> Zeros:
        """The data with zero preactivations here, and which."""
        points, nodes = self.points, self.table.nodes
        zeros: Zeros = {}
        for layer, i, k in zip(*np.nonzero(points.sliding != NONE), strict=True):
            zeros.setdefault(int(i), set()).add((int(layer), int(k)))
        bound = self.bound
        found = np.zeros((points.s.size, 3), dtype=np.int64)
        count = at_walls(nodes, points, self.table.used, self.run.theta, bound, np.inf, found)
        for i, places in _zeros(found[:count]).items():
            zeros.setdefault(i, set()).update(places)
        return zeros

    def note_slides(self) -> None:
        """Which data slide is in their places."""
        data = np.flatnonzero((self.points.sliding != NONE).any(axis=(0, 2)))
        self.run.held[0] = data.size
        self.run.held[1 : 1 + data.size] = data

    def forget_marks(self) -> None:
        """No wall has just been met."""
        unmark(self.run)

    def mark_zeros(self, zeros: Zeros) -> None:
        """These walls have just been met."""
        for i, places in zeros.items():
            for layer, k in places:
                mark(self.run, layer, i, k)


def _zeros(found: Array) -> Zeros:
    zeros: Zeros = {}
    for layer, i, k in found.tolist():
        zeros.setdefault(i, set()).add((layer, k))
    return zeros
