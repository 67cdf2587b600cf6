"""Gradients of a wall by its own layer; Gradients of a wall by its own rotation.

The right sides of statements that are proved, as NumPy functions of arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/d2_gradients_of_walls.py D2.wall-bias D2.wall-pulled D2.wall-turn D2.wall-weight --as numpy
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def D2_wall_bias(c: float, W: Floats, e: Floats) -> Floats:
    """D2.wall-bias: by the bias.

        grad(dot(e, W@(w + c*beta)), beta) == c*(W.T@e)

    Proved for every Q.

    Arguments: c, W (Q, Q), e (Q,).
    """
    t1 = W.T @ e
    t2 = c * t1
    return np.asarray(t2)


def D2_wall_pulled(W: Floats, e: Floats) -> Floats:
    """D2.wall-pulled: by the state before the layer.

        grad(dot(e, W@(w + c*beta)), w) == W.T@e

    Proved for every Q.

    Arguments: W (Q, Q), e (Q,).
    """
    t1 = W.T @ e
    return np.asarray(t1)


def D2_wall_turn(e: Floats, u: Floats) -> Floats:
    """D2.wall-turn: by the rotation, from u.

        liegrad(dot(e, R@(w + c*beta)), R) == skew(outer(e, u))

        where u == R@(w + c*beta)

    Proved for every Q under hypotheses.

    Arguments: e (Q,), u (Q,).
    """
    t1 = e[..., None] * u[..., None, :]
    t2 = 0.5 * (t1 - t1.T)
    return np.asarray(t2)


def D2_wall_weight(e: Floats, u: Floats, inverse_of_W: Floats) -> Floats:
    """D2.wall-weight: by the weight, from u.

        grad(dot(e, W@(w + c*beta)), W) == outer(e, u)@inv(W).T

        where w == inv(W)@u - c*beta

    Proved for every Q under hypotheses.

    Arguments: e (Q,), u (Q,), inverse_of_W (Q, Q).
    """
    t1 = inverse_of_W @ u
    t2 = e[..., None] * t1[..., None, :]
    return np.asarray(t2)
