"""The walls that the flow slides on: the velocity along them, the multipliers, and staying on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.flow.rotation.charts import Chart
from symflow.flow.rotation.equations import (
    Group,
    Parameters,
    Rows,
    descent,
    half_square,
    preactivations,
    wall_gradients,
)
from symflow.flow.rotation.filippov import multipliers
from symflow.flow.rotation.grouping import Patterns
from symflow.flow.rotation.problem import Floats


@dataclass(frozen=True, slots=True)
class Wall:
    """The place u_ℓ,k = 0 of tied data: their preactivation is one function of the parameters."""

    layer: int
    component: int
    data: NDArray[np.intp]


class Slides:
    """The velocity of one chamber and of walls slid on, in the order of their numbers in ``patterns.sliding``.

    It keeps the rows of this moment and does not change, so that a step can be interpolated when the flow has moved on.
    """

    def __init__(self, group: Group, patterns: Patterns, everything: Rows, walls: Sequence[Wall] = ()) -> None:
        self.group, self.patterns, self.everything, self.walls = group, patterns, everything, tuple(walls)
        self._rows = patterns.rows
        self._nodes = [patterns.rows_on(number) for number in range(1, len(walls) + 1)]
        self._layers = np.array([wall.layer for wall in walls], dtype=np.intp)
        self._components = np.array([wall.component for wall in walls], dtype=np.intp)
        if walls:
            self._representatives = rows_of(np.array([wall.data[0] for wall in walls]), everything, patterns)

    def velocity(self, at: Parameters) -> Floats:
        """The velocity of the chamber, projected on the common tangent space of the walls."""
        velocity = self.chamber_velocity(at)
        if not self.walls:
            return velocity
        gradients = self.normals(at)
        return np.asarray(velocity + multipliers(gradients, velocity) @ gradients)

    def chamber_velocity(self, at: Parameters) -> Floats:
        """Minus the gradient with every sliding component truncated."""
        return descent(self._rows, at, self.group)[0]

    def strengths(self, at: Parameters) -> Floats:
        """Minus the jump of each wall, Σ ω v over its data, the other sliding components truncated: (m,)."""
        return self._strengths(self._rows, at, np.arange(len(self.walls)))

    def margins(self, at: Parameters) -> Floats:
        """Per wall s·h and s·(1 − h), s minus its jump: (2, m), of one sign while the slide goes on.

        The jump at a layer depends on the masks h of the same data at later layers, so those are found first.
        """
        lifted = -multipliers(self.normals(at), self.chamber_velocity(at))
        rows, strengths = self._rows, np.zeros(len(self.walls))
        for layer in sorted(set(self._layers.tolist()), reverse=True):
            here = np.flatnonzero(self._layers == layer)
            strengths[here] = self._strengths(rows, at, here)
            masks = rows.masks.copy()
            for wall in here:
                share = lifted[wall] / strengths[wall] if strengths[wall] else 0.0
                masks[layer, self._nodes[wall], self._components[wall]] = share
            rows = Rows(rows.points, rows.scales, rows.targets, masks)
        return np.array([lifted, strengths - lifted])

    def _strengths(self, rows: Rows, at: Parameters, places: NDArray[np.intp]) -> Floats:
        _, pulled = descent(rows, at, self.group)
        return np.array(
            [
                rows.scales[self._nodes[place]]
                @ pulled[self._layers[place], self._nodes[place], self._components[place]]
                for place in places
            ]
        )

    def normals(self, at: Parameters) -> Floats:
        """Gradients (m, D) of the functions of the walls."""
        return wall_gradients(self._representatives, self._layers, self._components, at, self.group)

    def cost(self, at: Parameters) -> float:
        """C from the rows that stand for the data."""
        return half_square(self._rows, at)

    def back_to_walls(self, at: Parameters, make_chart: Callable[[Floats, Floats], Chart]) -> Parameters:
        """Newton's correction of what a step drifted from the walls: the shortest way back, in a chart."""
        if not self.walls:
            return at
        for _ in range(2):
            u, _ = preactivations(self._representatives, at)
            drift = u[self._layers, np.arange(len(self.walls)), self._components]
            gradients = self.normals(at)
            way = -np.linalg.solve(gradients @ gradients.T, drift) @ gradients
            way[: at.biases.size] += at.biases.ravel()
            at = make_chart(at.biases, at.weights).parameters(way)
        return at


def rows_of(data: NDArray[np.intp], everything: Rows, patterns: Patterns) -> Rows:
    """The given data themselves, with mass 1 and their patterns."""
    return Rows(
        everything.points[data],
        everything.scales[data],
        everything.targets[data],
        patterns.active[:, data].astype(float),
    )


def normals(walls: Sequence[Wall], everything: Rows, patterns: Patterns, at: Parameters, group: Group) -> Floats:
    """Gradients (m, D) of the functions of these walls."""
    rows = rows_of(np.array([wall.data[0] for wall in walls]), everything, patterns)
    layers, components = np.array([(wall.layer, wall.component) for wall in walls]).T
    return wall_gradients(rows, layers, components, at, group)
