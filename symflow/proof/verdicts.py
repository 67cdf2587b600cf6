"""What is known of a statement, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symflow.checker.certificates import Certificate
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

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"
