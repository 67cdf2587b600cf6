"""Cumulative rotations, layer by layer.

The right sides of statements that are proved, as loops over arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b4_rotations_at_every_depth.py B4.layer --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B4_layer(u: Floats, H: Floats, v: Floats, out: Floats) -> None:
    """B4.layer: Omega, from u and v.

        -liegrad(datasum(sqnorm(K[i]@(R.T@H[i]@R@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i])/2, i), R) ==
        skew(datasum(outer(u[i], H[i]@v[i]) + outer(v[i], H[i]@u[i]), i))

        where v[i] == R@K[i].T@(K[i]@(R.T@H[i]@R@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i]), u[i] == R@(w[i] +
        c[i]*beta)

    Proved for every Q, every number of layers and every data set under hypotheses.

    Arguments: u (N, Q), H (N, Q) diagonal, v (N, Q), out (Q, Q).
    """
    N, Q = u.shape[0], u.shape[1]
    m1 = np.empty((Q, Q))
    m1[:] = 0.0
    for i in range(N):
        for a in range(Q):
            for b in range(Q):
                m1[a, b] += u[i, a] * (H[i, b] * v[i, b]) + v[i, a] * (H[i, b] * u[i, b])
    for a in range(Q):
        for b in range(Q):
            out[a, b] = 0.5 * (m1[a, b] - m1[b, a])
