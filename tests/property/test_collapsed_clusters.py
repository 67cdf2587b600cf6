"""E1-E4 along trajectories: the flow of the original cost, integrated in high precision, keeps what is proved of it.

The velocity is differentiated numerically from the cost itself, not taken from the derivation; the proved right sides
are compared with it, and then the conserved matrix, the rates and the exponential bound are followed in time.
"""

from __future__ import annotations

from pathlib import Path

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from symflow.derivation import load

ROOT = Path(__file__).resolve().parents[2]
Array = NDArray[np.float64]


def start(seed: int, Q: int) -> tuple[Array, Array, Array]:
    """An output weight near the identity, columns beta_j that are small, labels."""
    rng = np.random.default_rng(seed)
    return np.eye(Q) + 0.2 * rng.normal(size=(Q, Q)), 0.3 * rng.normal(size=(Q, Q)), np.eye(Q)


def cost(W: Array, U: Array, Y: Array) -> float:
    return 0.5 * float(np.sum((W @ U - Y) ** 2))


def kernel(Q: int, moving: bool) -> Array:
    return np.eye(Q) + np.ones((Q, Q)) * moving


def velocity(W: Array, U: Array, Y: Array, moving: bool) -> tuple[Array, Array]:
    """Minus the gradient by W, by the beta_j and, if it moves, by beta_{L+1}: U = beta_{L+1} 1^T - B."""
    step = 1e-6

    def slope(of_W: Array, of_U: Array) -> float:
        ahead = cost(W + step * of_W, U + step * of_U, Y)
        return (ahead - cost(W - step * of_W, U - step * of_U, Y)) / (2 * step)

    Q, none = len(W), np.zeros_like(W)
    units = [np.outer(np.eye(Q)[i], np.eye(Q)[j]) for i in range(Q) for j in range(Q)]
    W_dot = -sum(slope(E, none) * E for E in units)
    B_dot = -sum(slope(none, -E) * E for E in units)
    c_dot = -np.array([slope(none, np.outer(e, np.ones(Q))) for e in np.eye(Q)]) * moving
    return W_dot, np.outer(c_dot, np.ones(Q)) - B_dot


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("Q", [2, 3, 5])
def test_the_proved_velocities_are_minus_the_gradient(Q: int, moving: bool) -> None:
    (derivation,) = load(ROOT / "derivations" / "e_collapsed_clusters.py")
    W, U, Y = start(Q, Q)
    weight = derivation.check().lambdify()["E1.weight"]
    W_dot, U_dot = velocity(W, U, Y, moving)
    # E1.weight speaks of U = c 1^T - B
    assert np.allclose(weight(W=W, B=-U, c=np.zeros(Q), Y=Y), W_dot, atol=1e-8)
    assert np.allclose(-W.T @ (W @ U - Y) @ kernel(Q, moving), U_dot, atol=1e-8)


@pytest.mark.parametrize("moving", [False, True])
def test_the_conserved_matrix_and_the_rate(moving: bool) -> None:
    """To 25 digits: W^T W - U K^-1 U^T stays, and C(s) <= C(0) exp(-2 lambda lambda_min(K) s)."""
    Q = 2
    W0, U0, Y0 = start(7, Q)
    with mpmath.workdps(30):
        K = mpmath.matrix(kernel(Q, moving).tolist())
        Y = mpmath.matrix(Y0.tolist())

        def field(_: object, state: list[mpmath.mpf]) -> list[mpmath.mpf]:
            W, U = unpack(state)
            E = W * U - Y
            return [*(-E * U.T), *(-W.T * E * K)]

        def unpack(state: list[mpmath.mpf]) -> tuple[mpmath.matrix, mpmath.matrix]:
            entries = list(state)
            return mpmath.matrix(Q, Q) + shape(entries[: Q * Q]), shape(entries[Q * Q :])

        def shape(entries: list[mpmath.mpf]) -> mpmath.matrix:
            return mpmath.matrix([entries[Q * k : Q * (k + 1)] for k in range(Q)])

        def conserved(W: mpmath.matrix, U: mpmath.matrix) -> mpmath.matrix:
            return W.T * W - U * K**-1 * U.T

        def half_square(W: mpmath.matrix, U: mpmath.matrix) -> mpmath.mpf:
            return sum(e**2 for e in W * U - Y) / 2

        first = mpmath.matrix(W0.tolist()), mpmath.matrix(U0.tolist())
        gap = min(mpmath.eigsy(conserved(*first), eigvals_only=True))
        assert gap > 0
        rate = 2 * gap * min(mpmath.eigsy(K, eigvals_only=True))
        path = mpmath.odefun(field, 0, [*first[0], *first[1]])
        before = half_square(*first)
        for s in (mpmath.mpf("0.25"), mpmath.mpf("0.5"), mpmath.mpf(1)):
            W, U = unpack(path(s))
            drift = max(abs(x) for x in conserved(W, U) - conserved(*first))
            assert drift < mpmath.mpf(10) ** -25
            assert min(mpmath.eigsy(W.T * W, eigvals_only=True)) >= gap
            assert half_square(W, U) <= half_square(*first) * mpmath.exp(-rate * s)
            assert half_square(W, U) < before
            before = half_square(W, U)
