"""What each derivative node means: move a symbol by fresh infinitesimals, evaluate, and read off their coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symflow.expr.tree import Symbol
from symflow.refutation.derivatives import (
    basis,
    constant_directions,
    directional,
    gradient,
    jacobian,
    move,
    rotations,
    space,
)
from symflow.refutation.frames import Frame
from symflow.refutation.jets import Jet
from symflow.refutation.meanings import Meaning
from symflow.refutation.programs import Node

if TYPE_CHECKING:
    from symflow.refutation.evaluation import Evaluator


def _moved(ev: Evaluator, X: Node, frame: Frame, directions: list[Jet]) -> Frame:
    """A frame in which one symbol, or one member of a family, carries an infinitesimal per direction."""
    symbol, index = X.data
    family = list(frame.family(symbol.name))
    member = frame.member(index)
    family[member] = move(family[member], frame.level, directions)
    return frame.under_derivative({symbol.name: family}, len(directions))


def _grad(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    f, X = node.args
    symbol: Symbol = X.data[0]
    rows, cols = ev.shape(X)
    on = basis(space(symbol), rows, cols)
    inner = _moved(ev, X, frame, constant_directions(on.members, ev.numbers))
    return gradient(ev.jet(f, inner), frame.level, on, rows, cols, ev.numbers)


def _liegrad(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    f, R = node.args
    n, _ = ev.shape(R)
    on = basis("antisymmetric", n, n)
    tangents = rotations(on.members, ev.jet(R, frame), ev.numbers)
    inner = _moved(ev, R, frame, tangents)
    return gradient(ev.jet(f, inner), frame.level, on, n, n, ev.numbers)


def _jac(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    f, x = node.args
    n, _ = ev.shape(x)
    on = basis("all", n, 1)
    inner = _moved(ev, x, frame, constant_directions(on.members, ev.numbers))
    return jacobian(ev.jet(f, inner), frame.level, n, ev.numbers)


def _diff(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    f, X, direction = node.args
    inner = _moved(ev, X, frame, [ev.jet(direction, frame)])
    return directional(ev.jet(f, inner), frame.level, ev.numbers)


def _along(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    moved: dict[str, list[Jet]] = {}
    for X, velocity in zip(node.args[1::2], node.args[2::2], strict=True):
        symbol, index = X.data
        family = list(frame.family(symbol.name))
        for member, value in enumerate(family):
            at = frame  # a family moves as a whole: its velocity is read at every data point
            if index is not None:
                at = frame.bind(index, member)
            family[member] = move(value, frame.level, [ev.jet(velocity, at)])
        moved[symbol.name] = family
    inner = frame.under_derivative(moved, 1)
    return directional(ev.jet(node.args[0], inner), frame.level, ev.numbers)


DIFFERENTIATION: dict[str, Meaning] = {
    "grad": _grad,
    "liegrad": _liegrad,
    "jac": _jac,
    "diff": _diff,
    "along": _along,
}
