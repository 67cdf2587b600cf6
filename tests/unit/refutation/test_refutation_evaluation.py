"""Every operation against an independent computation, in both number systems where it has both."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from refutation_statements import A, B, D, S, a, f, family, g, half, n, rational, u, v, x

from symflow.errors import LimitError, UndefinedError
from symflow.expr import language as lang
from symflow.expr.tree import OPS, Equation, Expr, lift
from symflow.refutation import Point, compare, prepare
from symflow.refutation.comparison import Comparison
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.numbers import BALLS, RATIONALS, precision

VALUES = {
    "A": (rational(3, 3, 1, -2, Fraction(1, 2), 0, 3, 1, 2, 2, -1),),
    "B": (rational(3, 3, 2, 0, 1, 1, 1, -3, 0, Fraction(2, 3), 1),),
    "D": (rational(3, 3, 2, 1, 0, 1, 3, 1, 0, 1, 1),),
    "S": (rational(3, 3, 1, 4, 0, 4, -1, 2, 0, 2, 5),),
    "R": (rational(3, 3, 0, -1, 0, Fraction(3, 5), 0, Fraction(4, 5), Fraction(-4, 5), 0, Fraction(3, 5)),),
    "x": (rational(3, 1, 1, -2, 3),),
    "u": (rational(3, 1, Fraction(1, 2), 4, Fraction(1, 3)),),
    "z": (rational(3, 1, 1, 0, -1), rational(3, 1, 2, 5, 0)),
    "a": (rational(1, 1, Fraction(-3, 2)),),
    "g": (rational(1, 1, 2),),
}
WEIGHTS = (fmpq(1, 2), fmpq(3))
CUBIC = (fmpq(1), fmpq(-2), fmpq(0), fmpq(4))
POINT = Point({"n": 3}, VALUES, WEIGHTS, {"f": CUBIC})

arrays = {
    name: np.array([[float(x.p) / float(x.q) for x in row] for row in ms[0].tolist()]) for name, ms in VALUES.items()
}
nA, nB, nD, nS, nR, nx, nu = (arrays[name] for name in ("A", "B", "D", "S", "R", "x", "u"))
na, ng = -1.5, 2.0
R = v("R", "orthogonal", n)
z = family("z", "vector", n)

# op -> (expression, value by NumPy or by hand)
CASES: dict[str, tuple[Expr, np.ndarray | float]] = {
    "symbol": (A, nA),
    "number": (half, 0.5),
    "eye": (lang.eye(n), np.eye(3)),
    "zeros": (lang.zeros(n, 2), np.zeros((3, 2))),
    "ones": (lang.ones(n), np.ones((3, 1))),
    "add": (A + B - S, nA + nB - nS),
    "neg": (-A, -nA),
    "transpose": ((A @ x).T, (nA @ nx).T),
    "mul": (a * A, na * nA),
    "matmul": (A @ B, nA @ nB),
    "div": (A / g, nA / ng),
    "pow": (A**-3, np.linalg.inv(nA @ nA @ nA)),
    "inv": (lang.inv(A), np.linalg.inv(nA)),
    "tr": (lang.tr(A), np.trace(nA)),
    "det": (lang.det(A), np.linalg.det(nA)),
    "logdet": (lang.logdet(A), np.log(abs(np.linalg.det(nA)))),
    "sqnorm": (lang.sqnorm(A), np.sum(nA**2)),
    "dot": (lang.dot(A, B), np.sum(nA * nB)),
    "comm": (lang.comm(A, B), nA @ nB - nB @ nA),
    "sym": (lang.sym(A), (nA + nA.T) / 2),
    "skew": (lang.skew(A), (nA - nA.T) / 2),
    "hadamard": (lang.hadamard(A, B), nA * nB),
    "diag": (lang.diag(x), np.diag(nx[:, 0])),
    "diagpart": (lang.diagpart(A), np.diag(nA)[:, None]),
    "outer": (lang.outer(x, u), nx @ nu.T),
    "exp": (lang.exp(x), np.exp(nx)),
    "log": (lang.log(u), np.log(nu)),
    "sqrt": (lang.sqrt(u), np.sqrt(nu)),
    "sin": (lang.sin(x), np.sin(nx)),
    "cos": (lang.cos(x), np.cos(nx)),
    "tanh": (lang.tanh(x), np.tanh(nx)),
    "relu": (lang.relu(x), np.array([[1.0], [0.0], [3.0]])),
    "step": (lang.step(x), np.array([[1.0], [0.0], [1.0]])),
    "apply": (f.d(x), -2 + 12 * nx**2),
    "datasum": (lang.datasum(z, "i"), np.array([[6.5], [15.0], [-0.5]])),
    "grad": (lang.grad(x.T @ A @ x, x), (nA + nA.T) @ nx),
    "liegrad": (lang.liegrad(lang.tr(A @ R), R), (nA.T @ nR.T - nR @ nA) / 2),
    "jac": (lang.jac(A @ x, x), nA),
    "diff": (lang.diff(A @ A, A, B), nA @ nB + nB @ nA),
    "along": (lang.along(a * A, {a: g, A: B}), ng * nA + na * nB),
}


def test_every_operation_has_a_case() -> None:
    assert set(CASES) == set(OPS)


def _floats(expression: Expr, point: Point = POINT, exact: bool = False) -> np.ndarray:
    program = prepare(expression == expression)
    with precision(200):
        matrix = Evaluator(point, RATIONALS if exact else BALLS).value(program.sides[0][0])
        return np.array(
            [[float(x.p) / float(x.q) if exact else float(x.mid()) for x in row] for row in matrix.tolist()]
        )


@pytest.mark.parametrize("op", OPS)
def test_operation_in_balls(op: str) -> None:
    expression, expected = CASES[op]
    np.testing.assert_allclose(_floats(expression), np.atleast_2d(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("op", [op for op in OPS if op not in ("exp", "log", "sqrt", "sin", "cos", "tanh", "logdet")])
def test_operation_in_rationals(op: str) -> None:
    expression, expected = CASES[op]
    np.testing.assert_allclose(_floats(expression, exact=True), np.atleast_2d(expected), rtol=1e-12, atol=1e-12)


def at(statement: Equation, **values: object) -> Comparison:
    """Compare a statement at a point given by keyword."""
    sizes = {name: k for name, k in values.items() if isinstance(k, int)}
    matrices = {name: (k,) for name, k in values.items() if not isinstance(k, int)}
    return compare(prepare(statement), Point(sizes, matrices))  # type: ignore[arg-type]


def test_nested_data_sums_use_the_weights_twice() -> None:
    zj = family("z", "vector", n, index="j")
    total = lang.datasum(z, "i")
    double = lang.datasum(lang.datasum(z.T @ zj, "j"), "i")
    assert not compare(prepare(double == total.T @ total), POINT).differ


def test_an_inner_sum_may_shadow_its_index() -> None:
    inner = lang.datasum(z, "i")
    shadowed = lang.datasum(inner, "i")
    assert not compare(prepare(shadowed == Fraction(7, 2) * inner), POINT).differ
    assert compare(prepare(shadowed == inner), POINT).differ


def test_an_index_without_a_sum_is_claimed_for_every_data_point() -> None:
    first_only = z.T @ z == lift(2)  # |z_1|^2 = 2, |z_2|^2 = 29
    outcome = compare(prepare(first_only), POINT)
    assert outcome.differ
    assert outcome.bound == {"i": 1}


S1 = v("s", "scalar")
SINGULAR = rational(2, 2, 1, 2, 2, 4)
X2 = v("X", "matrix", 2)


@pytest.mark.parametrize(
    "statement",
    [
        1 / S1 == S1,
        lang.log(S1) == S1,
        lang.sqrt(S1 - 1) == S1,
        lang.inv(X2) == X2,
        X2**-1 == X2,
        lang.logdet(X2) == lift(0),
        lang.grad(lang.relu(S1), S1) == lift(0),
        lang.grad(lang.step(S1), S1) == lift(0),
        lang.grad(lang.sqrt(S1), S1) == lift(0),
        lang.grad(lang.grad(lang.relu(S1**2), S1), S1) == lift(0),
        0 * lang.log(S1) == S1,
    ],
    ids=repr,
)
def test_no_value_outside_the_domain(statement: Equation) -> None:
    with pytest.raises(UndefinedError):
        compare(prepare(statement), Point({}, {"s": (rational(1, 1, 0),), "X": (SINGULAR,)}))


def test_an_undecided_sign_is_undefined_and_not_guessed() -> None:
    zero = lang.exp(S1) * lang.exp(-S1) - 1  # zero, which no ball can tell
    with pytest.raises(UndefinedError, match="512 bits"):
        at(lang.relu(zero) == lift(0), s=rational(1, 1, Fraction(1, 3)))


def test_kinks_matter_under_derivatives_only() -> None:
    zero = rational(1, 1, 0)
    assert not at(lang.step(S1) == lift(0), s=zero).differ
    assert not at(lang.relu(S1) == lift(0), s=zero).differ
    assert not at(lang.sqrt(S1) == lift(0), s=zero).differ
    t = v("t", "scalar")
    assert not at(lang.grad(t * lang.relu(S1), t) == lift(0), s=zero, t=zero).differ
    assert not at(lang.grad(lang.relu(S1**2), S1) == lift(0), s=zero).differ  # s^2 moves to second order only


def test_derivative_of_the_determinant_at_a_singular_matrix() -> None:
    cofactors = rational(2, 2, 4, -2, -2, 1)
    G = v("G", "matrix", 2)
    assert not at(lang.grad(lang.det(X2), X2) == G, X=SINGULAR, G=cofactors).differ


def test_exact_equality_and_digits() -> None:
    exact = at(A @ B == A @ B, n=3, A=VALUES["A"][0], B=VALUES["B"][0])
    assert exact.digits is None and not exact.differ
    third = rational(1, 1, Fraction(1, 3))
    seen = at(lang.exp(S1) * lang.exp(S1) == lang.exp(2 * S1), s=third).digits
    assert seen is not None and seen > 30
    assert at(lang.exp(S1) == 1 + S1 + S1**2 / 2, s=third).differ


def test_digits_never_claim_more_than_was_seen() -> None:
    tiny = Fraction(1, 10**60)  # below 128 bits: agreement to 38 digits is the truth, and no more may be said
    outcome = at(lang.exp(S1) == lang.exp(S1) + tiny, s=rational(1, 1, 1))
    assert outcome.differ or 20 < (outcome.digits or 0) < 60


def test_cancellation_is_decided_by_more_digits() -> None:
    wide = lang.exp(200 * S1)  # 87 digits: 128 bits say nothing about what is added to it
    one = rational(1, 1, 1)
    assert at((wide + S1) - wide == S1 + half, s=one).differ
    agreed = at((wide + S1) - wide == S1, s=one)
    assert not agreed.differ and (agreed.digits or 0) > 20


def test_infinite_values_decide_nothing() -> None:
    beyond = lang.exp(lang.exp(lang.exp(lang.exp(lang.exp(S1)))))
    with pytest.raises(UndefinedError):
        at(beyond == beyond + 1, s=rational(1, 1, 10))


def test_towers_of_powers_meet_a_limit() -> None:
    tower = (((S1**64) ** 64) ** 64) ** 64
    with pytest.raises(LimitError):
        at(tower == S1, s=rational(1, 1, 3))


def test_deep_and_wide_statements_meet_a_limit() -> None:
    deep = S1
    for _ in range(400):
        deep = lang.exp(deep)
    with pytest.raises(LimitError):
        prepare(deep == S1)
    Y = v("Y", "matrix", 8)
    nested = lang.grad(lang.sqnorm(lang.grad(lang.sqnorm(lang.grad(lang.tr(Y**5), Y)), Y)), Y)
    with pytest.raises(LimitError, match="nested derivatives"):
        at(nested == Y, Y=rational(8, 8, *range(64)))
    Z = v("Z", "matrix", 100)
    with pytest.raises(LimitError):
        at(lang.zeros(100, 100) == 0 * Z, Z=rational(100, 100, *range(10_000)))


def test_positive_definite_and_symmetric_symbols_are_plain_values() -> None:
    assert not compare(prepare(D @ S == (S @ D).T), POINT).differ
