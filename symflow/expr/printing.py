"""Trees as text of the claims language; the text of the terminal is next door and offered here too.

Python's own precedence decides about parentheses, since the claims language is parsed as Python: ``**`` binds
tighter than unary minus, that tighter than ``* / @``, those tighter than ``+ -``. Nothing is reassociated, so
the text parses back to the same tree. The one freedom is the spelling of a number: the number -1/2 has no
literal of its own and comes back as the quotient of two integers.
"""

# ruff: noqa: ARG001  # a table calls every rule with the same arguments

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symflow.expr.shapes import Dim
from symflow.expr.terminal import to_unicode
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import FUNCTIONS, Equation, Expr

__all__ = ["to_claims", "to_unicode"]

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)


@dataclass(frozen=True, slots=True)
class _Text:
    """Text with its binding strength, and what ``- …`` is followed by when it stands for a negative."""

    text: str
    level: int
    negated: str | None = None

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds less tightly than ``level``."""
        return self.text if self.level >= level else f"({self.text})"


_Writer = Callable[[Expr, list[_Text]], _Text]


def to_claims(expr: Expr | Equation) -> str:
    """Write an expression or a statement in the claims language, with no more parentheses than it needs.

    >>> from symflow.expr.tree import Symbol
    >>> from symflow.expr.language import datasum, sqnorm, variable
    >>> R, b = variable(Symbol("R", "orthogonal", ("Q",))), variable(Symbol("b", "vector", ("Q",)))
    >>> x = variable(Symbol("x", "vector", ("Q",), family=True), "i")
    >>> to_claims(datasum(sqnorm(R.T @ (x - b)) / 2, "i"))
    'datasum(sqnorm(R.T@(x[i] - b))/2, i)'
    """
    if isinstance(expr, Equation):
        return f"{to_claims(expr.lhs)} == {to_claims(expr.rhs)}"
    return bottom_up(expr, _write).text


def _write(node: Expr, below: list[_Text]) -> _Text:
    op = node.op
    if op in _BY_OP:
        return _BY_OP[op](node, below)
    if op in FUNCTIONS or op in ("grad", "liegrad", "jac", "diff"):
        return _Text(f"{op}({', '.join(argument.text for argument in below)})", ATOM)
    raise AssertionError(f"the tree has an operation {op!r} that the printer does not know")


def _symbol(node: Expr, below: list[_Text]) -> _Text:
    symbol, index = node.data
    return _Text(symbol.name if index is None else f"{symbol.name}[{index}]", ATOM)


def _number(node: Expr, below: list[_Text]) -> _Text:
    value: Fraction = node.data
    level = PRODUCT if value.denominator != 1 else SIGN if value < 0 else ATOM
    return _Text(str(value), level, str(-value) if value < 0 else None)


def _constant(node: Expr, below: list[_Text]) -> _Text:
    rows, cols = node.shape
    dims: tuple[Dim, ...] = (rows, cols)
    if node.op == "eye" or (node.op == "ones" and cols == 1):
        dims = (rows,)
    return _Text(f"{node.op}({', '.join(map(str, dims))})", ATOM)


def _add(node: Expr, below: list[_Text]) -> _Text:
    first, *rest = below
    pieces = [first.at(PRODUCT)]
    pieces += [f" + {t.at(PRODUCT)}" if t.negated is None else f" - {t.negated}" for t in rest]
    return _Text("".join(pieces), SUM)


def _neg(node: Expr, below: list[_Text]) -> _Text:
    return _Text(f"-{below[0].at(SIGN)}", SIGN, below[0].at(PRODUCT))


def _infix(sign: str) -> _Writer:
    def write(node: Expr, below: list[_Text]) -> _Text:
        # products group to the left, so an equally strong right factor needs parentheses
        return _Text(f"{below[0].at(PRODUCT)}{sign}{below[1].at(SIGN)}", PRODUCT)

    return write


def _transpose(node: Expr, below: list[_Text]) -> _Text:
    # "2.T" would be read as a decimal number that goes wrong
    body = f"({below[0].text})" if node.args[0].op == "number" else below[0].at(ATOM)
    return _Text(f"{body}.T", ATOM)


def _pow(node: Expr, below: list[_Text]) -> _Text:
    return _Text(f"{below[0].at(ATOM)}**{node.data}", POWER)


def _apply(node: Expr, below: list[_Text]) -> _Text:
    symbol, order = node.data
    return _Text(f"{symbol.name}{'.d' * order}({below[0].text})", ATOM)


def _datasum(node: Expr, below: list[_Text]) -> _Text:
    return _Text(f"datasum({below[0].text}, {node.data})", ATOM)


def _along(node: Expr, below: list[_Text]) -> _Text:
    names = [moving.data[0].name for moving in node.args[1::2]]
    velocities = [f"{name}={velocity.text}" for name, velocity in zip(names, below[2::2], strict=True)]
    return _Text(f"along({', '.join([below[0].text, *velocities])})", ATOM)


_BY_OP: dict[str, _Writer] = {
    "symbol": _symbol, "number": _number, "eye": _constant, "zeros": _constant, "ones": _constant,
    "add": _add, "neg": _neg, "mul": _infix("*"), "matmul": _infix("@"), "div": _infix("/"),
    "transpose": _transpose, "pow": _pow, "apply": _apply, "datasum": _datasum, "along": _along,
}  # fmt: skip
