"""Derivation files checked and confirmed: the rows that ``symflow check`` shows of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symflow.confirm.against_oracle import ConfirmationError
from symflow.confirm.components_in_time import componentwise_within
from symflow.confirm.efforts import FAST, Effort
from symflow.confirm.gradient_confirmation import confirm_gradient
from symflow.confirm.slack import least_slack
from symflow.derivation import Derivation, load
from symflow.derivation.scope import scope
from symflow.derivation.statements import Statement
from symflow.errors import SymflowError, UnsupportedError
from symflow.expr.order import Inequality
from symflow.proof import Verdict
from symflow.refutation import Counterexample


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
    relations: tuple[str, ...] = ()
    hypotheses: tuple[str, ...] = ()


def load_and_check(
    path: str | Path, *, seconds: float = 20.0, select: Callable[[str], bool] | None = None, confirm: bool = True,
    effort: Effort = FAST,
) -> Iterator[CheckedStatement]:  # fmt: skip
    """Check the derivations of a file, statement by statement.

    ``confirm`` compares what is proved with independent routes, as much as ``effort`` says. Raises
    ClaimError where the file cannot be run.
    """
    for derivation in load(path):
        for statement in derivation.everything():
            if select is None or select(f"{statement.label} {statement.title or derivation.title}"):
                yield _check(derivation, statement, seconds, effort if confirm else None)


def _check(derivation: Derivation, statement: Statement, seconds: float, effort: Effort | None) -> CheckedStatement:
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
    if effort is not None and status == "proved":
        try:
            confirmation = "; ".join(_confirmations(statement, effort))
        except ConfirmationError as error:
            status, detail = "error", f"proved, but not confirmed: {error}"
    return _row(derivation, statement, status, detail, start, confirmation, verdict)


def _used(statement: Statement, verdict: Verdict) -> tuple[str, ...]:
    """The labels of the lemmas that the proof uses, and of the theorems on which the statement rests."""
    first = len(statement.hypotheses)
    used = [lemma for k, lemma in enumerate(statement.lemmas) if first + k in verdict.hypotheses_used]
    return tuple(dict.fromkeys(lemma.label for lemma in (*used, *statement.rests_on)))


def _confirmations(statement: Statement, effort: Effort) -> Iterator[str]:
    # of an induction the base and the step are confirmed by components, the theorem by the oracle alone
    if not statement.hypotheses and statement.induction is None:
        yield from _by_components(statement, effort)
    if isinstance(statement.equation, Inequality):
        found = least_slack(
            statement.equation, points=effort.points, descents=effort.descents, steps=effort.steps,
            seconds=effort.slack_seconds, hypotheses=statement.hypotheses,
        )  # fmt: skip
        if isinstance(found, Counterexample):
            raise ConfirmationError(f"the inequality is violated {found.summary()}")
        if found is not None:
            yield str(found)
    if statement.confirm:
        try:
            yield str(confirm_gradient(statement.equation, statement.confirm, effort=effort))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            # the mapping is the author's: whatever is wrong with it must not end the run
            if isinstance(error, SymflowError):
                raise
            raise ConfirmationError(f"confirm= cannot be read: {type(error).__name__}: {error}") from error


def _by_components(statement: Statement, effort: Effort) -> Iterator[str]:
    """SymPy's derivation by entries, at each size within a limit of time."""
    done = []
    for number, size in enumerate(effort.component_sizes):
        sizes = dict.fromkeys(statement.identity.dimensions(), size)
        if number and not sizes:
            continue  # without dimensions every size is the same
        try:
            holds = componentwise_within(effort.component_seconds, statement.identity, sizes)
        except UnsupportedError:
            return  # relu and step have no polynomial components; the oracle does not need any
        if holds is False:
            raise ConfirmationError(f"SymPy's derivation by components at size {size} finds it false")
        if holds:
            done.append(str(size))
    if done:
        yield f"SymPy at size{'s' * (len(done) > 1)} {' and '.join(done)}"
    else:
        yield f"SymPy at size {effort.component_sizes[0]} did not end within {effort.component_seconds:g} s"


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
        relations=tuple(verdict.relations) if verdict is not None else (),
        hypotheses=tuple(map(repr, statement.hypotheses)),
    )  # fmt: skip
