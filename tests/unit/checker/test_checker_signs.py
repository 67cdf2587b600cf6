"""The judgement that an expression is never negative: what it accepts, and what it must not."""

from __future__ import annotations

import pytest

from symflow.checker.signs import is_nonnegative, is_semidefinite, require_nonnegative
from symflow.errors import CertificateError
from symflow.expr.language import (
    datasum,
    det,
    diag,
    diagpart,
    dot,
    exp,
    eye,
    hadamard,
    inv,
    log,
    ones,
    outer,
    relu,
    sin,
    sqnorm,
    sqrt,
    tr,
    variable,
)
from symflow.expr.tree import Expr, Symbol, lift


def symbol(name: str, kind: str, *dims: str, over: str | None = None) -> Expr:
    return variable(Symbol(name, kind, dims, over is not None), over)


a, s = symbol("a", "scalar"), symbol("s", "positive_scalar")
u, v = symbol("u", "vector", "n"), symbol("v", "vector", "n")
x = symbol("x", "vector", "n", over="i")
A, B = symbol("A", "matrix", "n"), symbol("B", "matrix", "n")
T = symbol("T", "symmetric", "n")
K, L = symbol("K", "positive_definite", "n"), symbol("L", "positive_definite", "n")
H, G = symbol("H", "mask", "n"), symbol("G", "mask", "n")
P, D = symbol("P", "projector", "n"), symbol("D", "positive_diagonal", "n")
idempotent, V = symbol("J", "idempotent", "n"), symbol("V", "invertible", "n")
one = eye("n")

NONNEGATIVE = [
    lift(0), lift(3), s, s / 2, a**2, a * a, s * a**2 + 1, exp(a) + s, sqrt(a), sqnorm(u), u.T @ u, dot(u, u),
    u.T @ K @ u, dot(u, K @ u), dot(K @ u, u), u.T @ A.T @ A @ u, u.T @ A.T @ H @ A @ u, u.T @ (K + s * P) @ u,
    u.T @ inv(K) @ u, u.T @ (one - P) @ u, tr(K), tr(A @ A.T), tr(A.T @ K @ A @ H), tr(K @ L), tr(H @ A @ L @ A.T),
    tr(T @ T), tr(T**2), u.T @ T**4 @ u, dot(K, L), dot(A, A), det(K), det(A.T @ A), relu(u).T @ relu(v),
    tr(diag(relu(u))), datasum(sqnorm(A @ x), "i"), datasum(x.T @ H @ x, "i"), ones("n").T @ D @ ones("n"),
    u.T @ ones("n", "n") @ u, u.T @ hadamard(K, L) @ u, log(1 + sqnorm(u)), sqnorm(u) / s, u.T @ (A @ A.T) @ u,
    tr(outer(u, u) @ K), 2 * u.T @ K @ u, u.T @ K / s @ u, (s * u).T @ K @ u,
    ones("n").T @ diagpart(K), (A @ u).T @ K @ A @ u, u.T @ datasum(outer(x, x), "i") @ u,
]  # fmt: skip

OPEN = [
    lift(-1), a, -s, a**3, a * s, u.T @ v, u.T @ A @ u, u.T @ T @ u, u.T @ K @ v, tr(A), tr(T), tr(A @ A), tr(A @ K),
    tr(K @ L @ H), dot(A, B), det(A), det(T), u.T @ K @ L @ u, tr(A.T @ K @ B), u.T @ idempotent @ u, sin(a), log(s),
    log(1 + a), u.T @ (K - one) @ u, u.T @ (one - K) @ u, u.T @ (one - idempotent) @ u, s - 1, exp(a) - 1,
    u.T @ (K @ L + L @ K) @ u, tr(A**2), dot(T, K), s * (u.T @ v), (u.T @ v) / s, u.T @ A.T @ B @ u,
    datasum(x.T @ u, "i"), u.T @ A @ K @ A @ u, ones("n").T @ diagpart(A), ones("n").T @ hadamard(u, v),
    u.T @ (s * hadamard(A, A)) @ u, u.T @ (hadamard(A, A) * s) @ u, u.T @ K**2 @ L @ u, relu(u).T @ v,
    a * u.T @ K @ u, u.T @ K / a @ u, (a * u).T @ K @ (s * u), -2 * u.T @ K @ u,
]  # fmt: skip


@pytest.mark.parametrize("expr", NONNEGATIVE, ids=repr)
def test_of_these_the_sign_is_seen(expr: Expr) -> None:
    assert is_nonnegative(expr)


@pytest.mark.parametrize("expr", OPEN, ids=repr)
def test_of_these_the_sign_is_not_seen(expr: Expr) -> None:
    assert not is_nonnegative(expr)


def test_what_is_semidefinite_is_symmetric() -> None:
    for matrix in (K @ L, A, H @ P, K @ H, A @ B, V.T @ K @ A, idempotent, K + A):
        assert not is_semidefinite(matrix)
    for matrix in (V.T @ K @ V, A @ A.T, K + H, 2 * P, inv(K), K**3, T @ T, T @ K @ T, one - H):
        assert is_semidefinite(matrix)


def test_the_certificate_must_be_defined_where_the_claim_is() -> None:
    with pytest.raises(CertificateError, match="may be undefined"):
        require_nonnegative(a**2, (a**2 / a) ** 2)
    with pytest.raises(CertificateError, match="may be undefined"):
        require_nonnegative(sqnorm(u), sqnorm(inv(A) @ A @ u))
    require_nonnegative(sqnorm(inv(A) @ u), sqnorm(inv(A) @ u))
    require_nonnegative(sqnorm(u), sqnorm(inv(V) @ V @ u))
    require_nonnegative(sqnorm(u), sqnorm(inv(K + A.T @ A) @ u) / (1 + s))


def test_the_term_whose_sign_is_open_is_named() -> None:
    with pytest.raises(CertificateError, match=r"dot\(u, v\) is not seen"):
        require_nonnegative(a, sqnorm(u) + dot(u, v))
