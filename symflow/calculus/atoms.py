"""Atoms of index notation and the space that interns them.

Why indices and not words: a word of letters cannot hold a Hadamard product, a diagonal part or a data sum
without special cases. In index notation a mask is a letter h(a) on one index, a data family x(a, i) carries
its data index, ``datasum`` is one more summed index with a weight on it, and a derivative is the removal of a
factor. Two sums without relations between their letters are equal in every dimension exactly if they agree
after renaming summed indices, so one canonical labelling decides them.

A factor is ``(atom id, slots)``; atoms with an argument (``exp[a]``, ``inv[A]``, …) hold it in normal form, so that
equal arguments give the same atom.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from symflow.expr.kinds import KINDS
from symflow.expr.tree import Symbol

Slots = tuple[int, ...]
Factors = tuple[tuple[int, Slots], ...]
Key = tuple[Factors, Slots]  # canonical factors and outs
Dimension = str | int | None  # None: the range of a data index

DIAGONAL_KINDS = frozenset(name for name, kind in KINDS.items() if kind.linear == "diagonal")


@dataclass(frozen=True, slots=True)
class Argument:
    """A sum in normal form, with the dimension of each out: what function atoms are keyed by."""

    dims: tuple[Dimension, ...]
    terms: tuple[tuple[Key, Fraction], ...]  # sorted by key

    @property
    def is_zero(self) -> bool:
        """Whether it is the empty sum."""
        return not self.terms


@dataclass(slots=True)
class Atom:
    """One letter of index notation: a symbol, a weight, a dimension, or a function of an argument."""

    number: int
    head: str  # "sym", "dim", "weight", "fn", or a function name
    dims: tuple[Dimension, ...]  # dimension of each slot
    symbol: Symbol | None = None
    argument: Argument | None = None
    order: int = 0  # of differentiation, for "fn"
    symmetry: int = 0  # of the first two slots: +1, -1, or 0
    depends: frozenset[str] = field(default_factory=frozenset)  # symbols that occur in it

    @property
    def name(self) -> str:
        """The symbol's or dimension's name, or the function's."""
        return self.symbol.name if self.symbol is not None else str(self.head)


class Space:
    """The atoms of one decision, interned: equal atoms have equal numbers."""

    def __init__(self) -> None:
        self.atoms: list[Atom] = []
        self.symmetry: list[int] = []  # by atom number: read in the inner loop of labelling
        self.positive: set[Argument] = set()  # what stands under a log of the statement
        self.nonnegative: set[Argument] = set()  # what stands under a sqrt of the statement
        self._numbers: dict[object, int] = {}

    def __getitem__(self, number: int) -> Atom:
        return self.atoms[number]

    def _intern(self, key: object, make: Atom) -> int:
        make.number = len(self.atoms)
        self._numbers[key] = make.number
        self.atoms.append(make)
        self.symmetry.append(make.symmetry)
        return make.number

    def symbol(self, symbol: Symbol) -> int:
        """The atom of a symbol; dimensions equal to 1 have no slot."""
        found = self._numbers.get(symbol)
        if found is not None:
            return found
        sides = symbol.dims[:1] if symbol.kind in DIAGONAL_KINDS or symbol.kind == "vector" else symbol.shape
        dims: tuple[Dimension, ...] = tuple(d for d in sides if d != 1) if symbol.dims else ()
        symmetry = 0
        if len(dims) == 2:
            symmetry = {"symmetric": 1, "antisymmetric": -1}.get(KINDS[symbol.kind].linear, 0)
        if symbol.family:
            dims = (*dims, None)
        atom = Atom(0, "sym", dims, symbol, symmetry=symmetry, depends=frozenset([symbol.name]))
        return self._intern(symbol, atom)

    def dimension(self, name: str) -> int:
        """The atom of a dimension, a number without slots."""
        found = self._numbers.get(("dim", name))
        return found if found is not None else self._intern(("dim", name), Atom(0, "dim", (), Symbol(name, "scalar")))

    def weight(self) -> int:
        """The atom of the data weights."""
        found = self._numbers.get("weight")
        return found if found is not None else self._intern("weight", Atom(0, "weight", (None,)))

    def function(self, head: str, argument: Argument, symbol: Symbol | None = None, order: int = 0) -> int:
        """The atom of a function of an argument; ``symbol`` and ``order`` for functions f.d.d of the user."""
        key = (head, argument, symbol, order)
        found = self._numbers.get(key)
        if found is not None:
            return found
        dims = argument.dims[2:] if head in ("det", "logdet") else argument.dims
        depends: set[str] = set()
        for (factors, _), _ in argument.terms:
            for number, _slots in factors:
                depends |= self.atoms[number].depends
        symmetry = 0
        if len(dims) >= 2 and dims[0] == dims[1] and head not in ("det", "logdet"):
            symmetry = self.turning_sign(argument)
            if symmetry < 0 and head != "inv":
                symmetry = 0
        atom = Atom(0, head, dims, symbol, argument, order, symmetry, frozenset(depends))
        return self._intern(key, atom)

    def turning_sign(self, argument: Argument) -> int:
        """1 if exchanging the first two outs changes nothing, -1 if it changes the sign, else 0; formally."""
        from symflow.calculus.labelling import canonical

        swapped: dict[Key, Fraction] = {}
        for (factors, outs), coefficient in argument.terms:
            sign, key = canonical(self, factors, (outs[1], outs[0], *outs[2:]))
            swapped[key] = swapped.get(key, Fraction(0)) + sign * coefficient
        terms = dict(argument.terms)
        if swapped == terms:
            return 1
        return -1 if swapped == {key: -c for key, c in terms.items()} else 0
