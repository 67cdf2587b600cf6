"""Random networks and data strictly inside a chamber, in float64 or exact rationals.

Data are rejected one by one, so that the cost of a draw grows like N and not like a power of it. Biases are drawn
so that a component is active about two times in three: with half, deep layers would see no data any more.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from symflow.errors import LimitError, ShapeError
from symflow.network.arrays import Array
from symflow.network.chambers import margin as chamber_margin
from symflow.network.data import LabelledData, class_weights, one_hot
from symflow.network.orthogonal import draw_orthogonal
from symflow.network.parameters import PolarParameters
from symflow.network.states import trajectory

GRID = 16  # exact numbers are drawn from the multiples of 1/GRID
ROUNDS = 400


def draw_inside_chamber(
    rng: np.random.Generator,
    Q: int,
    L: int,
    N: int,
    margin: float | Fraction,
    *,
    exact: bool = False,
    adapted: bool = True,
) -> tuple[PolarParameters, LabelledData]:
    """A random network with L hidden layers of width Q, and N data with min |a^(ℓ)_k| ≥ margin.

    ``adapted`` draws W^(ℓ) = W_* R; otherwise general weights R̃ᵀ W_* R̃ R. Targets are one-hot, weights 1/N_j.
    Raises ShapeError (a size below 1, or L < 0), LimitError where the margin is too large for the draw.

    >>> network, data = draw_inside_chamber(np.random.default_rng(0), Q=3, L=2, N=5, margin=0.05)
    >>> network.depth, data.points.shape, chamber_margin(network, data) >= 0.05
    (2, (5, 3), True)
    """
    if Q < 1 or N < 1 or L < 0:
        raise ShapeError(f"a network needs Q >= 1, L >= 0 and N >= 1; got Q = {Q}, L = {L}, N = {N}")
    # Some networks fold almost all of space near their walls; a few fresh ones settle it.
    for _ in range(10):
        network = draw_network(rng, Q, L, exact=exact, adapted=adapted)
        try:
            return network, draw_data_for(rng, network, N, margin)
        except LimitError:
            continue
    raise LimitError(
        f"no data with margin {float(margin)} found for 10 random networks with Q = {Q}, L = {L}; "
        "ask for a smaller margin (0.01 suits Q <= 6, L <= 5)"
    )


def draw_network(
    rng: np.random.Generator, Q: int, L: int, *, exact: bool = False, adapted: bool = True
) -> PolarParameters:
    """A random network: stretches in [1/2, 2], R of either determinant, W^(L+1) of condition at most 4.

    >>> draw_network(np.random.default_rng(0), 2, 3, exact=True).biases[0].dtype
    dtype('O')
    """
    rotations = tuple(draw_orthogonal(rng, Q, exact=exact) for _ in range(L + 1))
    frames = tuple(draw_orthogonal(rng, Q, exact=exact) for _ in range(L + 1))
    stretches = tuple(_uniform(rng, (Q,), 0.5, 2.0, exact) for _ in range(L + 1))
    # R β in [-1/2, 3/2] against centred data: active two times in three.
    betas = tuple(rotation.T @ _uniform(rng, (Q,), -0.5, 1.5, exact) for rotation in rotations)
    output = frames[-1].T @ (stretches[-1][:, None] * frames[-1]) @ rotations[-1]
    return PolarParameters(stretches[:-1], rotations[:-1], betas, (output,), () if adapted else frames[:-1])


def draw_data_for(rng: np.random.Generator, network: PolarParameters, N: int, margin: float | Fraction) -> LabelledData:
    """N random data in [-2, 2]^Q inside the chambers of a network, margin included; exact where the network is.

    Raises LimitError where too few of the candidates keep the margin.
    """
    Q, exact = network.dimension, network.exact
    rows: list[Array] = []
    screen = network.to_floats() if exact else network
    for _ in range(ROUNDS):
        candidates = _uniform(rng, (2 * N + 8, Q), -2.0, 2.0, exact)
        # Floats pick the candidates; in exact arithmetic those picked are then checked once more.
        sizes = np.abs(trajectory(screen, candidates.astype(np.float64)).preactivations)
        picked = candidates[sizes.min(axis=(0, 2), initial=np.inf) >= float(margin)]
        if exact and network.depth and len(picked):
            exact_sizes = np.abs(trajectory(network, picked).preactivations)
            picked = picked[np.min(exact_sizes, axis=(0, 2)) >= Fraction(margin)]
        rows.extend(picked)
        if len(rows) >= N:
            break
    else:
        raise LimitError(f"only {len(rows)} of {N} data keep the margin {float(margin)}; ask for a smaller margin")
    # Every class occurs when there are enough data, and the order says nothing about the class.
    labels = tuple(int(label) for label in rng.permutation(np.arange(N) % Q))
    targets, weights = one_hot(labels, Q, exact=exact), class_weights(labels, exact=exact)
    return LabelledData(np.array(rows[:N]), targets, weights, labels)


def draw_chamber_for(
    rng: np.random.Generator, data: LabelledData, L: int, margin: float | Fraction, *, adapted: bool = True
) -> PolarParameters:
    """A random network for given data whose margin on them is at least ``margin``; exact where the data are.

    The data must live in R^Q with targets in R^Q. Raises ShapeError, and LimitError after 400 networks.
    """
    Q = data.points.shape[1]
    if data.targets.shape[1] != Q:
        raise ShapeError(f"points in R^{Q} need targets in R^{Q}; these are in R^{data.targets.shape[1]}")
    floats = data.to_floats()
    for _ in range(ROUNDS):
        network = draw_network(rng, Q, L, exact=data.exact, adapted=adapted)
        if L == 0:
            return network
        # Floats reject quickly; in exact arithmetic a network that passes is then checked once more.
        close = chamber_margin(network.to_floats(), floats) < float(margin)
        if not close and (not data.exact or chamber_margin(network, data) >= Fraction(margin)):
            return network
    raise LimitError(
        f"none of {ROUNDS} random networks keeps {data.size} data at margin {float(margin)}; "
        "ask for a smaller margin: with N data it scales like 1/(N Q L)"
    )


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float, exact: bool) -> Array:
    if not exact:
        return rng.uniform(low, high, size=shape)
    numerators = rng.integers(round(low * GRID), round(high * GRID) + 1, size=shape)
    return np.array([Fraction(int(entry), GRID) for entry in numerators.flat], dtype=object).reshape(shape)
