"""The walls next to the state in floats, with room for their roundoff: which of them need a closer look in balls.

Under a common prefix all data share the gradient of a preactivation (theory D1), so that of the data on one side of a
wall only the nearest can reach it first. Both sides of every (prefix, component) are kept as sorted lists, and what the
nearest ones are is kept in arrays: one product tells which of them stay clear of zero during a segment.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator

import numpy as np

from symflow.flow.chamber.ball_bounds import bernstein, floats
from symflow.flow.chamber.ball_patterns import BallNode, BallPatterns
from symflow.network.arrays import Array

Place = tuple[int, int, int]  # layer from 0, datum, component
SLIDES = 2  # beside the sides 0, truncated, and 1, active


class NearWalls:
    """All data on the two sides of the walls of their groups; those that slide on a wall are on no side of it.

    The sides stand at 2 (slot + component) and one behind it, the truncated one first; f is the preactivation with the
    sign that keeps it positive.
    """

    def __init__(self, patterns: BallPatterns, held: set[Place]) -> None:
        self.patterns = patterns
        self.roundoff = 2.0**-50 * (patterns.n + patterns.width + 16)  # see ``candidates``
        self.points = patterns.problem.points
        self.size_x = float(np.sqrt((self.points**2).sum(axis=1)).max()) * 1.001
        self.sides: list[list[tuple[float, int]]] = []  # (part of f in x, datum), nearest first
        self.levels: list[int] = []
        self.spreads: dict[int, Array] = {}
        self.rows, self.sizes, self.near = np.zeros((0, patterns.n)), np.zeros(0), np.zeros(0)
        depth, count = patterns.depth, len(self.points)
        # of every layer and datum: the node, the parts of the preactivations in x, and on which sides they are
        self.nodes: list[list[BallNode]] = [[patterns.root] * count for _ in range(depth)]
        self.values: list[list[list[float]]] = [[[]] * count for _ in range(depth)]
        self.side_of: list[list[list[int]]] = [[[]] * count for _ in range(depth)]
        for layer in range(depth):
            groups: dict[BallNode, list[int]] = {}
            for i, path in enumerate(patterns.paths):
                groups.setdefault(path[layer], []).append(i)
            for node, members in groups.items():
                self._know(node)
                values = (self.points[members] @ self.spreads[node.slot].T).tolist()
                for i, row in zip(members, values, strict=True):
                    sides = self._sides(i, layer, held)
                    self.nodes[layer][i], self.values[layer][i], self.side_of[layer][i] = node, row, sides
                    for k, side in enumerate(sides):
                        if side != SLIDES:
                            self.sides[2 * (node.slot + k) + side].append((row[k] if side else -row[k], i))
        for place, data in enumerate(self.sides):
            data.sort()
            self._refresh(place)

    def update(self, i: int, held: set[Place]) -> None:
        """Bring a datum to where its pattern now is."""
        for layer in range(self.patterns.depth):
            node, sides = self.patterns.paths[i][layer], self._sides(i, layer, held)
            old, before, values = self.nodes[layer][i], self.side_of[layer][i], self.values[layer][i]
            if node is old and sides == before:
                continue
            for k, side in enumerate(before):
                if side != SLIDES and (node is not old or sides[k] != side):
                    place = 2 * (old.slot + k) + side
                    data = self.sides[place]
                    data.pop(bisect_left(data, (values[k] if side else -values[k], i)))
                    self._refresh(place)
            if node is not old:
                self._know(node)
                values = (self.spreads[node.slot] @ self.points[i]).tolist()
            for k, side in enumerate(sides):
                if side != SLIDES and (node is not old or before[k] != side):
                    place = 2 * (node.slot + k) + side
                    insort(self.sides[place], (values[k] if side else -values[k], i))
                    self._refresh(place)
            self.nodes[layer][i], self.values[layer][i], self.side_of[layer][i] = node, values, sides

    def candidates(self, path: list[list[float]], remainder: float) -> Iterator[Place]:
        """The data whose preactivation is not seen to keep its sign on a path: θ(s) = Σ_j p_j s^j, 0 <= s <= 1.

        θ(s) is within ``remainder`` of that, so that the smallest of the coefficients of f in Bernstein's basis, less
        |∇f| times the remainder, is a bound. A sum of products of floats, each rounded once before, differs from what
        it stands for by at most 2^-53 times the number of roundings that a summand goes through, n + 4 and as many more
        as there are p_j, and times the sum of its absolute summands; all of this together is below ``roundoff`` times
        the sizes that are added up here.
        """
        scale = sum(math.hypot(*step) for step in path)
        moved = bernstein(len(path) - 1) @ (np.array(path) @ self.rows.T)
        left = self.near + moved.min(axis=0)
        left -= self.sizes * (self.roundoff * scale + remainder) + self.roundoff * self.size_x
        for place in np.flatnonzero(~(left > 0.0)).tolist():
            data, lowest = self.sides[place], float(left[place])
            layer, k = self.levels[place // 2], place // 2 % self.patterns.width
            for value, i in data:
                if value - data[0][0] + lowest > self.roundoff * self.size_x:
                    break
                yield layer, i, k

    def _sides(self, i: int, layer: int, held: set[Place]) -> list[int]:
        entries = self.patterns.patterns[i][layer]
        return [SLIDES if held and (layer, i, k) in held else side for k, side in enumerate(entries)]

    def _refresh(self, place: int) -> None:
        data = self.sides[place]
        self.near[place] = data[0][0] if data else np.inf

    def _know(self, node: BallNode) -> None:
        """Places for the walls behind a prefix; slots are given in order, so that those of others come with them."""
        if node.slot in self.spreads:
            return
        width, n = self.patterns.width, self.patterns.n
        self.spreads[node.slot] = np.array(floats(node.spread)).reshape(width, width)
        places = max(2 * (node.slot + width), len(self.sides)) - len(self.sides)
        if places:
            self.sides.extend([] for _ in range(places))
            self.levels.extend([0] * (places // 2))
            self.rows = np.concatenate((self.rows, np.zeros((places, n))))
            self.sizes = np.concatenate((self.sizes, np.zeros(places)))
            self.near = np.concatenate((self.near, np.full(places, np.inf)))
        for k, row in enumerate(node.rows):
            place = 2 * (node.slot + k)
            self.levels[node.slot + k] = node.level
            self.rows[place + 1] = floats(row)
            self.rows[place] = -self.rows[place + 1]
            self.sizes[place : place + 2] = node.sizes[k]
