"""Expressions as Unicode text for people at a terminal: Rᵀ H R (x + b)."""

from __future__ import annotations

from fractions import Fraction

from symflow.expr.display import OPERATOR, POWER, PRODUCT, Notation, show
from symflow.expr.names import GREEK, split_name
from symflow.expr.tree import Equation, Expr, Symbol

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPTS = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_FRACTIONS = {
    Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼", Fraction(3, 4): "¾",
    Fraction(1, 5): "⅕", Fraction(1, 6): "⅙", Fraction(1, 8): "⅛",
}  # fmt: skip

TEMPLATES = {
    "parentheses": "(#1)", "plus": "+", "minus": "-", "div": "#1/#2", "eye": "I(#1)", "zeros": "0(#1, #2)",
    "ones": "𝟏(#1)", "ones matrix": "𝟏(#1, #2)", "transpose": "#1ᵀ", "inv": "#1⁻¹",
    "inverse transpose": "#1⁻ᵀ", "tr": "tr(#1)", "det": "det(#1)",
    "logdet": "log|det(#1)|", "sqnorm": "‖#1‖²", "dot": "⟨#1, #2⟩", "comm": "[#1, #2]", "sym": "sym(#1)",
    "skew": "skew(#1)", "hadamard": "#1 ⊙ #2", "diag": "diag(#1)", "diagpart": "diagpart(#1)", "outer": "#1 #2ᵀ",
    "exp": "exp(#1)", "log": "log(#1)", "sqrt": "√(#1)", "sin": "sin(#1)", "cos": "cos(#1)", "tanh": "tanh(#1)",
    "relu": "relu(#1)", "step": "step(#1)", "grad": "∂/∂#2 #1", "liegrad": "∂ˢᵒ/∂#2 #1", "jac": "∂/∂#2ᵀ #1",
    "diff": "D_#2 #1[#3]", "velocity": "d#1/dt = #2", "along": "d/dt #1 {#2}",
    "datasum": "Σ#1 ω#1 #2",
}  # fmt: skip


def to_unicode(expr: Expr | Equation) -> str:
    """Write an expression or a statement for a person at a terminal.

    >>> from symflow.expr.tree import Symbol
    >>> from symflow.expr.language import datasum, sqnorm, variable
    >>> R, beta = variable(Symbol("R", "orthogonal", ("Q",))), variable(Symbol("beta", "vector", ("Q",)))
    >>> x = variable(Symbol("x", "vector", ("Q",), family=True), "i")
    >>> print(to_unicode(datasum(sqnorm(R.T @ (x - beta)) / 2, "i")))
    Σᵢ ωᵢ ½ ‖Rᵀ (xᵢ - β)‖²
    """
    if isinstance(expr, Equation):
        return f"{to_unicode(expr.lhs)} = {to_unicode(expr.rhs)}"
    return show(expr, _UNICODE)


def _subscript(text: str) -> str:
    """The text below the line if it is short and Unicode has its letters there, else after an underscore."""
    if (len(text) <= 2 or text.isdigit()) and all(letter in _SUBSCRIPTS for letter in text):
        return "".join(_SUBSCRIPTS[letter] for letter in text)
    return f"_{GREEK.get(text, text)}"


def _name(symbol: Symbol, index: str | None) -> str:
    base, subscripts = split_name(symbol.name)
    text = GREEK.get(base, base) + "".join(map(_subscript, subscripts))
    if index is None:
        return text
    below = _subscript(index)
    return f"{text}[{index}]" if below.startswith("_") else f"{text}{',' if subscripts else ''}{below}"


def _function(symbol: Symbol, order: int) -> str:
    return _name(symbol, None) + ("′" * order if order <= 3 else f"⁽{str(order).translate(_SUPERSCRIPTS)}⁾")


_UNICODE = Notation(
    templates=TEMPLATES, name=_name, function=_function, dimension=lambda text: text,
    number=lambda value: _FRACTIONS.get(value, str(value)),
    exponent=lambda exponent: str(exponent).translate(_SUPERSCRIPTS), times="·", fraction=(PRODUCT, POWER, OPERATOR),
    index=_subscript,
)  # fmt: skip
