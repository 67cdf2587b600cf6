"""What is known of a statement, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symflow.checker.certificates import Certificate, Entry

if TYPE_CHECKING:
    from symflow.refutation import Counterexample


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of :func:`symflow.proof.decide`.

    ``status`` is ``"proved"``, ``"refuted"`` or ``"undecided"``; ``detail`` says in a sentence how; ``residual`` is
    what the prover could not bring to zero; ``seconds`` is the time it took.
    """

    status: str
    detail: str
    seconds: float
    certificate: Certificate | None = None
    counterexample: Counterexample | None = None
    residual: str | None = None

    @property
    def relations(self) -> dict[str, int]:
        """The relations that the proof uses, by schema, with how often; empty where nothing is proved."""
        return {} if self.certificate is None else dict(sorted(used_schemas(self.certificate).items()))

    @property
    def hypotheses_used(self) -> frozenset[int]:
        """The numbers of the hypotheses that the proof uses."""
        return frozenset() if self.certificate is None else frozenset(_hypotheses(self.certificate))

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"


def used_schemas(certificate: Certificate) -> Counter[str]:
    """How often each relation is used, in side conditions and lemmas too; entries times 0 are facts, not uses."""
    return Counter(entry.schema for entry in _entries(certificate) if entry.coefficient)


def _hypotheses(certificate: Certificate) -> Iterator[int]:
    return (
        entry.parameters[0] for entry in _entries(certificate) if entry.schema == "hypothesis" and entry.coefficient
    )


def _entries(value: object) -> Iterator[Entry]:
    """Every entry in a certificate, at any depth."""
    if isinstance(value, Entry):
        yield value
    if isinstance(value, tuple):
        for part in value:
            yield from _entries(part)
