"""Numbers as source text: an arithmetic expression with as few parentheses as Python's precedence allows.

What is zero or one is known to be, so that ``1.0 * x`` is never printed; no two roundings are exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

SUM, PRODUCT, SIGN, ATOM = range(4)


@dataclass(frozen=True, slots=True)
class Text:
    """Source text, how tightly it binds, and what is negated where it is a negative."""

    text: str
    level: int = ATOM
    negated: Text | None = None

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds less tightly than ``level``."""
        return self.text if self.level >= level else f"({self.text})"


ZERO, ONE = Text("0.0"), Text("1.0")


def plus(x: Text, y: Text) -> Text:
    """x + y, written as a difference where y is a negative."""
    if x == ZERO:
        return y
    if y == ZERO:
        return x
    if y.negated is not None:
        return Text(f"{x.at(SUM)} - {y.negated.at(PRODUCT)}", SUM)
    return Text(f"{x.at(SUM)} + {y.at(PRODUCT)}", SUM)


def minus(x: Text) -> Text:
    """-x."""
    if x.negated is not None:
        return x.negated
    return x if x == ZERO else Text(f"-{x.at(SIGN)}", SIGN, x)


def times(x: Text, y: Text) -> Text:
    """x · y, the sign in front."""
    if ZERO in (x, y):
        return ZERO
    if x == ONE:
        return y
    if y == ONE:
        return x
    if x.negated is not None:
        return minus(times(x.negated, y))
    if y.negated is not None:
        return minus(times(x, y.negated))
    return Text(f"{x.at(PRODUCT)} * {y.at(SIGN)}", PRODUCT)


def over(x: Text, y: Text) -> Text:
    """x / y."""
    if y == ONE:
        return x
    if x.negated is not None:
        return minus(over(x.negated, y))
    return Text(f"{x.at(PRODUCT)} / {y.at(SIGN)}", PRODUCT)
