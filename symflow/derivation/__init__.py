"""Derivations: what a person writes down once, and the report of what is proved of it."""

from symflow.derivation.files import load
from symflow.derivation.induction import Recursion
from symflow.derivation.reports import Report, Step
from symflow.derivation.writing import Derivation

__all__ = ["Derivation", "Recursion", "Report", "Step", "load"]
