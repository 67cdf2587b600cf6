"""Truncation maps and the states they produce, batched over the data (theory A2, A3).

    τ_ℓ(z) = (W^(ℓ))^{-1} σ(W^(ℓ)(z + β_ℓ)) − β_ℓ,     z_0 = x,     z_ℓ = τ_ℓ(z_{ℓ-1})

One row is one datum throughout. ReLU′(0) = 0: a point on a wall counts as truncated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError
from symflow.network.arrays import Array, as_array, inverse, is_exact, require_shape
from symflow.network.coordinates import to_pulled_back
from symflow.network.parameters import AnyParameters, LayeredParameters


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """States z_0..z_L (L+1, N, Q), preactivations a^(1)..a^(L) (L, N, Q) and patterns a > 0 (L, N, Q, bool)."""

    states: Array
    preactivations: Array
    patterns: NDArray[np.bool_]


def truncate(weight: ArrayLike, beta: ArrayLike, points: ArrayLike) -> Array:
    """τ(x) = W^{-1} σ(W(x + β)) − β for each row x of ``points``.

    Shapes: W (Q, Q), β (Q,), points (N, Q); returns (N, Q). Raises ShapeError, KindError, UndefinedError (singular W).

    >>> truncate([[1.0, 0.0], [0.0, 2.0]], [0.0, 1.0], [[-3.0, 4.0], [3.0, -4.0]]).tolist()
    [[0.0, 4.0], [3.0, -1.0]]
    """
    matrix, shift, rows = as_array(weight, "weight", 2), as_array(beta, "beta", 1), as_array(points, "points", 2)
    back = inverse(matrix, "the weight of the truncation map")
    require_shape(shift, (matrix.shape[0],), "beta")
    require_shape(rows, (rows.shape[0], matrix.shape[0]), "points")
    preactivation = (rows + shift) @ matrix.T
    return _rectified(preactivation) @ back.T - shift


def _rectified(preactivation: Array) -> Array:
    return np.where(preactivation > 0, preactivation, 0 * preactivation)


def trajectory(parameters: AnyParameters, points: ArrayLike) -> Trajectory:
    """All states z_ℓ, preactivations a^(ℓ)(z_{ℓ-1}) and activation patterns H_ℓ of the data, ℓ ≤ L.

    Raises ShapeError, KindError (exact network with float points or the reverse), UndefinedError (singular weight).

    >>> network = LayeredParameters(weights=([[1.0]], [[1.0]]), biases=([-1.0], [0.0]))
    >>> trajectory(network, [[3.0], [0.0]]).states[1].tolist()
    [[3.0], [1.0]]
    """
    pulled_back = to_pulled_back(parameters)
    rows = _points(points, pulled_back.dimension, pulled_back.exact)
    states, preactivations = [rows], []
    for layer, (weight, beta) in enumerate(zip(pulled_back.weights[:-1], pulled_back.biases[:-1], strict=True), 1):
        preactivation = (states[-1] + beta) @ weight.T
        back = inverse(weight, f"cumulative weight {layer}")
        preactivations.append(preactivation)
        states.append(_rectified(preactivation) @ back.T - beta)
    # An affine network (L = 0) still has an array of the right shape and arithmetic.
    stacked = np.array(preactivations) if preactivations else np.empty((0, *rows.shape), dtype=rows.dtype)
    return Trajectory(np.array(states), stacked, (stacked > 0).astype(bool))


def layer_states(parameters: LayeredParameters, points: ArrayLike) -> tuple[Array, ...]:
    """x^(0)..x^(L+1) of the layered network, each (N, M_ℓ); any widths. The last one is the affine output.

    >>> network = LayeredParameters(weights=([[1.0], [-1.0]], [[1.0, 1.0]]), biases=([0.0, 0.0], [0.5]))
    >>> layer_states(network, [[-2.0]])[-1].tolist()
    [[2.5]]
    """
    states = [_points(points, parameters.widths[0], parameters.exact)]
    for layer, (weight, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True), start=1):
        affine = states[-1] @ weight.T + bias
        states.append(affine if layer > parameters.depth else _rectified(affine))
    return tuple(states)


def projectors(parameters: AnyParameters, patterns: NDArray[np.bool_]) -> Array:
    """P_ℓ = (W^(ℓ))^{-1} H_ℓ W^(ℓ) per layer and datum: patterns (L, N, Q) give (L, N, Q, Q).

    >>> network = LayeredParameters(weights=([[1.0]], [[1.0]]), biases=([-1.0], [0.0]))
    >>> projectors(network, trajectory(network, [[3.0], [0.0]]).patterns).ravel().tolist()
    [1.0, 0.0]
    """
    pulled_back = to_pulled_back(parameters)
    if patterns.ndim != 3 or patterns.shape[0] != pulled_back.depth or patterns.shape[2] != pulled_back.dimension:
        raise ShapeError(
            f"patterns must have shape (L, N, Q) = ({pulled_back.depth}, N, {pulled_back.dimension}); "
            f"they have {patterns.shape}"
        )
    ones = patterns.astype(int).astype(object) if pulled_back.exact else patterns.astype(np.float64)
    result = np.empty((*patterns.shape, pulled_back.dimension), dtype=ones.dtype)
    for layer, weight in enumerate(pulled_back.weights[:-1]):
        back = inverse(weight, f"cumulative weight {layer + 1}")
        result[layer] = (back[None, :, :] * ones[layer][:, None, :]) @ weight
    return result


def _points(points: ArrayLike, width: int, exact: bool) -> Array:
    rows = as_array(points, "points", 2)
    require_shape(rows, (rows.shape[0], width), "points")
    if is_exact(rows) != exact:
        raise KindError(
            f"the network is {'exact' if exact else 'float'} and the points are {'float' if exact else 'exact'}; "
            "convert one of them with to_floats() or to_fractions()"
        )
    return rows
