"""The second derivation agrees with the theory and notices wrong variants."""

from __future__ import annotations

import time

import pytest

from symflow.claims.statements import parse_statement
from symflow.confirm.componentwise import componentwise
from symflow.errors import LimitError, ShapeError, UndefinedError, UnsupportedError

LAYER = {
    "R": "orthogonal(Q)", "H": "mask(Q)[i]", "x": "vector(Q)[i]", "b": "vector(Q)", "y": "vector(Q)",
}  # fmt: skip
COST = "datasum(sqnorm(R.T@H[i]@R@(x[i]+b) - b - y)/2, i)"
B3 = f"grad({COST}, b) == datasum((eye(Q)-R.T@H[i]@R)@(b+y), i)"
B5 = f"liegrad({COST}, R) == -datasum(comm(R@(outer(x[i]-y,x[i]-y)-outer(b+y,b+y))@R.T, H[i]), i)/2"
A7 = "sqnorm(R.T@H@R@(x+b) - b - y) == sqnorm(H@R@(x-y)) + sqnorm((eye(Q)-H)@R@(b+y))"
POINT = {"R": "orthogonal(Q)", "H": "mask(Q)", "x": "vector(Q)", "b": "vector(Q)", "y": "vector(Q)"}


def holds(statement: str, let: dict[str, str], points: int = 2, **sizes: int) -> bool:
    return componentwise(parse_statement(statement, let), sizes or {"Q": 2, "n": 2, "m": 2, "p": 2}, points)


@pytest.mark.parametrize(("statement", "let"), [(B3, LAYER), (B5, LAYER), (A7, POINT)])
def test_theory_holds(statement: str, let: dict[str, str]) -> None:
    start = time.perf_counter()
    assert holds(statement, let)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("statement", "let"),
    [
        (B3.replace("eye(Q)-R", "eye(Q)+R"), LAYER),
        (B3.replace("(b+y)", "(b-y)"), LAYER),
        (B3.replace("R.T@H[i]@R)", "R@H[i]@R.T)"), LAYER),
        (B3.replace("== ", "== 2*"), LAYER),
        (B3.replace("== ", "== 1000000001/1000000000*"), LAYER),
        (B5.replace("-datasum", "datasum"), LAYER),
        (B5.replace(", i)/2", ", i)", 2).replace(", i), R)", ", i)/2, R)"), LAYER),
        (B5.replace("outer(b+y,b+y)", "outer(b-y,b-y)"), LAYER),
        (B5.replace("R@(outer", "R.T@(outer"), LAYER),
        (A7.replace("(eye(Q)-H)@R@(b+y)", "(eye(Q)-H)@R@(b-y)"), POINT),
        (A7.replace("eye(Q)-H", "H"), POINT),
        (A7, POINT | {"H": "diagonal(Q)"}),
        (A7, POINT | {"R": "invertible(Q)"}),
    ],
)
def test_wrong_variants_are_noticed(statement: str, let: dict[str, str]) -> None:
    assert not holds(statement, let)


@pytest.mark.parametrize("size", [1, 3])
def test_other_sizes(size: int) -> None:
    assert holds(A7, POINT, Q=size)
    assert holds(B3, LAYER, 1, Q=size)
    if size == 3:
        assert not holds(B3.replace("(b+y)", "(b-y)"), LAYER, 1, Q=size)


TRUE = [
    ("grad(tr(A@X@B), X) == A.T@B.T", {"A": "matrix(p, n)", "X": "matrix(n, m)", "B": "matrix(m, p)"}),
    ("grad(tr(A@S), S) == sym(A)", {"A": "matrix(n)", "S": "symmetric(n)"}),
    ("grad(tr(A@K), K) == -skew(A)", {"A": "matrix(n)", "K": "antisymmetric(n)"}),
    ("grad(tr(A@D), D) == diag(diagpart(A))", {"A": "matrix(n)", "D": "diagonal(n)"}),
    ("grad(tr(A@inv(X)@B), X) == -(inv(X)@B@A@inv(X)).T", {"A": "matrix(n)", "B": "matrix(n)", "X": "invertible(n)"}),
    ("grad(det(X), X) == det(X)*inv(X).T", {"X": "invertible(n)"}),
    ("inv(A) - inv(B) == inv(A)@(B-A)@inv(B)", {"A": "invertible(n)", "B": "invertible(n)"}),
    ("(eye(n) - 2*P)@(eye(n) - 2*P) == eye(n)", {"P": "projector(n)"}),
    ("(eye(Q)-P).T@P == (eye(Q)-P).T@(P-P.T)", {"P": "idempotent(Q)"}),
    ("det(P)*(tr(P) - tr(eye(n))) == 0", {"P": "idempotent(n)"}),
    ("H@D == D@H", {"H": "mask(n)", "D": "diagonal(n)"}),
    ("grad(x.T@A@x/(x.T@x), x) == 2/(x.T@x)*(A@x - (x.T@A@x)/(x.T@x)*x)", {"x": "vector(n)", "A": "symmetric(n)"}),
    (
        "grad(-(x-u).T@inv(S)@(x-u)/2 - logdet(S)/2, S) == (inv(S)@outer(x-u,x-u)@inv(S) - inv(S))/2",
        {"x": "vector(n)", "u": "vector(n)", "S": "positive_definite(n)"},
    ),
    (
        "grad(log(1+exp(-t*dot(a,w))), w) == -t*exp(-t*dot(a,w))/(1+exp(-t*dot(a,w)))*a",
        {"a": "vector(n)", "w": "vector(n)", "t": "scalar"},
    ),
    ("grad(sqrt(x.T@x), x) == x/sqrt(x.T@x)", {"x": "vector(n)"}),
    ("logdet(A) - logdet(A) == 0", {"A": "invertible(n)"}),
    ("grad(logdet(A)**2, A) == 2*logdet(A)*inv(A).T", {"A": "invertible(n)"}),
    ("logdet(A.T) == logdet(A)", {"A": "invertible(n)"}),
    ("logdet(2*eye(n)) == tr(eye(n))*log(2)", {}),
    ("grad(sqrt(x.T@x)**3, x) == 3*sqrt(x.T@x)*x", {"x": "vector(n)"}),
    ("sin(s)**2 + cos(s)**2 == 1", {"s": "scalar"}),
    ("diff(tanh(x), x, x) == hadamard(x, ones(n) - hadamard(tanh(x), tanh(x)))", {"x": "vector(n)"}),
    ("log(s*t) == log(s) + log(t)", {"s": "scalar(positive)", "t": "scalar(positive)"}),
    (
        "grad(sqnorm(V@f(W@x+b)-y)/2, W) == hadamard(f.d(W@x+b), V.T@(V@f(W@x+b)-y))@x.T",
        {
            "V": "matrix(p, n)",
            "W": "matrix(n, m)",
            "x": "vector(m)",
            "b": "vector(n)",
            "y": "vector(p)",
            "f": "function",
        },
    ),
    (
        "along(sqnorm(w)-a**2, w=-g*a*x, a=-g*(w.T@x)) == 0*a",
        {"w": "vector(n)", "a": "scalar", "g": "scalar", "x": "vector(n)"},
    ),
    (
        "along(datasum(sqnorm(x[i]), i), x=A@x[i]) == 2*datasum(x[i].T@A@x[i], i)",
        {"A": "matrix(n)", "x": "vector(n)[i]"},
    ),
    ("jac(A@x, x) == A", {"A": "matrix(n, m)", "x": "vector(m)"}),
    ("grad(grad(x.T@A@x, x).T@u, x) == (A + A.T)@u", {"A": "matrix(n)", "x": "vector(n)", "u": "vector(n)"}),
    ("liegrad(tr(N@R@S@R.T), R) == comm(N, R@S@R.T)", {"R": "orthogonal(n)", "S": "symmetric(n)", "N": "diagonal(n)"}),
    ("relu(s*t)*step(-s) == 0", {"s": "scalar(positive)", "t": "scalar(positive)"}),
    ("datasum(datasum(x[i].T@x[j], i), j) == sqnorm(datasum(x[i], i))", {"x": "vector(n)[i]"}),
    ("R@inv(R) == eye(n)", {"R": "orthogonal(n)"}),
    ("f(H@x) == H@f(x) + (eye(n) - H)@f(0*x)", {"H": "mask(n)", "x": "vector(n)", "f": "function"}),
]

FALSE = [
    ("grad(tr(A@S), S) == A", {"A": "matrix(n)", "S": "symmetric(n)"}),
    ("grad(tr(A@K), K) == skew(A)", {"A": "matrix(n)", "K": "antisymmetric(n)"}),
    ("grad(logdet(X), X) == inv(X)", {"X": "invertible(n)"}),
    ("logdet(A@A) == logdet(A)", {"A": "invertible(n)"}),
    ("sqnorm(x) == sqnorm(P@x) + sqnorm(x-P@x)", {"P": "idempotent(n)", "x": "vector(n)"}),
    ("det(P) == 0", {"P": "projector(n)"}),
    ("tr(P) == 1", {"P": "projector(n)"}),
    ("det(R) == 1", {"R": "orthogonal(n)"}),
    ("H@S == S@H", {"H": "mask(n)", "S": "symmetric(n)"}),
    ("tr(H)**2 == tr(H)", {"H": "mask(n)"}),
    ("sqnorm(datasum(x[i], i)) == datasum(sqnorm(x[i]), i)", {"x": "vector(n)[i]"}),
    ("grad(sqrt(x.T@x), x) == x/(x.T@x)", {"x": "vector(n)"}),
    ("log(s*t) == log(s)*log(t)", {"s": "scalar(positive)", "t": "scalar(positive)"}),
    ("grad(f(s), s) == f(s)", {"f": "function", "s": "scalar"}),
    ("f(H@x) == H@f(x)", {"H": "mask(n)", "x": "vector(n)", "f": "function"}),
    ("inv(eye(n) + H) == eye(n) - H", {"H": "mask(n)"}),
    ("datasum(1, i) == 1", {}),
]


@pytest.mark.parametrize(("statement", "let"), TRUE)
def test_true_statements(statement: str, let: dict[str, str]) -> None:
    assert holds(statement, let)


@pytest.mark.parametrize(("statement", "let"), FALSE)
def test_false_statements(statement: str, let: dict[str, str]) -> None:
    assert not holds(statement, let)


def test_division_by_a_mask_is_judged_where_it_is_defined() -> None:
    # only the full pattern has an inverse, so there every mask is the unit
    assert holds("inv(H)@H == H", {"H": "mask(n)"})
    assert holds("inv(eye(n) + H)@(eye(n) + H) == eye(n)", {"H": "mask(n)"})
    # at n = 2 a reflection has the eigenvalue 1, so only rotations count
    assert holds("det(inv(eye(n) - R)@(eye(n) - R)) == det(R)", {"R": "orthogonal(n)"})


@pytest.mark.parametrize("statement", ["relu(x) == hadamard(step(x), x)", "relu(exp(s)*x) == exp(s)*relu(x)"])
def test_kinks_of_unknown_sign_are_not_decided(statement: str) -> None:
    with pytest.raises(UnsupportedError, match="either sign"):
        holds(statement, {"x": "vector(n)", "s": "scalar"})


def test_a_direction_must_be_admissible() -> None:
    with pytest.raises(UnsupportedError, match="leaves the space"):
        holds("diff(tr(S), S, A) == tr(A)", {"S": "symmetric(n)", "A": "matrix(n)"})
    assert holds("diff(tr(S), S, sym(A)) == tr(A)", {"S": "symmetric(n)", "A": "matrix(n)"})


def test_nowhere_defined() -> None:
    with pytest.raises(UndefinedError):
        holds("inv(A - A) == A", {"A": "matrix(n)"})
    with pytest.raises(UndefinedError):
        holds("1/(tr(H) - tr(H@H)) == 1", {"H": "mask(n)"})


def test_a_size_is_needed_for_every_dimension() -> None:
    with pytest.raises(ShapeError, match="no size is given for m, n"):
        componentwise(parse_statement("A == A", {"A": "matrix(n, m)"}), {})


def test_bounds() -> None:
    with pytest.raises(LimitError):
        holds("datasum(P[i], i) == datasum(P[i].T, i)", {"P": "projector(n)[i]"}, points=8)
    with pytest.raises(UnsupportedError, match="at most 3"):
        holds("R.T@R == eye(n)", {"R": "orthogonal(n)"}, n=4)
