"""Cumulative rotations, layer by layer.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b4_rotations_at_every_depth.py B4.layer --as numpy --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B4_layer(u: Floats, H: Floats, v: Floats) -> Floats:
    """B4.layer: Omega, from u and v.

        -liegrad(datasum(sqnorm(K[i]@(R.T@H[i]@R@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i])/2, i), R) ==
        skew(datasum(outer(u[i], H[i]@v[i]) + outer(v[i], H[i]@u[i]), i))

        where v[i] == R@K[i].T@(K[i]@(R.T@H[i]@R@(w[i] + c[i]*beta) - c[i]*beta) + q[i] - y[i]), u[i] == R@(w[i] +
        c[i]*beta)

    Proved for every Q, every number of layers and every data set under hypotheses.

    Arguments: u (N, Q), H (N, Q) diagonal, v (N, Q).
    """
    t1 = H * v
    t2 = u.T @ t1
    t3 = H * u
    t4 = v.T @ t3
    t5 = t2 + t4
    t6 = 0.5 * (t5 - t5.T)
    return np.asarray(t6)
