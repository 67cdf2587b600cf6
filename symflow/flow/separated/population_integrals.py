"""The two integrals of the population limit: the time to come to a threshold, and the cost of what is not truncated.

    t(q) = ∫ dq/(F(q)(q* − q)) = ∫ du/F,  u = log((q* − q(0))/(q* − q)),      U(q) = ∫_{x > q} (x − q*)² dF(x)

Both integrands may live on a small part of a long way: 1/F before the first data, the density around them. A general
quadrature that starts with a handful of nodes can miss such a part and report success. So the way is cut where F is
2^{-k} and 1 − 2^{-k}: on a piece F, or 1 − F, changes by a factor of two and no more.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from symflow.errors import LimitError, UnsupportedError
from symflow.flow.separated.sums import Floats

RTOL = 1e-11  # asked of each piece
ACCEPTED = 1e-9  # of each piece, by the estimate of the quadrature, relative to the whole
SLOWEST = 3.001  # power of 1/x in a density whose second moment is taken to be finite
ADVICE = "the loss is a mean of squares: truncate the tail of the distribution"
RAREST = 300  # F down to 2^-300 in steps of 4
FINEST = 40  # cuts beside the ends of the support: F down to 2^-40, and 1 - F


class Distribution(Protocol):
    """What is asked of a distribution: a frozen continuous one of ``scipy.stats`` has it all.

    ``PopulationTrajectory.arrival_time`` and ``loss`` ask for its inverse ``ppf`` too.
    """

    def cdf(self, value: Any) -> Any:
        """Distribution function."""

    def pdf(self, value: Any) -> Any:
        """Density."""

    def support(self) -> tuple[float, float]:
        """Lower and upper end of the support, possibly infinite."""


def arrival_times(distribution: Distribution, start: float, target: float, limit: float, places: Floats) -> Floats:
    """t(q) for places q (P,) between start and ``limit``, short of the target; infinity where it does not converge.

    Raises UnsupportedError for a distribution without ``ppf``.
    """
    inside = np.unique(places)
    cuts = _cuts(distribution, float(distribution.cdf(min(start, float(inside[0])))))
    gap = target - start

    def along(threshold: Floats) -> Floats:
        """What is integrated over: u, which goes to infinity at the target; or −q, for a target below the support."""
        return np.asarray(-np.log1p((start - threshold) / gap)) if limit == target else -threshold

    def slowness(place: float) -> float:
        threshold = start - gap * np.expm1(-place) if limit == target else -place
        speed = float(distribution.cdf(threshold)) * (1.0 if limit == target else threshold - target)
        return float(1 / speed) if speed > 0 else np.inf

    low, high = min(start, limit), max(start, limit)
    breaks = along(cuts[(cuts > low) & (cuts < high)])
    begin = float(along(np.array(start)))
    values, errors = _running(lambda left, right: _quad(slowness, left, right), begin, along(inside), breaks)
    values[~(errors <= ACCEPTED * values)] = np.inf
    return np.asarray(values[np.searchsorted(inside, places)])


def costs_above(distribution: Distribution, target: float, places: Floats) -> Floats:
    """U(q) for places q (P,).

    Raises LimitError where it is infinite or does not converge, UnsupportedError for a distribution without ``ppf``.
    """
    inside = np.unique(places)
    cuts = _cuts(distribution, max(float(distribution.cdf(inside[0])), 0.5**FINEST))

    def cost(place: float) -> float:
        # The density first: it is 0 before the square overflows.
        return float(distribution.pdf(place)) * (place - target) * (place - target)

    top = float(distribution.support()[1])

    def piece(left: float, right: float) -> tuple[float, float]:
        low, high = -right, -left
        mass = float(distribution.cdf(high))
        if mass > 0.999 and np.isinf(top):
            return _quad(cost, low, high)
        # By parts: a density may be infinite at an end of its support, a distribution function never. In an infinite
        # upper tail alone its differences would lose digits.
        value, error = _quad(lambda place: 2 * (place - target) * (mass - float(distribution.cdf(place))), low, high)
        return value + (low - target) ** 2 * (mass - float(distribution.cdf(low))), error

    end = min(top, float(max(cuts.max(initial=-np.inf), inside[-1])))
    rest = error = 0.0
    if np.isinf(top):
        rest, error = _tail(distribution, end, cost)
    elif end < top:
        rest, error = piece(-top, -end)
    # Backwards, so that each sum has what lies above a place, without cancellation.
    values, errors = _running(piece, -max(end, float(inside[-1])), -inside, -cuts)
    values, errors = values + rest, errors + error
    if not np.all(errors <= ACCEPTED * values):
        raise LimitError(f"the mean of (x - {target:g})^2 above {inside[0]:g} does not converge; {ADVICE}")
    return np.asarray(values[np.searchsorted(inside, places)])


def _tail(distribution: Distribution, begin: float, cost: Callable[[float], float]) -> tuple[float, float]:
    """∫ cost from ``begin``, which few data exceed, to infinity, over log x; and the estimate of its error."""
    middle = float(getattr(distribution, "ppf")(0.5))  # noqa: B009
    unit = begin - middle
    near, far = (float(distribution.pdf(middle + unit * scale)) for scale in (1e8, 1e16))
    if far > 0 and np.log(near / far) / np.log(1e8) < SLOWEST:
        raise LimitError(f"the mean of x^2 is infinite: the density falls no faster than x^-3; {ADVICE}")

    def at(logarithm: float) -> float:
        distance = unit * float(np.exp(min(logarithm, 600.0)))
        return cost(middle + distance) * distance

    return _quad(at, 0.0, np.inf)


def _running(
    piece: Callable[[float, float], tuple[float, float]], begin: float, ends: Floats, breaks: Floats
) -> tuple[Floats, Floats]:
    """Integrals from ``begin`` to each of ``ends`` ≥ begin, cut at the breaks between, and bounds of their errors."""
    corners = np.unique(np.concatenate(([begin], ends, breaks[(breaks > begin) & (breaks < ends.max())])))
    pieces = [piece(left, right) for left, right in pairwise(corners.tolist())]
    sums = np.zeros((corners.size, 2))
    np.cumsum(np.reshape(pieces, (-1, 2)), axis=0, out=sums[1:])
    values, errors = sums[np.searchsorted(corners, ends)].T
    return values.copy(), errors.copy()


def _quad(integrand: Callable[[float], float], begin: float, end: float) -> tuple[float, float]:
    """One piece and the estimate of its error, infinite where QUADPACK calls it divergent."""
    quad: Any = import_module("scipy.integrate").quad
    with np.errstate(all="ignore"):  # a density may be infinite at an end
        # In full it says what is wrong instead of warning; a piece too small to matter may fall short of RTOL.
        value, error, _, *complaint = quad(integrand, begin, end, epsabs=0.0, epsrel=RTOL, limit=200, full_output=1)
    divergent = complaint and "divergent" in str(complaint[0])
    return (float(value), float(error)) if np.isfinite(value) and not divergent else (0.0, np.inf)


def _cuts(distribution: Distribution, lowest: float) -> Floats:
    """Where F is 2^{-k} and 1 − 2^{-k}, from ``lowest`` up; sorted, finite. Wrong ones cost time and nothing else."""
    inverse = getattr(distribution, "ppf", None)
    if not callable(inverse):
        raise UnsupportedError(
            f"{type(distribution).__name__} has no ppf(), the inverse of its distribution function, which tells where "
            "its mass is; thresholds need none, times of arrival and the loss do"
        )
    halves = 0.5 ** np.arange(1.0, FINEST + 1)
    # A threshold that starts far below the bulk meets far rarer data: coarser steps.
    levels = np.concatenate((0.5 ** np.arange(FINEST + 2.0, RAREST, 2), halves, 1 - halves))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.unique(np.asarray(inverse(levels[levels >= lowest]), dtype=np.float64))
    return np.asarray(found[np.isfinite(found)])
