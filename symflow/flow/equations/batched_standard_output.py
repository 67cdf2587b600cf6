"""The output layer of the standard cost.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b9_standard_cost.py B9.output B9.output-bias --as numpy
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B9_output(V: Floats, z: Floats, c: Floats, y: Floats, weights: Floats) -> Floats:
    """B9.output: gradient by the output weight, from the last states.

        grad(datasum(sqnorm(V@(z[i] + c) - y[i])/2, i), V) == datasum(outer(V@(z[i] + c) - y[i], z[i] + c), i)

    Proved for every Q and every data set.

    Arguments: V (Q, Q), z (N, Q), c (Q,), y (N, Q), weights (N,).
    """
    t1 = z + c
    t2 = t1 @ V.T
    t3 = t2 - y
    t4 = (t3 * weights[:, None]).T @ t1
    return np.asarray(t4)


def B9_output_bias(V: Floats, z: Floats, c: Floats, y: Floats, weights: Floats) -> Floats:
    """B9.output-bias: gradient by the output bias, from the last states.

        grad(datasum(sqnorm(V@(z[i] + c) - y[i])/2, i), c) == V.T@datasum(V@(z[i] + c) - y[i], i)

    Proved for every Q and every data set.

    Arguments: V (Q, Q), z (N, Q), c (Q,), y (N, Q), weights (N,).
    """
    t1 = weights @ z
    t2 = weights.sum()
    t3 = t2 * c
    t4 = t1 + t3
    t5 = V @ t4
    t6 = weights @ y
    t7 = t5 - t6
    t8 = V.T @ t7
    return np.asarray(t8)
