"""Refutation: exact values of statements at points, and the search for counterexamples.

Independent of the calculus, the prover and the checker by construction: it imports the syntax tree and the errors,
and takes every node at its definition.
"""

from symflow.refutation.comparison import Comparison, compare
from symflow.refutation.counterexamples import Counterexample
from symflow.refutation.draws import draw
from symflow.refutation.points import Point
from symflow.refutation.programs import prepare
from symflow.refutation.search import Evidence, agrees, search

__all__ = ["Comparison", "Counterexample", "Evidence", "Point", "agrees", "compare", "draw", "prepare", "search"]
