"""Short notation for certificates written by hand, and for taking them apart."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from symflow.checker.certificates import Argument, Certificate, Entry, Term
from symflow.checker.expansion import symbol_head
from symflow.expr.language import variable
from symflow.expr.tree import Expr, Symbol


def letter(name: str, kind: str, *dims: str | int, index: str | None = None) -> Expr:
    return variable(Symbol(name, kind, dims, index is not None), index)


def atom(e: Expr) -> tuple[Any, ...]:
    return symbol_head(e.data[0])


def term(outs: tuple[int, ...], *factors: tuple[Any, tuple[int, ...]]) -> Term:
    """A term; a factor is (symbol or atom, slots)."""
    return Term(tuple((atom(a) if isinstance(a, Expr) else a, slots) for a, slots in factors), outs)


def arg(dims: tuple[Any, ...], *summands: tuple[Any, Term]) -> Argument:
    return Argument(dims, tuple((Fraction(c), t) for c, t in summands))


def mono(dims: tuple[Any, ...], outs: tuple[int, ...], *factors: tuple[Any, tuple[int, ...]]) -> Argument:
    """An argument of one term with coefficient 1."""
    return arg(dims, (1, term(outs, *factors)))


def entry(c: Any, context: Term, schema: str, parameters: tuple[Any, ...], holes: tuple[int, ...]) -> Entry:
    return Entry(Fraction(c), context, schema, parameters, holes)


def proof(*entries: Entry) -> Certificate:
    return Certificate((), entries)


def mutations(value: Any) -> Iterator[Any]:
    """Every certificate that differs from this one in one number, name or omitted piece."""
    if isinstance(value, tuple):
        rebuild = type(value)._make if hasattr(value, "_make") else tuple
        for k, part in enumerate(value):
            for other in mutations(part):
                yield rebuild([*value[:k], other, *value[k + 1 :]])
        if not hasattr(value, "_make"):
            for k in range(len(value)):
                yield (*value[:k], *value[k + 1 :])
            yield (*value, 0)
        yield "junk"
    elif isinstance(value, bool) or value is None:
        yield from (not value, 7)
    elif isinstance(value, (int, Fraction)):
        yield from (value + 1, -value, value * 2 + 3, None, 0.5, "0")
    elif isinstance(value, str):
        yield from (value + "'", "exp", "n", "orthogonal-right", ())
