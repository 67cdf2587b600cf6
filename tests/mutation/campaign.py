"""The campaign: every mutant gets a verdict, and every proved one has to be true by accident.

A mutant that is proved is wrong or accidentally true, and who is to say? Three routes that share no code:

1. the certificate, replayed by the independent checker (``decide`` does that before it says ``proved``);
2. the independent evaluator, at fresh exact random points of several dimensions;
3. SymPy's entries at size 2, with the weights, the entries and the parameters of structured matrices as symbols.

The first two must agree on every proved mutant, the third wherever it applies. One that does not is a failure: either
the proof engine or a referee is wrong. So is a mutant that is refuted although it has an accepted certificate.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from symflow.confirm.componentwise import componentwise
from symflow.errors import KindError, SymflowError
from symflow.expr.tree import Equation
from symflow.proof import Verdict, decide
from symflow.refutation import Evidence, search
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.statements import Statement

POINTS = 24  # fresh points for the second route
FRESH = 20_011  # a seed that no verdict uses
COMPONENT_SECONDS = 5.0
VERDICT_SECONDS = 10.0


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
        return f"{self.status:9} {where}\n    {self.mutant.equation!r}\n    {self.reasons}"


@dataclass
class Tally:
    """Counts by slip and verdict, and everything that is not a plain refutation."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
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

    def table(self) -> str:
        """One line for each slip, and the sums."""
        columns = ("proved", "refuted", "undecided", "undefined")
        lines = [f"{'slip':36}{'mutants':>9}" + "".join(f"{c:>11}" for c in columns)]
        for slip in sorted({slip for slip, _ in self.counts}):
            here = [self.counts[slip, c] for c in columns]
            lines.append(f"{slip:36}{sum(here):>9}" + "".join(f"{n:>11}" for n in here))
        sums = [self.total(c) for c in columns]
        lines.append(f"{'all':36}{sum(sums):>9}" + "".join(f"{n:>11}" for n in sums))
        return "\n".join(lines)


def run(statements: Iterable[Statement], sides: tuple[str, ...], every: int = 1) -> Tally:
    """Decide every mutant of the statements, or each ``every``-th."""
    tally = Tally()
    start = time.perf_counter()
    for statement in statements:
        for mutant in mutants(statement.equation, sides)[::every]:
            judge(statement, mutant, tally)
    tally.seconds = time.perf_counter() - start
    return tally


def judge(statement: Statement, mutant: Mutant, tally: Tally) -> None:
    """Decide one mutant and write down what is said of it."""
    try:
        verdict = decide(mutant.equation, statement.hypotheses, seconds=VERDICT_SECONDS)
    except KindError:
        tally.counts[mutant.slip, "undefined"] += 1  # a derivative in a direction that its space does not have
        return
    tally.counts[mutant.slip, verdict.status] += 1
    tally.slowest = max(tally.slowest, (verdict.seconds, f"{statement.name}: {mutant.equation!r}"))
    finding = _finding(statement, mutant, verdict)
    if finding is not None:
        tally.findings.append(finding)


def _finding(statement: Statement, mutant: Mutant, verdict: Verdict) -> Finding | None:
    if verdict.status == "refuted":
        if "defect" not in verdict.detail:
            return None
        return Finding(statement.name, mutant, "refuted", verdict.detail, failure=True)
    if verdict.status == "undecided":
        return Finding(statement.name, mutant, "undecided", verdict.detail)
    reasons, true = establish(mutant.equation, statement.hypotheses, verdict)
    return Finding(statement.name, mutant, "proved", reasons, failure=not true)


def establish(equation: Equation, hypotheses: tuple[Equation, ...], verdict: Verdict) -> tuple[str, bool]:
    """By which routes a proved statement is true, and whether those that apply agree."""
    points = search(equation, points=POINTS, seed=FRESH, seconds=VERDICT_SECONDS, hypotheses=hypotheses, shrink=False)
    agreed = isinstance(points, Evidence)
    reasons = [verdict.detail, points.summary() if agreed else f"REFUTED by a fresh point: {points.summary()}"]
    entries = None if hypotheses else by_entries(equation)
    said = {True: "true at size 2", False: "FALSE at size 2", None: "does not apply"}[entries]
    reasons.append(f"SymPy: {said}")
    return "; ".join(reasons), agreed and entries is not False


def by_entries(equation: Equation, seconds: float = COMPONENT_SECONDS) -> bool | None:
    """What SymPy says of the entries at size 2; None where it cannot say, or not in time."""
    try:
        with time_limit(seconds):
            return componentwise(equation, dict.fromkeys(equation.dimensions(), 2))
    except (SymflowError, TimeoutError, RecursionError):
        return None


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer, by a TimeoutError; on systems without interval timers nothing is interrupted."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
