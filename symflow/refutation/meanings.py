"""What each node without a derivative means, as an operation on matrices over the nilpotent ring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import mul
from typing import TYPE_CHECKING

from flint import fmpq, fmpq_mat

from symflow.refutation import jets
from symflow.refutation import scalarfunctions as functions
from symflow.refutation.frames import Frame
from symflow.refutation.jets import Jet
from symflow.refutation.numbers import Matrix
from symflow.refutation.programs import Node

if TYPE_CHECKING:
    from symflow.refutation.evaluation import Evaluator

Meaning = Callable[["Evaluator", Node, Frame], Jet]


def _symbol(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    symbol, index = node.data
    return frame.family(symbol.name)[frame.member(index)]


def _number(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return ev.constant(fmpq_mat(1, 1, [fmpq(node.data.numerator, node.data.denominator)]))


def _eye(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    n, _ = ev.shape(node)
    return Jet(n, n, {0: jets.identity(n, ev.numbers)})


def _zeros(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return ev.constant(fmpq_mat(*ev.shape(node)))


def _ones(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    rows, cols = ev.shape(node)
    return ev.constant(fmpq_mat(rows, cols, [1] * (rows * cols)))


def _add(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    total = ev.jet(node.args[0], frame)
    for arg in node.args[1:]:
        if arg.op == "neg":
            total = jets.subtract(total, ev.jet(arg.args[0], frame))
        else:
            total = jets.add(total, ev.jet(arg, frame))
    return total


def _neg(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.negate(ev.jet(node.args[0], frame))


def _transpose(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.transpose(ev.jet(node.args[0], frame))


def _mul(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    left, right = ev.jet(node.args[0], frame), ev.jet(node.args[1], frame)
    # the tree says which factor is the scalar; at size 1 both are
    return jets.scale(left, right) if node.args[0].shape == (1, 1) else jets.scale(right, left)


def _matmul(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.multiply(ev.jet(node.args[0], frame), ev.jet(node.args[1], frame))


def _div(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    divisor = functions.extend(ev.jet(node.args[1], frame), functions.reciprocal, ev.numbers)
    return jets.scale(divisor, ev.jet(node.args[0], frame))


def _pow(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    base, exponent = ev.jet(node.args[0], frame), node.data
    if exponent < 0:
        base, exponent = jets.inverse(base, ev.numbers), -exponent
    result = Jet(base.rows, base.rows, {0: jets.identity(base.rows, ev.numbers)})
    while exponent:  # repeated squaring
        if exponent & 1:
            result = jets.multiply(result, base)
        exponent >>= 1
        if exponent:
            base = jets.multiply(base, base)
            ev.check_height(base)
    return result


def _inv(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.inverse(ev.jet(node.args[0], frame), ev.numbers)


def _tr(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.trace(ev.jet(node.args[0], frame), ev.numbers)


def _det(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.determinant(ev.jet(node.args[0], frame), ev.numbers)


def _logdet(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return functions.extend(_det(ev, node, frame), functions.absolute_logarithm, ev.numbers)


def _sqnorm(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    x = ev.jet(node.args[0], frame)
    return jets.multiply(jets.transpose(x), x) if x.cols == 1 else jets.dot(x, x, ev.numbers)


def _dot(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    x, y = ev.jet(node.args[0], frame), ev.jet(node.args[1], frame)
    return jets.multiply(jets.transpose(x), y) if x.cols == 1 else jets.dot(x, y, ev.numbers)


def _comm(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    a, b = ev.jet(node.args[0], frame), ev.jet(node.args[1], frame)
    return jets.subtract(jets.multiply(a, b), jets.multiply(b, a))


def _sym(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    half = ev.half()
    return jets.apply_linear(ev.jet(node.args[0], frame), *ev.shape(node), lambda m: (m + m.transpose()) * half)


def _skew(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    half = ev.half()
    return jets.apply_linear(ev.jet(node.args[0], frame), *ev.shape(node), lambda m: (m - m.transpose()) * half)


def _hadamard(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.hadamard(ev.jet(node.args[0], frame), ev.jet(node.args[1], frame), ev.numbers)


def _diag(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    n, _ = ev.shape(node)
    zero = ev.numbers.number(fmpq(0))

    def spread(v: Matrix) -> Matrix:
        return ev.numbers.matrix(n, n, [v[i, 0] if i == j else zero for i in range(n) for j in range(n)])

    return jets.apply_linear(ev.jet(node.args[0], frame), n, n, spread)


def _diagpart(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    n, _ = ev.shape(node)
    return jets.apply_linear(
        ev.jet(node.args[0], frame), n, 1, lambda m: ev.numbers.matrix(n, 1, [m[i, i] for i in range(n)])
    )


def _outer(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return jets.multiply(ev.jet(node.args[0], frame), jets.transpose(ev.jet(node.args[1], frame)))


def _entrywise(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    return functions.extend(ev.jet(node.args[0], frame), functions.ENTRYWISE[node.op], ev.numbers, node.op)


def _apply(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    symbol, derivative = node.data
    taylor = functions.polynomial(ev.point.functions[symbol.name], derivative)
    return functions.extend(ev.jet(node.args[0], frame), taylor, ev.numbers)


def _datasum(ev: Evaluator, node: Node, frame: Frame) -> Jet:
    (body,), index = node.args, node.data
    total: Jet | None = None
    for member, weight in enumerate(ev.point.weights):
        value = ev.jet(body, frame.bind(index, member))
        term = jets.apply_linear(value, value.rows, value.cols, partial(mul, ev.numbers.number(weight)))
        total = term if total is None else jets.add(total, term)
    assert total is not None  # a point has at least one data point
    return total


ALGEBRA: dict[str, Meaning] = {
    "symbol": _symbol, "number": _number, "eye": _eye, "zeros": _zeros, "ones": _ones, "add": _add, "neg": _neg,
    "transpose": _transpose, "mul": _mul, "matmul": _matmul, "div": _div, "pow": _pow, "inv": _inv, "tr": _tr,
    "det": _det, "logdet": _logdet, "sqnorm": _sqnorm, "dot": _dot, "comm": _comm, "sym": _sym, "skew": _skew,
    "hadamard": _hadamard, "diag": _diag, "diagpart": _diagpart, "outer": _outer, "apply": _apply,
    "datasum": _datasum,
    **dict.fromkeys(functions.ENTRYWISE, _entrywise),
}  # fmt: skip
