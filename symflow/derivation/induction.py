"""Induction over layers: a statement for every depth, from a base and a step.

A recursion has *states*, carried from layer to layer, and *parameters*, fresh at every layer. What a state is at the
start, and what it becomes at the next layer, is written down once; the statement is written once too, as a function
of the states. From these the base and the step are built here, so that they are instances of the same statement by
construction:

- base: the statement with every state at its start;
- step: the states of layer l are arbitrary objects of their kinds that satisfy the statement (the induction
  hypothesis); the statement is proved with every state replaced by what it becomes at layer l + 1.

Both are ordinary statements, proved and checked like any other. Together they establish the statement for every
number of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from symflow.derivation.statements import Statement
from symflow.derivation.totality import is_invertible, require_total
from symflow.errors import KindError, ShapeError
from symflow.expr.order import Inequality
from symflow.expr.substitution import substitute_in
from symflow.expr.tree import Equation, Expr, Symbol, lift


class Layer:
    """The states and parameters of one layer, by name: ``s.x``, ``s.W``."""

    def __init__(self, values: dict[str, Expr]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Expr:
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values)
            raise KindError(f"the recursion has no state or parameter {name!r}; it has: {known}") from None


Rule = Callable[[Layer], Expr]
Claim = Callable[[Layer], Equation]


@dataclass(frozen=True)
class State:
    """One state: its symbol at layer l, its start, and what it becomes."""

    name: str
    symbol: Expr
    start: Expr
    following: Rule


@dataclass(frozen=True)
class Induction:
    """A theorem for every number of layers: its statement at layer l, proved by ``label.base`` and ``label.step``."""

    label: str
    title: str
    source: str
    recursion: Recursion
    equation: Equation
    confirm: tuple[Mapping[str, Any], ...] = ()  # how the theorem is compared with a network

    @property
    def parts(self) -> tuple[str, str]:
        """The labels of the base and the step."""
        return f"{self.label}.base", f"{self.label}.step"

    def theorem(self, step: Statement) -> Statement:
        """The theorem as a statement, from its step: it rests on what the step rests on."""
        own = claimed_by(step, self.equation)
        return Statement(
            self.label, self.equation, self.title, self.source, self.confirm, own, step.lemmas, step.rests_on,
            induction=self,
        )  # fmt: skip


@dataclass
class Recursion:
    """States and parameters of a recursion over layers; made by :meth:`symflow.Derivation.recursion`."""

    states: list[State] = field(default_factory=list)
    parameters: dict[str, Expr] = field(default_factory=dict)

    def owner(self, symbol: Symbol) -> str | None:
        """The name of the state or parameter that a symbol stands for, if it does for one."""
        names = {state.symbol.data[0]: state.name for state in self.states}
        names |= {expr.data[0]: name for name, expr in self.parameters.items()}
        return names.get(symbol)

    def parameter(self, name: str, symbol: Expr) -> Expr:
        """A fresh object at every layer, such as the weight of layer l + 1; usable in :meth:`state`."""
        self._require_new(name, symbol)
        self.parameters[name] = symbol
        return symbol

    def state(self, name: str, symbol: Expr, *, start: Expr | int, following: Rule) -> Expr:
        """A state: ``symbol`` is it at layer l, ``start`` at layer 0, ``following(s)`` at layer l + 1.

        A symbol declared with ``over="i"`` is a family of states, one for each data point.

        ``following`` sees the states of layer l, the parameters of layer l + 1, and the states that were declared
        before it at layer l + 1 under their name with ``_next`` appended.
        """
        self._require_new(name, symbol)
        start = lift(start)
        if start.shape != symbol.shape:
            raise ShapeError(f"the start of {name} has another shape than the state")
        require_kind(name, symbol, start)
        self.states.append(State(name, symbol, start, following))
        return symbol

    def _require_new(self, name: str, symbol: Expr) -> None:
        if symbol.op != "symbol":
            raise KindError(f"{name}: a state or parameter is a symbol at a general layer; {symbol!r} is an expression")
        if name in self.parameters or any(name == state.name for state in self.states):
            raise KindError(f"the recursion has {name} already")
        if self.owner(symbol.data[0]) is not None:
            raise KindError(
                f"{symbol!r} stands for {self.owner(symbol.data[0])} already; {name} needs a symbol of its own"
            )
        if name.endswith("_next"):
            raise KindError(f"{name}: names with _next are those of the following layer")

    def here(self) -> Layer:
        """The states at layer l and the parameters."""
        return Layer({state.name: state.symbol for state in self.states} | self.parameters)

    def following(self) -> dict[str, Expr]:
        """What every state becomes, by name."""
        values = {state.name: state.symbol for state in self.states} | self.parameters
        found: dict[str, Expr] = {}
        for state in self.states:
            new = lift(state.following(Layer(values | {f"{name}_next": e for name, e in found.items()})))
            if new.shape != state.symbol.shape:
                raise ShapeError(f"what {state.name} becomes has another shape than the state")
            require_kind(state.name, state.symbol, new)
            found[state.name] = new
        return found

    def base(self, claim: Claim) -> Equation:
        """The statement at layer 0."""
        return self._instance(claim, {state.symbol: state.start for state in self.states})

    def step(self, claim: Claim) -> tuple[Equation, tuple[Equation, ...], dict[Expr, Expr]]:
        """The statement at layer l + 1, the hypothesis at layer l, and the states that the hypothesis determines.

        A hypothesis of the form state = expression is used by putting the expression in the state's place.
        """
        following = self.following()
        values = {state.symbol: following[state.name] for state in self.states}
        self._require_closed(claim(self.here()), following)
        statement = self._instance(claim, values)
        hypothesis = claim(self.here())
        require_total("the induction hypothesis", hypothesis)
        known = self._determined(hypothesis)
        if known is None:
            return statement, (hypothesis,), {}
        return substitute_in(statement, known), (), known

    def _require_closed(self, general: Equation, following: Mapping[str, Expr]) -> None:
        """What the statement binds, by a derivative or a sum over the data, no state may depend on unseen.

        At layer l the states are symbols of their own: constant where is differentiated, and one for all data points
        where they are declared without index. So must be what the recursion puts in their place.
        """
        varied = {variable.data[0] for variable in general.differentiated_by()}
        for state in self.states:
            for value in (state.start, following[state.name]):
                if value.free - state.symbol.free:
                    raise KindError(
                        f"{state.name} is one for all data points, and {value!r} depends on the index "
                        f"{min(value.free - state.symbol.free)}; declare it over the data"
                    )
                met = [part for part in _symbols(value) if part.data[0] in varied]
                if met:
                    raise KindError(
                        f"{state.name} depends on {met[0]!r}, by which the statement differentiates it as a constant"
                    )

    def _instance(self, claim: Claim, values: dict[Expr, Expr]) -> Equation:
        general = claim(self.here())
        if isinstance(general, Inequality):
            raise KindError(f"an induction proves equations; {general!r} is an inequality")
        stray = [name for name in self.parameters if self.parameters[name].data[0].name in general.symbols()]
        if stray:
            raise KindError(f"the statement is about states; {', '.join(stray)} belongs to a single layer")
        return substitute_in(general, values)

    def _determined(self, hypothesis: Equation) -> dict[Expr, Expr] | None:
        """The state that stands alone on one side and not on the other."""
        for alone, other in ((hypothesis.lhs, hypothesis.rhs), (hypothesis.rhs, hypothesis.lhs)):
            states = [state.symbol.data for state in self.states]
            if alone.op == "symbol" and alone.data in states and all(x.data != alone.data for x in _symbols(other)):
                return {alone: other}
        return None


def claimed_by(step: Statement, hypothesis: Equation) -> tuple[Equation, ...]:
    """The hypotheses of a step without the induction hypothesis."""
    return tuple(h for h in step.hypotheses if h != hypothesis)


def require_kind(name: str, symbol: Expr, value: Expr) -> None:
    """What is put in the place of a symbol is of its kind, as far as that is seen from its form; raises KindError."""
    kind = symbol.data[0].kind
    if kind in ("scalar", "vector", "matrix") or (value.op == "symbol" and value.data[0].kind == kind):
        return
    if kind == "invertible" and is_invertible(value):
        return
    raise KindError(
        f"{name} is declared {kind}, and {value!r} is not seen to be {kind}; "
        "declare it a matrix, or write it as a product of such"
    )


def _symbols(expr: Expr) -> Iterator[Expr]:
    return (node for node in expr.walk() if node.op == "symbol")
