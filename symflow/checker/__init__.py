"""The independent checker: it replays certificates and shares no code with the prover (docs/certificates.md)."""

from symflow.checker.replay import check

__all__ = ["check"]
