"""What exactly is established: for which dimensions, depths and data a verdict speaks.

The words are read off the statement and off the theorems that it rests on; nobody writes them by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from symflow.derivation.statements import Statement

if TYPE_CHECKING:
    from symflow.proof import Verdict

VACUOUS = "no point was found that satisfies the hypotheses"


def scope(statement: Statement, verdict: Verdict) -> str:
    """The reach of a verdict in a few words.

    >>> from symflow.derivation.writing import Derivation
    >>> from symflow.expr.language import datasum, sqnorm
    >>> d = Derivation("Lengths")
    >>> R, x = d.orthogonal("R", "Q"), d.vector("x", "Q", over="i")
    >>> d.claim("length", datasum(sqnorm(R @ x), "i") == datasum(sqnorm(x), "i"))
    >>> scope(d.statement("length"), d.verdict("length"))
    'proved for every Q and every data set'
    """
    if verdict.status == "refuted":
        return "refuted"
    if verdict.status == "undecided":
        found = verdict.detail.partition("random points agree")
        return "supported numerically, not proved" if found[1] and "0 random" not in found[0][-9:] else "open"
    if VACUOUS in verdict.detail:
        return "proved, perhaps vacuously: no example of the hypotheses is known"
    return f"proved for {_listing(list(reach(statement)))}" + (" under hypotheses" if statement.hypotheses else "")


def reach(statement: Statement) -> Iterator[str]:
    """For what the statement is claimed: dimensions, number of layers, data."""
    dimensions = statement.equation.dimensions()
    if dimensions:
        yield "every " + ", ".join(dimensions)
    # a size of 1 is no restriction: it is how a number is written as a vector
    fixed = sorted({d for s in statement.equation.symbols().values() for d in s.dims if isinstance(d, int) and d > 1})
    if fixed:
        yield f"fixed size{'s' if len(fixed) > 1 else ''} {', '.join(map(str, fixed))}"
    if at_every_depth(statement):
        yield "every number of layers"
    if any(n.op == "datasum" for side in (statement.equation.lhs, statement.equation.rhs) for n in side.walk()):
        yield "every data set"


def at_every_depth(statement: Statement) -> bool:
    """Whether the statement, or a theorem on which it rests, was proved by induction over layers."""
    if statement.induction is not None:
        return True
    rests_on = (*statement.rests_on, *statement.lemmas)
    return any(at_every_depth(lemma.derivation.statement(lemma.label)) for lemma in rests_on)


def _listing(items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items) or "all values of its symbols"
    return f"{', '.join(items[:-1])} and {items[-1]}"
