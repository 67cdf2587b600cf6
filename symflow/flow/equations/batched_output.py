"""Gradients by the output layer.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b7_output_layer.py B7.bias B7.weight --as numpy
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B7_bias(z: Floats, inverse_of_W: Floats, y: Floats, beta: Floats, weights: Floats) -> Floats:
    """B7.bias: gradient by the cumulative bias of the output.

        grad(datasum(sqnorm(z[i] - (inv(W)@y[i] - beta))/2, i), beta) == datasum(z[i] - (inv(W)@y[i] - beta), i)

    Proved for every Q and every data set.

    Arguments: z (N, Q), inverse_of_W (Q, Q), y (N, Q), beta (Q,), weights (N,).
    """
    t1 = weights @ z
    t2 = weights @ y
    t3 = inverse_of_W @ t2
    t4 = weights.sum()
    t5 = -beta
    t6 = t4 * t5
    t7 = t3 + t6
    t8 = t1 - t7
    return np.asarray(t8)


def B7_weight(inverse_of_W: Floats, z: Floats, y: Floats, beta: Floats, weights: Floats) -> Floats:
    """B7.weight: gradient by the cumulative weight of the output.

        grad(datasum(sqnorm(z[i] - (inv(W)@y[i] - beta))/2, i), W) == datasum(inv(W).T@outer(z[i] - (inv(W)@y[i] -
        beta), y[i])@inv(W).T, i)

    Proved for every Q and every data set.

    Arguments: inverse_of_W (Q, Q), z (N, Q), y (N, Q), beta (Q,), weights (N,).
    """
    t1 = y @ inverse_of_W.T
    t2 = t1 - beta
    t3 = z - t2
    t4 = t3 @ inverse_of_W.T.T
    t5 = (t4 * weights[:, None]).T @ t1
    return np.asarray(t5)
