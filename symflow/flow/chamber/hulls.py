"""Whether zero is a convex combination of given points: the point of their hull nearest to zero.

Clarke's subdifferential where chambers meet is the hull of their gradients; the flow can stay on their common face if
and only if an element of it has no part across the face (theory D2).
"""

from __future__ import annotations

import numpy as np

from symflow.network.arrays import Array

STEPS = 500
NEAR = 1e-11  # share of the size of the points within which zero is in their hull
ROUNDOFF = 1e-12  # of heights of points of size one


def holds_zero(points: Array) -> bool | None:
    """Whether zero is in the hull of points (V, r), to roundoff; None if that hides it.

    P. Wolfe, Finding the nearest point in a polytope, Mathematical Programming 11 (1976): the nearest point of the
    affine hull of few points, made smaller where a share turns negative, larger where another point is ahead of it.

    >>> square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> holds_zero(square), holds_zero(square + [0.5, 0.5]), holds_zero(square + [0.6, 0.5])
    (True, True, False)
    """
    size = float(np.abs(points).max(initial=0.0))
    if size == 0.0:
        return True
    scaled = points / size
    used = [int(np.argmin((scaled * scaled).sum(axis=1)))]
    shares = np.ones(1)
    for _ in range(STEPS):
        distance, direction = _plane(scaled[used])
        if distance <= NEAR:
            return True
        heights = scaled @ direction
        ahead = int(np.argmin(heights))
        if heights[ahead] > ROUNDOFF:
            return False  # a plane separates zero from all points
        if ahead in used:
            return None
        used, shares = _within([*used, ahead], np.append(shares, 0.0), scaled)
    return None


def _plane(corners: Array) -> tuple[float, Array]:
    """Distance from zero, and direction, of the affine hull of some points: direction · corner = distance for all.

    From the points and not from their products, so that small distances keep their digits; 0 where it holds zero.
    """
    ones = np.ones(len(corners))
    found, _, _, _ = np.linalg.lstsq(corners, ones, rcond=NEAR)
    if float(np.abs(corners @ found - ones).max()) > 1e-6:
        return 0.0, found
    length = float(np.linalg.norm(found))
    return 1.0 / length, found / length


def _within(used: list[int], shares: Array, points: Array) -> tuple[list[int], Array]:
    """The nearest point of the hull of the used points, dropping those whose share vanishes on the way there."""
    while True:
        corners = points[used]
        k = len(used)
        distance, direction = _plane(corners)
        nearest = np.append(distance * direction, 1.0)
        wanted = np.linalg.lstsq(np.vstack((corners.T, np.ones(k))), nearest, rcond=1e-14)[0]
        negative = wanted <= 1e-13
        if not negative.any() or k == 1:
            return used, wanted
        falling = negative & (shares > wanted)
        step = min(1.0, float((shares[falling] / (shares[falling] - wanted[falling])).min(initial=1.0)))
        shares = shares + step * (wanted - shares)
        kept = shares > 1e-13
        if kept.all():
            kept[int(np.argmin(shares))] = False
        used = [place for place, keep in zip(used, kept, strict=True) if keep]
        shares = shares[kept] / shares[kept].sum()
