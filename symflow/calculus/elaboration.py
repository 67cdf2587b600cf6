"""From the tree a person wrote to a sum in index notation, derivatives carried out.

Only multilinearity is used here, and the slot symmetry of symmetric letters: R.T @ R is not 1 yet, because the
derivative of an expression is that of the expression as written. What the kinds promise is used afterwards, by the
relations of :mod:`symflow.proof`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symflow.calculus.atoms import DIAGONAL_KINDS, Argument, Space
from symflow.calculus.differentials import directional, gradient, jacobian, lie_gradient
from symflow.calculus.tensors import Budget, Label, Tensor, add, contract, from_terms, letter, product, sort_labels
from symflow.errors import SymflowError, UnsupportedError
from symflow.expr.shapes import SCALAR, Shape
from symflow.expr.tree import ENTRYWISE, Expr, Symbol

CROWD = 48  # above this many terms it pays to collect before going on


class Elaborator:
    """Elaborates the expressions of one decision into one space."""

    def __init__(self, space: Space, budget: Budget | None = None) -> None:
        self.space = space
        self.budget = budget or Budget()
        self.kinks: set[Argument] = set()  # arguments of step that stood under a derivative
        self._done: dict[int, tuple[Expr, Tensor]] = {}
        self._rules: dict[str, Callable[[Expr], Tensor]] = {
            "symbol": self._symbol, "number": self._number, "eye": self._eye, "zeros": self._zeros, "ones": self._ones,
            "add": self._add, "neg": self._neg, "transpose": self._transpose, "mul": self._mul, "matmul": self._matmul,
            "div": self._div, "pow": self._pow, "inv": self._inv, "tr": self._tr, "det": self._det,
            "logdet": self._det, "sqnorm": self._sqnorm, "dot": self._dot, "comm": self._comm, "sym": self._sym,
            "skew": self._skew, "hadamard": self._hadamard, "diag": self._diag, "diagpart": self._diagpart,
            "outer": self._outer, "apply": self._apply, "datasum": self._datasum, "grad": self._grad,
            "liegrad": self._liegrad, "jac": self._jac, "diff": self._diff, "along": self._along,
        }  # fmt: skip
        self._rules.update(dict.fromkeys(ENTRYWISE, self._entrywise))

    def __call__(self, expr: Expr) -> Tensor:
        """The expression as a sum of terms."""
        known = self._done.get(id(expr))
        if known is not None:
            return known[1]
        self.budget.check()
        rule = self._rules.get(expr.op)
        if rule is None:
            raise UnsupportedError(f"the kernel does not know the operation {expr.op!r}")
        tensor = rule(expr)
        if len(tensor.terms) > CROWD:
            self.budget.check(len(tensor.terms))
            tensor = self.tidy(tensor)
        self._done[id(expr)] = (expr, tensor)
        return tensor

    def tidy(self, tensor: Tensor) -> Tensor:
        """The same tensor with equal terms collected."""
        return from_terms(tensor.labels, tensor.dims, tensor.collected(self.space))

    # constants and symbols

    def _symbol(self, expr: Expr) -> Tensor:
        symbol, index = expr.data
        return symbol_tensor(self.space, symbol, index)

    def _number(self, expr: Expr) -> Tensor:
        return _constant(expr.data)

    def _eye(self, expr: Expr) -> Tensor:
        if expr.shape == SCALAR:
            return _constant(Fraction(1))
        return Tensor(("r", "c"), expr.shape, [(1, (), (0, 0), 1)])

    def _zeros(self, expr: Expr) -> Tensor:
        labels = outs_of(expr.shape)
        return Tensor(labels, tuple(d for d in expr.shape if d != 1), [])

    def _ones(self, expr: Expr) -> Tensor:
        labels = outs_of(expr.shape)
        slots = tuple(range(len(labels)))
        return Tensor(labels, tuple(d for d in expr.shape if d != 1), [(1, (), slots, len(slots))])

    # linear operations and products

    def _add(self, expr: Expr) -> Tensor:
        return add([self(a) for a in expr.args])

    def _neg(self, expr: Expr) -> Tensor:
        return self(expr.args[0]).scaled(-1)

    def _transpose(self, expr: Expr) -> Tensor:
        return self._transposed(self(expr.args[0]))

    def _transposed(self, x: Tensor) -> Tensor:
        inside = tuple({"r": "c", "c": "r"}.get(label, label) for label in x.labels)
        return contract(self.space, x, inside, sort_labels(inside))

    def _join(
        self, x: Tensor, inside_x: tuple[Label, ...], y: Tensor, inside_y: tuple[Label, ...], keep: str
    ) -> Tensor:
        """Product in which the labels of ``keep`` and all data labels stay."""
        names = {*inside_x, *inside_y}
        result = sort_labels(name for name in names if name in keep or name[0] == "#")
        return product(self.space, x, inside_x, y, inside_y, result, budget=self.budget)

    def _times(self, x: Tensor, y: Tensor) -> Tensor:
        """Entrywise product; equal labels are equal indices. A factor without outs is a scalar."""
        return self._join(x, x.labels, y, y.labels, "rc")

    def _mul(self, expr: Expr) -> Tensor:
        return self._times(self(expr.args[0]), self(expr.args[1]))

    def _hadamard(self, expr: Expr) -> Tensor:
        return self._times(self(expr.args[0]), self(expr.args[1]))

    def _matmul(self, expr: Expr) -> Tensor:
        return self._multiply(self(expr.args[0]), self(expr.args[1]))

    def _multiply(self, x: Tensor, y: Tensor) -> Tensor:
        inside_x = tuple("k" if label == "c" else label for label in x.labels)
        inside_y = tuple("k" if label == "r" else label for label in y.labels)
        return self._join(x, inside_x, y, inside_y, "rc")

    def _div(self, expr: Expr) -> Tensor:
        return self._times(self(expr.args[0]), self._reciprocal(self(expr.args[1])))

    def _pow(self, expr: Expr) -> Tensor:
        base, exponent = self(expr.args[0]), expr.data
        if exponent == 0:
            return self._eye(expr)
        if exponent < 0:
            base = self._reciprocal(base) if expr.shape == SCALAR else self._inverse(base)
        result = base
        for _ in range(abs(exponent) - 1):
            result = self._multiply(result, base)
            if len(result.terms) > CROWD:
                result = self.tidy(result)
        return result

    # functions of the language

    def _tr(self, expr: Expr) -> Tensor:
        return self._trace(self(expr.args[0]))

    def _trace(self, x: Tensor) -> Tensor:
        inside = tuple("k" if label in "rc" else label for label in x.labels)
        return contract(self.space, x, inside, _data(inside))

    def _inv(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        return self._reciprocal(x) if expr.shape == SCALAR else self._inverse(x)

    def _inverse(self, x: Tensor) -> Tensor:
        return letter(self.space, self.space.function("inv", x.argument(self.space)), x.labels)

    def _reciprocal(self, x: Tensor) -> Tensor:
        argument = x.argument(self.space)
        if argument.is_zero:
            raise UnsupportedError("the statement divides by an expression that is identically zero")
        if len(argument.terms) == 1 and argument.terms[0][0] == ((), ()):
            return _constant(1 / argument.terms[0][1])
        return letter(self.space, self.space.function("recip", argument), x.labels)

    def _det(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        if expr.args[0].shape == SCALAR:
            if expr.op == "det":
                return x
            square = self._times(x, x).argument(self.space)
            return letter(self.space, self.space.function("log", square), x.labels).scaled(Fraction(1, 2))
        return letter(self.space, self.space.function(expr.op, x.argument(self.space)), _data(x.labels))

    def _sqnorm(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        return self._join(x, x.labels, x, x.labels, "")

    def _dot(self, expr: Expr) -> Tensor:
        x, y = self(expr.args[0]), self(expr.args[1])
        return self._join(x, x.labels, y, y.labels, "")

    def _comm(self, expr: Expr) -> Tensor:
        x, y = self(expr.args[0]), self(expr.args[1])
        return add([self._multiply(x, y), self._multiply(y, x).scaled(-1)])

    def _sym(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        return add([x, self._transposed(x)]).scaled(Fraction(1, 2))

    def _skew(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        return add([x, self._transposed(x).scaled(-1)]).scaled(Fraction(1, 2))

    def _diag(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        if expr.shape == SCALAR:
            return x
        return contract(self.space, x, x.labels, ("r", "r", *_data(x.labels)), ("r", "c", *_data(x.labels)))

    def _diagpart(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        inside = tuple("r" if label == "c" else label for label in x.labels)
        return contract(self.space, x, inside, sort_labels(set(inside)))

    def _outer(self, expr: Expr) -> Tensor:
        x, y = self(expr.args[0]), self(expr.args[1])
        inside = tuple("c" if label == "r" else label for label in y.labels)
        return self._join(x, x.labels, y, inside, "rc")

    def _entrywise(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        argument = x.argument(self.space)
        if expr.op == "log":
            self.space.positive.add(argument)
        if expr.op == "sqrt":
            self.space.nonnegative.add(argument)
        if expr.op == "relu":
            gate = letter(self.space, self.space.function("step", argument), x.labels)
            return self._times(gate, x)
        return letter(self.space, self.space.function(expr.op, argument), x.labels)

    def _apply(self, expr: Expr) -> Tensor:
        symbol, order = expr.data
        x = self(expr.args[0])
        return letter(self.space, self.space.function("fn", x.argument(self.space), symbol, order), x.labels)

    def _datasum(self, expr: Expr) -> Tensor:
        x = self(expr.args[0])
        index = f"#{expr.data}"
        weight = letter(self.space, self.space.weight(), (index,))
        result = sort_labels(label for label in x.labels if label != index)
        return product(self.space, weight, (index,), x, x.labels, result, budget=self.budget)

    # derivatives

    def _grad(self, expr: Expr) -> Tensor:
        f, X = expr.args
        return gradient(self, f, *X.data)

    def _liegrad(self, expr: Expr) -> Tensor:
        f, R = expr.args
        return lie_gradient(self, f, *R.data)

    def _jac(self, expr: Expr) -> Tensor:
        f, x = expr.args
        return jacobian(self, f, *x.data)

    def _diff(self, expr: Expr) -> Tensor:
        f, X, direction = expr.args
        return directional(self, f, [(*X.data, self(direction))], family=False)

    def _along(self, expr: Expr) -> Tensor:
        f, *pairs = expr.args
        moves = [(*X.data, self(e)) for X, e in zip(pairs[::2], pairs[1::2], strict=True)]
        return directional(self, f, moves, family=True)


def symbol_tensor(space: Space, symbol: Symbol, index: str | None) -> Tensor:
    """A symbol as a tensor; a diagonal kind is its entries on the diagonal."""
    if symbol.kind == "function":
        raise SymflowError(f"{symbol.name} is a function and has no value of its own")
    atom = space.symbol(symbol)
    data: tuple[Label, ...] = () if index is None else (f"#{index}",)
    if symbol.kind in DIAGONAL_KINDS and symbol.shape != SCALAR:
        entries = letter(space, atom, ("r", *data))
        return contract(space, entries, entries.labels, ("r", "r", *data), ("r", "c", *data))
    if symbol.kind == "antisymmetric" and symbol.shape == SCALAR:
        return Tensor(data, (None,) * len(data), [])
    return letter(space, atom, (*outs_of(symbol.shape), *data))


def outs_of(shape: Shape) -> tuple[Label, ...]:
    """The labels of a shape: no out where there is one row or one column."""
    rows, cols = shape
    return (("r",) if rows != 1 else ()) + (("c",) if cols != 1 else ())


def _data(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    return tuple(label for label in labels if label[0] == "#")


def _constant(value: Fraction) -> Tensor:
    number = value.numerator if value.denominator == 1 else value  # whole numbers multiply faster
    return Tensor((), (), [(number, (), (), 0)] if value else [])
