"""Backpropagation.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b10_original_parameters.py B10.weight B10.layer-bias --as numpy --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B10_weight(delta: Floats, x: Floats) -> Floats:
    """B10.weight: by the weight.

        grad(datasum(sqnorm(J[i]@(W@x[i] + b) + r[i] - y[i])/2, i), W) == datasum(outer(delta[i], x[i]), i)

        where delta[i] == J[i].T@(J[i]@(W@x[i] + b) + r[i] - y[i])

    Proved for every L, M, N, every number of layers and every data set under hypotheses.

    Arguments: delta (N_data, N), x (N_data, M).
    """
    t1 = delta.T @ x
    return np.asarray(t1)


def B10_layer_bias(delta: Floats) -> Floats:
    """B10.layer-bias: by the bias.

        grad(datasum(sqnorm(J[i]@(W@x[i] + b) + r[i] - y[i])/2, i), b) == datasum(delta[i], i)

        where delta[i] == J[i].T@(J[i]@(W@x[i] + b) + r[i] - y[i])

    Proved for every L, M, N, every number of layers and every data set under hypotheses.

    Arguments: delta (N_data, N).
    """
    t1 = delta.sum(axis=0)
    return np.asarray(t1)
