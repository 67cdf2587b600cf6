"""Derivatives as differentials: a factor is replaced by its tangent, and nothing else happens.

A *tangent* of a symbol is a tensor on the symbol's slots (labels ``s0``, ``s1``, …) and, for a gradient, on the
entries of the direction (labels ``er``, ``ec``): the unit directions all at once. No layout convention is needed,
because the result's row and column are those of the symbol. Anything that has no derivative here raises; nothing is
ever silently zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from symflow.calculus.atoms import DIAGONAL_KINDS, Argument, Atom, Space
from symflow.calculus.tensors import Label, Raw, Tensor, add, contract, from_argument, letter, product, sort_labels
from symflow.errors import KindError, UnsupportedError
from symflow.expr.kinds import KINDS
from symflow.expr.tree import Expr, Symbol

if TYPE_CHECKING:
    from symflow.calculus.elaboration import Elaborator

HALF = Fraction(1, 2)
Tangents = Mapping[str, Tensor]


class Differential:
    """The differential of tensors under given tangents; differentials of atoms are computed once."""

    def __init__(self, elaborator: Elaborator, tangents: Tangents) -> None:
        self.elaborator = elaborator
        self.space: Space = elaborator.space
        self.budget = elaborator.budget
        self.kinks: set[Argument] = elaborator.kinks
        self.tangents = tangents
        self.names = frozenset(tangents)
        self._atoms: dict[int, Tensor] = {}

    def of(self, expr: Expr) -> Tensor:
        """The differential of an expression; squares and sums are differentiated before they are multiplied out."""
        op = expr.op
        if op == "sqnorm":
            value, change = self.elaborator(expr.args[0]), self.of(expr.args[0])
            keep = sort_labels({*value.labels, *change.labels} - {"r", "c"})
            both = product(self.space, value, value.labels, change, change.labels, keep, budget=self.budget)
            return both.scaled(2)
        if op == "add":
            return add([self.of(part) for part in expr.args])
        if op == "neg":
            return self.of(expr.args[0]).scaled(-1)
        if op == "div" and expr.args[1].op == "number" and expr.args[1].data:
            return self.of(expr.args[0]).scaled(1 / expr.args[1].data)
        if op == "datasum" and not any(f"#{expr.data}" in t.labels for t in self.tangents.values()):
            change = self.of(expr.args[0])
            index = f"#{expr.data}"
            weight = letter(self.space, self.space.weight(), (index,))
            keep = sort_labels(set(change.labels) - {index})
            return product(self.space, weight, (index,), change, change.labels, keep, budget=self.budget)
        return self(self.elaborator(expr))

    def __call__(self, tensor: Tensor) -> Tensor:
        """Sum over the factors of every term: the factor replaced by its differential."""
        parts: list[Tensor] = []
        for coefficient, factors, outs, size in tensor.terms:
            for position, (number, slots) in enumerate(factors):
                atom = self.space[number]
                if not atom.depends & self.names:
                    continue
                change = self.of_atom(number, atom)
                if not change.terms:
                    continue
                # t0, t1, … and not s0, s1, …: the tensor itself may carry those, as the argument of an outer function
                names = tuple(f"t{k}" for k in range(len(slots)))
                inside = tuple(f"t{x[1:]}" if x[0] == "s" else x for x in change.labels)
                others = factors[:position] + factors[position + 1 :]
                rest = Tensor(
                    (*tensor.labels, *names), (*tensor.dims, *atom.dims), [(coefficient, others, outs + slots, size)]
                )
                keep = sort_labels({*tensor.labels, *inside} - set(names))
                parts.append(product(self.space, rest, rest.labels, change, inside, keep, budget=self.budget))
                self.budget.check(len(parts))
        if not parts:
            return self._zero(tensor)
        return add([self._zero(tensor), *parts])

    def _zero(self, tensor: Tensor) -> Tensor:
        """The zero tensor on the outs of a differential, so that shapes are right where nothing depends."""
        known = dict(zip(tensor.labels, tensor.dims, strict=True))
        for tangent in self.tangents.values():
            known |= {x: d for x, d in zip(tangent.labels, tangent.dims, strict=True) if x[0] in "e#"}
        labels = sort_labels(known)
        return Tensor(labels, tuple(known[x] for x in labels), [])

    def of_atom(self, number: int, atom: Atom) -> Tensor:
        """The differential of an atom, on labels s0, s1, … for its slots."""
        found = self._atoms.get(number)
        if found is None:
            found = self._atoms[number] = self._chain(number, atom)
        return found

    def _chain(self, number: int, atom: Atom) -> Tensor:
        if atom.head == "sym":
            return self.tangents[atom.name]
        assert atom.argument is not None  # only symbols depend on symbols without an argument
        names = tuple(f"s{k}" for k in range(len(atom.dims)))
        if atom.head in ("inv", "det", "logdet"):
            return self._matrix_function(number, atom, atom.argument, names)
        if atom.head == "step":
            self.kinks.add(atom.argument)
            change = self(from_argument(names, atom.argument))
            return Tensor(change.labels, change.dims, [])
        change = self(from_argument(names, atom.argument))
        return self._scale(self._outer_derivative(number, atom, atom.argument, names), names, change)

    def _scale(self, factor: Tensor, names: tuple[Label, ...], change: Tensor) -> Tensor:
        return product(self.space, factor, names, change, change.labels, change.labels, budget=self.budget)

    def _outer_derivative(self, number: int, atom: Atom, argument: Argument, names: tuple[Label, ...]) -> Tensor:
        """The derivative of an entrywise function at its argument."""
        space, head = self.space, atom.head
        if head == "fn":
            return letter(space, space.function("fn", argument, atom.symbol, atom.order + 1), names)
        if head == "exp":
            return letter(space, number, names)
        if head == "log":
            return letter(space, space.function("recip", argument), names)
        if head == "sin":
            return letter(space, space.function("cos", argument), names)
        if head == "cos":
            return letter(space, space.function("sin", argument), names).scaled(-1)
        if head == "sqrt":
            root = letter(space, number, names).argument(space)
            return letter(space, space.function("recip", root), names).scaled(HALF)
        if head in ("tanh", "recip"):
            itself = letter(space, number, names)
            square = product(space, itself, names, itself, names, names)
            if head == "recip":
                return square.scaled(-1)
            slots = tuple(range(len(names)))
            return add([Tensor(names, atom.dims, [(1, (), slots, len(slots))]), square.scaled(-1)])
        raise UnsupportedError(f"the derivative of {head} is not known to the kernel")

    def _matrix_function(self, number: int, atom: Atom, argument: Argument, names: tuple[Label, ...]) -> Tensor:
        """d inv[A] = -inv[A] dA inv[A];  d det[A] = det[A] tr(inv[A] dA);  d logdet[A] = tr(inv[A] dA)."""
        space = self.space
        data = names[2:] if atom.head == "inv" else names
        inverse = space.function("inv", argument)
        change = self(from_argument(("k", "l", *data), argument))
        extra = tuple(x for x in change.labels if x not in ("k", "l", *data))
        if atom.head == "inv":
            left = letter(space, inverse, ("s0", "k", *data))
            right = letter(space, inverse, ("l", "s1", *data))
            half = product(
                space, left, left.labels, change, change.labels, ("s0", "l", *data, *extra), budget=self.budget
            )
            keep = sort_labels((*names, *extra))
            return product(space, half, half.labels, right, right.labels, keep, budget=self.budget).scaled(-1)
        trace = letter(space, inverse, ("l", "k", *data))
        keep = sort_labels((*data, *extra))
        result = product(space, trace, trace.labels, change, change.labels, keep, budget=self.budget)
        if atom.head == "det":
            result = self._scale(letter(space, number, names), names, result)
        return result


def gradient(elaborator: Elaborator, f: Expr, symbol: Symbol, index: str | None) -> Tensor:
    """grad(f, X): the array G with df = dot(G, dX), projected on X's linear space."""
    change = Differential(elaborator, {symbol.name: _units(symbol, index)}).of(f)
    names = tuple({"er": "r", "ec": "c"}.get(x, x) for x in change.labels)
    return contract(elaborator.space, change, names, sort_labels(names))


def jacobian(elaborator: Elaborator, f: Expr, symbol: Symbol, index: str | None) -> Tensor:
    """jac(f, x): entries df_a/dx_b."""
    change = Differential(elaborator, {symbol.name: _units(symbol, index)}).of(f)
    names = tuple({"er": "c"}.get(x, x) for x in change.labels)
    return contract(elaborator.space, change, names, sort_labels(names))


def lie_gradient(elaborator: Elaborator, f: Expr, symbol: Symbol, index: str | None) -> Tensor:
    """liegrad(f, R): dR = A R for every antisymmetric A at once."""
    space = elaborator.space
    if symbol.dims == (1,):
        raise UnsupportedError("liegrad on 1 x 1 rotations is not treated: no direction exists there")
    atom = space.symbol(symbol)
    n = symbol.dims[0]
    data = () if index is None else (f"#{index}",)
    tail = (3,) if data else ()
    # s0 s1 [data slot] | er ec [data index]: dR(s0, s1) = [s0 = er] R(ec, s1), made antisymmetric at the end
    term: Raw = (1, ((atom, (2, 1, *tail)),), (0, 1, *tail, 0, 2, *tail), 4)
    labels = ("s0", "s1", *(("s2",) if data else ()), "er", "ec", *data)
    none = (None,) if data else ()
    tangent = Tensor(labels, (n, n, *none, n, n, *none), [term])
    change = Differential(elaborator, {symbol.name: tangent}).of(f)
    names = tuple({"er": "r", "ec": "c"}.get(x, x) for x in change.labels)
    turned = tuple({"er": "c", "ec": "r"}.get(x, x) for x in change.labels)
    result = contract(space, change, names, sort_labels(names))
    return add([result.scaled(HALF), contract(space, change, turned, sort_labels(turned)).scaled(-HALF)])


def directional(
    elaborator: Elaborator, f: Expr, moves: list[tuple[Symbol, str | None, Tensor]], *, family: bool
) -> Tensor:
    """The derivative when every symbol moves with its velocity; ``family``: x[i] moves for all i at once."""
    space = elaborator.space
    tangents: dict[str, Tensor] = {}
    for symbol, index, velocity in moves:
        _require_direction(space, symbol, velocity)
        data = None if index is None else f"#{index}"
        slots = len(space[space.symbol(symbol)].dims)
        rename: dict[Label, Label] = {"r": "s0", "c": "s1" if "r" in velocity.labels else "s0"}
        if symbol.kind in DIAGONAL_KINDS:
            rename["c"] = "s0"
        if data is not None and family:
            rename[data] = f"s{slots - 1}"
        inside = tuple(rename.get(x, x) for x in velocity.labels)
        tangent = contract(space, velocity, inside, sort_labels(set(inside)))
        if data is not None and not family:
            # x[i] alone moves: the slot of the family is the free index itself
            unit = Tensor((f"s{slots - 1}", data), (None, None), [(1, (), (0, 0), 1)])
            keep = sort_labels({*tangent.labels, *unit.labels})
            tangent = product(space, tangent, tangent.labels, unit, unit.labels, keep)
        elif data is not None and f"s{slots - 1}" not in tangent.labels:
            constant = Tensor((f"s{slots - 1}",), (None,), [(1, (), (0,), 1)])
            keep = sort_labels({*tangent.labels, *constant.labels})
            tangent = product(space, tangent, tangent.labels, constant, constant.labels, keep)
        tangents[symbol.name] = tangent
    return Differential(elaborator, tangents).of(f)


def _units(symbol: Symbol, index: str | None) -> Tensor:
    """All unit directions of a symbol's linear space at once, projected on that space."""
    linear = KINDS[symbol.kind].linear
    sides = [d for d in symbol.shape if d != 1] if symbol.dims else []
    data = () if index is None else (f"#{index}",)
    none = (None,) if data else ()
    entries = tuple(x for x, d in zip(("er", "ec"), symbol.shape, strict=True) if d != 1) if symbol.dims else ()
    if linear == "diagonal" and sides:
        slots: tuple[int, ...] = (0,)
        patterns: list[tuple[Fraction, tuple[int, ...]]] = [(Fraction(1), (0, 0))]
        sides_in = sides[:1]
    else:
        slots = tuple(range(len(sides)))
        sides_in = sides
        patterns = [(Fraction(1), slots)]
        if len(sides) == 2 and linear != "all":
            patterns = [(HALF, (0, 1)), (HALF if linear == "symmetric" else -HALF, (1, 0))]
    tail = (len(slots),) if data else ()
    labels = (*(f"s{k}" for k in range(len(slots) + len(tail))), *entries, *data)
    terms: list[Raw] = [(c, (), (*slots, *tail, *outs, *tail), len(slots) + len(tail)) for c, outs in patterns]
    return Tensor(labels, (*sides_in, *none, *sides, *none), terms)


def _require_direction(space: Space, symbol: Symbol, velocity: Tensor) -> None:
    """A direction must lie in the linear space of its symbol, or the derivative is not defined."""
    linear = KINDS[symbol.kind].linear
    if linear == "all" or "c" not in velocity.labels:
        return
    terms = velocity.collected(space)
    rest = velocity.labels[2:]
    if linear == "diagonal":
        good = all(outs[0] == outs[1] for _, outs in terms)
    else:
        swapped = contract(space, velocity, ("c", "r", *rest), velocity.labels).collected(space)
        sign = 1 if linear == "symmetric" else -1
        good = swapped == {key: sign * c for key, c in terms.items()}
    if not good:
        raise KindError(
            f"the direction given for {symbol.name} is not {linear}: an expression in a {symbol.kind} symbol has a "
            f"derivative along {linear} directions only (write sym(…), skew(…) or diag(diagpart(…)) around it)"
        )
