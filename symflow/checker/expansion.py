"""Plain expansion: an expression tree written as a formal sum, derivatives included (docs/certificates.md).

The outs of a node are its row and column, where these dimensions are not 1, then its free data indices by name. Labels
for gluing are small numbers for rows and columns and the names of data indices, so that factors of one node meet in the
same data point without further bookkeeping, and an index that is bound twice is two indices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from symflow.checker.derivatives import Differentiation
from symflow.checker.facts import Facts
from symflow.checker.formal import WEIGHT, Algebra, Label, Range, Tensor, axes, exchanged, scaled, total
from symflow.checker.gluings import Gluing, gluings, is_polynomial
from symflow.errors import CertificateError
from symflow.expr.kinds import KINDS
from symflow.expr.tree import ENTRYWISE, Equation, Expr, Symbol

Part = tuple[Tensor, list[Label]]
_HALF = Fraction(1, 2)


def symbol_head(symbol: Symbol) -> tuple[str, str, str, tuple[str | int, ...], bool]:
    """The atom of a symbol, as certificates write it."""
    return ("sym", symbol.name, symbol.kind, symbol.dims, symbol.family)


def on_axes(shape: tuple[str | int, str | int], labels: Sequence[Label]) -> list[Label]:
    """The labels of the row and the column, without those of dimension 1."""
    return [label for label, dim in zip(labels, shape, strict=True) if dim != 1]


class Expansion:
    """Expands the nodes of one statement; what its being defined says is collected in ``facts``."""

    def __init__(self, algebra: Algebra, facts: Facts) -> None:
        self.algebra = algebra
        self.facts = facts
        self.differentiation = Differentiation(algebra, facts)
        self._done: dict[Expr, Tensor] = {}
        self._rules: dict[str, Callable[[Expr], Tensor]] = {
            "symbol": self._symbol, "number": self._number, "zeros": self._zeros, "pow": self._power,
            "inv": lambda e: self._inverse(e.args[0]), "det": self._determinant, "logdet": self._logdet,
            "apply": self._entrywise, **dict.fromkeys(ENTRYWISE, self._entrywise), "grad": self._gradient,
            "jac": self._jacobian, "liegrad": self._lie_gradient, "diff": self._along, "along": self._along,
        }  # fmt: skip

    def difference(self, equation: Equation) -> Tensor:
        """lhs - rhs; the outs are row, column and the free data indices of both sides by name."""
        names = sorted(equation.lhs.free | equation.rhs.free)
        kept: list[Label] = [*on_axes(equation.lhs.shape, (0, 1)), *names]
        sides = [self._spread(side, kept) for side in (equation.lhs, equation.rhs)]
        return total(sides[0].dims, sides[0], scaled(-1, sides[1]))

    def expand(self, node: Expr) -> Tensor:
        """The node as a sum, not collected."""
        known = self._done.get(node)
        if known is None:
            known = self._done[node] = self._by_rule(node)
        return known

    def _by_rule(self, node: Expr) -> Tensor:
        products = gluings(node)
        if products is not None:
            return self._multilinear(node, products)
        rule = self._rules.get(node.op)
        if rule is None:
            raise CertificateError(f"the checker does not know the operation {node.op!r}")
        return rule(node)

    def collected(self, node: Expr) -> Tensor:
        """The node as a collected sum."""
        return self.algebra.collect(self.expand(node))

    def _labels(self, node: Expr, row_and_column: Sequence[Label]) -> list[Label]:
        return [*on_axes(node.shape, row_and_column), *sorted(node.free)]

    def _part(self, node: Expr, row_and_column: Sequence[Label]) -> Part:
        return self.expand(node), self._labels(node, row_and_column)

    def _glue(self, node: Expr, kept: Sequence[Label], parts: Sequence[Part], more: Sequence[Label] = ()) -> Tensor:
        """Contract to the outs of the node, ``kept`` for its row and column, and then those labelled ``more``."""
        labels = on_axes(node.shape, kept)
        names = sorted(node.free)
        outs = [*labels, *names, *more]
        borne = {label for _, of in parts for label in of}
        if borne.issuperset(outs):
            return self.algebra.contract(parts, outs)
        ranges: dict[Label, Range] = dict(zip(labels, (d for d in node.shape if d != 1), strict=True))
        return self.algebra.contract(parts, outs, ranges | dict.fromkeys(names))

    # ---- multilinear operations and their derivatives

    def _multilinear(self, node: Expr, products: Sequence[Gluing]) -> Tensor:
        constant = self._constant_parts(node)
        summands = []
        for coefficient, kept, factors in products:
            parts = [self._part(node.args[number], labels) for number, labels in factors]
            summands.append(scaled(coefficient, self._glue(node, kept, [*parts, *constant])))
        return total(summands[0].dims, *summands)

    def _constant_parts(self, node: Expr) -> list[Part]:
        """The factors of a node besides those in the table: the weight, the reciprocal of a divisor."""
        if node.op == "datasum":
            return [(self.algebra.lone(self.algebra.atom(WEIGHT)), [node.data])]
        if node.op == "div":
            return [(self._inverse(node.args[1]), list[Label](sorted(node.args[1].free)))]
        return []

    def _product_rule(self, node: Expr, symbol: Symbol, known: dict[Expr, Tensor | None]) -> Tensor | None:
        """The derivative of a polynomial node, with outs for the slots of the symbol at the end; None where it is zero.

        A constant is expanded all the same, for what its being defined says. Equal factors: d(e e) = 2 e de.
        """
        if node not in known:
            known[node] = self._by_product_rule(node, symbol, known)
        return known[node]

    def _by_product_rule(self, node: Expr, symbol: Symbol, known: dict[Expr, Tensor | None]) -> Tensor | None:
        if node.op == "symbol" and node.data[0] == symbol:
            return self.differentiation.derive(self.expand(node), self.algebra.atom(symbol_head(symbol)))
        derived = [self._product_rule(arg, symbol, known) for arg in node.args]
        products = gluings(node)
        if products is None or all(one is None for one in derived):
            self.expand(node)
            return None
        new: list[Label] = [("new", k) for k in range(len(axes(symbol.kind, symbol.dims)) + symbol.family)]
        constant = self._constant_parts(node)
        summands = []
        for coefficient, kept, factors in products:
            for at, (number, labels) in enumerate(factors):
                moved = derived[number]
                if moved is None or factors[at] in factors[:at]:
                    continue
                rest = [self._part(node.args[k], of) for k, of in (*factors[:at], *factors[at + 1 :])]
                inner = (moved, [*self._labels(node.args[number], labels), *new])
                times = coefficient * factors.count(factors[at])
                summands.append(scaled(times, self._glue(node, kept, [inner, *rest, *constant], new)))
        return total(summands[0].dims, *summands)

    def _spread(self, node: Expr, kept: list[Label]) -> Tensor:
        """The node with outs for data indices on which it does not depend."""
        own, labels = self._part(node, (0, 1))
        if labels == kept:
            return own
        return self.algebra.contract([(own, labels)], kept, {label: None for label in kept if isinstance(label, str)})

    def _symbol(self, node: Expr) -> Tensor:
        symbol, _ = node.data
        tensor = self.algebra.lone(self.algebra.atom(symbol_head(symbol)))
        if KINDS[symbol.kind].linear == "diagonal" and symbol.shape[0] != 1:
            return self._glue(node, (0, 0), [(tensor, [0, *sorted(node.free)])])
        return tensor

    def _number(self, node: Expr) -> Tensor:
        value: Fraction = node.data
        whole = value.numerator if value.denominator == 1 else value
        return Tensor((), ((whole, (), ()),) if whole else ())

    def _zeros(self, node: Expr) -> Tensor:
        return Tensor(tuple(d for d in node.shape if d != 1), ())

    def _half_with_transpose(self, tensor: Tensor, sign: int, node: Expr) -> Tensor:
        """(X + sign X^T)/2 for a square node with the outs of the tensor."""
        other = tensor if node.shape[0] == 1 else exchanged(tensor)
        return total(tensor.dims, scaled(_HALF, tensor), scaled(sign * _HALF, other))

    def _inverse(self, node: Expr) -> Tensor:
        """1/s of a scalar, the inverse of a square matrix."""
        argument = self.collected(node)
        if node.shape[0] == 1:
            self.facts.nonzero.append(argument)
            return self.algebra.apply("recip", argument)
        self.facts.invertible.append(argument)
        return self.algebra.apply("inv", argument)

    def _power(self, node: Expr) -> Tensor:
        base, exponent = node.args[0], node.data
        factor = self.expand(base) if exponent >= 0 else self._inverse(base)
        names = sorted(node.free)
        result = self._glue(node, (0, 0), [])
        for _ in range(abs(exponent)):
            parts: list[Part] = [
                (result, [*on_axes(node.shape, (0, 2)), *names]), (factor, [*on_axes(node.shape, (2, 1)), *names]),
            ]  # fmt: skip
            result = self.algebra.collect(self._glue(node, (0, 1), parts))
        return result

    def _determinant(self, node: Expr) -> Tensor:
        (matrix,) = node.args
        return self.expand(matrix) if matrix.shape[0] == 1 else self.algebra.apply("det", self.collected(matrix))

    def _logdet(self, node: Expr) -> Tensor:
        """A scalar s has log|s| = log(s s)/2."""
        (matrix,) = node.args
        argument = self.collected(matrix)
        if matrix.shape[0] != 1:
            self.facts.invertible.append(argument)
            return self.algebra.apply("logdet", argument)
        self.facts.nonzero.append(argument)
        labels = list(range(len(argument.dims)))
        square = self.algebra.contract([(argument, labels), (argument, labels)], labels)
        return scaled(_HALF, self.algebra.apply("log", square))

    def _entrywise(self, node: Expr) -> Tensor:
        argument = self.collected(node.args[0])
        if node.op == "apply":
            function, order = node.data
            return self.algebra.apply(("fn", function.name, order), argument)
        if node.op == "log":
            self.facts.positive.append(argument)
        if node.op == "sqrt":
            self.facts.nonnegative.append(argument)
        if node.op not in ("step", "relu"):
            return self.algebra.apply(node.op, argument)
        self.facts.steps = True
        step = self.algebra.apply("step", argument)
        if node.op == "step":
            return step
        labels = list(range(len(argument.dims)))
        return self.algebra.contract([(step, labels), (argument, labels)], labels)

    def _derivative(self, body: Expr, variable: Expr) -> tuple[Tensor, Symbol, str | None]:
        """The derivative of the body by all entries of the variable, with the variable's symbol and data index."""
        if variable.op != "symbol" or variable.data[0].family != (variable.data[1] is not None):
            raise CertificateError(f"a derivative with respect to {variable.op!r}, which is not a symbol")
        symbol, index = variable.data
        target = self.algebra.atom(symbol_head(symbol))
        if not is_polynomial(body, symbol):
            return self.differentiation.derive(self.collected(body), target), symbol, index
        derivative = self._product_rule(body, symbol, {})
        if derivative is None:
            derivative = Tensor(self.expand(body).dims + self.algebra.dims[target], ())
        return derivative, symbol, index

    def _slots(self, symbol: Symbol, index: Label | None, row_and_column: Sequence[Label]) -> list[Label]:
        """Labels for the slots of a symbol: a diagonal kind has the first of the two."""
        labels = on_axes(symbol.shape, row_and_column)[: len(axes(symbol.kind, symbol.dims))]
        return labels if index is None else [*labels, index]

    def _gradient(self, node: Expr) -> Tensor:
        body, variable = node.args
        derivative, symbol, index = self._derivative(body, variable)
        labels: list[Label] = [*sorted(body.free), *self._slots(symbol, index, (0, 1))]
        linear = KINDS[symbol.kind].linear
        gradient = self._glue(node, (0, 0) if linear == "diagonal" else (0, 1), [(derivative, labels)])
        sign = {"symmetric": 1, "antisymmetric": -1}.get(linear)
        return gradient if sign is None else self._half_with_transpose(gradient, sign, node)

    def _lie_gradient(self, node: Expr) -> Tensor:
        """dR = A R, so df = <D R^T, A>, and the antisymmetric part of D R^T is the one that counts."""
        body, variable = node.args
        derivative, symbol, index = self._derivative(body, variable)
        if symbol.kind != "orthogonal":
            raise CertificateError(f"liegrad by {symbol.name}, which is not orthogonal")
        labels: list[Label] = [*sorted(body.free), *self._slots(symbol, index, (0, 2))]
        moment = self._glue(node, (0, 1), [(derivative, labels), self._part(variable, (1, 2))])
        return self._half_with_transpose(moment, -1, node)

    def _jacobian(self, node: Expr) -> Tensor:
        body, variable = node.args
        derivative, symbol, index = self._derivative(body, variable)
        if KINDS[symbol.kind].linear == "antisymmetric":
            raise CertificateError(f"jac by {symbol.name}, which is antisymmetric and 1 x 1, hence not a variable")
        columns = self._slots(symbol, index, (1, 2))
        return self._glue(node, (0, 1), [(derivative, [*self._part(body, (0, 2))[1], *columns])])

    def _along(self, node: Expr) -> Tensor:
        """diff and along: the derivative by each symbol, contracted with its direction.

        ``along`` binds the data index of a family: there it is a label of its own. ``diff`` moves the one member.
        """
        body, *pairs = node.args
        moved = []
        for variable, velocity in zip(pairs[::2], pairs[1::2], strict=True):
            derivative, symbol, index = self._derivative(body, variable)
            direction, names = self._direction(symbol, velocity), sorted(velocity.free)
            member: Label | None = index
            data: list[Label] = list(names)
            if node.op == "along" and index is not None:
                member = ("bound", index)
                data = [member if name == index else name for name in names]
            slots = self._slots(symbol, None, (3, 4))
            labels = [*self._part(body, (0, 1))[1], *slots, *([] if member is None else [member])]
            moved.append(self._glue(node, (0, 1), [(derivative, labels), (direction, [*slots, *data])]))
        return total(moved[0].dims, *moved)

    def _direction(self, symbol: Symbol, velocity: Expr) -> Tensor:
        """The direction, in the slots of the symbol and data; it must formally lie in the linear space of the kind."""
        direction = self.collected(velocity)
        linear = KINDS[symbol.kind].linear
        single = symbol.shape[0] == 1
        if linear == "diagonal" and not single:
            if any(outs[0] != outs[1] for _, _, outs in direction.terms):
                raise CertificateError(f"the direction given for {symbol.name} is not formally a diagonal matrix")
            return Tensor(direction.dims[1:], tuple([(c, factors, outs[1:]) for c, factors, outs in direction.terms]))
        if linear in ("symmetric", "antisymmetric"):
            other = direction if single else exchanged(direction)
            difference = total(direction.dims, direction, scaled(-1 if linear == "symmetric" else 1, other))
            if self.algebra.collect(difference).terms:
                raise CertificateError(f"the direction given for {symbol.name} is not formally {linear}")
        return direction
