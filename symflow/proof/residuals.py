"""A residual for people to read: the terms that are left, as matrices where they can be, else in index notation."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument, Dimension, Key, Space
from symflow.calculus.reading_back import read_back
from symflow.errors import SymflowError
from symflow.expr.printing import to_claims

LETTERS = "abcdeghklmnopqrstuvwz"


def describe(
    space: Space, terms: dict[Key, Fraction], labels: tuple[str, ...], dims: tuple[Dimension, ...], limit: int = 12
) -> str:
    """The terms, one a line, at most ``limit`` of them."""
    lines = [_line(space, key, c, labels, dims) for key, c in sorted(terms.items())]
    if len(lines) > limit:
        lines = [*lines[:limit], f"… and {len(lines) - limit} more terms"]
    return "\n".join(lines)


def _line(space: Space, key: Key, c: Fraction, labels: tuple[str, ...], dims: tuple[Dimension, ...]) -> str:
    try:
        text = to_claims(read_back(space, {key: abs(c)}, labels, dims))
    except SymflowError:  # no expression by matrix operations, or indices that clash: index notation says it all
        return f"{_number(c)} {_term(space, key)}".strip()
    return f"{'-' if c < 0 else '+'} {text}"


def _number(c: Fraction) -> str:
    return f"+ {c}" if c > 0 else f"- {-c}"


def _term(space: Space, key: Key) -> str:
    factors, outs = key
    if not factors:
        return " ".join(f"δ({_index(s)})" for s in dict.fromkeys(outs)) if outs else ""
    return " ".join(_factor(space, number, slots) for number, slots in factors)


def _factor(space: Space, number: int, slots: tuple[int, ...]) -> str:
    atom = space[number]
    where = f"({', '.join(_index(s) for s in slots)})" if slots else ""
    if atom.argument is None:
        return f"{atom.name}{where}"
    head = atom.name + "'" * atom.order if atom.head == "fn" else atom.head
    return f"{head}[{_argument(space, atom.argument)}]{where}"


def _argument(space: Space, argument: Argument) -> str:
    text = " ".join(f"{_number(c)} {_term(space, key)}".strip() for key, c in argument.terms[:4])
    return text + (" …" if len(argument.terms) > 4 else "")


def _index(s: int) -> str:
    return LETTERS[s] if s < len(LETTERS) else f"i{s}"
