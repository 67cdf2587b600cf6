"""The walls of a chamber flow in groups, for general solvers with events.

Data with one pattern in the layers below meet a wall's threshold in the order of one coordinate, so that of a group
(layer, pattern below, component) only the two data next to the threshold can be next. A ``Grouping`` holds for the
current chamber the flow β̇ = c - Aβ and, for each of these walls, its function g·β + r, positive above the threshold;
``cross`` turns over the activation of the datum at one of them. Written for callbacks: lists, and updates of low rank.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from problems import Floats, arrays

NOTHING = 100.0  # offset, with a sign, where a group has no datum on one side; much more would blur step sizes


class Grouping:
    """Flow and walls of the chamber that a state lies in.

    Wall 2j is the next truncated datum below the threshold of group and component j, wall 2j + 1 the next active one
    above it. ``A`` (n, n), ``c`` (n,); ``gradients`` (W, n) never change, ``offsets`` (W,) do.
    """

    def __init__(self, problem: dict[str, Any]) -> None:
        self.points, self.goals, self.weights, self.start, self.rotations = arrays(problem)
        self.depth, self.width, _ = self.rotations.shape
        self.prefix = cache(self._prefix)
        self.moments = cache(self._moments)
        patterns = list(product((False, True), repeat=self.width))
        self.groups = [key for layer in range(self.depth) for key in product(patterns, repeat=layer)]
        self.number = {key: place for place, key in enumerate(self.groups)}
        rows = np.concatenate([self._rows(key)[1] for key in self.groups])
        self.gradients = np.repeat(rows, 2, axis=0)
        self.reset()

    def reset(self) -> None:
        """The chamber of the start."""
        z, self.pattern, beta = self.points, [], self.start
        layers = []
        for R, b in zip(self.rotations, beta, strict=True):
            u = (z + b) @ R.T
            layers.append(u > 0)
            z = np.where(u > 0, u, 0.0) @ R - b
        self.pattern = [[tuple(row) for row in data] for data in np.array(layers).transpose(1, 0, 2).tolist()]
        n, walls = beta.size, len(self.groups) * self.width
        self.A, self.c = np.zeros((n, n)), np.zeros(n)
        self.coordinates: list[list[float]] = [[] for _ in range(walls)]
        self.data: list[list[int]] = [[] for _ in range(walls)]
        self.below = [0] * walls
        self.offsets = np.tile([-NOTHING, NOTHING], walls)
        members: dict[Any, list[int]] = {}
        for datum, pattern in enumerate(self.pattern):
            for layer in range(self.depth + 1):
                members.setdefault(tuple(pattern[:layer]), []).append(datum)
        for key, data in members.items():
            if len(key) == self.depth:
                self._add(key, data, 1.0)
            else:
                self._fill(key, data)

    def _fill(self, key: Any, data: list[int]) -> None:
        coordinates = self.points[data] @ self._rows(key)[0].T
        for component in range(self.width):
            slot = self.number[key] * self.width + component
            order = np.argsort(coordinates[:, component], kind="stable")
            self.coordinates[slot] = coordinates[order, component].tolist()
            self.data[slot] = [data[place] for place in order]
            self.below[slot] = sum(not self.pattern[datum][len(key)][component] for datum in data)
            self._neighbours(slot)

    def _prefix(self, key: Any) -> tuple[Floats, Floats]:
        """M and D of z = Mx + Dβ after the layers of ``key``."""
        M, D = np.eye(self.width), np.zeros((self.width, self.depth * self.width))
        for layer, on in enumerate(key):
            R = self.rotations[layer]
            P = R.T @ (R * np.array(on)[:, None])
            M, D = P @ M, P @ D
            D[:, layer * self.width : (layer + 1) * self.width] += P - np.eye(self.width)
        return M, D

    def _rows(self, key: Any) -> tuple[Floats, Floats]:
        """Preactivations after ``key`` as functions of the datum and of the state."""
        M, D = self.prefix(key)
        R, gradient = self.rotations[len(key)], self.rotations[len(key)] @ D
        gradient[:, len(key) * self.width : (len(key) + 1) * self.width] += R
        return R @ M, gradient

    def _moments(self, key: Any) -> tuple[Floats, Floats, Floats]:
        M, D = self.prefix(key)
        return D.T @ D, D.T @ M, D.T

    def _add(self, key: Any, data: list[int], sign: float) -> None:
        square, by_points, by_goals = self.moments(key)
        w = sign * self.weights[data]
        self.A += w.sum() * square
        self.c -= by_points @ (w @ self.points[data]) - by_goals @ (w @ self.goals[data])

    def _neighbours(self, slot: int) -> None:
        coordinates, below = self.coordinates[slot], self.below[slot]
        self.offsets[2 * slot] = coordinates[below - 1] if below else -NOTHING
        self.offsets[2 * slot + 1] = coordinates[below] if below < len(coordinates) else NOTHING

    def cross(self, wall: int) -> None:
        """The datum at a wall changes its activation there, and its group in the layers above."""
        slot, above = divmod(wall, 2)
        group, component = divmod(slot, self.width)
        layer = len(self.groups[group])
        datum = self.data[slot][self.below[slot] if above else self.below[slot] - 1]
        old = tuple(self.pattern[datum])
        turned = list(old[layer])
        turned[component] = not turned[component]
        new = (*old[:layer], tuple(turned), *old[layer + 1 :])
        self.pattern[datum] = list(new)
        self.below[slot] += 1 if above else -1
        self._neighbours(slot)
        for deeper in range(layer + 1, self.depth):
            self._move(datum, old[:deeper], new[:deeper], new[deeper])
        w, x, y = self.weights[datum], self.points[datum], self.goals[datum]
        before, after = self.moments(old), self.moments(new)
        self.A += w * (after[0] - before[0])
        self.c -= w * ((after[1] - before[1]) @ x - (after[2] - before[2]) @ y)

    def _move(self, datum: int, old: Any, new: Any, on: tuple[bool, ...]) -> None:
        leaving, joining = self._offsets(old) @ self.points[datum], self._offsets(new) @ self.points[datum]
        for component in range(self.width):
            slot = self.number[old] * self.width + component
            place = bisect_left(self.coordinates[slot], leaving[component] - 1e-9)
            place = self.data[slot].index(datum, place)
            del self.data[slot][place], self.coordinates[slot][place]
            self.below[slot] -= not on[component]
            self._neighbours(slot)
            slot = self.number[new] * self.width + component
            place = bisect_left(self.coordinates[slot], joining[component])
            # Its activation says on which side it belongs, whatever rounding says of a datum close to the threshold.
            place = max(place, self.below[slot]) if on[component] else min(place, self.below[slot])
            self.data[slot].insert(place, datum)
            self.coordinates[slot].insert(place, float(joining[component]))
            self.below[slot] += not on[component]
            self._neighbours(slot)

    def _offsets(self, key: Any) -> Floats:
        return np.asarray(self.rotations[len(key)] @ self.prefix(key)[0])

    def distances(self, beta: Floats) -> Floats:
        """How far each wall is, positive inside the chamber: (W,)."""
        values = np.asarray(self.gradients @ beta + self.offsets)
        values[0::2] *= -1.0
        return values
