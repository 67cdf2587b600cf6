"""General cumulative weights, layer by layer.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b8_general_weights.py B8.layer --as numpy --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B8_layer(p: Floats, H: Floats, a: Floats, inverse_of_W: Floats) -> Floats:
    """B8.layer: minus the gradient, from a and p.

        -grad(datasum(sqnorm(K[i]@(inv(W)@H[i]@W@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i])/2, i), W) ==
        datasum(outer(p[i], H[i]@a[i]) - outer(H[i]@p[i], a[i]), i)@inv(W).T

        where W.T@p[i] == K[i].T@(K[i]@(inv(W)@H[i]@W@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i]), w[i] ==
        inv(W)@a[i] - c[i]*beta

    Proved for every Q, every number of layers and every data set under hypotheses.

    Arguments: p (N, Q), H (N, Q) diagonal, a (N, Q), inverse_of_W (Q, Q).
    """
    t1 = H * a
    t2 = p.T @ t1
    t3 = H * p
    t4 = t3.T @ a
    t5 = t2 - t4
    t6 = t5 @ inverse_of_W.T
    return np.asarray(t6)
