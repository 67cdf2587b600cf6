"""The verdict of a statement of a derivation: proved only if everything that it rests on is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from symflow.derivation.statements import Lemma, Statement
from symflow.derivation.vacuity import vacuity
from symflow.proof import Verdict, decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from symflow.derivation.induction import Induction


def judge(statement: Statement, *, seconds: float) -> Verdict:
    """Decide a statement under its hypotheses and lemmas."""
    given = (*statement.hypotheses, *(lemma.equation for lemma in statement.lemmas))
    verdict = decide(statement.equation, given, seconds=seconds, by=statement.by)
    if verdict.status != "proved":
        return verdict
    open_lemmas = [lemma.label for lemma in _needed(statement) if not lemma.proved(seconds)]
    if open_lemmas:
        detail = f"it rests on {', '.join(open_lemmas)}, not proved; by itself: {verdict.detail}"
        return replace(verdict, status="undecided", detail=detail, certificate=None)
    if statement.hypotheses:
        return replace(verdict, detail=verdict.detail + vacuity(statement.equation, statement.hypotheses))
    return verdict


def _needed(statement: Statement) -> tuple[Lemma, ...]:
    return (*statement.lemmas, *statement.rests_on)


def judge_induction(induction: Induction, verdict_of: Callable[[str], Verdict]) -> Verdict:
    """The verdict of a theorem for every number of layers, from those of its base and its step.

    A base that is refuted refutes the theorem, at no layer at all; a step that fails leaves it open, because its
    hypothesis may hold for other states than those that the recursion reaches.
    """
    base, step = (verdict_of(label) for label in induction.parts)
    seconds = base.seconds + step.seconds
    if base.status == "refuted":
        return replace(base, detail=f"the base of the induction fails: {base.detail}", seconds=seconds)
    for name, part in (("base", base), ("step", step)):
        if part.status != "proved":
            detail = f"the {name} of the induction is {part.status}: {part.detail}"
            return Verdict("undecided", detail, seconds, residual=part.residual)
    detail = f"by induction over the layers; base: {base.detail}; step: {step.detail}"
    return Verdict("proved", detail, seconds)
