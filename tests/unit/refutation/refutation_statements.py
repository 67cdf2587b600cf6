"""Statements for the refuter's tests, built by hand: the claims format's examples, true and false."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq, fmpq_mat

from symflow.expr.language import (
    along,
    comm,
    datasum,
    det,
    diag,
    dot,
    exp,
    eye,
    grad,
    hadamard,
    inv,
    liegrad,
    log,
    logdet,
    outer,
    relu,
    sqnorm,
    sqrt,
    step,
    tr,
    variable,
    zeros,
)  # fmt: skip
from symflow.expr.shapes import Dim
from symflow.expr.tree import Equation, Expr, FunctionSymbol, Symbol, lift


def v(name: str, kind: str, *dims: Dim) -> Expr:
    """A symbol of the statement."""
    return variable(Symbol(name, kind, dims))


def family(name: str, kind: str, *dims: Dim, index: str = "i") -> Expr:
    """A member x[i] of a data family."""
    return variable(Symbol(name, kind, dims, True), index)


def rational(rows: int, cols: int, *entries: int | Fraction) -> fmpq_mat:
    """An exact matrix, row by row."""
    return fmpq_mat(rows, cols, [fmpq(Fraction(x).numerator, Fraction(x).denominator) for x in entries])


half = lift(Fraction(1, 2))
n, m, p, q, Q = "n", "m", "p", "q", "Q"
one = eye(Q)
A, B, C, X = v("A", "matrix", n), v("B", "matrix", n), v("C", "matrix", n), v("X", "matrix", n)
x, y, u, b = (v(name, "vector", n) for name in "xyub")
V = v("V", "invertible", n)
S, K = v("S", "symmetric", n), v("K", "antisymmetric", n)
D = v("D", "positive_definite", n)
s, a, g = (v(name, "scalar") for name in "sag")
f = FunctionSymbol(Symbol("f", "function"))

R, H, P = v("R", "orthogonal", Q), v("H", "mask", Q), v("P", "idempotent", Q)
xQ, bQ, yQ = (v(name, "vector", Q) for name in "xby")
xi, Hi = family("x", "vector", Q), family("H", "mask", Q)
Ai, Wi = v("A", "matrix", p, n), v("W", "matrix", n, m)
WQ, UQ, YQ, KQ = v("W", "matrix", Q), v("U", "matrix", Q), v("Y", "matrix", Q), v("K", "positive_definite", Q)
SQ = v("S", "symmetric", Q)


def _mlp(right_factor: Expr) -> Equation:
    V_, x_, b_, y_ = v("V", "matrix", p, n), v("x", "vector", m), v("b", "vector", n), v("y", "vector", p)
    error = V_ @ f(Wi @ x_ + b_) - y_
    return grad(sqnorm(error) / 2, Wi) == hadamard(f.d(Wi @ x_ + b_), V_.T @ error) @ x_.T * right_factor


def _e3(last: Expr) -> Equation:
    E = WQ @ UQ - YQ
    left = along(sqnorm(E) / 2, {WQ: -E @ UQ.T, UQ: -WQ.T @ E @ KQ})
    return left == -sqnorm(UQ @ E.T) - tr(E.T @ WQ @ WQ.T @ E @ last)


def _b5(sign: int) -> Equation:
    cost = datasum(sqnorm(R.T @ Hi @ R @ (xi + bQ) - bQ - yQ) / 2, "i")
    bracket = comm(R @ (outer(xi - yQ) - outer(bQ + yQ)) @ R.T, Hi)
    return liegrad(cost, R) == sign * datasum(bracket, "i") / 2


_M = R @ SQ @ R.T
_logistic = exp(-s * dot(x, y))

TRUE: dict[str, Equation] = {
    "trace of a product": grad(tr(Ai @ v("X", "matrix", n, m) @ v("B", "matrix", m, p)), v("X", "matrix", n, m))
    == Ai.T @ v("B", "matrix", m, p).T,
    "rayleigh": grad(x.T @ S @ x / (x.T @ x), x) == 2 / (x.T @ x) * (S @ x - (x.T @ S @ x) / (x.T @ x) * x),
    "trace of an inverse": grad(tr(A @ inv(V) @ B), V) == -(inv(V) @ B @ A @ inv(V)).T,
    "determinant": grad(det(V), V) == det(V) * inv(V).T,
    "gaussian": grad(-(x - u).T @ inv(D) @ (x - u) / 2 - logdet(D) / 2, D)
    == (inv(D) @ outer(x - u, x - u) @ inv(D) - inv(D)) / 2,
    "skew": x.T @ K @ x == 0 * tr(K),
    "two-layer network": _mlp(lift(1)),
    "logistic": grad(log(1 + _logistic), y) == -s * _logistic / (1 + _logistic) * x,
    "relu by its mask": relu(x) == hadamard(step(x), x),
    "norm": grad(sqrt(x.T @ x), x) == x / sqrt(x.T @ x),
    "B3": grad(datasum(sqnorm(R.T @ Hi @ R @ (xi + bQ) - bQ - yQ) / 2, "i"), bQ)
    == datasum((one - R.T @ Hi @ R) @ (bQ + yQ), "i"),
    "B5": _b5(-1),
    "A7": sqnorm(R.T @ H @ R @ (xQ + bQ) - bQ - yQ) == sqnorm(H @ R @ (xQ - yQ)) + sqnorm((one - H) @ R @ (bQ + yQ)),
    "misalignment": (one - P).T @ P == (one - P).T @ (P - P.T),
    "E3": _e3(KQ),
    "balance": along(sqnorm(x) - a**2, {x: -g * a * y, a: -g * (x.T @ y)}) == 0 * a,
}

FALSE: dict[str, Equation] = {
    "cube": grad(tr(X**3), X) == 3 * X**2,
    "logdet": grad(logdet(V), V) == inv(V),
    "symmetric gradient": grad(tr(A @ S), S) == A,
    "pythagoras": sqnorm(xQ) == sqnorm(P @ xQ) + sqnorm(xQ - P @ xQ),
    "mask commutes": H @ SQ == SQ @ H,
    "relu homogeneous": relu(D @ x) == D @ relu(x),
    "dissipation": along(tr(H @ _M), {R: comm(_M, H) @ R / 2}) == -sqnorm(comm(_M, H)),
    "network": _mlp(lift(2)),
    "B5 with a wrong sign": _b5(1),
    "E3 without K": _e3(one),
    "sum of squares": sqnorm(datasum(family("x", "vector", n), "i")) == datasum(sqnorm(family("x", "vector", n)), "i"),
    "commuting": comm(A, B) == zeros(n, n),
    "coefficient": grad(123456789 * tr(X @ A) / 123456788, X) == A.T,
    "true at size two only": comm(comm(A, B) @ comm(A, B), C) == zeros(n, n),
    "determinant of a rotation": det(R) == 1 + 0 * s,
    "kink value": step(s) + step(-s) == 1 + 0 * s,
    "regular diagonal": H @ diag(xQ) == diag(xQ),
}
