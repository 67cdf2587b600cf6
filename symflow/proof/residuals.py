"""A residual for people to read: the terms that are left, in index notation."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument, Key, Space

LETTERS = "abcdeghklmnopqrstuvwz"


def describe(space: Space, terms: dict[Key, Fraction], limit: int = 12) -> str:
    """The terms, one a line, at most ``limit`` of them."""
    lines = [f"{_number(c)} {_term(space, key)}".strip() for key, c in sorted(terms.items())]
    if len(lines) > limit:
        lines = [*lines[:limit], f"… and {len(lines) - limit} more terms"]
    return "\n".join(lines)


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
