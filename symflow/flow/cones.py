"""Cones cut by hyperplanes through zero, and their common faces: every way in which a flow could go on from walls.

To first order walls that meet at a state are hyperplanes through it, and the chambers between them cones. A wall of a
later layer bends where it meets one of an earlier layer: its gradient depends on the side, so that cones are found one
wall after another, by the double description method (Motzkin, Raiffa, Thompson, Thrall 1953). A cone is its lines and
its extreme rays, and a hyperplane cuts it into two, with a new ray between every two adjacent ones that it separates.

A *face* is a set of walls that are stayed on, and signs for the others. Faces exist where a cone has them, so twenty
walls in a plane have 81 faces and not 3^20.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from symflow.errors import LimitError
from symflow.network.arrays import Array

ON_PLANE = 1e-9  # a ray of length one this near to a hyperplane is in it
MOST_CONES = 1024
MOST_FACES = 1_000_000  # counted once for each cone that has them: some seconds


@dataclass(frozen=True, slots=True)
class Cone:
    """One chamber: lines + the cone of rays; for each ray the walls that it lies on, and the active ones, as bits."""

    lines: Array  # (l, n) orthonormal
    rays: Array  # (k, n) of length one, orthogonal to the lines
    tight: tuple[int, ...]
    active: int
    walls: tuple[tuple[int, Array], ...]  # bit and gradient, of length one, of every wall so far


@dataclass(frozen=True, slots=True)
class Face:
    """A common face: which zeros leave zero, which of these become active (as bits), and the numbers of its cones."""

    leaving: int
    active: int
    around: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fan:
    """All chambers around a state, cut by walls that are numbered as bits."""

    bits: int
    cones: tuple[Cone, ...]

    def faces(self, pull: Callable[[int], tuple[Array, float]]) -> Iterator[Face]:
        """Every face along which the flow may go on, once, with the cones around it.

        ``pull`` gives for the number of a cone the velocity in it, and the speed out of a cone that leaves no doubt.
        Faces that are left at once, clearly, are passed over. Raises LimitError beyond MOST_FACES.
        """
        found: set[tuple[int, int]] = set()
        looked_at = 0
        for number, cone in enumerate(self.cones):
            masks = self.masks(cone)
            faces = _simplicial(cone, masks, *pull(number)) if _is_simplicial(cone) else _meets(masks)
            looked_at += 1 << len(masks) if _is_simplicial(cone) else len(faces)
            if looked_at > MOST_FACES:
                raise LimitError(f"more than {MOST_FACES} faces of chambers meet at one place")
            for leaving in faces:
                face = leaving, cone.active & leaving
                if face not in found:
                    found.add(face)
                    yield Face(*face, self._around(*face))

    def masks(self, cone: Cone) -> list[int]:
        """For each ray of a cone which zeros it leaves, as bits."""
        everything = (1 << self.bits) - 1
        return [everything & ~held for held in cone.tight]

    def _around(self, leaving: int, active: int) -> tuple[int, ...]:
        """The cones in which some rays leave these zeros, to these sides, and together all of them."""
        around = []
        for number, cone in enumerate(self.cones):
            if cone.active & leaving == active:
                together = 0
                for mask in self.masks(cone):
                    together |= mask if mask & ~leaving == 0 else 0
                if together == leaving:
                    around.append(number)
        return tuple(around)


def whole_space(n: int) -> Cone:
    """R^n, not cut yet."""
    return Cone(np.eye(n), np.zeros((0, n)), (), 0, ())


def mode_of(face: Face, bit: int) -> int:
    """What a face makes of a zero: 0 where it stays zero, +1 active, -1 truncated."""
    if not face.leaving >> bit & 1:
        return 0
    return 1 if face.active >> bit & 1 else -1


def cut(cone: Cone, gradient: Array, bit: int) -> list[tuple[Cone, int]]:
    """The parts of a cone on both sides of a wall, or the one that there is, with the entry of the pattern there."""
    row = gradient / np.linalg.norm(gradient)
    walls = (*cone.walls, (bit, row))
    along = cone.lines @ row
    length = float(np.linalg.norm(along))
    if length > ON_PLANE:
        out = along @ cone.lines / length
        rest = np.linalg.svd(along[None, :])[2][1:] @ cone.lines  # the lines within the wall
        bent = cone.rays - np.outer(cone.rays @ row / length, out)
        if len(bent):
            bent /= np.linalg.norm(bent, axis=1)[:, None]
        earlier = sum(1 << wall for wall, _ in cone.walls)
        tight = (*(held | 1 << bit for held in cone.tight), earlier)
        return [
            (Cone(rest, np.vstack((bent, sign * out)), tight, cone.active | entry << bit, walls), entry)
            for entry, sign in ((0, -1.0), (1, 1.0))
        ]
    heights = cone.rays @ row
    on = np.abs(heights) <= ON_PLANE
    tight = tuple(held | (1 << bit if flat else 0) for held, flat in zip(cone.tight, on, strict=True))
    ahead, behind = np.flatnonzero((heights > 0.0) & ~on), np.flatnonzero((heights < 0.0) & ~on)
    fresh, fresh_tight = _between(cone, heights, ahead, behind, walls)
    parts = []
    for entry, side in ((0, behind), (1, ahead)):
        if len(side):
            kept = [*side, *np.flatnonzero(on)]
            rays = np.vstack((cone.rays[kept], fresh))
            marks = (*(tight[place] for place in kept), *fresh_tight)
            parts.append((Cone(cone.lines, rays, marks, cone.active | entry << bit, walls), entry))
    return parts


def _between(
    cone: Cone, heights: Array, ahead: Array, behind: Array, walls: tuple[tuple[int, Array], ...]
) -> tuple[Array, tuple[int, ...]]:
    """The rays in which a wall meets the plane faces between two adjacent rays, and the walls that they lie on."""
    rays, tight = [], []
    for p in ahead:
        for q in behind:
            common = cone.tight[p] & cone.tight[q]
            if any(common & ~held == 0 for place, held in enumerate(cone.tight) if place not in {p, q}):
                continue  # a third ray lies on all walls that the two share: they are not adjacent
            ray = heights[p] * cone.rays[q] - heights[q] * cone.rays[p]
            ray /= np.linalg.norm(ray)
            rays.append(ray)
            tight.append(sum(1 << wall for wall, row in walls if abs(float(row @ ray)) <= ON_PLANE))
    return np.array(rays).reshape(len(rays), cone.rays.shape[1]), tuple(tight)


def _is_simplicial(cone: Cone) -> bool:
    """As many rays as dimensions: any of them span a face."""
    return len(cone.rays) + len(cone.lines) == int(cone.lines.shape[1])


def _simplicial(cone: Cone, masks: list[int], pull: Array, clear: float) -> list[int]:
    """Which zeros leave zero on the faces of a simplicial cone that the projection of ``pull`` onto them keeps to.

    In terms of the rays of a face the projection solves A α = b, A the products of its rays; rays that are not of the
    face have α = 0. α_k is the height over the wall opposite to ray k, in units of that of the ray.
    """
    count = len(masks)
    chosen = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.float64)
    products = cone.rays @ cone.rays.T
    matrices = products * chosen[:, :, None] * chosen[:, None, :]
    matrices[:, np.arange(count), np.arange(count)] = 1.0
    shares = np.linalg.solve(matrices, (chosen * (cone.rays @ pull))[:, :, None])[:, :, 0]
    heights = shares / np.sqrt(np.diag(np.linalg.inv(products)))
    unions = [0]
    for mask in masks:
        unions += [union | mask for union in unions]
    return [unions[number] for number in np.flatnonzero((heights >= -clear).all(axis=1))]


def _meets(masks: list[int]) -> set[int]:
    """Which zeros leave zero on the faces of any cone: its faces are the intersections of its facets."""
    whole = 0
    for mask in masks:
        whole |= mask
    found, queue = {whole}, [whole]
    while queue:
        union = queue.pop()
        for bit in range(union.bit_length()):
            if union >> bit & 1:
                part = 0
                for mask in masks:
                    part |= mask if mask & ~(union & ~(1 << bit)) == 0 else 0
                if part not in found:
                    found.add(part)
                    queue.append(part)
        if len(found) > MOST_FACES:
            raise LimitError(f"more than {MOST_FACES} faces of chambers meet at one place")
    return found
