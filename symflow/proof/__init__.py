"""The proof engine: relations and completion, deciding, certificates for the independent checker."""

from symflow.proof.deciding import decide
from symflow.proof.proving import attempt
from symflow.proof.verdicts import Verdict

__all__ = ["Verdict", "attempt", "decide"]
