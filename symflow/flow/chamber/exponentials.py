"""First roots of f(t) = f0 + Σ_k c_k φ(λ_k, t), φ(λ, t) = (1 - e^{-λt})/λ, λ_k >= 0: everything that can end a segment.

Inside a chamber, and along a sliding flow, the stacked bias is θ(t) = θ0 + Σ_k V_k v_k φ(λ_k, t); hence every wall and
every sliding multiplier is such a sum (theory D1). f is positive before the root. Steps follow the one-sided bound

    f(t + h) >= f(t) + f'(t) h - M h²/2,   M = Σ_{c_k > 0} c_k λ_k e^{-λ_k t} >= -f''  from t on,

which cannot pass a root and converges quadratically to simple ones.
"""

from __future__ import annotations

import math

import numpy as np

from symflow.flow.chamber.compiling import lean
from symflow.network.arrays import Array

EPS = 2.220446049250313e-16
STEPS = 400  # only a tangential touch needs more than a dozen


@lean
def growth(rate: float, time: float) -> float:
    """φ(λ, t) = (1 - e^{-λt})/λ, and t for λ = 0; at t = inf its limit."""
    if rate == 0.0:
        return time
    return -math.expm1(-rate * time) / rate


@lean
def value(start: float, slopes: Array, rates: Array, time: float) -> float:
    """f(t)."""
    total = start
    for k in range(rates.size):
        if slopes[k] != 0.0:
            total += slopes[k] * growth(rates[k], time)
    return total


@lean
def earliest(start: float, slope: float, bend: float) -> float:
    """The first time t with start + slope·t - ½ bend·t² = 0; start > 0, bend >= 0; inf if there is none."""
    root = max(math.sqrt(slope * slope + 2.0 * bend * start), abs(slope))  # the square may be below all floats
    if slope > 0.0:
        return (slope + root) / bend if bend > 0.0 else np.inf
    return 2.0 * start / (root - slope) if root > slope else np.inf


@lean
def first_root(start: float, slopes: Array, rates: Array, begin: float, end: float) -> float:
    """The first root of f in [begin, end]; inf if there is none. f(begin) > 0.

    Where roundoff hides whether f touches zero or passes just above it, the touch is returned: its time is where f has
    come down to roundoff. nan if the steps do not end.
    """
    time = begin
    if time >= end:
        return np.inf
    for _ in range(STEPS):
        f = start
        slope = 0.0
        bend = 0.0
        lowest = 0.0
        size = abs(start)
        for k in range(rates.size):
            c = slopes[k]
            if c == 0.0:
                continue
            rate = rates[k]
            decay = math.exp(-rate * time)
            grown = growth(rate, time)
            f += c * grown
            size += abs(c) * grown
            slope += c * decay
            if c > 0.0:
                bend += c * rate * decay
            else:
                lowest += c * decay * growth(rate, end - time)
        if f <= 4.0 * EPS * size:
            return time
        if f + lowest > 0.0:
            return np.inf
        step = earliest(f, slope, bend)
        if np.isinf(step) or time + step > end:
            return np.inf
        if time + step == time:
            return time
        time += step
    return np.nan


@lean
def leave_zero(slopes: Array, rates: Array, tolerance: float) -> float:
    """A time up to which f with f(0) = 0 stays positive, from its first derivative that is not zero.

    inf if f is identically zero (within the tolerance on its slopes), nan if its first nonzero derivative is negative.
    """
    slope = 0.0
    second = 0.0
    bend = 0.0
    jerk = 0.0
    size = 0.0
    for k in range(rates.size):
        c = slopes[k]
        slope += c
        second -= c * rates[k]
        size = max(size, abs(c))
        if c > 0.0:
            bend += c * rates[k]
        else:
            jerk -= c * rates[k] * rates[k]
    if size <= tolerance:
        return np.inf
    if slope > 1e-6 * size:
        return slope / bend if bend > 0.0 else 1.0 / max(rates[rates.size - 1], 1e-300)
    if second > 1e-9 * size * rates[rates.size - 1]:
        # f'' >= second - jerk h, and f'(0) is roundoff: half of the safe time
        return 1.5 * second / jerk if jerk > 0.0 else 1.0 / max(rates[rates.size - 1], 1e-300)
    if slope > tolerance:
        return slope / bend if bend > 0.0 else 1.0 / max(rates[rates.size - 1], 1e-300)
    return np.nan
