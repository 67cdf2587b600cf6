"""LaTeX that can be pasted: the notation of a paper, parentheses only where a reader needs them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.claims.statements import parse_expression, parse_statement
from symflow.expr.latex import TEMPLATES, to_latex
from symflow.expr.terminal import TEMPLATES as UNICODE_TEMPLATES
from symflow.expr.tree import Expr
from tests.property.trees import SHAPES, expressions

LET = {
    "A": "matrix(n)", "B": "matrix(n)", "R": "orthogonal(n)", "H": "mask(n)[i]", "t": "scalar", "b": "vector(n)",
    "beta": "vector(n)", "y1": "vector(n)", "x": "vector(n)[i]", "phi": "function", "act": "function", "lam": "scalar",
    "W_star": "matrix(n)", "x2": "vector(n)[i]", "res": "vector(n)", "omega_0": "scalar",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("R.T@A@R@(b + beta)", r"R^{\top} A R \left(b + \beta\right)"),
        ("A@(B@b)", "A B b"),
        ("(A@B).T", r"\left(A B\right)^{\top}"),
        ("(A + B)@b", r"\left(A + B\right) b"),
        ("b - (beta - y1)", r"b - \left(\beta - y_{1}\right)"),
        ("b + (beta - y1)", r"b + \left(\beta - y_{1}\right)"),
        ("-(A@b) + b", "-A b + b"),
        ("b - 2*y1", "b - 2 y_{1}"),
        ("A.T**2", r"\left(A^{\top}\right)^{2}"),
        ("inv(A)", "A^{-1}"),
        ("inv(A@B)", r"\left(A B\right)^{-1}"),
        ("tr(A + B)*t", r"\operatorname{tr}\left(A + B\right) t"),
        ("det(A)*t", r"\det\left(A\right) t"),
        ("logdet(A)", r"\log\left|\det\left(A\right)\right|"),
        ("sqnorm(A@b)/2", r"\frac{1}{2} \left\lVert A b \right\rVert^{2}"),
        ("sqnorm(b)**2", r"\left(\left\lVert b \right\rVert^{2}\right)^{2}"),
        ("b/sqrt(b.T@b)", r"\frac{1}{\sqrt{b^{\top} b}} b"),
        ("t/(1 + t)", r"\frac{t}{1 + t}"),
        ("(t/lam)**2", r"\left(\frac{t}{\lambda}\right)^{2}"),
        ("dot(b, y1)*t", r"\left\langle b, y_{1} \right\rangle t"),
        ("(b.T@beta)*y1", r"\left(b^{\top} \beta\right) y_{1}"),
        ("comm(A, B)", r"\left[A, B\right]"),
        ("outer(b + y1, b + y1)", r"\left(b + y_{1}\right) \left(b + y_{1}\right)^{\top}"),
        ("hadamard(b, A@b)", r"b \odot \left(A b\right)"),
        ("A@hadamard(b, b)", r"A \left(b \odot b\right)"),
        ("datasum(H[i]@x[i], i)", r"\sum_{i} \omega_{i} H_{i} x_{i}"),
        ("datasum(x[i] + b, i) + b", r"\sum_{i} \omega_{i} \left(x_{i} + b\right) + b"),
        ("datasum(x[i], i)@b.T", r"\left(\sum_{i} \omega_{i} x_{i}\right) b^{\top}"),
        ("datasum(x2[i], i)", r"\sum_{i} \omega_{i} x_{2,i}"),
        ("grad(t*sqnorm(b), b)", r"\nabla_{b} \left(t \left\lVert b \right\rVert^{2}\right)"),
        ("grad(tr(A), A)@b", r"\left(\nabla_{A} \operatorname{tr}\left(A\right)\right) b"),
        ("liegrad(tr(A@R), R)", r"\nabla^{\mathfrak{so}}_{R} \operatorname{tr}\left(A R\right)"),
        ("jac(phi(b), b)", r"\frac{\partial}{\partial b^{\top}} \phi\left(b\right)"),
        ("diff(tr(A), A, B)", r"\mathrm{D}_{A} \operatorname{tr}\left(A\right) \left[B\right]"),
        (
            "along(tr(A), A=B, t=1)",
            r"\left.\frac{\mathrm{d}}{\mathrm{d}t} \operatorname{tr}\left(A\right) \right|_{\dot{A} = B, \dot{t} = 1}",
        ),
        ("phi.d(b)", r"\phi'\left(b\right)"),
        ("act.d.d.d.d(t)", r"\operatorname{act}^{(4)}\left(t\right)"),
        ("relu(b)", r"\operatorname{relu}\left(b\right)"),
        ("W_star@res", r"W_{\ast} \mathit{res}"),
        ("omega_0*t", r"\omega_{0} t"),
        ("eye(n) - ones(n, m)@zeros(m, n)", r"I_{n} - \mathbf{1}_{n \times m} \cdot 0_{m \times n}"),
        ("2*3", r"2 \cdot 3"),
        ("t*1/2", r"\frac{1}{2} t \cdot 1"),
        ("1/2*t", r"\frac{1}{2} t"),
        ("-1/2*t", r"-\frac{1}{2} t"),
        ("t*(-t)", "-t t"),
        ("(-t)*(-t)", "t t"),
        ("-t**2", "-t^{2}"),
        ("(-t)**2", r"\left(-t\right)^{2}"),
    ],
)
def test_notation(text: str, latex: str) -> None:
    assert to_latex(parse_expression(text, LET)) == latex


def test_statements_and_notebooks() -> None:
    equation = parse_statement("A@b == y1", LET)
    assert equation.to_latex() == "A b = y_{1}"
    assert equation._repr_latex_() == "$A b = y_{1}$"


def test_both_media_have_the_same_templates() -> None:
    assert set(TEMPLATES) == set(UNICODE_TEMPLATES)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(expressions))
def test_groups_are_balanced(expr: Expr) -> None:
    latex = to_latex(expr)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert "#" not in latex
