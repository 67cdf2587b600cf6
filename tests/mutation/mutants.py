"""Wrong variants of a statement: every small slip of the pen that leaves it well-shaped.

A mutation replaces one node of one side by another of the same shape, so the rest of the tree stays as it is. Each
says by its name which slip it is; a statement has tens to hundreds of mutants. Some are true all the same (a transpose
of something symmetric, say): who counts mutants must establish that for each (:mod:`tests.mutation.campaign`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symflow.errors import SymflowError
from symflow.expr import language
from symflow.expr.order import Inequality
from symflow.expr.shapes import SCALAR
from symflow.expr.tree import Equation, Expr, FunctionSymbol, Symbol, lift

FACTORS = {"doubled": Fraction(2), "halved": Fraction(1, 2), "ninth digit": 1 + Fraction(1, 10**9)}
CONFUSED = {  # functions that are taken for each other
    "sin": "cos", "cos": "sin", "relu": "step", "step": "relu", "sym": "skew", "skew": "sym", "exp": "tanh",
    "tanh": "sin", "logdet": "det", "det": "logdet", "tr": "det", "log": "sqrt", "sqrt": "log",
}  # fmt: skip
LINEAR = ("neg", "transpose", "tr", "sym", "skew", "diag", "diagpart")  # may be exchanged with a data sum


@dataclass(frozen=True)
class Mutant:
    """A variant of a statement; ``slip`` names the mutation, ``side`` is ``"lhs"`` or ``"rhs"``.

    ``by`` is for inequalities: what the excess is said to equal.
    """

    equation: Equation
    slip: str
    side: str
    by: Expr | None = None


@dataclass(frozen=True)
class _Surroundings:
    """What a mutation may draw on: the symbols of the statement, and the data indices bound at the node."""

    symbols: tuple[Symbol, ...]
    bound: tuple[str, ...]
    parent: str  # operation of the node above; "" at the root


Variants = Iterator[tuple[str, Expr]]


def mutants(equation: Equation, sides: tuple[str, ...] = ("rhs",)) -> list[Mutant]:
    """All mutants of a statement, each tree once, in a fixed order.

    >>> from symflow.expr.tree import Symbol
    >>> A = language.variable(Symbol("A", "matrix", ("n",)))
    >>> [m.slip for m in mutants(A == A.T)]
    ['sign', 'doubled', 'halved', 'ninth digit', 'transpose dropped', 'identity for a symbol']
    """
    symbols = tuple(equation.symbols().values())
    found: list[Mutant] = []
    seen = {equation}
    for side in sides:
        root: Expr = getattr(equation, side)
        for slip, tree in _variants(root, symbols):
            mutant = _relating(equation, *((tree, equation.rhs) if side == "lhs" else (equation.lhs, tree)))
            if mutant not in seen and mutant.lhs.free | mutant.rhs.free == equation.lhs.free | equation.rhs.free:
                seen.add(mutant)
                found.append(Mutant(mutant, slip, side))
    return found


def _relating(equation: Equation, lhs: Expr, rhs: Expr) -> Equation:
    """Two sides in the relation that a statement claims."""
    return Inequality(lhs, equation.relation, rhs) if isinstance(equation, Inequality) else Equation(lhs, rhs)


def _variants(root: Expr, symbols: tuple[Symbol, ...]) -> Variants:
    """The root with one node replaced, in every way."""
    stack: list[tuple[Expr, tuple[str, ...], str, Callable[[Expr], Expr]]] = [(root, (), "", lambda e: e)]
    while stack:
        node, bound, parent, put = stack.pop()
        around = _Surroundings(symbols, bound, parent)
        for mutate in MUTATIONS:
            try:
                fitting = [(slip, new) for slip, new in mutate(node, around) if new.shape == node.shape]
            except SymflowError:
                continue  # not well-shaped, or against a kind: not a mutant
            yield from ((slip, put(new)) for slip, new in fitting)
        stack.extend(
            (node.args[k], _bound(node, k, bound), node.op, _putting(node, k, put)) for k in reversed(_places(node))
        )


def _places(node: Expr) -> list[int]:
    """The arguments that may be replaced by another expression; what is differentiated by has to stay a symbol."""
    if node.op in ("grad", "liegrad", "jac"):
        return [0]
    if node.op == "diff":
        return [0, 2]
    if node.op == "along":
        return [0, *range(2, len(node.args), 2)]
    return list(range(len(node.args)))


def _bound(node: Expr, place: int, bound: tuple[str, ...]) -> tuple[str, ...]:
    index = node.data if node.op == "datasum" else None
    if node.op == "along" and place:
        index = node.args[place - 1].data[1]
    return bound if index is None else (*bound, index)


def _putting(node: Expr, place: int, put: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    return lambda new: put(rebuild(node, (*node.args[:place], new, *node.args[place + 1 :])))


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The node with other arguments of the same shapes."""
    if node.op == "datasum":
        return language.datasum(args[0], node.data)
    if node.op == "along":
        return language.along(args[0], dict(zip(args[1::2], args[2::2], strict=True)))
    return Expr(node.op, args, node.data, node.shape)


# ---- the slips


def _sign(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "neg":
        yield "sign", node.args[0]
    elif around.parent == "" or (around.parent == "add" and node.op != "add"):
        yield "sign", -node


def _term_dropped(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "add":
        for k in range(len(node.args)):
            rest = node.args[:k] + node.args[k + 1 :]
            yield "term dropped", rest[0] if len(rest) == 1 else Expr("add", rest, None, node.shape)


def _coefficient(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "number":
        yield "plus one", lift(node.data + 1)
        for slip, factor in FACTORS.items():
            yield slip, lift(node.data * factor)
    elif around.parent in ("", "add") and node.op not in ("add", "zeros"):
        for slip, factor in FACTORS.items():
            yield slip, factor * node
    elif around.parent == "" and node.op == "add":
        yield "ninth digit", FACTORS["ninth digit"] * node


def _transpose(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "transpose" and node.args[0].shape == node.shape:
        yield "transpose dropped", node.args[0]
    elif (
        node.op not in ("transpose", "eye", "zeros", "ones")
        and around.parent not in ("transpose", "add", "")  # a transposed sum is that of its terms
        and node.shape[0] == node.shape[1] != 1
    ):
        yield "transpose added", node.T


def _order(node: Expr, around: _Surroundings) -> Variants:
    if node.op in ("comm", "outer"):
        yield "order", getattr(language, node.op)(node.args[1], node.args[0])
    if node.op != "matmul":
        return
    first, last = node.args
    if last.shape[1] == first.shape[0]:
        yield "order", last @ first
    if first.op == "matmul":
        before, middle = first.args
        if before.shape[1] == last.shape[0] and last.shape[1] == middle.shape[0]:
            yield "order", before @ last @ middle


def _factor_dropped(node: Expr, around: _Surroundings) -> Variants:
    if node.op in ("matmul", "mul", "hadamard"):
        for factor in node.args:  # only those of the product's own shape are kept
            yield "factor dropped", factor
    if node.op == "div":
        yield "factor dropped", node.args[0]


def _symbol_swapped(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "symbol":
        symbol, index = node.data
        for other in around.symbols:
            if other == symbol or other.kind == "function" or other.shape != symbol.shape:
                continue
            if not other.family:
                yield "symbol swapped", language.variable(other)
            for name in around.bound if other.family else ():
                yield "symbol swapped", language.variable(other, name)
        for name in around.bound:
            if index is not None and name != index:
                yield "index swapped", language.variable(symbol, name)
    elif node.op == "apply":
        symbol, order = node.data
        for other in around.symbols:
            if other.kind == "function" and other != symbol:
                yield "symbol swapped", FunctionSymbol(other, order)(node.args[0])


def _derivative_order(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "apply":
        symbol, order = node.data
        yield "derivative order", FunctionSymbol(symbol, order + 1)(node.args[0])
        if order:
            yield "derivative order", FunctionSymbol(symbol, order - 1)(node.args[0])


def _identity_confused(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "symbol" and node.shape[0] == node.shape[1] and node.shape != SCALAR:
        yield "identity for a symbol", language.eye(node.shape[0])
        if node.data[0].kind in ("mask", "projector", "idempotent"):
            yield "complement", language.eye(node.shape[0]) - node
    elif node.op == "eye":
        for symbol in around.symbols:
            if symbol.shape == node.shape and symbol.kind in ("mask", "projector", "idempotent", "orthogonal"):
                indices = around.bound if symbol.family else (None,)
                for index in indices:
                    yield "symbol for the identity", language.variable(symbol, index)
        if node.shape != SCALAR:
            yield "ones for the identity", language.ones(*node.shape)


def _inverse_confused(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "inv":
        yield "inverse dropped", node.args[0]
    elif node.op == "symbol" and node.data[0].kind in ("invertible", "positive_definite", "positive_diagonal"):
        yield "inverse added", language.inv(node)


def _function_confused(node: Expr, around: _Surroundings) -> Variants:
    other = CONFUSED.get(node.op)
    if other not in (None, node.op):
        yield "function confused", getattr(language, other)(node.args[0])
    if node.op == "hadamard" and node.shape[0] == node.shape[1]:
        yield "function confused", node.args[0] @ node.args[1]
    if node.op == "pow":
        for exponent in (node.data - 1, node.data + 1, -node.data):
            yield "exponent", node.args[0] ** exponent
    if node.op == "sqnorm" and node.args[0].shape[0] == node.args[0].shape[1] != 1:
        yield "function confused", language.tr(node.args[0] @ node.args[0])


def _data_sum(node: Expr, around: _Surroundings) -> Variants:
    if node.op == "datasum":
        body, index = node.args[0], node.data
        if body.op == "add":  # a constant term pulled out without the sum of the weights
            inside = [e for e in body.args if index in e.free]
            outside = [e for e in body.args if index not in e.free]
            if inside and outside:
                rest = inside[0] if len(inside) == 1 else Expr("add", tuple(inside), None, body.shape)
                pulled = language.datasum(rest, index)
                for e in outside:
                    pulled = pulled + e
                yield "constant pulled out of a data sum", pulled
        if len(body.args) == 1 and body.op not in LINEAR:
            yield "function pulled out of a data sum", rebuild(body, (language.datasum(body.args[0], index),))
        if body.op in ("matmul", "mul", "hadamard", "dot", "outer") and all(index in e.free for e in body.args):
            parts = tuple(language.datasum(e, index) for e in body.args)
            yield "data sum of a product", rebuild(body, parts)
        if index not in body.free:
            yield "data sum dropped", body
    elif len(node.args) == 1 and node.op not in LINEAR and node.args[0].op == "datasum":
        inner = node.args[0]
        yield "function pushed into a data sum", language.datasum(rebuild(node, inner.args), inner.data)


def _differentiated_by(node: Expr, around: _Surroundings) -> Variants:
    if node.op not in ("grad", "jac", "diff", "liegrad"):
        return
    X = node.args[1]
    for other in around.symbols:
        if other.shape == X.shape and other != X.data[0] and not other.family and other.kind != "function":
            by = language.variable(other)
            yield "differentiated by another symbol", getattr(language, node.op)(node.args[0], by, *node.args[2:])


MUTATIONS: tuple[Callable[[Expr, _Surroundings], Variants], ...] = (
    _sign, _term_dropped, _coefficient, _transpose, _order, _factor_dropped, _symbol_swapped, _derivative_order,
    _identity_confused, _inverse_confused, _function_confused, _data_sum, _differentiated_by,
)  # fmt: skip
