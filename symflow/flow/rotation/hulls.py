"""Sliding where data lie on walls of two layers at once: the shares of the walls fill a polytope, not a box.

A datum on a wall of an early layer may be about to join, or to leave, an atom that slides at a later one. Off the early
wall its later preactivation is f, that of the atom, on one side and f + g s on the other. So around the intersection
of the walls there are cells that no product of modes describes. The flow slides there if and only if minus the velocity
normal to the walls is in the convex hull of the jumps of the cells (Filippov, Clarke), and it leaves through a facet,
into the cells of that facet.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symflow.flow.rotation.equations import Parameters, Places, Rows
from symflow.flow.rotation.filippov import Mode, multipliers
from symflow.flow.rotation.problem import Floats

MOST_PIECES = 8  # 2^8 sign vectors are looked through
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
        # Rows that stand for several data may count negatively: the gradient of such a row points to the truncated side.
        heaviest = [piece.rows[int(np.argmax(np.abs(rows.scales[piece.rows])))] for piece in pieces]
        self._samples = np.array(heaviest, dtype=np.intp)
        self._signs = np.sign(rows.scales[self._samples])
        self.facets: list[Facet] = []
        self.cells: list[tuple[int, ...]] = []

    def refresh(self, at: Parameters, walls: Floats) -> None:
        """Find cells and facets at a point; walls (k, D) are the gradients of the walls slid on."""
        signs = itertools.product((0, 1), repeat=len(self.pieces))
        self.cells = [cell for cell in signs if self._exists(cell, at, walls)]
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

    def _exists(self, cell: tuple[int, ...], at: Parameters, walls: Floats) -> bool:
        """Whether there is a direction in which all pieces get these signs, their gradients being those of the cell."""
        rows = self._with(cell)
        points, scales, targets = (array[self._samples] for array in (rows.points, rows.scales, rows.targets))
        few = Rows(points, scales, targets, np.ascontiguousarray(rows.masks[:, self._samples]))
        gradients = self._normals(few, self._layers, self._components, at) * self._signs[:, None]
        plane = np.linalg.lstsq(walls.T, gradients.T, rcond=None)[0].T
        outward = plane / np.linalg.norm(plane, axis=1)[:, None] * (2 * np.array(cell) - 1)[:, None]
        k = len(walls)
        # The cell is the cone of its extreme rays, each of which lies on k − 1 walls.
        places = np.array(list(itertools.combinations(range(len(outward)), k - 1)), dtype=np.intp).reshape(-1, k - 1)
        lines = np.linalg.svd(outward[places])[2][:, -1]
        rays = np.concatenate([lines, -lines])
        inside = rays[(rays @ outward.T > -FLAT).all(axis=1)].sum(axis=0)
        return bool((outward @ inside > FLAT).all())

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
    choices = np.array(list(itertools.combinations(range(len(jumps)), k)), dtype=np.intp)
    heights = np.stack([_volumes(jumps[choices], jump) for jump in jumps], axis=1)
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


def _height(facet: Facet, jumps: Floats, wanted: Floats) -> float:
    corners = jumps[list(facet.cells[: jumps.shape[1]])]
    return facet.side * float(_volumes(corners, wanted)) / facet.width
