"""From the gradient in the original layered parameters (W_l, b_l) to the cumulative ones: theory A6, in numbers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from symflow.errors import UnsupportedError
from symflow.network import PolarParameters, to_cumulative, to_layers, to_pulled_back
from symflow.network.arrays import Array, inverse


def through_layers(
    oracle: ModuleType, network: PolarParameters, arguments: tuple[Array, Array, Array], group: str, layer: int,
    **options: Any,
) -> Any:  # fmt: skip
    """The derivative by beta_l, by W^(l) at fixed beta_l, along exp(tA) R_l, or by W_*l, from those by (W_k, b_k).

    Layer L + 1 is the output layer; ``"layer biases"`` is dC/db_l itself. ``options`` go to the oracle.

    dC/db^(l) = dC/db_l - W_{l+1}^T dC/db_{l+1};
    dC/dW^(l) = G_l (W^(l-1))^-T - W_{l+1}^T G_{l+1} (W^(l))^-T with G_l = dC/dW_l - (dC/db_l) b^(l-1)T  (theory A6).
    At fixed beta_l, b^(l) = W^(l) beta_l moves with W^(l), which adds (dC/db^(l)) beta_l^T.

    Raises UnsupportedError for an unknown group.
    """
    layers, cumulative, pulled = to_layers(network), to_cumulative(network), to_pulled_back(network)
    gradient = oracle.gradients(layers.as_mapping(), *arguments, coordinates="layers", **options)
    weights, biases = gradient["weights"], gradient["biases"]
    if group == "layer biases":
        return biases[layer - 1]
    last = layer == layers.depth + 1
    after = None if last else layers.weights[layer].T  # W_{l+1}
    by_bias = biases[layer - 1] if after is None else biases[layer - 1] - after @ biases[layer]
    W, beta = pulled.weights[layer - 1], pulled.biases[layer - 1]
    if group == "biases":
        return W.T @ by_bias

    def central(k: int) -> Any:
        """G_k, with b^(0) = 0."""
        if k == 1:
            return weights[0]
        return weights[k - 1] - np.outer(biases[k - 1], cumulative.biases[k - 2])

    here = central(layer)
    if layer > 1:
        here = here @ inverse(cumulative.weights[layer - 2], "a cumulative weight").T
    by_weight = here + np.outer(by_bias, beta)
    if after is not None:
        by_weight = by_weight - after @ central(layer + 1) @ inverse(W, "a cumulative weight").T
    if group == "weights":
        return by_weight
    if not network.adapted:
        raise UnsupportedError("derivatives along rotations are compared for adapted weights only")
    stretch, R = network.stretches[layer - 1], network.rotations[layer - 1]
    if group == "stretches":
        return np.diagonal(by_weight @ R.T)
    if group == "rotations":
        along = (stretch[:, np.newaxis] * by_weight) @ R.T
        return (along - along.T) / 2
    raise UnsupportedError(f"{group!r} is no group of parameters; use biases, rotations or stretches")
