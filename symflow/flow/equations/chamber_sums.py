"""Fixed weights: sums over patterns.

The right sides of statements that are proved, as loops over arrays of floats.
Do not edit: change the derivation, and write this file again with

    symflow code derivations/d1_fixed_rotations.py D1.patterns D1.force --no-weights --selected
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


def D1_patterns(mu: Floats, G: Floats, places: Places, out: Floats) -> None:
    """D1.patterns: the Hessian, pattern by pattern.

        jac(grad(datasum(mu[j]*sqnorm(K[j]@theta)/2 + dot(K[j]@theta, A[j]@m[j] - t[j]), j), theta), theta) ==
        datasum(mu[j]*G[j], j)

        where G[j] == K[j].T@K[j], F[j] == K[j].T@A[j]

    Proved for every D, Q and every data set under hypotheses.

    Arguments: mu (N,), G (N, D, D), places, out (D, D).
    """
    D = G.shape[1]
    out[:] = 0.0
    for place1 in range(places.size):
        j = places[place1]
        for a in range(D):
            for b in range(D):
                out[a, b] += mu[j] * G[j, a, b]


def D1_force(K: Floats, t: Floats, F: Floats, m: Floats, places: Places, out: Floats) -> None:
    """D1.force: minus the gradient at zero, pattern by pattern.

        datasum(mu[j]*G[j], j)@theta - grad(datasum(mu[j]*sqnorm(K[j]@theta)/2 + dot(K[j]@theta, A[j]@m[j] - t[j]), j),
        theta) == datasum(K[j].T@t[j] - F[j]@m[j], j)

        where G[j] == K[j].T@K[j], F[j] == K[j].T@A[j]

    Proved for every D, Q and every data set under hypotheses.

    Arguments: K (N, Q, D), t (N, Q), F (N, D, Q), m (N, Q), places, out (D,).
    """
    Q, D = K.shape[1], K.shape[2]
    out[:] = 0.0
    for place1 in range(places.size):
        j = places[place1]
        for a in range(D):
            t1 = 0.0
            for b in range(Q):
                t1 += K[j, b, a] * t[j, b]
            t2 = 0.0
            for b in range(Q):
                t2 += F[j, a, b] * m[j, b]
            out[a] += t1 - t2
