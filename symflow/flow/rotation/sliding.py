"""The walls that the flow slides on: the velocity along them, the multipliers, and staying on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.flow.rotation import kernels
from symflow.flow.rotation.charts import Chart, singular
from symflow.flow.rotation.equations import (
    KINDS,
    Group,
    Parameters,
    Places,
    Rows,
    descent,
    half_square,
    preactivations,
    wall_gradients,
)
from symflow.flow.rotation.filippov import Mode, multipliers
from symflow.flow.rotation.grouping import Patterns
from symflow.flow.rotation.hulls import Piece, Polytope
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.tableau import COUPLINGS

Parts = list[tuple[NDArray[np.intp], Mode | None]]  # of the data of a wall, with the modes that they must have
Left = dict[int, Parts]


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
        firsts = np.array([wall.data[0] for wall in walls], dtype=np.intp)
        self._representatives = rows_of(firsts, everything, patterns)
        starts = np.cumsum([0, *map(len, self._nodes)])
        nodes = np.concatenate([np.empty(0, dtype=np.intp), *self._nodes])
        self._guides = kernels.Guides(self._representatives, self._layers, self._components, nodes, starts)

        self.polytope = self._polytope()

    def _polytope(self) -> Polytope | None:
        """For data on walls of two layers; None where there are none and every wall has a share of its own."""
        slides = self.patterns.row_slides
        numbers = slides.max(axis=2) > 0
        if not (numbers.sum(axis=0) > 1).any():
            return None
        pieces: list[Piece] = []
        for place, (wall, rows) in enumerate(zip(self.walls, self._nodes, strict=True)):
            parts: dict[bytes, list[int]] = {}
            for row in rows.tolist():
                parts.setdefault(slides[: wall.layer, row].tobytes(), []).append(row)
            for name, members in parts.items():
                mine = [d for d in wall.data.tolist() if self.patterns.sliding[: wall.layer, d].tobytes() == name]
                pieces.append(Piece(place, wall.layer, wall.component, np.array(members), np.array(mine)))

        def velocity(rows: Rows, at: Parameters) -> Floats:
            return self._descent(rows, at)[0]

        def gradients(rows: Rows, layers: Places, components: Places, at: Parameters) -> Floats:
            return _gradients(rows, layers, components, at, self.group)

        return Polytope(pieces, self._rows, velocity, gradients)

    def room(self, at: Parameters) -> float:
        """How far inside all bounds the sliding is, at most 1 for any; negative where the flow cannot slide."""
        if self.polytope is None:
            lifted, lowered = self.margins(at)
            strengths = lifted + lowered
            return float(min((lifted / strengths).min(), (lowered / strengths).min())) if strengths.all() else -1.0
        walls = self.normals(at)
        self.polytope.refresh(at, walls)
        return float(self.polytope.heights(at, walls).min(initial=1.0)) if self.polytope.facets else -1.0

    def exits(self, points: Parameters) -> tuple[Floats, list[tuple[int, int]]]:
        """Functions (F, m), sampled at F points, the first of which to turn negative ends the slide; their names."""
        if self.polytope is None:
            margins = self.margins_at(points)
            names = [(mode, wall) for mode in (0, 1) for wall in range(len(self.walls))]
            return margins.reshape(len(margins), -1), names
        each = [Parameters(*at) for at in zip(*points, strict=True)]
        self.polytope.refresh(each[0], self.normals(each[0]))
        found = np.array([self.polytope.heights(at, self.normals(at)) for at in each])
        return found, [(2, facet) for facet in range(found.shape[1])]

    def exit_value(self, at: Parameters, name: tuple[int, int]) -> float:
        """One of those functions."""
        if self.polytope is None:
            return float(self.margins(at)[name])
        return float(self.polytope.heights(at, self.normals(at))[name[1]])

    def left_at(self, name: tuple[int, int]) -> Left:
        """By wall, the data that leave it where this function turns negative, with their modes; None: they stay."""
        if self.polytope is None:
            return {name[1]: [(self.walls[name[1]].data, "truncated" if name[0] == 0 else "active")]}
        modes: dict[int, Mode] = {id(piece): mode for piece, mode in self.polytope.left(name[1])}
        result: Left = {}
        for piece in self.polytope.pieces:
            result.setdefault(piece.wall, []).append((piece.data, modes.get(id(piece))))
        return result

    def parts(self, place: int) -> Parts:
        """The data of a wall; apart from each other those that may part at a wall of an earlier layer."""
        if self.polytope is None:
            return [(self.walls[place].data, None)]
        return [(piece.data, None) for piece in self.polytope.pieces if piece.wall == place]

    def __call__(self, at: Parameters) -> Floats:
        """The velocity of the chamber, projected on the common tangent space of the walls."""
        velocity = self.chamber_velocity(at)
        if not self.walls:
            return velocity
        gradients = self.normals(at)
        return np.asarray(velocity + multipliers(gradients, velocity) @ gradients)

    def stages(
        self, chart: Chart, size: float, start: Floats, slopes: Floats, numbers: tuple[int, int]
    ) -> tuple[Floats, Floats]:
        """The stages of a step, compiled; as ``stepping.run_stages``."""
        place, final = np.empty_like(start), np.empty(len(start) - 1)
        exact = kernels.run_stages(
            *numbers, size, start, slopes, COUPLINGS, chart.base, chart.norms, KINDS[self.group], self._rows,
            self._guides, place, final,
        )  # fmt: skip
        if not exact:
            raise singular()
        return place, final

    def chamber_velocity(self, at: Parameters) -> Floats:
        """Minus the gradient with every sliding component truncated."""
        return self._descent(self._rows, at)[0]

    def _descent(self, rows: Rows, at: Parameters) -> tuple[Floats, Floats]:
        if not kernels.USED:
            return descent(rows, at, self.group)
        velocity, pulled = np.empty(at.biases.size + at.weights.size), np.empty_like(rows.masks)
        kernels.descend(rows, at, KINDS[self.group], velocity, pulled)
        return velocity, pulled

    def strengths(self, at: Parameters) -> Floats:
        """Minus the jump of each wall, Σ ω v over its data, the other sliding components truncated: (m,)."""
        return self._strengths(self._rows, at, np.arange(len(self.walls)))

    def margins_at(self, points: Parameters) -> Floats:
        """The margins (F, 2, m) at F stacked points."""
        if not kernels.USED:
            return np.array([self.margins(Parameters(*at)) for at in zip(*points, strict=True)])
        found = np.empty((len(points.biases), 2, len(self.walls)))
        kernels.sample_margins(self._rows, self._guides, points, KINDS[self.group], found)
        return found

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
        _, pulled = self._descent(rows, at)
        return np.array(
            [
                rows.scales[self._nodes[place]]
                @ pulled[self._layers[place], self._nodes[place], self._components[place]]
                for place in places
            ]
        )

    def normals(self, at: Parameters) -> Floats:
        """Gradients (m, D) of the functions of the walls."""
        return _gradients(self._representatives, self._layers, self._components, at, self.group)

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
        np.array(patterns.active[:, data], dtype=float, order="C"),
    )


def normals(walls: Sequence[Wall], everything: Rows, patterns: Patterns, at: Parameters, group: Group) -> Floats:
    """Gradients (m, D) of the functions of these walls."""
    rows = rows_of(np.array([wall.data[0] for wall in walls]), everything, patterns)
    layers, components = np.array([(wall.layer, wall.component) for wall in walls]).T
    return _gradients(rows, np.ascontiguousarray(layers), np.ascontiguousarray(components), at, group)


def _gradients(rows: Rows, layers: Places, components: Places, at: Parameters, group: Group) -> Floats:
    if not kernels.USED:
        return wall_gradients(rows, layers, components, at, group)
    found = np.empty((len(layers), at.biases.size + at.weights.size))
    kernels.fill_normals(rows, layers, components, at, KINDS[group], found)
    return found
