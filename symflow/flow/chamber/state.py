"""The state of a run: θ and the clock, where the data are, which walls are slid on, and the log."""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.advancing import AT_WALL, Run, mark, unmark
from symflow.flow.chamber.bookkeeping import NONE, empty_places, grown, put_in_all, quadratic
from symflow.flow.chamber.history import Log, empty_log, with_room
from symflow.flow.chamber.hulls import Polygon
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.prefixes import PrefixTable

Slides = tuple[tuple[int, int, tuple[int, ...]], ...]  # layer, component and data of each sliding wall
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
        n = self.n
        self.run = Run(
            problem.start, np.zeros(2), np.zeros((n, n)), np.zeros(n), np.zeros((n + 1, n)), np.zeros(n + 1),
            np.zeros((n + 1, n)), np.zeros(n + 1), np.zeros(1, dtype=np.int64), np.zeros(places, dtype=np.int64),
            np.zeros((1 + int(np.prod(places)), 3), dtype=np.int64), np.zeros((places[1] + 16, 3), dtype=np.int64),
        )  # fmt: skip
        self.polygons: tuple[Polygon, ...] = ()
        self.coupled: tuple[int, ...] = ()  # sliding walls whose shares fill a polygon
        self.log: Log = empty_log(n, 64, 4 * self.run.found.shape[0])
        self.known_slides: dict[int, Slides] = {}  # where the choice was made outside the compiled loop
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
        """Room in the log for another event, and in the places for all nodes of the table."""
        self.log = with_room(self.log, 1, 2 * self.run.found.shape[0] + 2 * int(self.run.marked.shape[0]))
        self.points = grown(self.points, self.table.nodes.level.size)

    def refresh_quadratic(self) -> None:
        """H and c of the current patterns."""
        quadratic(self.table.nodes, self.points, self.table.used, self.run.H, self.run.c)

    def slides(self) -> Slides:
        """The walls that are slid on, with their data."""
        result = []
        for number in range(int(self.run.slides[0])):
            layers, data, components = np.nonzero(self.points.sliding == number)
            order = np.unique(data)
            result.append((int(layers[0]), int(components[0]), tuple(int(i) for i in order)))
        return tuple(result)

    def enter_all(self) -> Zeros:
        """Place all data; returns those that start on a wall."""
        x, beta, rotations = self.problem.points, self.problem.biases, self.problem.rotations
        z = x
        zeros: Zeros = {}
        bound = self.bound
        for layer in range(self.depth):
            u = (z + beta[layer]) @ rotations[layer].T
            for i, k in zip(*np.nonzero(np.abs(u) <= bound), strict=True):
                zeros.setdefault(int(i), set()).add((layer, int(k)))
            self.points.active[layer] = u > bound
            z = np.where(u > 0, u, 0.0) @ rotations[layer] - beta[layer]
        patterns = np.ascontiguousarray(self.points.active.transpose(1, 0, 2))
        distinct, inverse = np.unique(patterns, axis=0, return_inverse=True)
        paths = np.array([self.table.path(pattern) for pattern in distinct])
        self.points.node[:] = paths[inverse.ravel()].T
        self.make_room()
        put_in_all(self.table.nodes, self.points)
        return zeros

    def zeros(self) -> Zeros:
        """The data with zero preactivations here, and which."""
        points, nodes = self.points, self.table.nodes
        zeros: Zeros = {}
        for layer, i, k in zip(*np.nonzero(points.sliding != NONE), strict=True):
            zeros.setdefault(int(i), set()).add((int(layer), int(k)))
        bound = self.bound
        occupied = np.flatnonzero(
            (points.members[: self.table.used] > 0) & (nodes.level[: self.table.used] < self.depth)
        )
        bases = nodes.rows[occupied] @ self.run.theta
        for node, base in zip(occupied, bases, strict=True):
            layer = int(nodes.level[node])
            for k in range(self.width):
                for head in (points.below[node, k], points.above[node, k]):
                    place = int(head)
                    while place != NONE and abs(base[k] + points.s[layer, place, k]) <= bound:
                        zeros.setdefault(place, set()).add((layer, k))
                        place = int(points.after[layer, place, k])
        return zeros

    def forget_marks(self) -> None:
        """No wall has just been met."""
        unmark(self.run)

    def mark_zeros(self, zeros: Zeros) -> None:
        """These walls have just been met."""
        for i, places in zeros.items():
            for layer, k in places:
                mark(self.run, layer, i, k)
