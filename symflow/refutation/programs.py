"""Statements prepared for many evaluations: every distinct subtree once, with what it depends on.

A search evaluates one statement at hundreds of points. Sharing equal subtrees, and knowing that a subtree does not
depend on the symbol a derivative moves or on the index a data sum binds, lets the evaluator compute each value once
in the outermost place where it means the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symflow.errors import LimitError
from symflow.expr.order import Inequality
from symflow.expr.shapes import Shape
from symflow.expr.tree import Equation, Expr, Symbol
from symflow.refutation.frames import bracket
from symflow.refutation.scalarfunctions import TRANSCENDENTAL

MAX_DEPTH = 150  # nested nodes; keeps the evaluator's recursion well inside Python's own limit
MAX_NODES = 20_000


@dataclass(slots=True, eq=False)
class Node:
    """A distinct subtree: :class:`~symflow.expr.tree.Expr` with a number and its dependencies."""

    number: int
    op: str
    args: tuple[Node, ...]
    data: Any
    shape: Shape
    depends: frozenset[str]  # names of symbols, and of free data indices in brackets


@dataclass(frozen=True, slots=True)
class Program:
    """A statement, or several that belong together, ready for evaluation."""

    sides: tuple[tuple[Node, Node], ...]  # the statement first, hypotheses after it
    free: tuple[str, ...]  # data indices that no sum binds: claimed for every value
    symbols: dict[str, Symbol]
    dimensions: tuple[str, ...]
    transcendental: bool
    sampled: bool  # whether data points occur at all
    rational: tuple[bool, ...] = ()  # of each pair of sides: whether it can be evaluated exactly
    relation: str = "=="  # that the statement claims; hypotheses are equations


def prepare(equation: Equation, hypotheses: tuple[Equation, ...] = ()) -> Program:
    """Share the equal subtrees of a statement and its hypotheses.

    Raises LimitError for statements beyond the bounds on nesting and size.
    """
    table: dict[Expr, Node] = {}
    equations = (equation, *hypotheses)
    sides = tuple((_intern(e.lhs, table), _intern(e.rhs, table)) for e in equations)
    symbols: dict[str, Symbol] = {}
    for e in equations:
        for name, symbol in e.symbols().items():
            symbols.setdefault(name, symbol)
    nodes = table.values()
    transcendental = any(map(_transcendental, nodes))
    return Program(
        sides=sides,
        free=tuple(sorted({index for e in equations for side in (e.lhs, e.rhs) for index in side.free})),
        symbols=symbols,
        dimensions=tuple(sorted({name for e in equations for name in e.dimensions()})),
        transcendental=transcendental,
        rational=tuple(not transcendental or not any(map(_transcendental, e.walk())) for e in equations),
        sampled=any(node.op == "datasum" for node in nodes) or any(s.family for s in symbols.values()),
        relation=equation.relation if isinstance(equation, Inequality) else "==",
    )


def _transcendental(node: Node | Expr) -> bool:
    return node.op in TRANSCENDENTAL or node.op == "logdet"


def _intern(expression: Expr, table: dict[Expr, Node], depth: int = 1) -> Node:
    if depth > MAX_DEPTH:  # before the look-up, which compares trees recursively
        raise LimitError(f"the statement is nested more than {MAX_DEPTH} deep; name its parts and split it")
    known = table.get(expression)
    if known is not None:
        return known
    if len(table) >= MAX_NODES:
        raise LimitError(f"the statement has more than {MAX_NODES} distinct parts; split it into lemmas")
    args = tuple(_intern(arg, table, depth + 1) for arg in expression.args)
    depends = _dependencies(expression, args)
    node = Node(len(table), expression.op, args, expression.data, expression.shape, depends)
    table[expression] = node
    return node


def _dependencies(expression: Expr, args: tuple[Node, ...]) -> frozenset[str]:
    op, data = expression.op, expression.data
    if op == "symbol":
        symbol, index = data
        return frozenset([symbol.name] if index is None else [symbol.name, bracket(index)])
    if op == "datasum":
        return args[0].depends - {bracket(data)}
    if op == "along":
        found = set(args[0].depends)
        for moved, velocity in zip(args[1::2], args[2::2], strict=True):
            _, index = moved.data
            found |= velocity.depends - ({bracket(index)} if index is not None else set())
        return frozenset(found)
    return frozenset().union(*(arg.depends for arg in args)) if args else frozenset()
