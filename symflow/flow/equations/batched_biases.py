"""Cumulative bias gradients at every depth; The residual of one datum.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/b2_bias_gradient_at_every_depth.py B2.layer B2.pulled --as numpy --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def B2_layer(W: Floats, c: Floats, v_hat: Floats, H: Floats) -> Floats:
    """B2.layer: minus the gradient, from v = W^-T p.

        -grad(datasum(sqnorm(K[i]@(inv(W)@H[i]@W@(w[i] + c[i]*b) - c[i]*b) + q[i] - y[i])/2, i), b) ==
        W.T@datasum(c[i]*(v_hat[i] - H[i]@v_hat[i]), i)

        where W.T@v_hat[i] == K[i].T@(K[i]@(inv(W)@H[i]@W@(w[i] + c[i]*b) - c[i]*b) + q[i] - y[i])

    Proved for every Q, every number of layers and every data set under hypotheses.

    Arguments: W (Q, Q), c (N,), v_hat (N, Q), H (N, Q) diagonal.
    """
    t1 = H * v_hat
    t2 = v_hat - t1
    t3 = c[:, ..., None] * t2
    t4 = t3.sum(axis=0)
    t5 = W.T @ t4
    return np.asarray(t5)


def B2_pulled(W: Floats, H: Floats, v: Floats) -> Floats:
    """B2.pulled: the residual before the layer, from v = W^-T p after it.

        grad(sqnorm(K@(inv(W)@H@W@(w + c*b) - c*b) + q - y)/2, w) == W.T@(H@v)

        where W.T@v == K.T@(K@(inv(W)@H@W@(w + c*b) - c*b) + q - y)

    Proved for every Q under hypotheses.

    Arguments: W (Q, Q), H (Q,) diagonal, v (Q,).
    """
    t1 = H * v
    t2 = W.T @ t1
    return np.asarray(t2)
