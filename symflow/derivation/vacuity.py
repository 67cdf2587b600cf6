"""Whether hypotheses can be satisfied at all: a statement under hypotheses that nothing satisfies says nothing."""

from __future__ import annotations

from symflow.expr.language import ones
from symflow.expr.tree import Equation
from symflow.refutation import Counterexample, search

POINTS = 200
SECONDS = 2.0


def vacuity(equation: Equation, hypotheses: tuple[Equation, ...]) -> str:
    """What to add to a verdict: an example that satisfies the hypotheses, or that none was found.

    The search is for a counterexample to something false everywhere, e == e + 1: any point that it may use will do.
    """
    always_false = Equation(equation.lhs, equation.lhs + ones(*equation.lhs.shape))
    found = search(always_false, hypotheses=hypotheses, points=POINTS, seconds=SECONDS)
    if isinstance(found, Counterexample):
        sizes = ", ".join(f"{name} = {size}" for name, size in sorted(found.sizes.items()))
        values = found.to_json()["values"]
        return f"; the hypotheses are satisfied, for example at {sizes}: {values}"
    return "; no point was found that satisfies the hypotheses: the statement may be vacuous"
