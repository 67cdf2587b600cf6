"""Where along a step an activation pattern changes first.

A wall can be met in a step only if it is no farther than the path is long, and the dissipation bounds the path. So most
data are set aside once and not looked at until the path has used up their distance; this bound also excludes that a
wall is crossed and recrossed unseen within a step. What remains is sampled at Chebyshev points of the step and solved
for all real roots of the interpolating polynomial.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from symflow.flow.rotation import kernels
from symflow.flow.rotation.equations import Parameters, Rows, preactivations
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.reach import Reach, free_path
from symflow.flow.rotation.stepping import Step

DEGREE = 12
FRACTIONS = 0.5 - 0.5 * np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)  # from 0 to 1
_TO_COEFFICIENTS = np.linalg.inv(chebyshev.chebvander(2 * FRACTIONS - 1, DEGREE))
_BERNSTEIN = np.array(
    [[comb(DEGREE, k) * t**k * (1 - t) ** (DEGREE - k) for k in range(DEGREE + 1)] for t in FRACTIONS]
)
_TO_BERNSTEIN = np.linalg.inv(_BERNSTEIN)
RESOLVED = 1e-7  # share of the last two coefficients above which a polynomial does not follow the function
REACH = 2.0  # path, in steps, for which data are set aside at least, and
AT_LEAST, SHARE = 64, 64  # as long as no more than these, and one in so many, are to be looked at


class Unresolved(Exception):  # noqa: N818  # not an error: the step is repeated with half its length
    """The step is too long for its samples to tell where a wall is met."""


@dataclass(slots=True)
class Watch:
    """Data that may meet a wall before the path has grown by ``reach``."""

    near: NDArray[np.intp]
    reach: float


class Root(NamedTuple):
    """A function, by number, turns negative at a fraction of the step; ``slope`` by the fraction (-inf: unknown)."""

    fraction: float
    place: int
    slope: float


def near_data(values: Floats, reach: Reach, path: float, slack: float) -> Watch:
    """The data that may come as near to a wall as ``slack`` on the path ahead, and more that soon may.

    So many that looking at all data now and then costs no more than looking at these at every step.
    """
    free, few = free_path(values, reach, slack), AT_LEAST + values.shape[1] // SHARE
    length = REACH * path if values.shape[1] <= few else max(REACH * path, float(np.partition(free, few)[few]))
    return Watch(np.flatnonzero(free <= length), length)


def sample(step: Step, rows: Rows) -> Floats:
    """u (13, L, n, Q) of the rows at FRACTIONS of the step."""
    points = step.points(FRACTIONS)
    if kernels.USED:
        u = np.empty((len(FRACTIONS), *rows.masks.shape))
        kernels.sample_rows(rows, points, u)
        return u
    return np.array([preactivations(rows, Parameters(*at))[0] for at in zip(*points, strict=True)])


def first_root(values: Floats, unit: float) -> Root | None:
    """Where one of m functions, sampled as (13, m), turns negative first.

    A function that starts at or below zero turns negative at 0. Touching zero from above is no root.
    Raises Unresolved where the samples do not determine the function to 1e-7 of the larger of its size and ``unit``.
    """
    below = np.flatnonzero(values[0] <= 0)
    if len(below):
        return Root(0.0, int(below[0]), -np.inf)
    coefficients = _TO_COEFFICIENTS @ values
    # A polynomial is no lower than its smallest Bernstein coefficient.
    low = (_TO_BERNSTEIN @ values).min(axis=0) - 1e-10 * np.abs(values).max(axis=0)
    best: Root | None = None
    for place in np.flatnonzero(low <= 0):
        series = coefficients[:, place]
        size = max(unit, float(np.abs(values[:, place]).max()))
        if np.abs(series[-2:]).sum() > RESOLVED * size:
            raise Unresolved
        fraction = _first_sign_change(series)
        if fraction is None and values[-1, place] < 0:
            raise Unresolved
        if fraction is not None and (best is None or fraction < best.fraction):
            slope = 2.0 * float(chebyshev.chebval(2.0 * fraction - 1.0, chebyshev.chebder(series)))
            best = Root(fraction, int(place), slope)
    return best


def _first_sign_change(series: Floats) -> float | None:
    kept = chebyshev.chebtrim(series, 1e-16 * float(np.abs(series).max()))
    if len(kept) < 2:
        return None
    roots = chebyshev.chebroots(kept)
    real = np.sort(roots[np.abs(roots.imag) < 1e-6].real)
    real = real[(real > -1.0) & (real <= 1.0)]
    ends = np.append(real, 1.0)[1:]
    touching = -8 * np.finfo(float).eps * float(np.abs(kept).sum())
    for root, following in zip(real, ends, strict=True):
        middle = 0.5 * (root + following)
        if root == 1.0 or chebyshev.chebval(middle, kept) < touching:
            return float(0.5 + 0.5 * root)
    return None
