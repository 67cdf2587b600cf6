"""Gradients of a wall by its own layer; Gradients of a wall by its own rotation.

The right sides of statements that are proved, as loops over arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/d2_gradients_of_walls.py D2.wall-bias D2.wall-pulled D2.wall-turn D2.wall-weight
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def D2_wall_bias(c: float, W: Floats, e: Floats, out: Floats) -> None:
    """D2.wall-bias: by the bias.

        grad(dot(e, W@(w + c*beta)), beta) == c*(W.T@e)

    Proved for every Q.

    Arguments: c, W (Q, Q), e (Q,), out (Q,).
    """
    Q = W.shape[0]
    for a in range(Q):
        t1 = 0.0
        for b in range(Q):
            t1 += W[b, a] * e[b]
        out[a] = c * t1


def D2_wall_pulled(W: Floats, e: Floats, out: Floats) -> None:
    """D2.wall-pulled: by the state before the layer.

        grad(dot(e, W@(w + c*beta)), w) == W.T@e

    Proved for every Q.

    Arguments: W (Q, Q), e (Q,), out (Q,).
    """
    Q = W.shape[0]
    for a in range(Q):
        t1 = 0.0
        for b in range(Q):
            t1 += W[b, a] * e[b]
        out[a] = t1


def D2_wall_turn(e: Floats, u: Floats, out: Floats) -> None:
    """D2.wall-turn: by the rotation, from u.

        liegrad(dot(e, R@(w + c*beta)), R) == skew(outer(e, u))

        where u == R@(w + c*beta)

    Proved for every Q under hypotheses.

    Arguments: e (Q,), u (Q,), out (Q, Q).
    """
    Q = e.shape[0]
    for a in range(Q):
        for b in range(Q):
            out[a, b] = 0.5 * (e[a] * u[b] - e[b] * u[a])


def D2_wall_weight(e: Floats, u: Floats, inverse_of_W: Floats, out: Floats) -> None:
    """D2.wall-weight: by the weight, from u.

        grad(dot(e, W@(w + c*beta)), W) == outer(e, u)@inv(W).T

        where w == inv(W)@u - c*beta

    Proved for every Q under hypotheses.

    Arguments: e (Q,), u (Q,), inverse_of_W (Q, Q), out (Q, Q).
    """
    Q = e.shape[0]
    v1 = np.empty(Q)
    for a in range(Q):
        t1 = 0.0
        for b in range(Q):
            t1 += inverse_of_W[a, b] * u[b]
        v1[a] = t1
    for a in range(Q):
        for b in range(Q):
            out[a, b] = e[a] * v1[b]
