"""The campaign: every mutant gets a verdict, and every proved one has to be true by accident.

A mutant that is proved is wrong or accidentally true, and who is to say? Routes that share no code: the certificate,
replayed by the independent checker (``decide`` does that before it says ``proved``), and the referees of
:mod:`tests.mutation.referees`. One that says *false* is a failure: either the proof engine or a referee is wrong. So
is a proved mutant of which no referee can say anything, and one that is refuted although it has an accepted
certificate.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from symflow.errors import KindError
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation
from symflow.proof import Verdict, decide
from tests.mutation.mutants import Mutant
from tests.mutation.planting import plant
from tests.mutation.referees import opinions, parts
from tests.mutation.statements import Statement

VERDICT_SECONDS = 4.0
INEQUALITY_SECONDS = 1.0  # many a mutant is true and cannot be proved with what its original rests on
STATUSES = ("refuted", "proved", "undecided", "undefined")


@dataclass(frozen=True)
class Finding:
    """A mutant that was not simply refuted: what was said of it, and by whom."""

    statement: str
    mutant: Mutant
    status: str
    reasons: str
    failure: bool = False

    def __str__(self) -> str:
        where = f"{self.statement} [{self.mutant.slip}, {self.mutant.side}]"
        by = "" if self.mutant.by is None else f"\n    by {self.mutant.by!r}"
        return f"{self.status:9} {where}\n    {self.mutant.equation!r}{by}\n    {self.reasons}"


@dataclass
class Tally:
    """Counts by slip, file and verdict, and everything that is not a plain refutation."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    established: Counter[str] = field(default_factory=Counter)  # by which referees proved mutants are true
    findings: list[Finding] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    seconds: float = 0.0

    def total(self, status: str) -> int:
        """How many mutants got a verdict."""
        return sum(count for (_, said), count in self.counts.items() if said == status)

    @property
    def failures(self) -> list[Finding]:
        """What must not happen."""
        return [finding for finding in self.findings if finding.failure]

    def count(self, statement: Statement, mutant: Mutant, status: str) -> None:
        """One more mutant with this verdict."""
        self.counts[mutant.slip, status] += 1
        self.files[statement.file, status] += 1

    def add(self, other: Tally) -> None:
        """Take in the counts and findings of another tally."""
        self.counts += other.counts
        self.files += other.files
        self.established += other.established
        self.findings += other.findings
        self.slowest = max(self.slowest, other.slowest)
        self.seconds += other.seconds

    def table(self) -> str:
        """One line for each slip, and the sums."""
        return _table("slip", self.counts)

    def table_of_files(self) -> str:
        """One line for each file, and the sums."""
        return _table("file", self.files)


def _table(title: str, counts: Counter[tuple[str, str]]) -> str:
    lines = [f"{title:48}{'mutants':>9}" + "".join(f"{status:>11}" for status in STATUSES)]
    for name in sorted({name for name, _ in counts}):
        here = [counts[name, status] for status in STATUSES]
        lines.append(f"{name:48}{sum(here):>9}" + "".join(f"{n:>11}" for n in here))
    sums = [sum(n for (_, said), n in counts.items() if said == status) for status in STATUSES]
    lines.append(f"{'all':48}{sum(sums):>9}" + "".join(f"{n:>11}" for n in sums))
    return "\n".join(lines)


def run(statements: Iterable[Statement], sides: tuple[str, ...], every: int = 1, first: int = 0) -> Tally:
    """Decide every mutant of the statements, or each ``every``-th from ``first`` on."""
    tally = Tally()
    start = time.perf_counter()
    for statement in statements:
        planted = plant(statement, sides)
        for mutant in planted[first % max(1, min(every, len(planted))) :: every]:
            judge(statement, mutant, tally)
    tally.seconds = time.perf_counter() - start
    return tally


def judge(statement: Statement, mutant: Mutant, tally: Tally) -> None:
    """Decide one mutant and write down what is said of it."""
    try:
        verdict = verdict_of(statement, mutant)
    except KindError:
        tally.count(statement, mutant, "undefined")  # a derivative in a direction that its space does not have
        return
    tally.count(statement, mutant, verdict.status)
    tally.slowest = max(tally.slowest, (verdict.seconds, f"{statement.name}: {mutant.equation!r}"))
    if verdict.status == "proved":
        tally.findings.append(_proved(statement, mutant, verdict, tally))
    elif verdict.status == "undecided":
        tally.findings.append(Finding(statement.name, mutant, "undecided", verdict.detail))
    elif "defect" in verdict.detail:
        tally.findings.append(Finding(statement.name, mutant, "refuted", verdict.detail, failure=True))


def verdict_of(statement: Statement, mutant: Mutant) -> Verdict:
    """The verdict of one mutant; of a theorem for every depth, from its base and its step.

    A theorem counts as refuted where either part is: it may still be true, but no longer by this induction. A mutant
    of what an excess equals leaves the inequality true; it counts as refuted where the identity is.
    """
    if isinstance(mutant.equation, Inequality):
        if mutant.side == "by" and mutant.by is not None:
            identity = Equation(mutant.equation.excess, mutant.by)
            verdict = decide(identity, statement.hypotheses, seconds=INEQUALITY_SECONDS)
            if verdict.status != "proved":
                return verdict
        return decide(mutant.equation, statement.hypotheses, seconds=INEQUALITY_SECONDS, by=mutant.by)
    if statement.induction is None:
        return decide(mutant.equation, statement.hypotheses, seconds=VERDICT_SECONDS)
    verdicts = [
        decide(part, (*statement.hypotheses, *given), seconds=VERDICT_SECONDS)
        for part, given in parts(statement.induction, mutant.equation)
    ]
    for status in ("refuted", "undecided"):
        for verdict in verdicts:
            if verdict.status == status:
                return verdict
    return verdicts[-1]


def _proved(statement: Statement, mutant: Mutant, verdict: Verdict, tally: Tally) -> Finding:
    """A proved mutant, and by which referees it is true."""
    said = opinions(statement, mutant)
    agreeing = [opinion.referee for opinion in said if opinion.agrees]
    false = any(opinion.agrees is False for opinion in said)
    silent = [opinion.words for opinion in said if opinion.agrees is None and opinion.referee == "SymPy"]
    how = "; ".join([", ".join(agreeing) or "nobody can say", *silent])
    tally.established["FALSE" if false else how] += 1
    reasons = "; ".join([verdict.detail, *(opinion.words for opinion in said)])
    return Finding(statement.name, mutant, "proved", reasons, failure=false or not agreeing)
