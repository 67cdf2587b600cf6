"""Printed trees: claims text parses back to the same tree, parentheses only where they are needed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.claims.declarations import Declaration
from symflow.claims.statements import parse_expression, parse_statement
from symflow.errors import ClaimError
from symflow.expr.language import datasum
from symflow.expr.printing import to_claims, to_unicode
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Equation, Expr, lift
from tests.property.trees import SHAPES, SYMBOLS, equations, expressions

SCOPE = {name: Declaration(name, s, "i" if s.family else None) for name, s in SYMBOLS.items()}


def folded(expr: Expr) -> Expr:
    """Signs and quotients of number literals carried out: the one freedom that the text has."""

    def fold(node: Expr, below: list[Expr]) -> Expr:
        numbers = [e.data for e in below if e.op == "number"]
        if node.op == "neg" and numbers:
            return lift(-numbers[0])
        if node.op == "div" and len(numbers) == 2 and numbers[1] != 0:
            return lift(numbers[0] / numbers[1])
        return Expr(node.op, tuple(below), node.data, node.shape, node.free)

    return bottom_up(expr, fold)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(expressions))
def test_text_parses_back_to_the_same_tree(expr: Expr) -> None:
    assert folded(parse_expression(to_claims(expr), SCOPE)).same(folded(expr)), to_claims(expr)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(equations())
def test_statements_parse_back(equation: Equation) -> None:
    again = parse_statement(repr(equation), SCOPE)
    assert folded(again.lhs).same(folded(equation.lhs))
    assert folded(again.rhs).same(folded(equation.rhs))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=3)))
def test_no_pair_of_parentheses_can_be_left_out(expr: Expr) -> None:
    text = to_claims(expr)
    for start, end in _pairs(text):
        shorter = text[:start] + text[start + 1 : end] + text[end + 1 :]
        try:
            again = parse_expression(shorter, SCOPE)
        except ClaimError:
            continue
        assert not again.same(parse_expression(text, SCOPE)), (text, shorter)


def _pairs(text: str) -> list[tuple[int, int]]:
    """Positions of grouping parentheses, those that no name or ] or ) stands before."""
    opened, found = [], []
    for place, character in enumerate(text):
        if character == "(":
            opened.append(place)
        elif character == ")":
            start = opened.pop()
            if start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "_])"):
                found.append((start, place))
    return found


LET = {
    "A": "matrix(n)", "B": "matrix(n)", "S": "symmetric(n)", "R": "orthogonal(n)", "H": "mask(n)[i]", "t": "scalar",
    "b": "vector(n)", "beta": "vector(n)", "y1": "vector(n)", "x": "vector(n)[i]", "phi": "function", "lam": "scalar",
    "W_star": "matrix(n)", "x2": "vector(n)[q]",
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "R.T@H[i]@R@(x[i] + b) - b - y1",
        "A@(B@b)",
        "(A@B).T@b",
        "-(A@b) + b - 2*(A + A.T)@b",
        "-A@b",
        "(-t)**2*b",
        "-t**2*b",
        "(A**2)**3",
        "A.T**-1",
        "t/(t/t)",
        "t - (t - t)",
        "t*-t",
        "b/sqrt(b.T@b)",
        "grad(datasum(sqnorm(x[i] - b), i), b)",
        "along(sqnorm(b), b=-t*b, x=A@x[i])",
        "phi.d.d(A@b)",
        "ones(n)",
        "ones(n, n)@zeros(n, 1)",
        "(2).T*t",
    ],
)
def test_text_comes_back_character_by_character(text: str) -> None:
    inner = f"datasum({text}, i)"
    assert repr(parse_expression(inner, LET)) == inner


def test_numbers_are_rationals() -> None:
    assert repr(lift(Fraction(-1, 2)) * lift(3)) == "-1/2*3"
    assert repr(lift(3) * lift(Fraction(-1, 2))) == "3*(-1/2)"
    assert repr(lift(3) - lift(Fraction(1, 2))) == "3 - 1/2"


def test_bound_names_are_kept() -> None:
    e = parse_expression("datasum(datasum(x[i].T@x[j], i)*x[j], j)", LET)
    assert repr(e) == "datasum(datasum(x[i].T@x[j], i)*x[j], j)"


def test_long_products_do_not_exhaust_the_stack() -> None:
    e = parse_expression("A", LET)
    factor = e
    for _ in range(2000):
        e = e @ factor
    assert to_claims(e).count("@") == 2000
    assert to_unicode(e).count("A") == 2001


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("R.T@A@R@(b + beta)", "Rᵀ A R (b + β)"),
        ("sqnorm(A@b - y1)/2", "½ ‖A b - y₁‖²"),
        ("(A@B)@b", "A B b"),
        ("A@(B@b)", "A B b"),
        ("(b.T@beta)*y1", "(bᵀ β) y₁"),
        ("t*(b.T@beta)", "t bᵀ β"),
        ("grad(t*dot(b, b), b)", "∂/∂b (t ⟨b, b⟩)"),
        ("datasum(sqnorm(x[i]), i)", "Σᵢ ωᵢ ‖xᵢ‖²"),
        ("datasum(x2[q], q)", "Σ_q ω_q x₂[q]"),
        ("-(A + B)@b", "-(A + B) b"),
        ("inv(A.T)@W_star", "A⁻ᵀ W_star"),
        ("hadamard(A, A@B)", "A ⊙ (A B)"),
        ("2*lam**-3", "2 λ⁻³"),
        ("t*2", "t·2"),
        ("phi.d(t)/(1 + t)", "φ′(t)/(1 + t)"),
        ("b/(b.T@b)", "(1/(bᵀ b)) b"),
        ("jac(A@b, b)", "∂/∂bᵀ (A b)"),
        ("comm(A, B) + outer(b, b)", "[A, B] + b bᵀ"),
    ],
)
def test_terminal_notation(text: str, shown: str) -> None:
    assert to_unicode(parse_expression(text, LET)) == shown


@settings(max_examples=100, deadline=None, derandomize=True)
@given(expressions(("n", "n")))
def test_every_tree_has_terminal_text(expr: Expr) -> None:
    text = to_unicode(expr)
    assert "#" not in text
    assert text.count("(") == text.count(")")


def test_datasum_reaches_to_the_end_of_its_product() -> None:
    b, x = parse_expression("b", LET), parse_expression("datasum(x[i], i)", LET)
    assert to_unicode(b + x) == "b + Σᵢ ωᵢ xᵢ"
    assert to_unicode(x @ b.T) == "(Σᵢ ωᵢ xᵢ) bᵀ"
    assert to_unicode(b.T @ x) == "bᵀ Σᵢ ωᵢ xᵢ"
    assert to_unicode(datasum(b + x, "j")) == "Σⱼ ωⱼ (b + Σᵢ ωᵢ xᵢ)"
