"""The search finds what is false, finds nothing in what is true, and says honestly how far it looked."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from time import monotonic

import pytest
from flint import fmpq
from refutation_statements import FALSE, TRUE, A, B, S, X, f, family, m, n, v, x

from symflow.expr import language as lang
from symflow.expr.tree import Equation, lift
from symflow.refutation import Counterexample, Evidence, agrees, compare, draw, prepare, search
from symflow.refutation.degrees import escape
from symflow.refutation.draws import dimension_choices
from symflow.refutation.palettes import SPARSE
from symflow.refutation.shrinking import separates

s, t = v("s", "scalar"), v("t", "scalar")


@pytest.mark.parametrize("name", TRUE)
def test_true_statements_survive(name: str) -> None:
    found = search(TRUE[name], points=40, seed=7)
    assert isinstance(found, Evidence), found.summary()
    assert found.points_tried >= 20
    assert found.digits is None or found.digits > 20
    assert len(found.dimensions) >= 4
    assert agrees(TRUE[name]) is True


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refuted(name: str) -> None:
    found = search(FALSE[name], seed=1)
    assert isinstance(found, Counterexample), found.summary()
    # the shrunk point is still one: evaluated afresh
    program = prepare(FALSE[name])
    assert compare(program, found.point).differ
    assert all(k <= 3 for k in found.sizes.values())


def test_quick_check() -> None:
    missed = [name for name in FALSE if agrees(FALSE[name]) is not False]
    assert set(missed) <= {
        "true at size two only",
        "kink value",
    }  # thin sets and larger sizes are the search's business
    assert agrees(lang.log(-(s**2)) == s) is None
    assert agrees(lang.inv(A - A) == A) is None


def test_dimensions_are_independent_and_fixed_ones_stay() -> None:
    statement = v("A", "matrix", n, m) @ lang.ones(m) == lang.zeros(n)
    choices = dimension_choices(prepare(statement), Random(0))
    assert any(c["n"] != c["m"] for c in choices)
    assert {k for c in choices for k in c.values()} == {1, 2, 3, 4}
    fixed = v("C", "matrix", 3, n)
    point = draw(fixed == fixed, {"n": 2}, Random(0))
    assert (point.values["C"][0].nrows(), point.values["C"][0].ncols()) == (3, 2)


def test_draw_gives_families_weights_and_functions() -> None:
    xi = family("x", "vector", n)
    statement = lang.datasum(f(xi), "i") == lang.zeros(n)
    counts = set()
    for seed in range(20):
        point = draw(statement, {"n": 2}, Random(seed))
        counts.add(point.count)
        assert len(point.values["x"]) == point.count == len(point.weights)
        assert all(w > 0 for w in point.weights)
        assert sum(point.weights, start=fmpq(0)) != 1
        assert 4 <= len(point.functions["f"]) <= 6
        assert draw(statement, {"n": 2}, Random(seed), SPARSE).functions["f"][-1]  # the degree is not lost
    assert counts == {1, 2, 3}


def test_search_is_repeatable() -> None:
    first, second = (search(FALSE["commuting"], seed=3) for _ in range(2))
    assert isinstance(first, Counterexample) and isinstance(second, Counterexample)
    assert first.to_json() == second.to_json()


def test_points_outside_the_domain_do_not_count() -> None:
    found = search(lang.log(x) + lang.log(x) == 2 * lang.log(x), points=60)
    assert isinstance(found, Evidence)
    assert found.points_undefined > 0 and found.points_tried + found.points_undefined == 60
    never = search(1 / (s - s) == t)
    assert isinstance(never, Evidence)
    assert never.points_tried == 0 and never.error_bound is None and not never.exact
    assert "defined at none" in never.summary()


def test_one_side_undefined_is_no_counterexample() -> None:
    assert isinstance(search(s / s == 1 + 0 * s), Evidence)
    assert isinstance(search(lang.grad(lang.relu(s), s) == lang.step(s)), Evidence)


def test_hypotheses_are_respected() -> None:
    square = (A + B) ** 2 == A**2 + 2 * A @ B + B**2
    assert isinstance(search(square), Counterexample)
    commuting = (A @ B == B @ A,)
    found = search(square, hypotheses=commuting)
    assert isinstance(found, Evidence) and found.points_tried > 20 and found.points_rejected > 0
    assert found.error_bound is None
    wrong = search((A + B) ** 2 == A**2 + B**2, hypotheses=commuting)
    assert isinstance(wrong, Counterexample)
    program = prepare(A @ B == B @ A)
    assert not compare(program, wrong.point).differ  # the hypothesis holds at the shrunk point
    reciprocal = search(s + t == lift(0), hypotheses=(s * t == lift(1),))
    assert isinstance(reciprocal, Counterexample)
    assert reciprocal.values == {"s": 1, "t": 1}  # shrinking keeps the hypothesis
    impossible = search(A == B, hypotheses=(s**2 == lift(2),))
    assert isinstance(impossible, Evidence) and impossible.points_tried == 0
    assert "hypotheses" in impossible.summary()


def test_the_clock_stops_a_search() -> None:
    slow = lang.jac(lang.grad(lang.tr((S @ X) ** 9 @ lang.outer(x)), x), x) == lang.zeros(n, n)
    start = monotonic()
    found = search(slow, seconds=0.0)
    assert monotonic() - start < 1
    assert isinstance(found, Evidence) and "time limit" in found.explanation


def test_error_bound_is_by_degree() -> None:
    statement = v("a", "scalar") * s == s * v("a", "scalar")
    one = escape(prepare(statement), {}, 1).chance
    assert one is not None and 0 < one < Fraction(10, 65536)
    found = search(A @ B @ A == A @ B @ A)
    assert isinstance(found, Evidence) and found.error_bound is not None and found.error_bound < 1e-12
    H = v("H", "mask", n)
    masked = search(H @ H == H)
    assert isinstance(masked, Evidence) and masked.error_bound is not None and masked.error_bound > 0.1  # 16 patterns


@pytest.mark.parametrize(
    "statement", [lang.exp(s) == lang.exp(s), lang.relu(x) == lang.relu(x), f(s) == f(s)], ids=repr
)
def test_no_error_bound_without_polynomials(statement: Equation) -> None:
    found = search(statement, points=20)
    assert isinstance(found, Evidence) and found.error_bound is None and found.explanation


def test_degrees_bound_the_roots_of_a_statement() -> None:
    # s (s-1) … (s-19) = 0 has 20 roots in the sample set of 65536 numbers: the bound may not claim less
    product = s
    for k in range(1, 20):
        product = product * (s - k)
    chance = escape(prepare(product == lift(0)), {}, 1).chance
    assert chance is not None and Fraction(20, 65536) <= chance < Fraction(30, 65536)


def test_shrinking_makes_points_small() -> None:
    raw = search(FALSE["commuting"], shrink=False)
    small = search(FALSE["commuting"])
    assert isinstance(raw, Counterexample) and isinstance(small, Counterexample)
    entries = [x for M in small.point.values.values() for x in M[0].entries()]
    assert small.sizes == {"n": 2} and all(x in (0, 1) for x in entries) and len([x for x in entries if x]) <= 3
    assert separates(prepare(FALSE["commuting"]), raw.point)

    three = search(FALSE["true at size two only"])
    assert isinstance(three, Counterexample) and three.sizes == {"n": 3}

    data = search(FALSE["sum of squares"])
    assert isinstance(data, Counterexample) and data.sizes == {"n": 1} and data.point.count == 1

    pair = search(
        lang.datasum(family("x", "scalar"), "i") ** 2
        == lang.datasum(lang.datasum(family("x", "scalar") ** 2, "j"), "i")
    )
    assert isinstance(pair, Counterexample) and pair.point.count == 2
    assert all(w == 1 for w in pair.point.weights)


def test_shrunk_matrices_keep_their_kind() -> None:
    for name in ("pythagoras", "mask commutes", "relu homogeneous", "dissipation", "B5 with a wrong sign"):
        found = search(FALSE[name])
        assert isinstance(found, Counterexample)
        for key, members in found.point.values.items():
            kind = prepare(FALSE[name]).symbols[key].kind
            for M in members:
                if kind == "orthogonal":
                    assert M * M.transpose() == M.transpose() * M
                    assert (M * M.transpose()).det() == 1
                if kind in ("mask", "idempotent"):
                    assert M * M == M
                if kind == "positive_definite":
                    assert M.transpose() == M and M.det() > 0
