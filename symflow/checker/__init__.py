"""The independent checker: it replays certificates and shares no code with the prover (docs/certificates.md)."""

from symflow.checker.replay import check
from symflow.checker.signs import check_inequality

__all__ = ["check", "check_inequality"]
