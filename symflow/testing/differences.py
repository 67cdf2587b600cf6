"""Derivatives of a black box along a line: central differences, Richardson extrapolation, an error estimate, kinks.

The central differences D(h) = (f(h) − f(−h)) / 2h have an expansion in h², so each column of the table

    T(k, 0) = D(h/4^k),     T(k, j) = T(k, j−1) + (T(k, j−1) − T(k−1, j−1)) / (16^j − 1)

gains two orders. The entry with the smallest estimated error is taken: what its neighbours say, and the rounding of
f. Where f is quadratic on each side of a kink that the larger steps cross, the smaller ones are still right.
A kink shows in the one-sided differences, whose gap tends to zero like h for a smooth f and does not at a kink.

Source: C. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Adv. Eng. Software 4 (1982), 75-76.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEVELS = 6
RATIO = 4.0
STEP = 1 / 64  # in floats of 64 bits the smallest step is then 1.5e-5, where rounding is below 1e-10
ROUNDINGS = 8.0  # how many roundings a value is taken to carry


@dataclass(frozen=True, slots=True)
class LineDerivative:
    """d/dt f at t = 0 for each entry of f, its estimated error, and the jump of one-sided derivatives (0: no kink)."""

    value: Array
    error: Array
    jump: Array
    finite: bool = True


def differentiate(f: Callable[[float], Array], *, step: float = STEP, epsilon: float = 0.0) -> LineDerivative:
    """The derivative of f at 0; ``epsilon`` is the relative rounding error of its values (float64 unless larger).

    >>> found = differentiate(lambda t: np.exp(3 * np.array([t])))
    >>> bool(abs(found.value[0] - 3) < 1e-10), float(found.jump[0])
    (True, 0.0)
    >>> float(differentiate(lambda t: abs(np.array([t]))).jump[0])
    2.0
    """
    epsilon = max(epsilon, float(np.finfo(np.float64).eps))
    steps = [step / RATIO**k for k in range(LEVELS)]
    middle, right, left = f(0.0), [f(h) for h in steps], [f(-h) for h in steps]
    if not all(np.isfinite(value).all() for value in (middle, *right, *left)):
        nothing = np.zeros_like(middle)
        return LineDerivative(nothing, nothing, nothing, finite=False)
    size = np.max([np.abs(value) for value in (middle, *right, *left)], axis=0)
    noise = [ROUNDINGS * epsilon * size / h for h in steps]
    gaps = [(up - middle) / h - (middle - down) / h for up, down, h in zip(right, left, steps, strict=True)]
    clean, jump = _kinks(gaps, noise)
    central = [(up - down) / (2 * h) for up, down, h in zip(right, left, steps, strict=True)]
    value, error = _extrapolated(central, noise, clean)
    return LineDerivative(value, error, jump)


def _extrapolated(differences: list[Array], noise: list[Array], clean: Array) -> tuple[Array, Array]:
    """The best entry of the table and its error, from levels ``clean`` on; without two of them the error is infinite.

    Steps that reach across a kink agree with each other quite well, and must not vouch for each other.
    """
    best, smallest = differences[-1], np.full_like(differences[0], np.inf)
    previous: list[Array] = []
    for level, first in enumerate(differences):
        row = [first]
        for order, above in enumerate(previous, start=1):
            row.append(row[-1] + (row[-1] - above) / (RATIO ** (2 * order) - 1))
        for order, entry in enumerate(row[1:], start=1):
            estimate = np.maximum(np.abs(entry - row[order - 1]), np.abs(entry - previous[order - 1])) + noise[level]
            better = (estimate < smallest) & (level - order >= clean)
            best, smallest = np.where(better, entry, best), np.where(better, estimate, smallest)
        previous = row
    return best, smallest


def _kinks(gaps: list[Array], noise: list[Array]) -> tuple[Array, Array]:
    """The first level whose steps cross no kink, and the jump at the point itself (0: none).

    A kink keeps the gap between right and left differences as the step shrinks, a smooth function divides it by the
    ratio of the steps. The smallest step at which a gap that stays would stand out of the rounding decides about the
    point; what stays at larger steps only is a kink some way off.
    """
    jump, clean = np.zeros_like(gaps[-1]), np.zeros(gaps[-1].shape, dtype=int)
    undecided = np.ones_like(jump, dtype=bool)
    for k in range(LEVELS - 1, 1, -1):
        visible = np.abs(gaps[k - 1]) > 2 * ROUNDINGS * noise[k]
        stays = visible & (np.abs(gaps[k]) > 2 * np.abs(gaps[k - 1]) / RATIO)
        stays &= np.abs(gaps[k - 1]) > 2 * np.abs(gaps[k - 2]) / RATIO
        clean = np.where((clean == 0) & stays, k + 1, clean)
        jump = np.where(undecided & stays, gaps[k], jump)
        undecided &= ~visible
    return clean, jump
