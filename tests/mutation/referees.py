"""Who is to say that a mutant is true? Referees that share no code with the prover and its checker.

- Fresh exact points of several dimensions, evaluated from the meaning of each node; under hypotheses, points that were
  made to satisfy them.
- SymPy's entries at size 2, in a process of their own that is ended when its time is up; not under hypotheses. Of an
  inequality it decides the identity behind it.
- For a theorem for every depth: the recursion written out for no layer to three, at fresh points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symflow.confirm.components_in_time import componentwise_within
from symflow.derivation.induction import Induction
from symflow.errors import KindError, LimitError, SymflowError, UndefinedError
from symflow.expr.language import variable
from symflow.expr.order import Inequality
from symflow.expr.substitution import substitute, substitute_in
from symflow.expr.tree import Equation, Expr, Symbol
from symflow.refutation import Counterexample, search
from symflow.refutation.comparison import compare
from symflow.refutation.deadlines import Deadline
from symflow.refutation.programs import prepare
from tests.mutation.mutants import Mutant
from tests.mutation.solutions import solutions
from tests.mutation.statements import Statement

POINTS = 24  # fresh points for a proved mutant
FRESH = 20_011  # a seed that no verdict uses
SECONDS = 8.0
COMPONENT_SECONDS = 4.0
DEPTHS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Opinion:
    """What a referee says: True, False, or None where it cannot say; and the words for it."""

    referee: str
    agrees: bool | None
    words: str


def opinions(statement: Statement, mutant: Mutant) -> list[Opinion]:
    """What every referee says of a mutant."""
    equation, by = mutant.equation, mutant.by
    if statement.induction is not None:
        return [*at_depths(statement.induction, equation)]
    found = [at_points(equation, statement.hypotheses)]
    if isinstance(equation, Inequality):
        if by is None:
            return found
        equation = Equation(equation.excess, by)
        found.append(at_points(equation, statement.hypotheses, "points, identity"))
    return [*found, by_entries(equation, statement.hypotheses)]


def at_points(equation: Equation, hypotheses: tuple[Equation, ...], referee: str = "points") -> Opinion:
    """Both sides at fresh points; for an inequality, whether one violates it."""
    if hypotheses:
        return _at_solutions(equation, hypotheses, referee)
    found = search(equation, points=POINTS, seed=FRESH, seconds=SECONDS, shrink=False)
    if isinstance(found, Counterexample):
        return Opinion(referee, False, f"REFUTED by a fresh point: {found.summary()}")
    return Opinion(referee, True if found.points_tried else None, found.summary())


def _at_solutions(equation: Equation, hypotheses: tuple[Equation, ...], referee: str) -> Opinion:
    program, deadline = prepare(equation, hypotheses), Deadline(SECONDS)
    compared, undefined = 0, 0
    try:
        for point in solutions(equation, hypotheses, POINTS, FRESH):
            try:
                outcome = compare(program, point, deadline)
            except UndefinedError:
                undefined += 1
                continue
            if outcome.differ:
                said = f"left {outcome.left}, right {outcome.right} at {dict(point.values)}, weights {point.weights}"
                return Opinion(referee, False, f"REFUTED by a fresh point under the hypotheses: {said}")
            compared += 1
    except LimitError:
        pass  # out of time: the points so far count
    words = f"{compared} fresh points that satisfy the hypotheses agree, {undefined} more are outside the domain"
    return Opinion(referee, True if compared else None, words)


def by_entries(
    equation: Equation, hypotheses: tuple[Equation, ...] = (), seconds: float = COMPONENT_SECONDS
) -> Opinion:
    """What SymPy says of the entries at size 2, or that it does not apply, or not in time."""
    if hypotheses or isinstance(equation, Inequality):
        why = "under hypotheses" if hypotheses else "to an order"
        return Opinion("SymPy", None, f"SymPy: does not apply {why}")
    try:
        said = componentwise_within(seconds, equation, dict.fromkeys(equation.dimensions(), 2))
    except SymflowError as error:
        return Opinion("SymPy", None, f"SymPy: does not apply ({type(error).__name__})")
    words = {True: "true at size 2", False: "FALSE at size 2", None: "does not apply in time"}[said]
    return Opinion("SymPy", said, f"SymPy: {words}")


# ---- theorems for every depth


def at_depths(induction: Induction, theorem: Equation) -> Iterator[Opinion]:
    """The theorem at no layer, one, two and three; where these cannot be written out, its base and its step."""
    instances: list[tuple[str, Equation, tuple[Equation, ...]]]
    try:
        instances = [(f"{depth} layers", e, ()) for depth, e in layers(induction, theorem, max(DEPTHS))]
    except KindError:  # the recursion differentiates by a state
        instances = [
            (part, e, given) for part, (e, given) in zip(("base", "step"), parts(induction, theorem), strict=True)
        ]
    for where, equation, given in instances:
        said = at_points(equation, given, where)
        yield Opinion(where, said.agrees, f"{where}: {said.words}")
        if said.agrees is False:
            return


def parts(induction: Induction, theorem: Equation) -> list[tuple[Equation, tuple[Equation, ...]]]:
    """The base and the step of a theorem, each with its hypotheses."""
    step, hypotheses, _ = induction.recursion.step(lambda layer: theorem)
    return [(induction.recursion.base(lambda layer: theorem), ()), (step, hypotheses)]


def layers(induction: Induction, theorem: Equation, depth: int) -> Iterator[tuple[int, Equation]]:
    """The theorem with every state written out, for each number of layers up to ``depth``."""
    recursion = induction.recursion
    states = {state.name: state.symbol for state in recursion.states}
    following = recursion.following()
    values = {state.name: state.start for state in recursion.states}
    yield 0, substitute_in(theorem, {states[name]: value for name, value in values.items()})
    for layer in range(1, depth + 1):
        here: dict[Expr, Expr] = {p: _of_layer(p, layer) for p in recursion.parameters.values()}
        here |= {states[name]: value for name, value in values.items()}
        values = {name: substitute(following[name], here) for name in states}
        yield layer, substitute_in(theorem, {states[name]: value for name, value in values.items()})


def _of_layer(parameter: Expr, layer: int) -> Expr:
    symbol, index = parameter.data
    return variable(Symbol(f"{symbol.name}_{layer}", symbol.kind, symbol.dims, symbol.family), index)
