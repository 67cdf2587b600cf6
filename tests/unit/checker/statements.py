"""Statements with certificates written by hand, and a false variant of each statement."""

from __future__ import annotations

from hand_written import arg, atom, entry, letter, mono, proof, term

from symflow.checker.certificates import Certificate, Lemma
from symflow.expr.language import (
    cos,
    datasum,
    det,
    dot,
    exp,
    eye,
    grad,
    inv,
    log,
    logdet,
    outer,
    relu,
    sin,
    sqrt,
    step,
    tanh,
    tr,
)
from symflow.expr.tree import Equation

n = "n"
A, B, R, P = (
    letter("A", "matrix", n),
    letter("B", "matrix", n),
    letter("R", "orthogonal", n),
    letter("P", "idempotent", n),
)
H, D, V = letter("H", "mask", n), letter("D", "positive_diagonal", n), letter("V", "invertible", n)
x, y, v = letter("x", "vector", n), letter("y", "vector", n), letter("v", "vector", n)
s, t, p, q = (
    letter("s", "scalar"),
    letter("t", "scalar"),
    letter("p", "positive_scalar"),
    letter("q", "positive_scalar"),
)
Hi, xi = letter("G", "mask", n, index="i"), letter("u", "vector", n, index="i")

MATRIX_A, MATRIX_B = mono((n, n), (0, 1), (A, (0, 1))), mono((n, n), (0, 1), (B, (0, 1)))
S, T_, PP, QQ = (mono((), (), (e, ())) for e in (s, t, p, q))
PQ = mono((), (), (p, ()), (q, ()))
SUM = arg((), (1, term((), (s, ()))), (1, term((), (t, ()))))
ONE = term(())
VEC, DV = mono((n,), (0,), (v, (0,))), mono((n,), (0,), (D, (0,)), (v, (0,)))
IDENTITY = arg((n, n), (1, term((0, 0))))
OUTER = arg((n, n), (1, term((0, 0))), (1, term((0, 1), (x, (0,)), (y, (1,)))))
INV_A, INV_B = ("inv", MATRIX_A), ("inv", MATRIX_B)
POSITIVE_STEP = mono((), (), (("exp", S), ()))

_orthogonal = entry(-1, term((0,), (x, (1,))), "orthogonal-left", (atom(R),), (0, 1))

TRUE: dict[str, tuple[Equation, Certificate, Equation]] = {
    "orthogonal": (R.T @ R @ x == x, proof(_orthogonal), R @ R @ x == x),
    "reflection": (
        (eye(n) - 2 * P) ** 2 == eye(n),
        proof(entry(-4, term((0, 1)), "idempotent", (atom(P),), (0, 1))),
        (eye(n) - P) ** 2 == eye(n),
    ),
    "mask": (
        datasum(Hi @ Hi @ xi, "i") == datasum(Hi @ xi, "i"),
        proof(entry(-1, term((0,), (xi, (0, 1)), (("weight",), (1,))), "idempotent", (atom(Hi),), (0, 1))),
        datasum(Hi @ xi, "i") == datasum(xi, "i"),
    ),
    "resolvent": (
        inv(A) - inv(B) == inv(A) @ (B - A) @ inv(B),
        proof(
            entry(1, term((0, 1), (INV_A, (0, 2))), "inverse-right", (MATRIX_B,), (2, 1)),
            entry(-1, term((0, 1), (INV_B, (2, 1))), "inverse-left", (MATRIX_A,), (0, 2)),
        ),
        inv(A) - inv(B) == inv(A) @ (A - B) @ inv(B),
    ),
    "euler for det": (
        dot(grad(det(A), A), A) == tr(eye(n)) * det(A),
        proof(entry(-1, term((), (("det", MATRIX_A), ())), "inverse-left", (MATRIX_A,), (0, 0))),
        dot(grad(det(A), A), A) == det(A),
    ),
    "step scale": (
        relu(D @ v) == D @ relu(v),
        proof(
            entry(
                -1,
                term((0,), (D, (0,)), (v, (0,))),
                "step-scale",
                (DV, (mono((n,), (0,), (D, (0,))), (0,)), (VEC, (0,)), ()),
                (0,),
            )
        ),
        relu(D @ v) == relu(v),
    ),
    "step of minus": (
        relu(v) - relu(-v) == v,
        proof(entry(-1, term((0,)), "step-opposite", (VEC,), (0,))),
        relu(v) + relu(-v) == v,
    ),
    "step off the kink": (
        grad(relu(s), s) + step(-s) == 1 + 0 * s,
        proof(entry(-1, ONE, "step-off-kink", (S,), ())),
        step(s) + step(-s) == 1 + 0 * s,
    ),
    "log of a product": (
        log(p * q) == log(p) + log(q),
        proof(entry(-1, ONE, "log-product", (PQ, ((PP, ()), (QQ, ())), (), ()), ())),
        log(p * q) == log(p) - log(q),
    ),
    "exp of a sum": (
        exp(s + t) == exp(s) * exp(t),
        proof(entry(-1, ONE, "exp-sum", (SUM, ((S, ()), (T_, ())), (), ()), ())),
        exp(s + t) == exp(s) + exp(t),
    ),
    "reciprocal": (
        s / s + p / p == 2 + 0 * s,
        proof(entry(-1, ONE, "reciprocal", (S,), ()), entry(-1, ONE, "reciprocal", (PP,), ())),
        s / s - p / p == 2 + 0 * s,
    ),
    "root": (
        sqrt(s) ** 2 == s,
        proof(entry(-1, ONE, "square-root", (S,), ())),
        sqrt(s) == s,
    ),
    "pythagoras": (
        sin(s) ** 2 + cos(s) ** 2 == 1 + 0 * s,
        proof(entry(-1, ONE, "pythagoras", (S,), ())),
        sin(s) + cos(s) == 1 + 0 * s,
    ),
    "derivative of tanh": (
        grad(tanh(s), s) == 1 - tanh(s) ** 2,
        proof(),
        grad(tanh(s), s) == 1 + tanh(s) ** 2,
    ),
    "det of a product": (
        det(A @ B) == det(A) * det(B),
        proof(
            entry(
                -1, ONE, "det-product", (mono((n, n), (0, 1), (A, (0, 2)), (B, (2, 1))), (MATRIX_A, MATRIX_B), ()), ()
            )
        ),
        det(A + B) == det(A) + det(B),
    ),
    "logdet of a multiple": (
        logdet(p * V) == tr(eye(n)) * log(p) + logdet(V),
        proof(
            entry(
                -1,
                ONE,
                "logdet-scale",
                (mono((n, n), (0, 1), (p, ()), (V, (0, 1))), PP, mono((n, n), (0, 1), (V, (0, 1))), ()),
                (),
            )
        ),
        logdet(p * V) == log(p) + logdet(V),
    ),
    "det lemma": (
        det(eye(n) + outer(x, y)) == 1 + y.T @ x,
        proof(
            entry(
                -1,
                ONE,
                "det-lemma",
                (OUTER, IDENTITY, mono((n,), (0,), (x, (0,))), mono((n,), (0,), (y, (0,))), ()),
                (),
            ),
            entry(-1, ONE, "det-identity", (n,), ()),
            entry(-1, term((), (y, (0,)), (x, (1,)), (("det", IDENTITY), ())), "inverse-left", (IDENTITY,), (0, 1)),
            entry(-1, term((), (y, (0,)), (x, (0,))), "det-identity", (n,), ()),
        ),
        det(eye(n) + outer(x, y)) == 1 + x.T @ x,
    ),
    "congruence": (
        exp(R.T @ R @ x) == exp(x),
        proof(
            entry(
                -1,
                term((0,)),
                "congruence",
                (
                    ("exp",),
                    mono((n,), (0,), (R, (1, 0)), (R, (1, 2)), (x, (2,))),
                    mono((n,), (0,), (x, (0,))),
                    (_orthogonal,),
                ),
                (0,),
            )
        ),
        exp(R @ x) == exp(x),
    ),
    "sign of exp": (
        step(exp(s)) == 1 + 0 * s,
        proof(entry(-1, ONE, "step-sign", (POSITIVE_STEP, 1), ())),
        step(s) == 1 + 0 * s,
    ),
    "diagonal inverse": (
        inv(D) @ D == eye(n),
        proof(entry(-1, term((0, 1)), "inverse-left", (mono((n, n), (0, 0), (D, (0,))),), (0, 1))),
        inv(D) == D,
    ),
    "lemma": (
        A @ R.T @ R @ x + R.T @ R @ x == A @ x + x,
        Certificate(
            (
                Lemma(
                    arg((n,), (1, term((0,), (R, (1, 0)), (R, (1, 2)), (x, (2,)))), (-1, term((0,), (x, (0,))))),
                    (_orthogonal,),
                ),
            ),
            (entry(-1, term((0,), (A, (0, 1))), "lemma", (0,), (1,)), entry(-1, term((0,)), "lemma", (0,), (0,))),
        ),
        A @ R @ x == A @ x,
    ),
}
