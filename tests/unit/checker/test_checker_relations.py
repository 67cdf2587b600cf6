"""Relations: each is zero at random points, and refused where its side condition is not known or false."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import Point, sum_value
from hand_written import arg, atom, entry, letter, mono, term

from symflow.checker.certificates import Argument
from symflow.checker.relations import RELATIONS
from symflow.checker.replay import _Replay
from symflow.errors import CertificateError
from symflow.expr.language import (
    datasum,
    det,
    diag,
    diagpart,
    dot,
    exp,
    eye,
    grad,
    hadamard,
    inv,
    log,
    logdet,
    ones,
    outer,
    relu,
    sqrt,
    step,
    tr,
)
from symflow.expr.tree import Equation, Expr, FunctionSymbol, Symbol

n, m = "n", "m"
A, B, V, W = (
    letter("A", "matrix", n),
    letter("B", "matrix", n),
    letter("V", "invertible", n),
    letter("W", "positive_definite", n),
)
R, P, J, H = (
    letter("R", "orthogonal", n),
    letter("P", "idempotent", n),
    letter("J", "projector", n),
    letter("H", "mask", n),
)
D, R1, X, Y = (
    letter("D", "positive_diagonal", n),
    letter("R1", "orthogonal", 1),
    letter("X", "matrix", n, m),
    letter("Y", "matrix", m, n),
)
x, y, u = letter("x", "vector", n), letter("y", "vector", n), letter("u", "vector", n)
s, t, p, q = (
    letter("s", "scalar"),
    letter("t", "scalar"),
    letter("p", "positive_scalar"),
    letter("q", "positive_scalar"),
)
Ri, Hi, Ai, ti = (
    letter(a, k, *d, index="i")
    for a, k, d in [
        ("O", "orthogonal", (n,)),
        ("G", "mask", (n,)),
        ("C", "invertible", (n,)),
        ("r", "positive_scalar", ()),
    ]
)
U = letter("U", "matrix", n)
f = FunctionSymbol(Symbol("f", "function"))


def matrix(e: Expr) -> Argument:
    return mono((n, n), (0, 1), (e, (0, 1)))


def scalar(*letters: Expr) -> Argument:
    return mono((), (), *[(e, ()) for e in letters])


def vector(*letters: Expr) -> Argument:
    return mono((n,), (0,), *[(e, (0,)) for e in letters])


def plus(*parts: Argument) -> Argument:
    return Argument(parts[0].dims, tuple(summand for part in parts for summand in part.terms))


def whole(*parts: Argument) -> tuple[tuple[Argument, tuple[int, ...]], ...]:
    return tuple((part, tuple(range(len(part.dims)))) for part in parts)


IDENTITY, DIAGONAL = arg((n, n), (1, term((0, 0)))), mono((n, n), (0, 0), (D, (0,)))
XY = arg((n, n), (1, term((0, 0))), (1, term((0, 1), (X, (0, 2)), (Y, (2, 1)))))
UPDATED = arg((n, n), (1, term((0, 1), (V, (0, 1)))), (1, term((0, 1), (x, (0,)), (y, (1,)))))
VA, CI = mono((n, n), (0, 1), (V, (0, 2)), (A, (2, 1))), mono((n, n, None), (0, 1, 2), (Ai, (0, 1, 2)))
CV = mono((n, n, None), (0, 1, 3), (Ai, (0, 2, 3)), (V, (2, 1)))
SQUARE = mono((), (), (p, ()), (p, ()))
PX, HX = vector(D, x), vector(H, x)
DET_W = mono((), (), (("det", matrix(W)), ()))
LOG_P = mono((), (), (("log", scalar(p)), ()))
SCALED = arg((n, n, None), (3, term((0, 1, 2), (p, ()), (V, (0, 1)), (Ai, (3, 3, 2)))))

# statements that define the arguments above: what is under inv, log, / and sqrt
GIVEN = (
    tr(inv(A) + inv(V @ A) + inv(eye(n) + X @ Y) + inv(V + outer(x, y)) + log(s) * B + exp(R + P + J) + diag(f(u)) + W)
    + logdet(D)
    + R1
    + dot(ones(n), H @ relu(x))
    + grad(relu(t), t)
    + q * p
    + datasum(dot(Ri, Ai) * tr(Hi) * ti * log(s * s), "i")
    + tr(eye(m))
)

CASES: list[tuple[str, tuple[object, ...]]] = [
    *((schema, (atom(e),)) for schema in ("orthogonal-left", "orthogonal-right") for e in (R, R1, Ri)),
    *(("idempotent", (atom(e),)) for e in (P, J, H, Hi)),
    *(
        (schema, (e,))
        for schema in ("inverse-left", "inverse-right")
        for e in (matrix(A), matrix(V), matrix(W), VA, XY, CI, CV, IDENTITY, DIAGONAL)
    ),
    ("inverse-diagonal", (DIAGONAL, vector(D))),
    *(
        ("reciprocal", (e,))
        for e in (scalar(s), scalar(p), scalar(p, s), DET_W, mono((), (), (("det", matrix(A)), ())), vector(D))
    ),
    ("reciprocal-split", (scalar(p, s), 1, whole(scalar(p), scalar(s)), ())),
    ("reciprocal-split", (arg((n,), (2, term((0,), (D, (0,)), (s, ())))), 2, ((vector(D), (0,)), (scalar(s), ())), ())),
    ("square-root", (scalar(p),)),
    ("square-root", (scalar(s),)),
    ("square-root", (vector(x, x),)),
    ("root-split", (arg((), (4, term((), (p, ()), (t, ())))), 2, whole(scalar(p), scalar(t)), ())),
    ("root-perfect", (SQUARE, scalar(p), ())),
    ("exp-sum", (plus(scalar(s), arg((), (-1, term((), (t, ()))))), whole(scalar(s)), whole(scalar(t)), ())),
    ("exp-log", (scalar(p),)),
    ("exp-log", (scalar(s),)),
    ("log-exp", (vector(x),)),
    ("log-product", (scalar(p, s), whole(scalar(p), scalar(s)), (), ())),
    ("log-product", (scalar(s), whole(scalar(p, s)), whole(scalar(p)), ())),
    ("log-root", (scalar(p),)),
    ("log-det", (matrix(A),)),
    ("log-det", (CI,)),
    ("exp-logdet", (matrix(W),)),
    ("step-idempotent", (vector(x),)),
    ("step-scale", (PX, (vector(D), (0,)), (vector(x), (0,)), ())),
    ("step-mask", (HX, (vector(H), (0,)), (vector(x), (0,)), ())),
    (
        "step-mask",
        (
            mono((n,), (0,), (("step", vector(u)), (0,)), (x, (0,))),
            (mono((n,), (0,), (("step", vector(u)), (0,))), (0,)),
            (vector(x), (0,)),
            (),
        ),
    ),
    ("step-sign", (scalar(p), 1)),
    ("step-sign", (arg((), (-1, term((), (x, (0,)), (x, (0,))))), 0)),
    ("step-sign", (arg((n,)), 0)),
    ("step-sign", (arg((), (1, term(())), (1, term((), (x, (0,)), (x, (0,))))), 1)),
    ("step-exclusive", (vector(x),)),
    ("step-opposite", (vector(x),)),
    ("step-off-kink", (scalar(t),)),
    *((schema, (vector(x),)) for schema in ("pythagoras", "sine-negate", "cosine-negate", "tanh-negate", "tanh-exp")),
    *((schema, (dims,)) for schema in ("sine-zero", "cosine-zero", "tanh-zero") for dims in ((), (n, None))),
    *(
        (schema, (plus(vector(x), vector(u)), *whole(vector(x), vector(u)), ()))
        for schema in ("sine-sum", "cosine-sum")
    ),
    ("det-product", (VA, (matrix(V), matrix(A)), ())),
    ("det-product", (CV, (CI, matrix(V)), ())),
    ("logdet-product", (VA, (matrix(V), matrix(A)), ())),
    ("logdet-product", (CV, (CI, matrix(V)), ())),
    *(
        (schema, (e,))
        for schema in ("det-transpose", "logdet-transpose", "det-inverse", "logdet-inverse")
        for e in (VA, CI)
    ),
    *((schema, (dim,)) for schema in ("det-identity", "logdet-identity") for dim in (n, 3)),
    *((schema, (atom(e),)) for schema in ("det-orthogonal", "logdet-orthogonal") for e in (R, Ri)),
    (
        "logdet-scale",
        (arg((n, n), (3, term((0, 1), (p, ()), (V, (0, 1))))), arg((), (3, term((), (p, ())))), matrix(V), ()),
    ),
    (
        "logdet-scale",
        (mono((n, n, None), (0, 1, 2), (ti, (2,)), (Ai, (0, 1, 2))), mono((None,), (0,), (ti, (0,))), CI, ()),
    ),
    (
        "logdet-scale",
        (mono((n, n, None), (0, 1, 2), (ti, (2,)), (V, (0, 1))), mono((None,), (0,), (ti, (0,))), matrix(V), ()),
    ),
    ("logdet-diagonal", (DIAGONAL, vector(D))),
    *((schema, (UPDATED, matrix(V), vector(x), vector(y), ())) for schema in ("det-lemma", "logdet-lemma")),
    *(
        (schema, (XY, mono((n, m), (0, 1), (X, (0, 1))), mono((m, n), (0, 1), (Y, (0, 1))), ()))
        for schema in ("det-exchange", "logdet-exchange")
    ),
    ("congruence", (("inv",), VA, VA, ())),
    ("congruence", (("fn", "f", 2), vector(x), vector(x), ())),
    (
        "congruence",
        (
            ("exp",),
            plus(matrix(A), arg((n, n), (1, term((0, 1), (R, (2, 0)), (R, (2, 1)))))),
            plus(matrix(A), IDENTITY),
            (entry(-1, term((0, 1)), "orthogonal-left", (atom(R),), (0, 1)),),
        ),
    ),
    ("independent", (("exp",), mono((n, m), (0, 1), (x, (0,))), vector(x), (0,))),
    ("independent", (("recip",), arg((n,), (2, term((0,)))), arg((), (2, term(()))), ())),
    ("independent", (("step",), mono((n,), (0,), (A, (0, 0))), matrix(A), (0, 0))),
    ("independent", (("fn", "f", 1), mono((None, n), (0, 1), (x, (1,))), vector(x), (1,))),
    ("transpose", (("inv",), VA)),
    ("transpose", (("exp",), matrix(A))),
    ("transpose", (("step",), mono((n, m), (0, 1), (X, (0, 1))))),
    ("transpose", (("inv",), CI)),
]


def replay(e: Expr = GIVEN) -> _Replay:
    return _Replay((), Equation(e, e), None)


def statement_symbols(e: Expr) -> list[Symbol]:
    return [node.data[0] for node in e.walk() if node.op == "symbol"]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda k: f"{CASES[k][0]}-{k}")
def test_relation_is_zero_at_random_points(number: int) -> None:
    schema, parameters = CASES[number]
    room = replay()
    relation = room._relation(schema, parameters)
    for seed, sizes in ((1, {n: 2, m: 3}), (2, {n: 3, m: 2}), (3, {n: 1, m: 1})):
        point = Point.random(statement_symbols(GIVEN), seed, sizes)
        point.values["s"] = abs(point.values["s"])  # log(s) is in the statement
        got = sum_value(room.algebra, relation, point)
        np.testing.assert_allclose(got, 0 * got, atol=1e-9 * (1 + max_size(room, relation, point)))


def max_size(room: _Replay, relation: object, point: Point) -> float:
    """How large the terms of the relation are: rounding errors are measured against them."""
    sizes = [np.abs(sum_value(room.algebra, relation._replace(terms=(one,)), point)).max() for one in relation.terms]
    return float(max(sizes, default=0))


def test_every_schema_has_a_case() -> None:
    assert {schema for schema, _ in CASES} == set(RELATIONS)


SINGULAR, MINUS_ONE = matrix(B), arg((), (-1, term(())))
UNSOUND: list[tuple[str, tuple[object, ...]]] = [
    ("inverse-left", (SINGULAR,)),
    ("inverse-right", (matrix(P),)),
    ("inverse-left", (mono((n, n), (0, 0), (H, (0,))),)),
    ("inverse-left", (mono((n, n), (0, 1), (V, (0, 2)), (B, (2, 1))),)),
    ("inverse-left", (arg((n, n), (1, term((0, 1)))),)),
    ("inverse-left", (mono((n, n), (0, 1), (x, (0,)), (y, (1,))),)),
    ("inverse-left", (mono((n, n), (0, 1), (X, (0, 2)), (Y, (2, 1))),)),
    ("inverse-left", (plus(matrix(V), matrix(A)),)),
    ("inverse-left", (mono((n, n), (0, 1), (Ai, (0, 1, 2)), (("weight",), (2,))),)),
    ("inverse-left", (mono((n, n), (0, 1), (V, (0, 1)), (t, ())),)),
    ("inverse-left", (mono((n, n), (0, 1), (V, (2, 2)), (V, (0, 1))),)),
    ("inverse-diagonal", (DIAGONAL, vector(x))),
    ("inverse-diagonal", (mono((n, n), (0, 0), (H, (0,))), vector(H))),
    ("reciprocal", (scalar(t),)),
    ("reciprocal", (scalar(p, t),)),
    ("reciprocal", (plus(scalar(s), scalar(p), scalar(t)),)),
    ("reciprocal", (arg(()),)),
    ("reciprocal", (mono((n, n), (0, 0), (D, (0,))),)),
    ("reciprocal", (mono((), (), (V, (0, 0))),)),
    ("reciprocal", (vector(H),)),
    ("reciprocal-split", (scalar(p, s), 2, whole(scalar(p), scalar(s)), ())),
    ("reciprocal-split", (arg((), (0, term(()))), 0, (), ())),
    ("square-root", (MINUS_ONE,)),
    ("square-root", (scalar(t),)),
    ("root-split", (scalar(t, t), 1, whole(scalar(t), scalar(t)), ())),
    ("root-split", (SQUARE, -1, whole(scalar(p), scalar(p)), ())),
    ("root-perfect", (scalar(t, t), scalar(t), ())),
    ("root-perfect", (SQUARE, scalar(q), ())),
    ("exp-sum", (scalar(s), whole(scalar(t)), (), ())),
    ("exp-log", (scalar(t),)),
    ("exp-log", (MINUS_ONE,)),
    ("log-product", (scalar(t, t), whole(scalar(t), scalar(t)), (), ())),
    ("log-product", (scalar(p, t), whole(scalar(p), scalar(t)), (), ())),
    ("log-product", (scalar(s), whole(scalar(p)), (), ())),
    ("log-root", (scalar(t),)),
    ("exp-logdet", (matrix(A),)),
    ("exp-logdet", (arg((n, n), (-1, term((0, 1), (W, (0, 1))))),)),
    ("step-scale", (HX, (vector(H), (0,)), (vector(x), (0,)), ())),
    ("step-scale", (vector(D, u), (vector(D), (0,)), (vector(x), (0,)), ())),
    ("step-mask", (PX, (vector(D), (0,)), (vector(x), (0,)), ())),
    ("step-mask", (vector(x), (arg((n,), (2, term((0,), (H, (0,))))), (0,)), (vector(x), (0,)), ())),
    ("step-mask", (mono((), (), (H, (0,)), (t, ())), (mono((), (), (H, (0,))), ()), (scalar(t), ()), ())),
    ("step-sign", (scalar(t), 1)),
    ("step-sign", (scalar(p), 0)),
    ("step-sign", (mono((), (), (x, (0,)), (x, (0,))), 1)),
    ("step-sign", (scalar(p), True)),
    ("step-sign", (mono((n, n), (0, 0), (D, (0,))), 1)),
    ("step-sign", (vector(x), 0)),
    ("step-sign", (scalar(p), 2)),
    ("step-sign", (vector(H), 1)),
    ("step-off-kink", (scalar(s),)),
    ("step-off-kink", (vector(x),)),
    ("sine-sum", (vector(x), *whole(vector(x), vector(x)), ())),
    ("cosine-sum", (vector(x), *whole(vector(x), vector(u)), ())),
    ("sine-zero", ((1,),)),
    ("sine-zero", (n,)),
    ("det-product", (VA, (matrix(V),), ())),
    ("det-product", (VA, (), ())),
    ("logdet-product", (mono((n, n), (0, 1), (V, (0, 2)), (B, (2, 1))), (matrix(V), matrix(B)), ())),
    (
        "det-product",
        (
            mono((n, n), (0, 1), (X, (0, 2)), (Y, (2, 1))),
            (mono((n, m), (0, 1), (X, (0, 1))), mono((m, n), (0, 1), (Y, (0, 1)))),
            (),
        ),
    ),
    ("det-inverse", (matrix(B),)),
    ("logdet-inverse", (matrix(B),)),
    ("det-identity", (None,)),
    ("det-identity", (1,)),
    ("det-orthogonal", (atom(V),)),
    ("logdet-orthogonal", (atom(R1),)),
    ("orthogonal-left", (atom(V),)),
    ("idempotent", (atom(D),)),
    ("logdet-scale", (mono((n, n), (0, 1), (p, ()), (B, (0, 1))), scalar(p), matrix(B), ())),
    ("logdet-scale", (mono((n, n), (0, 1), (t, ()), (V, (0, 1))), scalar(t), matrix(V), ())),
    ("logdet-scale", (DIAGONAL, vector(D), IDENTITY, ())),
    ("logdet-diagonal", (mono((n, n), (0, 0), (x, (0,))), vector(x))),
    ("logdet-diagonal", (matrix(W), vector(D))),
    ("det-lemma", (UPDATED, matrix(A), vector(x), vector(y), ())),
    ("det-lemma", (plus(matrix(B), mono((n, n), (0, 1), (x, (0,)), (y, (1,)))), matrix(B), vector(x), vector(y), ())),
    ("det-lemma", (UPDATED, matrix(V), scalar(s), vector(y), ())),
    ("det-lemma", (UPDATED, matrix(V), vector(y), vector(x), ())),
    (
        "logdet-lemma",
        (plus(matrix(V), mono((n, n), (0, 1), (x, (0,)), (u, (1,)))), matrix(V), vector(x), vector(u), ()),
    ),
    ("det-exchange", (XY, mono((m, n), (0, 1), (Y, (0, 1))), mono((n, m), (0, 1), (X, (0, 1))), ())),
    ("det-exchange", (XY, vector(x), vector(y), ())),
    ("congruence", (("exp",), vector(x), vector(u), ())),
    ("congruence", (("sym",), vector(x), vector(x), ())),
    ("congruence", (("inv",), vector(x), vector(x), ())),
    ("congruence", (("exp",), vector(x), scalar(s), ())),
    ("congruence", (("fn", "g", 0), vector(x), vector(x), ())),
    ("congruence", (("fn", "f", -1), vector(x), vector(x), ())),
    ("independent", (("exp",), mono((n, m), (0, 1), (x, (0,))), vector(u), (0,))),
    ("independent", (("exp",), mono((n, n), (0, 1), (x, (0,))), vector(x), (1,))),
    ("independent", (("exp",), mono((n, n), (0, 0), (x, (0,))), vector(x), (0,))),  # a diagonal matrix
    ("independent", (("inv",), mono((n, n, None), (0, 1, 2), (V, (0, 1))), matrix(V), (0, 1))),
    ("independent", (("det",), mono((n, n, None), (0, 1, 2), (V, (0, 1))), matrix(V), (0, 1))),
    ("independent", (("exp",), mono((n, m), (0, 1), (x, (0,))), vector(x), (2,))),
    ("transpose", (("exp",), vector(x))),
    ("transpose", (("det",), matrix(A))),
    ("transpose", (("exp",), mono((n, None), (0, 1), (D, (0,)), (("weight",), (1,))))),
    ("lemma", (0,)),
    ("lemma", (-1,)),
    ("lemma", ()),
    ("hypothesis", (0,)),
    ("no-such", ()),
    ("reciprocal", ()),
    ("reciprocal", (scalar(s), scalar(s))),
]


@pytest.mark.parametrize("number", range(len(UNSOUND)), ids=lambda k: f"{UNSOUND[k][0]}-{k}")
def test_refused_relation(number: int) -> None:
    schema, parameters = UNSOUND[number]
    with pytest.raises(CertificateError):
        replay()._relation(schema, parameters)


@pytest.mark.parametrize(
    ("given", "known", "unknown"),
    [
        (inv(A @ B), [("inverse-left", matrix(A)), ("inverse-left", matrix(B))], [("inverse-left", matrix(U))]),
        (inv(A @ diag(x) @ B), [("inverse-left", matrix(B)), ("reciprocal", vector(x))], [("reciprocal", vector(u))]),
        (inv(t * A.T), [("inverse-left", matrix(A)), ("reciprocal", scalar(t))], [("reciprocal", scalar(s))]),
        (inv(X @ Y), [], [("inverse-left", mono((m, m), (0, 1), (Y, (0, 2)), (X, (2, 1))))]),
        (inv(ones(n, n)), [], [("inverse-left", arg((m, m), (1, term((0, 1)))))]),
        (
            inv(datasum(Ai @ A, "i")),
            [],
            [("inverse-left", mono((n, n, None), (0, 1, 3), (Ai, (0, 2, 3)), (A, (2, 1))))],
        ),
        (inv(A + B), [("inverse-left", plus(matrix(A), matrix(B)))], [("inverse-left", matrix(A))]),
        (inv(hadamard(A, B)), [], [("inverse-left", matrix(A))]),
        (1 / (s * t), [("reciprocal", scalar(t))], [("reciprocal", scalar(s, t, letter("w", "scalar")))]),
        (1 / det(A), [("inverse-left", matrix(A))], [("inverse-left", matrix(B))]),
        (log(det(A)), [("exp-logdet", matrix(A)), ("inverse-right", matrix(A))], []),
        (log(s * t), [("reciprocal", scalar(s)), ("exp-log", scalar(s, t))], [("exp-log", scalar(s))]),
        (log(s * p), [("exp-log", scalar(s)), ("square-root", scalar(s))], [("exp-log", scalar(t))]),
        (sqrt(s), [("square-root", scalar(s))], [("reciprocal", scalar(s)), ("exp-log", scalar(s))]),
        (grad(sqrt(s), s), [("reciprocal", scalar(s)), ("exp-log", scalar(s))], []),
        (log(x), [("reciprocal", vector(x))], [("reciprocal", vector(u))]),
        (dot(step(x), u), [], [("step-off-kink", vector(x))]),
        (grad(dot(relu(x), u), u), [], [("step-off-kink", vector(x))]),
        (grad(dot(relu(x), u), x), [("step-off-kink", vector(x))], []),
        (grad(dot(x, x) + 1 / s, x), [("reciprocal", scalar(s))], [("reciprocal", scalar(t))]),
    ],
    ids=str,
)
def test_what_a_statement_makes_known(
    given: Expr, known: list[tuple[str, Argument]], unknown: list[tuple[str, Argument]]
) -> None:
    spoken = tr(A + B + U + X @ Y + outer(x, u)) + s + t + p + letter("w", "scalar")
    e = given + 0 * spoken if given.shape == (1, 1) else tr(given @ ones(*given.shape[::-1])) + 0 * spoken
    for schema, parameter in known:
        replay(e)._relation(schema, (parameter,))
    for schema, parameter in unknown:
        with pytest.raises(CertificateError, match=r"not known|not that of"):
            replay(e)._relation(schema, (parameter,))


def test_derivative_of_det_does_not_make_its_argument_invertible() -> None:
    with pytest.raises(CertificateError, match="derivative of a determinant"):
        replay(tr(grad(det(A @ B), A)))
    with pytest.raises(CertificateError, match="derivative of a determinant"):
        replay(tr(grad(det(P), P)))
    replay(tr(grad(det(A @ B), A) + inv(A) + inv(B)))
    replay(tr(grad(det(A), A)))
    with pytest.raises(CertificateError, match="derivative of a determinant"):
        replay(tr(grad(det(A), A)) + sqrt(s))


# ---- what a side condition establishes is known from then on

RRX = mono((n,), (0,), (R, (1, 0)), (R, (1, 2)), (x, (2,)))
UNIT = (entry(-1, term((0,), (x, (1,))), "orthogonal-left", (atom(R),), (0, 1)),)
RRA = mono((n, n), (0, 1), (R, (2, 0)), (R, (2, 3)), (A, (3, 1)))
UNIT_A = (entry(-1, term((0, 1), (A, (2, 1))), "orthogonal-left", (atom(R),), (0, 2)),)
ROTATED = R.T @ R @ x
DIAGONAL_A = mono((n,), (0,), (A, (0, 0)))
WIDE = mono((n, m), (0, 1), (x, (0,)))


@pytest.mark.parametrize(
    ("given", "step_", "learned"),
    [
        (log(ROTATED), ("congruence", (("log",), RRX, vector(x), UNIT)), ("reciprocal", (vector(x),))),
        (log(ROTATED), ("congruence", (("log",), RRX, vector(x), UNIT)), ("exp-log", (vector(x),))),
        (sqrt(ROTATED), ("congruence", (("sqrt",), RRX, vector(x), UNIT)), ("square-root", (vector(x),))),
        (
            grad(dot(relu(ROTATED), u), x),
            ("congruence", (("step",), RRX, vector(x), UNIT)),
            ("step-off-kink", (vector(x),)),
        ),
        (
            grad(dot(relu(D @ x), u), x),
            ("step-scale", (PX, (vector(D), (0,)), (vector(x), (0,)), ())),
            ("step-off-kink", (vector(x),)),
        ),
        (
            inv(R.T @ R @ A + B),
            ("congruence", (("inv",), plus(RRA, matrix(B)), plus(matrix(A), matrix(B)), UNIT_A)),
            ("inverse-left", (plus(matrix(A), matrix(B)),)),
        ),
        (
            1 / (s * s + t * s),
            ("reciprocal-split", (arg((), (1, term((), (s, ()), (s, ()))), (1, term((), (s, ()), (t, ())))), 1,
                                  whole(scalar(s), plus(scalar(s), scalar(t))), ())),
            ("reciprocal", (plus(scalar(s), scalar(t)),)),
        ),
        (
            log(s * s + t * s),
            ("log-product", (arg((), (1, term((), (s, ()), (s, ()))), (1, term((), (s, ()), (t, ())))),
                             whole(scalar(s), plus(scalar(s), scalar(t))), (), ())),
            ("reciprocal", (plus(scalar(s), scalar(t)),)),
        ),
        (
            grad(tr(relu(x @ ones(m).T) @ Y), x),
            ("independent", (("step",), WIDE, vector(x), (0,))),
            ("step-off-kink", (vector(x),)),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_a_side_condition_makes_known(
    given: Expr, step_: tuple[str, tuple[object, ...]], learned: tuple[str, tuple[object, ...]]
) -> None:
    room = replay(spoken(given))
    with pytest.raises(CertificateError, match=r"not known|not that of"):
        room._relation(*learned)
    room._relation(*step_)
    room._relation(*learned)


def spoken(given: Expr) -> Expr:
    """A number from the statement in which all symbols of these tests occur."""
    plain = tr(A + R + U + X @ Y + outer(x, u)) + s + t + p + tr(D)
    return (given if given.shape == (1, 1) else tr(given @ ones(*given.shape[::-1]))) + 0 * plain


@pytest.mark.parametrize(
    ("given", "step_", "not_learned"),
    [
        (  # only the diagonal of A is known to have no zeros
            log(diagpart(A)),
            ("reciprocal-split", (DIAGONAL_A, 1, ((matrix(A), (0, 0)),), ())),
            ("reciprocal", (matrix(A),)),
        ),
        (
            log(diagpart(A)),
            ("log-product", (DIAGONAL_A, ((matrix(A), (0, 0)),), (), ())),
            ("reciprocal", (matrix(A),)),
        ),
        (
            log(diagpart(A)),
            ("independent", (("log",), DIAGONAL_A, matrix(A), (0, 0))),
            ("exp-log", (matrix(A),)),
        ),
        (
            grad(dot(relu(p * diagpart(A)), u), A),
            ("step-scale", (mono((n,), (0,), (p, ()), (A, (0, 0))), (scalar(p), ()), (matrix(A), (0, 0)), ())),
            ("step-off-kink", (matrix(A),)),
        ),
        (  # what is learned of one argument says nothing of another
            log(ROTATED),
            ("congruence", (("log",), RRX, vector(x), UNIT)),
            ("reciprocal", (vector(u),)),
        ),
        (  # an argument of sqrt may vanish
            sqrt(ROTATED),
            ("congruence", (("sqrt",), RRX, vector(x), UNIT)),
            ("reciprocal", (vector(x),)),
        ),
        (  # entries that do not vanish do not make a matrix invertible
            tr(log(R.T @ R @ A)),
            ("congruence", (("log",), RRA, matrix(A), UNIT_A)),
            ("inverse-left", (matrix(A),)),
        ),
        (
            dot(step(ROTATED), u),
            ("congruence", (("step",), RRX, vector(x), UNIT)),
            ("step-off-kink", (vector(x),)),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_a_side_condition_does_not_make_known(
    given: Expr, step_: tuple[str, tuple[object, ...]], not_learned: tuple[str, tuple[object, ...]]
) -> None:
    room = replay(spoken(given))
    room._relation(*step_)
    with pytest.raises(CertificateError, match=r"not known|not that of"):
        room._relation(*not_learned)


def test_a_side_condition_that_fails_teaches_nothing() -> None:
    room = replay(spoken(log(ROTATED)))
    with pytest.raises(CertificateError, match="left over"):
        room._relation("congruence", (("log",), RRX, vector(u), UNIT))
    with pytest.raises(CertificateError, match="not known"):
        room._relation("reciprocal", (vector(u),))
