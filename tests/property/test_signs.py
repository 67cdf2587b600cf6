"""No expression that is judged nonnegative is negative anywhere: against the independent evaluator, at exact points."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symflow.checker.signs import is_nonnegative, is_semidefinite
from symflow.expr.language import (
    comm,
    datasum,
    det,
    diag,
    diagpart,
    dot,
    eye,
    hadamard,
    inv,
    ones,
    outer,
    relu,
    skew,
    sqnorm,
    sym,
    tr,
    variable,
)
from symflow.expr.tree import Expr, Symbol
from symflow.refutation import Counterexample, search

KINDS = ("matrix", "symmetric", "antisymmetric", "diagonal", "positive_diagonal", "positive_definite", "mask",
         "projector", "idempotent", "orthogonal", "invertible")  # fmt: skip
MATRICES = [variable(Symbol(kind[:4] + kind[-3:], kind, ("n",))) for kind in KINDS]
VECTORS = [variable(Symbol(name, "vector", ("n",))) for name in "uv"] + [ones("n")]
POINTS = [variable(Symbol("x", "vector", ("n",), True), "i")]
SCALARS = [variable(Symbol("a", "scalar")), variable(Symbol("s", "positive_scalar"))]

scalars = st.deferred(lambda: st.one_of(
    st.sampled_from(SCALARS),
    st.builds(lambda u, M, v: u.T @ M @ v, vectors, matrices, vectors),
    st.builds(lambda u, M: u.T @ M @ u, vectors, matrices),
    st.builds(tr, matrices), st.builds(sqnorm, vectors), st.builds(dot, matrices, matrices),
    st.builds(dot, vectors, vectors), st.builds(det, st.sampled_from(MATRICES)),
    st.builds(lambda s, t: s + t, scalars, scalars), st.builds(lambda s, t: s * t, scalars, scalars),
    st.builds(lambda s, k: s**k, scalars, st.sampled_from((2, 3))), st.builds(lambda s: -s, scalars),
    st.builds(lambda M, w: datasum(w.T @ M @ w, "i"), matrices, st.sampled_from(POINTS)),
    st.builds(lambda M, w, u: datasum(w.T @ M @ u, "i"), matrices, st.sampled_from(POINTS), vectors),
))  # fmt: skip
vectors = st.deferred(lambda: st.one_of(
    st.sampled_from(VECTORS), st.builds(lambda M, u: M @ u, st.sampled_from(MATRICES), st.sampled_from(VECTORS)),
    st.builds(relu, st.sampled_from(VECTORS)), st.builds(diagpart, matrices), st.builds(hadamard, vectors, vectors),
))  # fmt: skip
matrices = st.deferred(lambda: st.one_of(
    st.sampled_from(MATRICES), st.just(eye("n")), st.just(ones("n", "n")),
    st.builds(lambda A, X: A.T @ X @ A, matrices, matrices), st.builds(lambda A, B: A @ B, matrices, matrices),
    st.builds(lambda A: A @ A.T, matrices), st.builds(lambda A, B: A + B, matrices, matrices),
    st.builds(lambda A, B: A - B, matrices, matrices),
    st.builds(lambda s, A: s * A, st.sampled_from(SCALARS), matrices),
    st.builds(lambda A: A.T, matrices),
    st.builds(lambda A, k: A**k, st.sampled_from(MATRICES), st.sampled_from((2, 3))),
    st.builds(hadamard, matrices, matrices), st.builds(diag, vectors), st.builds(outer, vectors, vectors),
    st.builds(inv, st.sampled_from(MATRICES)), st.builds(comm, matrices, matrices), st.builds(sym, matrices),
    st.builds(skew, matrices),
))  # fmt: skip


def violated(expr: Expr) -> bool:
    return isinstance(search(expr >= 0, points=8, seconds=0.5, shrink=False), Counterexample)


@settings(max_examples=60, deadline=None)
@given(scalars)
def test_no_number_that_is_judged_nonnegative_is_negative(expr: Expr) -> None:
    assume(expr.size <= 25 and is_nonnegative(expr))
    assert not violated(expr)


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_no_matrix_that_is_judged_semidefinite_has_a_negative_form(expr: Expr) -> None:
    assume(expr.size <= 20 and is_semidefinite(expr))
    w = variable(Symbol("w", "vector", ("n",)))
    assert not violated(w.T @ expr @ w)
    assert not isinstance(search(expr == expr.T, points=6, seconds=0.5, shrink=False), Counterexample)
