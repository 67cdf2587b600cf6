"""The inner loop of ``gradients`` for numba: one network after the other, its numbers in the nearest cache.

The innermost loops run over the data, which lie side by side, so that they become vector instructions; sums over the
data may be taken in any order, which costs nothing but the last digit. These lines fuse the sums of B2, B4 and B8, and
are not generated; ``tests/unit/flow/batched`` compares them with the proved right sides, to 1e-13.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from symflow.flow.batched.inputs import Floats
from symflow.flow.rotation.equations import Places

try:
    import numba
except ImportError:  # the extra "flow" is not installed: the lines of NumPy give the same numbers
    COMPILED = False
else:
    COMPILED = True


class Layers(NamedTuple):
    """What ``gradients.layers_of`` makes of B networks; P = 1 or B."""

    columns: Floats  # (P, Q, N) the points, a datum a column
    links: Floats  # (B, L, Q, Q) M_1 = W_1, M_ℓ = W_ℓ W_{ℓ-1}^{-1}
    shifts: Floats  # (B, L, Q) W_ℓ (β_ℓ − β_{ℓ-1}), β_0 = 0
    metric: Floats  # (B, Q, Q) (W_L W_Lᵀ)^{-1}; without entries where it is 1
    goals: Floats  # (B, K, Q) W_L^{-T} (β_L + ỹ)
    labels: Places  # (N,)
    masses: Floats  # (N,)


Function = TypeVar("Function", bound=Callable[..., Any])


def _fast(function: Function) -> Function:
    if not COMPILED:
        return function
    kept = {"reassoc", "contract", "nsz"}  # no assumption that there are no NaN or infinities
    return cast(Function, numba.njit(cache=True, error_model="numpy", fastmath=kept)(function))


@_fast
def add_product(matrix: Floats, columns: Floats, sums: Floats) -> None:
    """Add matrix (Q, Q) times columns (Q, N), four columns at a time, so that a sum is loaded and stored less often."""
    Q, N = columns.shape
    for a in range(Q):
        row, m = sums[a], 0
        while m + 4 <= Q:
            first, second, third, fourth = columns[m], columns[m + 1], columns[m + 2], columns[m + 3]
            e, f, g, h = matrix[a, m], matrix[a, m + 1], matrix[a, m + 2], matrix[a, m + 3]
            for i in range(N):
                row[i] += e * first[i] + f * second[i] + g * third[i] + h * fourth[i]
            m += 4
        while m < Q:
            last, e = columns[m], matrix[a, m]
            for i in range(N):
                row[i] += e * last[i]
            m += 1


@_fast
def fill_positive(values: Floats, signs: Floats, kept: Floats) -> None:
    """Fill in the values where the signs are positive, 0 elsewhere; all (Q, N)."""
    for a in range(values.shape[0]):
        row, sign, out = values[a], signs[a], kept[a]
        for i in range(row.size):
            out[i] = row[i] if sign[i] > 0.0 else 0.0


@_fast
def fill_turn(u: Floats, active: Floats, v: Floats, kept: Floats, rotating: bool, turn: Floats) -> None:
    """Fill in Σ (v uᵀH − Hv uᵀ), or, if ``rotating``, half of that minus its transpose; its diagonal is 0."""
    Q, N = u.shape
    for a in range(Q):
        ua, ra, va, ka = u[a], active[a], v[a], kept[a]
        for b in range(a):
            ub, rb, vb, kb = u[b], active[b], v[b], kept[b]
            total, other = 0.0, 0.0
            for i in range(N):
                total += va[i] * rb[i] - ka[i] * ub[i]
                other += vb[i] * ra[i] - kb[i] * ua[i]
            if rotating:
                total = 0.5 * (total - other)
                other = -total
            turn[a, b], turn[b, a] = total, other
        turn[a, a] = 0.0


@_fast
def fill_sums(layers: Layers, rotating: bool, shifts: Floats, turns: Floats) -> None:
    """Fill in what is left of the gradients before they are turned back to input space.

    shifts (B, L, Q) are ⟨(1 − H) v⟩; turns (B, L, Q, Q) ½⟨[u vᵀ + v uᵀ, H]⟩ if ``rotating``, else ⟨v uᵀH − Hv uᵀ⟩.
    """
    B, L, Q = layers.shifts.shape
    N, own = layers.masses.size, layers.columns.shape[0] > 1
    u, active = np.empty((L, Q, N)), np.empty((L, Q, N))
    v, kept = np.empty((Q, N)), np.empty((Q, N))
    for network in range(B):
        for layer in range(L):
            for a in range(Q):
                u[layer, a] = layers.shifts[network, layer, a]
            before = active[layer - 1] if layer else layers.columns[network if own else 0]
            add_product(layers.links[network, layer], before, u[layer])
            fill_positive(u[layer], u[layer], active[layer])
        if layers.metric.size:
            v[:] = 0.0
            add_product(layers.metric[network], active[L - 1], v)
        else:
            v[:] = active[L - 1]
        for a in range(Q):
            row, goals = v[a], layers.goals[network, :, a]
            for i in range(N):
                row[i] = layers.masses[i] * (row[i] - goals[layers.labels[i]])
        for layer in range(L - 1, -1, -1):
            fill_positive(v, u[layer], kept)
            for a in range(Q):
                shifts[network, layer, a] = (v[a] - kept[a]).sum()
            fill_turn(u[layer], active[layer], v, kept, rotating, turns[network, layer])
            if layer:
                v[:] = 0.0
                add_product(layers.links[network, layer].T, kept, v)
