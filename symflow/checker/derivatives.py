"""The derivative of a formal sum by a symbol: product rule over factors, chain rule through arguments.

The derivative by a symbol has the outs of the sum, then one per slot of the symbol: an occurrence R(a,b) is removed
and its slots become outs. Identifying the data index of a family with a free one, contracting with a direction
and projecting on the space of a kind are left to the caller.
"""

from __future__ import annotations

from fractions import Fraction

from symflow.checker.facts import Facts
from symflow.checker.formal import Algebra, Label, Tensor, scaled, total
from symflow.checker.placing import Product


class Differentiation:
    """Derivatives of sums and of atoms, remembered by atom; what they need is added to the facts."""

    def __init__(self, algebra: Algebra, facts: Facts) -> None:
        self._algebra = algebra
        self._facts = facts
        self._of_atoms: dict[tuple[int, int], Tensor] = {}
        self._contains: dict[tuple[int, int], bool] = {}

    def derive(self, tensor: Tensor, target: int) -> Tensor:
        """The derivative by the symbol with number ``target``; its slots are appended to the outs."""
        algebra = self._algebra
        own, slots_of_target = tensor.dims, algebra.dims[target]
        dims = own + slots_of_target
        direct: list[Product] = []
        chained: list[Tensor] = []
        for coefficient, factors, outs in tensor.terms:
            for at, (atom, slots) in enumerate(factors):
                rest = factors[:at] + factors[at + 1 :]
                if atom == target:
                    direct.append((coefficient, rest, outs + slots))
                elif self.contains(atom, target):
                    inner = self._of_atom(atom, target)
                    outer = Tensor(algebra.dims[atom] + own, ((coefficient, rest, slots + outs),))
                    joint = [("slot", k) for k in range(len(slots))]
                    kept = [("out", k) for k in range(len(own))]
                    new = [("new", k) for k in range(len(slots_of_target))]
                    chained.append(algebra.contract([(outer, joint + kept), (inner, joint + new)], kept + new))
        return total(dims, Tensor(dims, tuple(direct)), *chained)

    def contains(self, atom: int, target: int) -> bool:
        """Whether the symbol occurs in the atom's argument, at any depth, or is the atom."""
        key = (atom, target)
        if key not in self._contains:
            argument = self._algebra.arguments[atom]
            self._contains[key] = atom == target or (argument is not None and self.occurs(argument, target))
        return self._contains[key]

    def occurs(self, tensor: Tensor, target: int) -> bool:
        """Whether the symbol occurs in the sum at any depth."""
        return any(self.contains(atom, target) for _, factors, _ in tensor.terms for atom, _ in factors)

    def _of_atom(self, atom: int, target: int) -> Tensor:
        """The derivative of an atom with an argument; outs: its slots, then those of the target."""
        key = (atom, target)
        if key not in self._of_atoms:
            argument = self._algebra.arguments[atom]
            assert argument is not None  # only such atoms contain the target without being it
            name = self._algebra.heads[atom][0]
            inner = self._algebra.collect(self.derive(argument, target))
            if name in ("inv", "det", "logdet"):
                result = self._of_matrix_atom(str(name), atom, argument, inner)
            else:
                result = self._of_entrywise_atom(atom, argument, inner)
            self._of_atoms[key] = self._algebra.collect(result)
        return self._of_atoms[key]

    def _of_entrywise_atom(self, atom: int, argument: Tensor, inner: Tensor) -> Tensor:
        if self._algebra.heads[atom] == ("step",):
            self._facts.off_kink.append(argument)  # and there it is locally constant
            return Tensor(inner.dims, ())
        if not inner.terms:
            return inner
        outer = self._outer(atom, argument)
        own = list(range(len(argument.dims)))
        every = list(range(len(inner.dims)))
        return self._algebra.contract([(outer, own), (inner, every)], every)

    def _outer(self, atom: int, argument: Tensor) -> Tensor:
        """f'(a) for the entrywise atom f[a], step excepted."""
        algebra = self._algebra
        head = algebra.heads[atom]
        itself = algebra.lone(atom)
        slots = list(range(len(argument.dims)))
        square = [(itself, slots), (itself, slots)]
        match head:
            case ("fn", name, int(order)):
                return algebra.apply(("fn", name, order + 1), argument)
            case ("exp",):
                return itself
            case ("log",):
                return algebra.apply("recip", argument)
            case ("sqrt",):
                self._facts.positive += [argument, itself]  # a square root has no derivative at 0
                return scaled(Fraction(1, 2), algebra.apply("recip", itself))
            case ("sin",):
                return algebra.apply("cos", argument)
            case ("cos",):
                return scaled(-1, algebra.apply("sin", argument))
            case ("tanh",):
                one = algebra.contract([], slots, dict(enumerate(argument.dims)))
                return total(argument.dims, one, scaled(-1, algebra.contract(square, slots)))
            case ("recip",):
                return scaled(-1, algebra.contract(square, slots))
        raise AssertionError(f"no derivative rule for the atom {head!r}")  # all heads with an argument are above

    def _of_matrix_atom(self, name: str, atom: int, argument: Tensor, inner: Tensor) -> Tensor:
        """inv: - inv dA inv; logdet: tr(inv dA); det: det tr(inv dA). ``inner`` is dA."""
        algebra = self._algebra
        if not inner.terms:
            return Tensor(algebra.dims[atom] + inner.dims[len(argument.dims) :], ())
        data: list[Label] = [("data", k) for k in range(len(argument.dims) - 2)]
        new: list[Label] = [("new", k) for k in range(len(inner.dims) - len(argument.dims))]
        inverse = algebra.apply("inv", argument)
        change: tuple[Tensor, list[Label]] = (inner, ["k", "l", *data, *new])
        if name == "inv":
            left, right = (inverse, ["row", "k", *data]), (inverse, ["l", "column", *data])
            return scaled(-1, algebra.contract([left, change, right], ["row", "column", *data, *new]))
        factors: list[tuple[Tensor, list[Label]]] = [(inverse, ["l", "k", *data]), change]
        if name == "det":
            self._facts.borrowed.append(argument)
            factors.append((algebra.lone(atom), data))
        return algebra.contract(factors, [*data, *new])
