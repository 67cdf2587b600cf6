"""Random claims: every verdict against evaluations that had no part in it.

Three sorts of claims: two random trees (mostly false); a tree and a rewritten one, true by construction; and such a
pair with one slip in it, mostly false and hardly so. Never may a point disagree with *proved*, a true claim be
*refuted*, or a counterexample fail to separate the sides. The referees are the exact evaluator at fresh points, and
difference quotients in 60 digits (:mod:`tests.property.finite_differences`), which share no code with each other or
with the prover.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, note, settings, target
from hypothesis import strategies as st

from symflow.errors import KindError, LimitError, UndefinedError
from symflow.expr import language
from symflow.expr.tree import OPS, Equation, Symbol
from symflow.proof import Verdict, decide
from symflow.refutation import Counterexample, Point, compare, draw, prepare, search
from tests.mutation.mutants import mutants
from tests.property import finite_differences
from tests.property.trees import DERIVATIVE_FREE, SHAPES, equations, expressions
from tests.property.true_rewrites import rewritten

SECONDS = 2.0  # for a verdict
POINTS = 6
LARGEST = 100  # nodes of a statement whose mutants are all made
FRESH = 7_919  # a seed that no verdict uses
QUICK = settings(
    max_examples=2 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def verdict_of(equation: Equation) -> Verdict | None:
    """The verdict, or None where the statement asks for a derivative that is not defined."""
    note(repr(equation))
    try:
        verdict = decide(equation, seconds=SECONDS)
    except KindError:
        return None
    note(str(verdict))
    return verdict


def separated(equation: Equation, point: Point) -> bool | None:
    """Whether difference quotients see the sides apart at a point; None where they cannot tell."""
    try:
        return finite_differences.apart(equation, point)
    except finite_differences.NoValueError:
        return None


def assert_true(equation: Equation) -> None:
    """Fresh points agree, exactly or to many digits, and so do difference quotients at one of them."""
    found = search(equation, points=POINTS, seed=FRESH, seconds=SECONDS, shrink=False)
    assert not isinstance(found, Counterexample), f"proved, but {found.summary()}"
    rng = Random(FRESH)
    point = draw(equation, dict.fromkeys(equation.dimensions(), 2), rng)
    try:
        agreed = not compare(prepare(equation), point).differ
    except (UndefinedError, LimitError):
        return
    assert agreed
    assert separated(equation, point) is not True, f"proved, but difference quotients see it apart at {point}"


def assert_sound(equation: Equation) -> Verdict | None:
    """What a verdict says must be so; the verdict."""
    verdict = verdict_of(equation)
    if verdict is None or verdict.status == "undecided":
        return verdict
    if verdict.status == "proved":
        assert_true(equation)
    else:
        assert "defect" not in verdict.detail, verdict.detail
        assert verdict.counterexample is not None
        again = compare(prepare(equation), verdict.counterexample.point)
        assert again.differ, "the counterexample does not separate the sides"
        apart = separated(equation, verdict.counterexample.point)
        assert apart is not False, "difference quotients see no difference at the counterexample"
    return verdict


@settings(QUICK)
@given(equations())
def test_random_claims(equation: Equation) -> None:
    assert_sound(equation)


@settings(QUICK)
@given(equations(depth=4, ops=DERIVATIVE_FREE))
def test_random_claims_without_derivatives(equation: Equation) -> None:
    assert_sound(equation)


SMOOTH = sorted(set(OPS) - {"inv", "det", "logdet", "div", "pow", "log", "sqrt", "step", "relu", "tanh"})


@st.composite
def true_by_construction(draw_: st.DrawFn, depth: int = 3, ops=SMOOTH) -> Equation:
    """An expression and what it becomes by a few true rewrites."""
    shape = draw_(st.sampled_from(SHAPES))
    e = draw_(expressions(shape, depth=depth, ops=ops))
    return Equation(e, draw_(rewritten(e)))


@settings(QUICK)
@given(true_by_construction())
def test_what_is_true_by_construction_is_not_refuted(equation: Equation) -> None:
    verdict = assert_sound(equation)
    assert verdict is None or verdict.status != "refuted"
    target(float(verdict is not None and verdict.status == "undecided"))


@settings(QUICK)
@given(true_by_construction(ops=sorted(OPS)))
def test_what_is_true_by_construction_is_not_refuted_with_any_operation(equation: Equation) -> None:
    verdict = assert_sound(equation)
    assert verdict is None or verdict.status != "refuted"


@settings(QUICK)
@given(true_by_construction(), st.data())
def test_a_true_claim_with_one_slip(equation: Equation, data: st.DataObject) -> None:
    assume(equation.lhs.size + equation.rhs.size <= LARGEST)  # all mutants of a tree are a square of its size
    wrong = mutants(equation, ("lhs", "rhs"))
    if wrong:
        assert_sound(wrong[data.draw(st.integers(0, len(wrong) - 1))].equation)


# ---- the referees can say no

A, B = (language.variable(Symbol(name, "matrix", ("n",))) for name in "AB")
x = language.variable(Symbol("x", "vector", ("n",)))
R = language.variable(Symbol("R", "orthogonal", ("n",)))
S = language.variable(Symbol("S", "symmetric", ("n",)))
K = language.variable(Symbol("K", "antisymmetric", ("n",)))
D = language.variable(Symbol("D", "diagonal", ("n",)))

KNOWN = [
    (A @ B == B @ A, True),
    ((A @ B).T == B.T @ A.T, False),
    (language.grad(language.sqnorm(A @ x), x) == 2 * A.T @ A @ x, False),
    (language.grad(language.sqnorm(A @ x), x) == 2 * A @ A @ x, True),
    (language.grad(language.tr(A @ S), S) == (A + A.T) / 2, False),
    (language.grad(language.tr(A @ S), S) == A, True),
    (language.grad(language.tr(A @ K), K) == (A.T - A) / 2, False),
    (language.grad(language.tr(A @ D), D) == language.diag(language.diagpart(A)), False),
    (language.liegrad(language.tr(A @ R), R) == (A.T @ R.T - R @ A) / 2, False),
    (language.liegrad(language.tr(A @ R), R) == (R @ A - A.T @ R.T) / 2, True),
    (language.jac(A @ language.sin(x), x) == A @ language.diag(language.cos(x)), False),
    (language.diff(language.inv(A), A, B) == -language.inv(A) @ B @ language.inv(A), False),
    (language.along(language.sqnorm(x), {x: A @ x}) == 2 * x.T @ A @ x, False),
    (language.jac(language.grad(x.T @ A @ x, x), x) == A + A.T, False),
    (language.logdet(A @ A) == 2 * language.logdet(A), False),
]


@pytest.mark.parametrize(("equation", "false"), KNOWN, ids=[repr(e) for e, _ in KNOWN])
def test_difference_quotients_tell_true_from_false(equation: Equation, false: bool) -> None:
    point = draw(equation, dict.fromkeys(equation.dimensions(), 3), Random(3))
    assert finite_differences.apart(equation, point) is false


def test_a_wrong_proof_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="proved, but"):
        assert_true(A @ B == B @ A)


def test_kinks_and_poles_have_no_value() -> None:
    zero = Equation(language.grad(language.relu(0 * language.tr(A)), A), A)
    point = draw(zero, {"n": 2}, Random(0))
    assert separated(zero, point) is None
    assert separated(language.inv(A - A) == A, point) is None
