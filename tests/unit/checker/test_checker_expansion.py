"""Expansion against direct evaluation: every operation and derivative of the language, at random points."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import Point, sum_value, value

from symflow.checker.expansion import Expansion
from symflow.checker.facts import Facts
from symflow.checker.formal import Algebra
from symflow.errors import CertificateError
from symflow.expr.kinds import KINDS
from symflow.expr.language import (
    along,
    comm,
    cos,
    datasum,
    det,
    diag,
    diagpart,
    diff,
    dot,
    exp,
    eye,
    grad,
    hadamard,
    inv,
    jac,
    liegrad,
    log,
    logdet,
    ones,
    outer,
    relu,
    sin,
    skew,
    sqnorm,
    sqrt,
    step,
    sym,
    tanh,
    tr,
    variable,
    zeros,
)
from symflow.expr.tree import OPS, Expr, FunctionSymbol, Symbol

n, m = "n", "m"


def letter(name: str, kind: str, *dims: str | int, index: str | None = None) -> Expr:
    return variable(Symbol(name, kind, dims, index is not None), index)


A, B, M, N = (
    letter("A", "matrix", n),
    letter("B", "matrix", n),
    letter("M", "matrix", n, m),
    letter("N", "matrix", m, n),
)
S, K, D, E = (
    letter("S", "symmetric", n),
    letter("K", "antisymmetric", n),
    letter("D", "diagonal", n),
    letter("E", "positive_diagonal", n),
)
P, R, H, W = (
    letter("P", "projector", n),
    letter("R", "orthogonal", n),
    letter("H", "mask", n),
    letter("W", "positive_definite", n),
)
s, p, x, y, z = (
    letter("s", "scalar"),
    letter("p", "positive_scalar"),
    letter("x", "vector", n),
    letter("y", "vector", n),
    letter("z", "vector", m),
)
xi, Ai, Hi, si = (
    letter(a, k, *d, index="i")
    for a, k, d in [("u", "vector", (n,)), ("C", "matrix", (n,)), ("G", "mask", (n,)), ("t", "scalar", ())]
)
xj, Ri = letter("u", "vector", n, index="j"), letter("O", "orthogonal", n, index="i")
Si, Di = letter("Y", "symmetric", n, index="i"), letter("Z", "diagonal", n, index="i")
V3, M32, c1, r1, D1, K1 = (
    letter("v", "vector", 3),
    letter("T", "matrix", 3, 2),
    letter("c", "matrix", n, 1),
    letter("r", "matrix", 1, n),
    letter("d", "diagonal", 1),
    letter("k", "antisymmetric", 1),
)
f, g = FunctionSymbol(Symbol("f", "function")), FunctionSymbol(Symbol("g", "function"))

VALUES = [
    s,
    x,
    A,
    M,
    S,
    K,
    D,
    H,
    c1,
    r1,
    D1,
    V3,
    eye(n),
    eye(3),
    eye(1),
    zeros(n, m),
    ones(n),
    ones(n, m),
    ones(1, n),
    A + B - 2 * A.T,
    M @ z,
    x.T @ A @ y,
    (A @ B).T,
    s * x,
    x * s / p,
    A / (s * s),
    (s + p) ** 3,
    A**3,
    A**0,
    A**-2,
    s**-2,
    3 / p,
    tr(A @ B),
    tr(eye(n)),
    tr(eye(3)) * s,
    tr(D @ A),
    sqnorm(M),
    dot(M, N.T),
    comm(A, B),
    sym(A),
    skew(A),
    hadamard(A, B),
    hadamard(x, y),
    diag(x),
    diag(x) @ A,
    diagpart(A @ B),
    diagpart(D),
    outer(x, z),
    outer(x),
    inv(A) @ B,
    inv(A.T @ A + eye(n)),
    det(A),
    det(s),
    logdet(A),
    logdet(s),
    inv(s),
    inv(D),
    det(eye(n)),
    exp(x),
    exp(A),
    log(p),
    sqrt(p * p + 1),
    sin(s),
    cos(M),
    tanh(x),
    relu(A @ x),
    step(x),
    relu(hadamard(A, B)),
    f(x),
    f.d.d(A @ x),
    g(s) * f.d(D),
    M32 @ ones(2),
    V3.T @ M32,
    r1 @ c1,
    c1 @ r1,
    outer(V3),
    D1 * x,
    exp(D),
    datasum(xi, "i"),
    datasum(1 + s, "i"),
    datasum(sqnorm(Hi @ xi - y), "i"),
    datasum(datasum(dot(xi, xj), "j") ** 2, "i"),
    datasum(datasum(xi, "i") + xi, "i"),
    datasum(inv(Ai @ Ai.T + eye(n)) @ xi * si, "i"),
    datasum(det(Ai) * log(exp(si)), "i"),
    datasum(x, "j"),
    datasum(xi / (si**2 + 1), "i"),
]

DERIVATIVES = [
    grad(sqnorm(A @ x - y), x),
    grad(sqnorm(A @ x - y), A),
    grad(tr(S @ A @ S), S),
    grad(x.T @ K @ y, K),
    grad(tr(D @ A @ D), D),
    grad(tr(A @ H), H),
    grad(tr(W @ A @ inv(W)), W),
    grad(s**3 + s, s),
    grad(det(A), A),
    grad(logdet(A @ A.T + eye(n)), A),
    grad(tr(A @ inv(A.T @ A + eye(n))), A),
    grad(dot(M, M @ N @ M), M),
    grad(sum((exp(s), log(p), sqrt(p), sin(s), cos(s), tanh(s))), s),
    grad(log(p) * sqrt(p) / p, p),
    grad(ones(n).T @ exp(A @ x), A),
    grad(ones(n).T @ log(exp(x) + ones(n)), x),
    grad(sqnorm(sqrt(exp(x))), x),
    grad(sqnorm(relu(A @ x)), A),
    grad(ones(n).T @ step(x) * s, s),
    grad(dot(f(A @ x), g.d(x)), x),
    grad(tr(f(A) @ B), A),
    grad(tr(f(D) @ B), D),
    grad(sqnorm(diag(x) @ A), x),
    grad(dot(diagpart(A @ A), x), A),
    grad(tanh(sin(s * s)), s),
    grad(f(f(s)), s),
    grad(logdet(s * s + 1), s),
    grad(r1 @ A @ c1, c1),
    grad(r1 @ A @ c1, r1),
    grad(D1**3, D1),
    grad(s * K1, K1),
    grad(tr(M32.T @ M32), M32),
    grad(1 / (sqnorm(x) + 1), x),
    liegrad(tr(R.T @ A @ R @ B), R),
    liegrad(sqnorm(R @ x - y) + dot(R, A) ** 2, R),
    liegrad(det(R) * tr(R @ A), R),
    jac(A @ x + exp(x), x),
    jac(f(M @ z), z),
    jac(relu(A @ x), x),
    jac(x * sqnorm(x), x),
    jac(c1 * s, x),
    jac(s * x, s),
    jac(D1 * x, D1),
    diff(A @ A, A, B),
    diff(inv(S @ S + eye(n)), S, A + A.T),
    diff(x.T @ K @ y * s, K, comm(S, D)),
    diff(D @ D @ x, D, diag(y)),
    diff(D**3, D, E @ H),
    diff(R.T @ A @ R, R, K @ R),
    diff(det(A @ B + eye(n)), A, B),
    diff(f.d(s), s, p),
    diff(M, M, N.T),
    diff(D1**2, D1, s),
    diff(relu(x), x, y),
    along(x.T @ A @ x, {x: A @ y, A: B}),
    along(datasum(sqnorm(xi) * si, "i"), {xi: A @ xi + y, si: s}),
    along(datasum(xi, "i"), {xi: y}),
    datasum(along(xi * si, {xi: y}), "i"),
    datasum(along(datasum(dot(xi, xj), "j"), {xj: A @ xj}), "i"),
    along(tr(S), {S: A.T @ A}),
    grad(grad(s**4, s), s),
    jac(grad(sqnorm(f(A @ x)), x), x),
    diff(grad(dot(A, A @ A), A), A, B),
    grad(tr(liegrad(tr(R.T @ A @ R @ B), R) @ A), B),
    grad(logdet(W), W),
    diff(diff(det(A), A, B), A, A @ B),
    grad(sqnorm(grad(tr(S @ S @ A), S)), S),
    grad(tr(along(A @ A, {A: B @ A})), A),
    datasum(grad(datasum(sqnorm(A @ xi - y) * si, "i"), xi), "i"),
    datasum(outer(grad(sqnorm(xi) * dot(xi, y), xi), xi), "i"),
    datasum(grad(datasum(dot(xi, xj), "j") ** 2, xi), "i"),
    datasum(diff(datasum(f(xi), "i"), xi, A @ xi), "i"),
    datasum(liegrad(datasum(tr(Ri.T @ A @ Ri @ B), "i"), Ri), "i"),
    datasum(tr(grad(tr(Si @ Si @ Ai), Si) @ B), "i"),
    datasum(grad(tr(Di @ Ai) ** 2, Di), "i"),
    datasum(jac(Ai @ xi, xi), "i"),
    datasum(si * grad(1 / (1 + si * si), si), "i"),
    grad(datasum(sqnorm(R.T @ Hi @ R @ (xi + x) - x - y) / 2, "i"), x),
    liegrad(datasum(sqnorm(R.T @ Hi @ R @ (xi + x) - x - y) / 2, "i"), R),
]


def symbols_of(e: Expr) -> list[Symbol]:
    return [node.data[0] for node in e.walk() if node.op in ("symbol", "apply")]


def compare(e: Expr, seed: int = 5, tolerance: float = 2e-7) -> None:
    algebra = Algebra()
    expansion = Expansion(algebra, Facts())
    raw = expansion.expand(e)
    for sizes in ({"n": 2, "m": 3}, {"n": 3, "m": 1}):
        point = Point.random(symbols_of(e), seed, sizes)
        wanted = value(e, point, {})
        for tensor in (raw, algebra.collect(raw)):
            got = sum_value(algebra, tensor, point).reshape(wanted.shape)
            np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("e", VALUES, ids=lambda e: e.op)
def test_value(e: Expr) -> None:
    compare(e)


@pytest.mark.parametrize("e", DERIVATIVES, ids=lambda e: e.op)
def test_derivative(e: Expr) -> None:
    compare(e)


def test_every_operation_is_among_the_cases() -> None:
    assert {node.op for e in VALUES + DERIVATIVES for node in e.walk()} == set(OPS)


def test_every_kind_can_be_expanded() -> None:
    algebra = Algebra()
    for kind in KINDS.values():
        if kind.name != "function":
            dims = (n,) * kind.dimensions[0]
            e = letter("X", kind.name, *dims)
            assert Expansion(algebra, Facts()).expand(e).dims == tuple(d for d in e.shape if d != 1)


@pytest.mark.parametrize(
    "e", [diff(tr(S), S, A), diff(tr(K @ A), K, S), diff(tr(D), D, A), along(tr(W), {W: A}), diff(s * K1, K1, s)]
)
def test_direction_outside_the_linear_space_is_refused(e: Expr) -> None:
    with pytest.raises(CertificateError, match="direction given for"):
        Expansion(Algebra(), Facts()).expand(e)


def test_free_data_indices_come_last_by_name() -> None:
    e = outer(xj, xi)
    algebra = Algebra()
    tensor = Expansion(algebra, Facts()).expand(e)
    assert tensor.dims == (n, n, None, None)
    ((_, factors, outs),) = algebra.collect(tensor).terms
    assert {slots for _, slots in factors} == {(outs[0], outs[3]), (outs[1], outs[2])}  # u(row, j) u(column, i)


def test_derivative_by_one_member_identifies_data_points() -> None:
    e = jac(xj, xi)  # delta(row, column) delta(i, j)
    algebra = Algebra()
    assert algebra.collect(Expansion(algebra, Facts()).expand(e)).terms == ((1, (), (0, 0, 1, 1)),)
