"""Expressions as LaTeX that can be pasted into a paper (needs amsmath and, for so(Q), amssymb)."""

from __future__ import annotations

from fractions import Fraction

from symflow.expr.display import ANY, PRODUCT, Notation, show
from symflow.expr.names import GREEK, split_name
from symflow.expr.tree import Equation, Expr, Symbol

_PARENTHESES = r"\left(#1\right)"

TEMPLATES = {
    "parentheses": _PARENTHESES, "plus": "+", "minus": "-", "div": r"\frac{#1}{#2}",
    "eye": "I_{#1}", "zeros": r"0_{#1 \times #2}", "ones": r"\mathbf{1}_{#1}",
    "ones matrix": r"\mathbf{1}_{#1 \times #2}", "transpose": r"#1^{\top}", "inv": "#1^{-1}",
    "inverse transpose": r"#1^{-\top}",
    "tr": r"\operatorname{tr}" + _PARENTHESES, "det": r"\det" + _PARENTHESES,
    "logdet": r"\log\left|\det" + _PARENTHESES + r"\right|", "sqnorm": r"\left\lVert #1 \right\rVert^{2}",
    "dot": r"\left\langle #1, #2 \right\rangle", "comm": r"\left[#1, #2\right]",
    "sym": r"\operatorname{sym}" + _PARENTHESES, "skew": r"\operatorname{skew}" + _PARENTHESES,
    "hadamard": r"#1 \odot #2", "diag": r"\operatorname{diag}" + _PARENTHESES,
    "diagpart": r"\operatorname{diagpart}" + _PARENTHESES, "outer": r"#1 #2^{\top}",
    "exp": r"\exp" + _PARENTHESES, "log": r"\log" + _PARENTHESES, "sqrt": r"\sqrt{#1}",
    "sin": r"\sin" + _PARENTHESES, "cos": r"\cos" + _PARENTHESES, "tanh": r"\tanh" + _PARENTHESES,
    "relu": r"\operatorname{relu}" + _PARENTHESES, "step": r"\operatorname{step}" + _PARENTHESES,
    "datasum": r"\sum_{#1} \omega_{#1} #2", "grad": r"\nabla_{#2} #1",
    "liegrad": r"\nabla^{\mathfrak{so}}_{#2} #1", "jac": r"\frac{\partial}{\partial #2^{\top}} #1",
    "diff": r"\mathrm{D}_{#2} #1 \left[#3\right]", "velocity": r"\dot{#1} = #2",
    "along": r"\left.\frac{\mathrm{d}}{\mathrm{d}t} #1 \right|_{#2}",
}  # fmt: skip


def to_latex(expr: Expr | Equation) -> str:
    r"""Write an expression or a statement as LaTeX, without dollar signs.

    >>> from symflow.expr.tree import Symbol
    >>> from symflow.expr.language import eye, variable
    >>> R, H = variable(Symbol("R", "orthogonal", ("Q",))), variable(Symbol("H", "mask", ("Q",)))
    >>> beta, y1 = variable(Symbol("beta", "vector", ("Q",))), variable(Symbol("y1", "vector", ("Q",)))
    >>> print(to_latex((eye("Q") - R.T @ H @ R) @ (beta + y1) / 2))
    \frac{1}{2} \left(I_{Q} - R^{\top} H R\right) \left(\beta + y_{1}\right)
    """
    if isinstance(expr, Equation):
        return f"{to_latex(expr.lhs)} = {to_latex(expr.rhs)}"
    return show(expr, LATEX)


def _word(text: str) -> str:
    """A letter as itself, a Greek letter, ell and star by their commands, a longer word so that it reads as one."""
    if text in GREEK or text == "ell":
        return rf"\{text}"
    if text == "star":
        return r"\ast"
    return text if len(text) == 1 or text.isdigit() else rf"\mathit{{{text}}}"


def _subscripted(base: str, subscripts: list[str]) -> str:
    return f"{base}_{{{','.join(map(_word, subscripts))}}}" if subscripts else base


def _name(symbol: Symbol, index: str | None) -> str:
    if not symbol.name:  # in place of what stands on the line above: a sign behind it keeps its space
        return "{}"
    base, subscripts = split_name(symbol.name)
    return _subscripted(_word(base), subscripts if index is None else [*subscripts, index])


def _function(symbol: Symbol, order: int) -> str:
    base, subscripts = split_name(symbol.name)
    head = _word(base) if len(base) == 1 or base in GREEK else rf"\operatorname{{{base}}}"
    primes = "'" * order if order <= 3 else f"^{{({order})}}"
    return _subscripted(head, subscripts) + primes


def _dimension(text: str) -> str:
    base, subscripts = split_name(text)
    return _subscripted(_word(base), subscripts)


def _number(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


LATEX = Notation(
    templates=TEMPLATES, name=_name, function=_function, dimension=_dimension, number=_number,
    exponent=lambda exponent: f"^{{{exponent}}}", times=r" \cdot ", fraction=(ANY, ANY, PRODUCT), index=_dimension,
)  # fmt: skip
