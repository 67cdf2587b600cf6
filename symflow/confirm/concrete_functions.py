"""Activations and losses that stand for the function symbol of a statement: f and f' as expressions.

They are written down here by hand, derivative included; the oracle has its own (``symflow.oracle.choices``) and
differentiates by machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symflow.confirm.formula_values import Arithmetic, value_of
from symflow.errors import UnsupportedError
from symflow.expr.language import exp, hadamard, log, ones, relu, sqrt, step, tanh, variable
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr, Symbol
from symflow.network.arrays import Array
from symflow.oracle.choices import RELU, SWISH, TANH, Activation, leaky_relu, polynomial

SLOPE = Fraction(1, 10)  # of leaky ReLU
BEND = Fraction(1, 8)  # the polynomial is u + u²/8


@dataclass(frozen=True)
class ConcreteFunction:
    """A function R -> R and its derivative, each applied entry by entry to a column; whether both are rational."""

    value: Callable[[Expr], Expr]
    slope: Callable[[Expr], Expr]
    rational: bool = True

    def on(self, numbers: Array, order: int, arithmetic: Arithmetic) -> Array:
        """f or f' of every entry of an array."""
        u = variable(Symbol("u", "vector", ("n",)))
        expression = self.slope(u) if order else self.value(u)
        # row by row: the exact evaluator bounds the size of a matrix
        rows = [
            value_of(expression, {"u": row}, np.ones(1), len(row), arithmetic)
            for row in numbers.reshape(-1, numbers.shape[-1])
        ]
        return np.array(rows).reshape(numbers.shape)


def one(u: Expr) -> Expr:
    """A column of ones as long as another column."""
    return ones(u.shape[0])


def _reciprocal_root(u: Expr) -> Expr:
    """(1 + u²)^(-1/2), entry by entry."""
    return exp(-log(one(u) + hadamard(u, u)) / 2)


def _gate(u: Expr) -> Expr:
    """1 / (1 + exp(-u)), entry by entry."""
    return (one(u) + tanh(u / 2)) / 2


ACTIVATIONS: dict[str, tuple[Activation, ConcreteFunction]] = {
    "relu": (RELU, ConcreteFunction(relu, step)),
    "leaky relu": (
        leaky_relu(SLOPE),
        ConcreteFunction(lambda u: relu(u) - SLOPE * relu(-u), lambda u: step(u) + SLOPE * (one(u) - step(u))),
    ),
    "polynomial": (
        polynomial(0, 1, BEND),
        ConcreteFunction(lambda u: u + BEND * hadamard(u, u), lambda u: one(u) + 2 * BEND * u),
    ),
    "tanh": (TANH, ConcreteFunction(tanh, lambda u: one(u) - hadamard(tanh(u), tanh(u)), rational=False)),
    "swish": (
        SWISH,
        ConcreteFunction(
            lambda u: hadamard(u, _gate(u)),
            lambda u: _gate(u) + hadamard(u, hadamard(_gate(u), one(u) - _gate(u))),
            rational=False,
        ),
    ),
}
LOSSES: dict[str, ConcreteFunction] = {
    "square": ConcreteFunction(lambda u: hadamard(u, u) / 2, lambda u: u),
    "quartic": ConcreteFunction(
        lambda u: hadamard(hadamard(u, u), hadamard(u, u)) / 4, lambda u: hadamard(u, hadamard(u, u))
    ),
    "pseudo-huber": ConcreteFunction(
        lambda u: sqrt(one(u) + hadamard(u, u)) - one(u), lambda u: hadamard(u, _reciprocal_root(u)), rational=False
    ),
}


def concrete(name: str, table: dict[str, Any]) -> Any:
    """An entry of ``ACTIVATIONS`` or ``LOSSES``; UnsupportedError for another name."""
    if name not in table:
        raise UnsupportedError(f"confirm: no function is called {name!r}; choose one of {', '.join(table)}")
    return table[name]


def with_function(expression: Expr, name: str, function: ConcreteFunction) -> Expr:
    """The expression with a function symbol replaced by a concrete function, and f.d by its derivative.

    Raises UnsupportedError for higher derivatives.
    """

    def visit(node: Expr, below: list[Expr]) -> Expr:
        if node.op == "apply" and node.data[0].name == name:
            order = node.data[1]
            if order > 1:
                raise UnsupportedError(f"confirm: {name} is differentiated {order} times; only f and f' are known")
            return function.slope(below[0]) if order else function.value(below[0])
        if all(new is old for new, old in zip(below, node.args, strict=True)):
            return node
        return Expr(node.op, tuple(below), node.data, node.shape, node.free)

    return bottom_up(expression, visit)
