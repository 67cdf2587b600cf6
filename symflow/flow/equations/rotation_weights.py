"""General cumulative weights, layer by layer.

The right sides of statements that are proved, as loops over arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b8_general_weights.py B8.layer --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B8_layer(p: Floats, H: Floats, a: Floats, inverse_of_W: Floats, out: Floats) -> None:
    """B8.layer: minus the gradient, from a and p.

        -grad(datasum(sqnorm(K[i]@(inv(W)@H[i]@W@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i])/2, i), W) ==
        datasum(outer(p[i], H[i]@a[i]) - outer(H[i]@p[i], a[i]), i)@inv(W).T

        where W.T@p[i] == K[i].T@(K[i]@(inv(W)@H[i]@W@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i]), w[i] ==
        inv(W)@a[i] - c[i]*beta

    Proved for every Q, every number of layers and every data set under hypotheses.

    Arguments: p (N, Q), H (N, Q) diagonal, a (N, Q), inverse_of_W (Q, Q), out (Q, Q).
    """
    N, Q = p.shape[0], p.shape[1]
    m1 = np.empty((Q, Q))
    m1[:] = 0.0
    for i in range(N):
        for b in range(Q):
            for c in range(Q):
                m1[b, c] += p[i, b] * (H[i, c] * a[i, c]) - H[i, b] * p[i, b] * a[i, c]
    for b in range(Q):
        for c in range(Q):
            t1 = 0.0
            for d in range(Q):
                t1 += m1[b, d] * inverse_of_W[c, d]
            out[b, c] = t1
