"""Derivation files checked and confirmed: the rows that ``symflow check`` shows of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from symflow.confirm.against_oracle import ConfirmationError, confirm_gradient
from symflow.confirm.componentwise import componentwise
from symflow.derivation import Derivation, load
from symflow.derivation.scope import scope
from symflow.derivation.statements import Statement
from symflow.errors import SymflowError, UnsupportedError
from symflow.expr.order import Inequality
from symflow.proof import Verdict
from symflow.refutation import Counterexample, search

COMPONENT_SIZE = 2  # every dimension of SymPy's componentwise derivation
VIOLATION_POINTS = 40  # at which an inequality is tried


@dataclass(frozen=True)
class CheckedStatement:
    """A statement of a derivation with its verdict and how it was confirmed."""

    id: str
    label: str
    title: str
    source: str
    statement: str
    verdict: str
    detail: str
    seconds: float
    confirmation: str = ""
    counterexample: Mapping[str, Any] | None = None
    pasteable: str = ""
    residual: str | None = None
    scope: str = ""
    lemmas: tuple[str, ...] = ()
    hypotheses: tuple[str, ...] = ()


def load_and_check(
    path: str | Path, *, seconds: float = 20.0, select: Callable[[str], bool] | None = None, confirm: bool = True
) -> Iterator[CheckedStatement]:
    """Check the derivations of a file, statement by statement.

    ``confirm`` compares what is proved with independent routes. Raises ClaimError where the file cannot be run.
    """
    for derivation in load(path):
        for statement in derivation.everything():
            if select is None or select(f"{statement.label} {statement.title or derivation.title}"):
                yield _check(derivation, statement, seconds, confirm)


def _check(derivation: Derivation, statement: Statement, seconds: float, confirm: bool) -> CheckedStatement:
    start = time.perf_counter()
    try:
        verdict = derivation.verdict(statement.label, seconds=seconds)
    except SymflowError as error:
        return _row(derivation, statement, "error", str(error), start)
    confirmation, status, detail = "", verdict.status, verdict.detail
    if statement.hypotheses:
        detail = f"under {', '.join(map(repr, statement.hypotheses))}: {detail}"
    if statement.lemmas and status == "proved":
        detail += f"; lemmas used: {', '.join(_used(statement, verdict)) or 'none'}"
    if confirm and status == "proved":
        try:
            confirmation = "; ".join(_confirmations(statement))
        except ConfirmationError as error:
            status, detail = "error", f"proved, but not confirmed: {error}"
    return _row(derivation, statement, status, detail, start, confirmation, verdict)


def _used(statement: Statement, verdict: Verdict) -> tuple[str, ...]:
    """The labels of the lemmas that the proof uses, and of the theorems on which the statement rests."""
    first = len(statement.hypotheses)
    used = [lemma for k, lemma in enumerate(statement.lemmas) if first + k in verdict.hypotheses_used]
    return tuple(dict.fromkeys(lemma.label for lemma in (*used, *statement.rests_on)))


def _confirmations(statement: Statement) -> Iterator[str]:
    if statement.induction is not None:
        return  # its base and its step are confirmed
    if not statement.hypotheses:
        try:
            sizes = dict.fromkeys(statement.identity.dimensions(), COMPONENT_SIZE)
            if not componentwise(statement.identity, sizes):
                raise ConfirmationError(f"SymPy's derivation by components at size {COMPONENT_SIZE} finds it false")
            yield f"SymPy at size {COMPONENT_SIZE}"
        except UnsupportedError:
            pass  # relu and step have no polynomial components; the oracle below does not need any
    if isinstance(statement.equation, Inequality):
        found = search(statement.equation, points=VIOLATION_POINTS, seconds=1.0, hypotheses=statement.hypotheses)
        if isinstance(found, Counterexample):
            raise ConfirmationError(f"the inequality is violated {found.summary()}")
        if found.points_tried:
            yield f"not violated at {found.points_tried} random points"
    if statement.confirm:
        confirmations = [confirm_gradient(statement.equation, spec) for spec in statement.confirm]
        yield str(reduce(add, confirmations))


def _row(
    derivation: Derivation, statement: Statement, status: str, detail: str, start: float, confirmation: str = "",
    verdict: Verdict | None = None,
) -> CheckedStatement:  # fmt: skip
    found = verdict.counterexample if verdict is not None else None
    return CheckedStatement(
        id=statement.label, label=statement.label, title=statement.title or derivation.title,
        source=statement.source or derivation.source, statement=repr(statement.equation), verdict=status,
        detail=detail,
        seconds=time.perf_counter() - start, confirmation=confirmation,
        counterexample=found.to_json() if found is not None else None,
        pasteable=found.to_python() if found is not None else "",
        residual=verdict.residual if verdict is not None else None,
        scope=scope(statement, verdict) if verdict is not None else "",
        lemmas=_used(statement, verdict) if verdict is not None else (),
        hypotheses=tuple(map(repr, statement.hypotheses)),
    )  # fmt: skip
