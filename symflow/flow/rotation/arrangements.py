"""Which combinations of modes exist where many walls meet whose gradients are dependent.

Data that an earlier layer sends to one ray have preactivations f + s_i g at the next: twenty walls, but gradients in
one plane. When g passes zero while f = 0 is slid on, all of them meet at once. Of the 3^m combinations of signs only
those of the sectors, rays and the apex of m lines in a plane exist, at most 4m + 1. Walls independent of all others
contribute a factor 3 each.
"""

from __future__ import annotations

import itertools

import numpy as np

from symflow.flow.rotation.filippov import MODES, Mode
from symflow.flow.rotation.problem import Floats

PARALLEL = 1e-8  # sine of an angle below which two directions are one
MOST_FREE = 3  # walls independent of all others, next to a plane of dependent ones


def faces(normals: Floats) -> list[tuple[Mode, ...]] | None:
    """Modes of all faces of the walls n_a · θ = 0 with normals (m, D); None where they do not lie as described.

    >>> [len(faces(np.array(rows))) for rows in ([[1.0, 0], [0, 1]], [[1.0, 0], [0, 1], [1, 1]])]
    [9, 13]
    """
    unit = normals / np.linalg.norm(normals, axis=1)[:, None]
    rank = _rank(unit)
    free = [place for place in range(len(unit)) if _rank(np.delete(unit, place, axis=0)) < rank]
    planar = [place for place in range(len(unit)) if place not in free]
    if len(free) > MOST_FREE or (planar and rank - len(free) != 2):
        return None
    of_plane: list[tuple[Mode, ...]] = _in_plane(unit[planar]) if planar else [()]
    result: list[tuple[Mode, ...]] = []
    for some, others in itertools.product(of_plane, itertools.product(MODES, repeat=len(free))):
        mode_of = dict(zip([*planar, *free], [*some, *others], strict=True))
        result.append(tuple(mode_of[place] for place in range(len(unit))))
    return result


def lies_in_span(vectors: Floats, spanning: Floats) -> bool:
    """Whether one of the vectors is a combination of the spanning ones, to rounding."""
    basis = np.linalg.qr(spanning.T)[0]
    rest = vectors - vectors @ basis @ basis.T
    return bool((np.linalg.norm(rest, axis=1) < PARALLEL * np.linalg.norm(vectors, axis=1)).any())


def _rank(vectors: Floats) -> int:
    return int(np.linalg.matrix_rank(vectors, tol=PARALLEL)) if len(vectors) else 0


def _in_plane(unit: Floats) -> list[tuple[Mode, ...]]:
    """Sectors and rays around the origin, and the origin itself."""
    plane = unit @ np.linalg.svd(unit)[2][:2].T
    angles = np.sort(np.mod(np.arctan2(plane[:, 0], -plane[:, 1]), np.pi))
    apart = np.append(angles[1:] - angles[:-1] > PARALLEL, angles[0] + np.pi - angles[-1] > PARALLEL)
    rays = np.concatenate([angles[apart], angles[apart] + np.pi])
    middles = 0.5 * (rays + np.append(rays[1:], rays[0] + 2 * np.pi))
    apex: Mode = "sliding"
    found = [(apex,) * len(unit)]
    for angle in np.concatenate([rays, middles]):
        heights = plane @ np.array([np.cos(angle), np.sin(angle)])
        found.append(
            tuple("sliding" if abs(h) <= 2 * PARALLEL else "active" if h > 0 else "truncated" for h in heights.tolist())
        )
    return found
