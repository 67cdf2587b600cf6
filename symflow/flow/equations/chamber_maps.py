"""Fixed weights: one layer more.

The right sides of statements that are proved, as loops over arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/d1_fixed_rotations.py D1.wall D1.wall-point D1.next D1.next-point D1.product D1.product-point --no-weights
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def D1_wall(R: Floats, J: Floats, S: Floats, out: Floats) -> None:
    """D1.wall: the normals of the walls of a layer.

        jac(R@(J@theta + A@x + S@theta), theta) == R@(J + S)

    Proved for every D, Q.

    Arguments: R (Q, Q), J (Q, D), S (Q, D), out (Q, D).
    """
    Q, D = R.shape[0], J.shape[1]
    for a in range(Q):
        for b in range(D):
            t1 = 0.0
            for c in range(Q):
                t1 += R[a, c] * (J[c, b] + S[c, b])
            out[a, b] = t1


def D1_wall_point(R: Floats, A: Floats, out: Floats) -> None:
    """D1.wall-point: and how they move with the point.

        jac(R@(J@theta + A@x + S@theta), x) == R@A

    Proved for every D, Q.

    Arguments: R (Q, Q), A (Q, Q), out (Q, Q).
    """
    Q = R.shape[0]
    for a in range(Q):
        for b in range(Q):
            t1 = 0.0
            for c in range(Q):
                t1 += R[a, c] * A[c, b]
            out[a, b] = t1


def D1_next(J: Floats, R: Floats, H: Floats, S: Floats, out: Floats) -> None:
    """D1.next: J after one layer more.

        jac(R.T@H@(R@(J@theta + A@x + S@theta)) - S@theta, theta) == J - R.T@(eye(Q) - H)@R@(J + S)

    Proved for every D, Q.

    Arguments: J (Q, D), R (Q, Q), H (Q,) diagonal, S (Q, D), out (Q, D).
    """
    Q, D = J.shape[0], J.shape[1]
    m1 = np.empty((Q, Q))
    for a in range(Q):
        for b in range(Q):
            t1 = 0.0
            for c in range(Q):
                t1 += R[c, a] * (1.0 - H[c]) * R[c, b]
            m1[a, b] = t1
    for a in range(Q):
        for b in range(D):
            t2 = 0.0
            for c in range(Q):
                t2 += m1[a, c] * (J[c, b] + S[c, b])
            out[a, b] = J[a, b] - t2


def D1_next_point(A: Floats, R: Floats, H: Floats, out: Floats) -> None:
    """D1.next-point: c = A x after one layer more.

        jac(R.T@H@(R@(J@theta + A@x + S@theta)) - S@theta, x) == A - R.T@(eye(Q) - H)@R@A

    Proved for every D, Q.

    Arguments: A (Q, Q), R (Q, Q), H (Q,) diagonal, out (Q, Q).
    """
    Q = A.shape[0]
    m1 = np.empty((Q, Q))
    for a in range(Q):
        for b in range(Q):
            t1 = 0.0
            for c in range(Q):
                t1 += R[c, a] * (1.0 - H[c]) * R[c, b]
            m1[a, b] = t1
    for a in range(Q):
        for b in range(Q):
            t2 = 0.0
            for c in range(Q):
                t2 += m1[a, c] * A[c, b]
            out[a, b] = A[a, b] - t2


def D1_product(J: Floats, out: Floats) -> None:
    """D1.product: the Hessian of one datum.

        jac(grad(sqnorm(J@theta + A@x - y)/2, theta), theta) == J.T@J

    Proved for every D, Q.

    Arguments: J (Q, D), out (D, D).
    """
    Q, D = J.shape[0], J.shape[1]
    for a in range(D):
        for b in range(D):
            t1 = 0.0
            for c in range(Q):
                t1 += J[c, a] * J[c, b]
            out[a, b] = t1


def D1_product_point(J: Floats, A: Floats, out: Floats) -> None:
    """D1.product-point: its gradient moves with the point.

        jac(grad(sqnorm(J@theta + A@x - y)/2, theta), x) == J.T@A

    Proved for every D, Q.

    Arguments: J (Q, D), A (Q, Q), out (D, Q).
    """
    Q, D = J.shape[0], J.shape[1]
    for a in range(D):
        for b in range(Q):
            t1 = 0.0
            for c in range(Q):
                t1 += J[c, a] * A[c, b]
            out[a, b] = t1
