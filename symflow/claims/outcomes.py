"""What became of a claim, as plain data that travels between processes and into reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from symflow.claims.files import Claim
from symflow.expr.tree import Equation


class Counterexample(Protocol):
    """Values of the symbols that separate the two sides."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""

    def to_python(self) -> str:
        """Lines to paste into Python."""

    def summary(self) -> str:
        """One line."""


class Verdict(Protocol):
    """What the prover says of one equation."""

    @property
    def status(self) -> str:
        """``proved``, ``refuted`` or ``undecided``."""

    @property
    def detail(self) -> str:
        """How, or what was tried."""

    @property
    def residual(self) -> str | None:
        """What is left of the difference of the sides, if anything."""

    @property
    def counterexample(self) -> Counterexample | None:
        """Given when refuted."""


class Decide(Protocol):
    """The prover: decides one equation within a number of seconds."""

    def __call__(self, equation: Equation, /, *, seconds: float) -> Verdict:
        """The verdict."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A claim with its verdict: ``proved``, ``refuted``, ``undecided`` or ``error``."""

    id: str
    verdict: str
    seconds: float
    statement: str
    detail: str
    title: str = ""
    source: str = ""
    counterexample: Mapping[str, Any] | None = None  # plain data, as the JSON report gives it
    pasteable: str = ""  # the counterexample as lines of Python
    residual: str | None = None


def malformed(claim: Claim) -> Outcome:
    """The outcome of a claim that could not be read; says where in the statement."""
    error = claim.error
    if error is None:
        raise ValueError(f"the claim {claim.id} is not malformed")
    place = "" if error.position is None else f"column {error.position}: "
    return Outcome(claim.id, "error", 0.0, claim.statement, f"{place}{error}", claim.title, claim.source)


def undecided(claim: Claim, seconds: float, detail: str) -> Outcome:
    """The outcome of a claim whose decision was cut short."""
    return Outcome(claim.id, "undecided", seconds, claim.statement, detail, claim.title, claim.source)


def decided(claim: Claim, verdict: Verdict, seconds: float) -> Outcome:
    """The outcome of a claim that the prover came back from."""
    point = verdict.counterexample
    return Outcome(
        claim.id, verdict.status, seconds, claim.statement, verdict.detail, claim.title, claim.source,
        counterexample=None if point is None else point.to_json(),
        pasteable="" if point is None else point.to_python(),
        residual=verdict.residual,
    )  # fmt: skip
