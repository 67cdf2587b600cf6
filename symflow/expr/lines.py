r"""Equations as lines of a LaTeX display, aligned at the relation and broken where they are too wide.

How wide a formula comes out is estimated from the number of characters that it takes at a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symflow.expr.display import Notation, show
from symflow.expr.latex import LATEX
from symflow.expr.terminal import to_unicode
from symflow.expr.tree import Equation, Expr, Symbol

WIDTH = 62  # characters of a formula that fill a line of an article


def width(expr: Expr | Equation) -> int:
    """How many characters wide a formula is on paper, about."""
    return len(to_unicode(expr))


def aligned(
    first: Expr, *others: Expr, notation: Notation = LATEX, room: int = WIDTH, end: str = "",
    remarks: Sequence[str] = (),
) -> list[str]:  # fmt: skip
    r"""A chain of equalities as lines for ``aligned``: the first expression, then a relation for each other one.

    A line wider than ``room`` characters is broken before a ``+`` or ``-`` of an outermost sum. ``end`` comes behind
    the last expression; ``remarks``, one for each relation, stand in a column of their own.

    >>> from symflow.expr.language import variable
    >>> A, B, C = (variable(Symbol(n, "matrix", ("n",))) for n in "ABC")
    >>> print(*aligned((A + B) @ C, A @ C + B @ C), sep="\n")
    \left(A + B\right) C &= A C + B C
    >>> print(*aligned((A + B) @ C, A @ C + B @ C, room=12), sep="\n")
    &\left(A + B\right) C
    &= A C
    &\quad {} + B C
    """
    left = width(first)
    head = show(first, notation)
    lines: list[str] = []
    if left > room // 2 and any(left + width(other) > room for other in others):
        pieces = list(_pieces(first, room, notation))
        lines += [f"&{pieces[0]}", *(f"&\\quad {piece}" for piece in pieces[1:])]
        head, left = "", 2
    for place, other in enumerate(others):
        pieces = list(_pieces(other, max(room - left - 3, room // 4), notation))
        lines.append(f"{head} &= {pieces[0]}".lstrip())
        lines += [f"&\\quad {piece}" for piece in pieces[1:]]
        head = ""
        lines[-1] += end if place == len(others) - 1 else ""
        lines[-1] += f" && {remarks[place]}" if remarks and remarks[place] else ""
    return lines


def fits(lines_of: Sequence[Expr], room: int = WIDTH) -> bool:
    """Whether a chain of equalities surely fits the line when broken: no single term is wider than what is left."""
    first, *others = lines_of
    left = width(first)
    if left > room // 2 and any(left + width(other) > room for other in others):
        return all(_widest_term(side) <= room for side in lines_of)
    return all(left + 3 + _widest_term(other) <= room for other in others)


def _widest_term(expr: Expr) -> int:
    return max(map(width, expr.args)) + 3 if expr.op == "add" else width(expr)


def _pieces(expr: Expr, room: int, notation: Notation) -> Iterator[str]:
    """The formula in pieces no wider than the room, as far as its outermost sum can be cut."""
    if expr.op != "add" or width(expr) <= room:
        yield show(expr, notation)
        return
    start = 0
    for end in range(1, len(expr.args) + 1):
        if end == len(expr.args) or width(_part(expr, start, end + 1)) > room:
            yield show(_part(expr, start, end), notation)
            start = end


def _part(expr: Expr, start: int, end: int) -> Expr:
    """Some terms of a sum; those after the first come with their signs, behind an empty symbol."""
    terms = expr.args[start:end]
    if start == 0:
        return terms[0] if len(terms) == 1 else Expr("add", terms, None, expr.shape)
    nothing = Expr("symbol", (), (Symbol("", "scalar"), None), expr.shape)
    return Expr("add", (nothing, *terms), None, expr.shape)
