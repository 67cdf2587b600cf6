"""Sliding where data lie on walls of two layers at once: the shares of the walls fill a polytope, not a box.

A datum on a wall of an early layer may be about to join, or to leave, an atom that slides at a later one. Off the early
wall its later preactivation is f, that of the atom, on one side and f + g s on the other. So around the intersection
of the walls there are cells that no product of modes describes. The flow slides there if and only if minus the velocity
normal to the walls is in the convex hull of the jumps of the cells (Filippov, Clarke), and it leaves through a facet,
into the cells of that facet.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symflow.errors import LimitError
from symflow.flow.cones import Cone, cut, whole_space
from symflow.flow.rotation.equations import Parameters, Places, Rows
from symflow.flow.rotation.filippov import Mode, multipliers
from symflow.flow.rotation.problem import Floats

MOST_CELLS = 128
MOST_MINORS = 300_000  # of the simplices of cells: less than half a second
FLAT = 1e-9
Normals = Callable[[Rows, Places, Places, Parameters], Floats]


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows on a wall that slide on the same walls of earlier layers; ``wall`` is its number, from 0."""

    wall: int
    layer: int
    component: int
    rows: Places
    data: Places


@dataclass(frozen=True, slots=True)
class Facet:
    """Vertices, by number of the cell, of which the first k span it; ``side`` makes heights inside positive."""

    cells: tuple[int, ...]
    side: float
    width: float


class Polytope:
    """The jumps of all cells around an intersection of walls, in units of the gradients of the walls."""

    def __init__(
        self, pieces: list[Piece], rows: Rows, velocity: Callable[[Rows, Parameters], Floats], normals: Normals
    ) -> None:
        self.pieces, self._rows, self._velocity, self._normals = pieces, rows, velocity, normals
        self._layers = np.array([piece.layer for piece in pieces], dtype=np.intp)
        self._components = np.array([piece.component for piece in pieces], dtype=np.intp)
        # Rows that stand for several data may count negatively: their gradients point to the truncated side.
        heaviest = [piece.rows[int(np.argmax(np.abs(rows.scales[piece.rows])))] for piece in pieces]
        self._samples = np.array(heaviest, dtype=np.intp)
        self._signs = np.sign(rows.scales[self._samples])
        self.facets: list[Facet] = []
        self.cells: list[tuple[int, ...]] = []

    def refresh(self, at: Parameters, walls: Floats) -> None:
        """Find cells and facets at a point; walls (k, D) are the gradients of the walls slid on. Raises LimitError."""
        cones = [whole_space(len(walls))]
        for place in sorted(range(len(self.pieces)), key=lambda place: self.pieces[place].layer):
            bends = self._earlier(place)
            gradients: dict[tuple[int, ...], Floats] = {}
            following: list[Cone] = []
            for cone in cones:
                signs = [cone.active >> other & 1 for other in range(len(self.pieces))]
                name = tuple(signs[other] for other in bends)
                if name not in gradients:
                    gradients[name] = self._gradient(place, tuple(signs), at, walls)
                following += [part for part, _ in cut(cone, gradients[name], place)]
            cones = following
            if len(cones) > MOST_CELLS:
                raise LimitError(f"more than {MOST_CELLS} chambers meet where data slide in two layers at once")
        self.cells = [tuple(cone.active >> place & 1 for place in range(len(self.pieces))) for cone in cones]
        self.facets = _facets(self._jumps(at, walls)[0])

    def heights(self, at: Parameters, walls: Floats) -> Floats:
        """How far inside each facet the flow is, in units of the width of the polytope there."""
        jumps, wanted = self._jumps(at, walls)
        return np.array([_height(facet, jumps, wanted) for facet in self.facets])

    def left(self, number: int) -> list[tuple[Piece, Mode]]:
        """The pieces that stop sliding at a facet, and their modes: those that its cells have in common."""
        cells = [self.cells[place] for place in self.facets[number].cells]
        result: list[tuple[Piece, Mode]] = []
        for place, piece in enumerate(self.pieces):
            signs = {cell[place] for cell in cells}
            if len(signs) == 1:
                result.append((piece, "active" if signs == {1} else "truncated"))
        return result

    def _with(self, cell: tuple[int, ...]) -> Rows:
        masks = self._rows.masks.copy()
        for piece, sign in zip(self.pieces, cell, strict=True):
            masks[piece.layer, piece.rows, piece.component] = sign
        return self._rows._replace(masks=masks)

    def _earlier(self, place: int) -> list[int]:
        """The pieces of earlier layers with data of this one: on which side of them it is bends its wall."""
        piece = self.pieces[place]
        return [
            other
            for other, bends in enumerate(self.pieces)
            if bends.layer < piece.layer and np.isin(piece.data, bends.data).any()
        ]

    def _gradient(self, place: int, cell: tuple[int, ...], at: Parameters, walls: Floats) -> Floats:
        """The gradient of the function of a piece in a cell, in units of the gradients of the walls."""
        rows, sample = self._with(cell), self._samples[place : place + 1]
        points, scales, targets = (array[sample] for array in (rows.points, rows.scales, rows.targets))
        few = Rows(points, scales, targets, np.ascontiguousarray(rows.masks[:, sample]))
        gradient = self._normals(few, self._layers[place : place + 1], self._components[place : place + 1], at)[0]
        # The inner products with directions that are dual to the gradients of the walls.
        return np.asarray(np.linalg.lstsq(walls.T, gradient, rcond=None)[0] * self._signs[place])

    def _jumps(self, at: Parameters, walls: Floats) -> tuple[Floats, Floats]:
        """Jumps (cells, k) and the point of the polytope that the flow needs (k,), in units of the gradients."""
        base = self._velocity(self._with((0,) * len(self.pieces)), at)
        found = np.array([base - self._velocity(self._with(cell), at) for cell in self.cells])
        return np.linalg.lstsq(walls.T, found.T, rcond=None)[0].T, -multipliers(walls, base)


def _facets(jumps: Floats) -> list[Facet]:
    """All facets of the convex hull: every choice of k vertices that has the others on one side."""
    k = jumps.shape[1]
    if len(jumps) <= k:
        return []
    if math.comb(len(jumps), k) * k > MOST_MINORS:
        raise LimitError(f"{len(jumps)} chambers meet along {k} walls where data slide in two layers at once: too many")
    choices = np.array(list(itertools.combinations(range(len(jumps)), k)), dtype=np.intp)
    heights = _planes(jumps[choices], jumps)
    widths = np.abs(heights).max(axis=1)
    low, high = (heights >= -FLAT * widths[:, None]).all(axis=1), (heights <= FLAT * widths[:, None]).all(axis=1)
    solid = widths > 1e-14 * float(np.abs(jumps).max()) ** k
    found: dict[tuple[int, ...], Facet] = {}
    for number in np.flatnonzero(solid & (low | high)):
        places, width = choices[number].tolist(), float(widths[number])
        on = tuple(np.flatnonzero(np.abs(heights[number]) <= FLAT * width).tolist())
        others = [place for place in on if place not in places]
        found.setdefault(on, Facet((*places, *others), 1.0 if low[number] else -1.0, width))
    return list(found.values())


def _volumes(corners: Floats, point: Floats) -> Floats:
    """Signed volumes, up to a factor, of simplices with corners (…, k, k) and one more point."""
    edges = np.concatenate([corners[..., 1:, :], np.broadcast_to(point, corners[..., :1, :].shape)], axis=-2)
    return np.asarray(np.linalg.det(edges - corners[..., :1, :]))


def _planes(corners: Floats, points: Floats) -> Floats:
    """(F, V) the same volumes for F simplices and V points, from the minors of the edges of each simplex."""
    edges = corners[:, 1:] - corners[:, :1]
    k = corners.shape[-1]
    minors = [np.linalg.det(np.delete(edges, column, axis=2)) * (-1.0) ** (k - 1 + column) for column in range(k)]
    normals = np.stack(minors, axis=1)
    return np.asarray(normals @ points.T - (normals * corners[:, 0]).sum(axis=1)[:, None])


def _height(facet: Facet, jumps: Floats, wanted: Floats) -> float:
    corners = jumps[list(facet.cells[: jumps.shape[1]])]
    return facet.side * float(_volumes(corners, wanted)) / facet.width
