"""Rules for determinants: of products, inverses, orthogonal and diagonal matrices, multiples and low-rank changes."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument, Factors, Slots, Space
from symflow.proof.chains import Chain, Item, item_argument, read_chain
from symflow.proof.gluing import glue
from symflow.proof.low_rank import rank_one
from symflow.proof.recording import AtomRef, Note, Notes
from symflow.proof.rewriting import Rule
from symflow.proof.splitting import Part, is_positive, make_argument, multiply_out, pieces_of

ONE = Fraction(1)


class DeterminantRules:
    """The rules for ``det`` and ``logdet`` atoms of a space."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def determinant(self, number: int, A: Argument) -> Rule | None:
        """det and logdet of 1, products, inverses, transposes, orthogonal and diagonal matrices, low-rank changes."""
        head = self.space[number].head
        slots = tuple(range(len(A.dims) - 2))
        if A.dims[0] is not None and A.terms == ((((), (0, 0)), ONE),):
            pieces = ((ONE, (), ()),) if head == "det" else ()
            return Rule(pieces, (Note(-1, (), (), f"{head}-identity", (A.dims[0],), ()),))
        if all(outs[0] == outs[1] for (_, outs), _ in A.terms):
            return self._logdet_of_diagonal(A) if head == "logdet" else None
        chain = read_chain(self.space, A)
        if chain is None or len(chain.items) > 1:
            turned = self._turned(A)
            if turned.terms < A.terms:
                note = Note(-1, (), slots, f"{head}-transpose", (A,), slots)
                return Rule(((ONE, ((self.space.function(head, turned), slots),), slots),), (note,))
        if chain is None:
            if slots:
                return None
            return self._low_rank(head, A) or self._exchange(head, A)
        outs = A.terms[0][0][1]
        arguments = tuple(item_argument(self.space, item, outs, A.dims) for item in chain.items)
        if any(a.dims[0] != A.dims[0] or a.dims[1] != A.dims[0] for a in arguments):
            return None
        if chain.scalars or chain.coefficient != 1:
            return self._logdet_of_multiple(A, chain) if head == "logdet" else None
        if len(arguments) > 1:
            factors = tuple((self.space.function(head, b), slots) for b in arguments)
            note = Note(-1, (), slots, f"{head}-product", (A, arguments, Notes(())), slots)
            if head == "det":
                return Rule(((ONE, factors, slots),), (note,))
            return Rule(tuple((ONE, (f,), slots) for f in factors), (note,))
        if chain.items[0].flipped and not self.space.symmetry[chain.items[0].factors[0][0]]:
            turned = self._turned(A)
            note = Note(-1, (), slots, f"{head}-transpose", (A,), slots)
            return Rule(((ONE, ((self.space.function(head, turned), slots),), slots),), (note,))
        return self._determinant_of_letter(number, head, chain.items[0].factors[0][0], slots)

    def _turned(self, A: Argument) -> Argument:
        """The transpose of a square matrix."""
        return make_argument(self.space, A.dims, [(c, f, (o[1], o[0], *o[2:])) for (f, o), c in A.terms])

    def _determinant_of_letter(self, number: int, head: str, letter: int, slots: Slots) -> Rule | None:
        atom = self.space[letter]
        if head == "logdet" and atom.symbol is not None and atom.head == "sym" and atom.symbol.kind == "orthogonal":
            return Rule((), (Note(-1, (), slots, "logdet-orthogonal", (AtomRef(letter),), slots),))
        if atom.head != "inv" or atom.argument is None:
            return None
        F = atom.argument
        inner = self.space.function(head, F)
        if head == "logdet":
            return Rule(((-ONE, ((inner, slots),), slots),), (Note(-1, (), slots, "logdet-inverse", (F,), slots),))
        value = make_argument(self.space, F.dims[2:], [(ONE, ((inner, slots),), slots)])
        inverse = (self.space.function("recip", value), slots)
        notes = (
            Note(1, ((number, slots),), slots, "reciprocal", (value,), slots),
            Note(-1, (inverse,), slots, "det-inverse", (F,), slots),
        )
        return Rule(((ONE, (inverse,), slots),), notes)

    def _logdet_of_diagonal(self, A: Argument) -> Rule | None:
        e = make_argument(self.space, (A.dims[0], *A.dims[2:]), [(c, f, (o[0], *o[2:])) for (f, o), c in A.terms])
        slots = tuple(range(len(A.dims) - 2))
        piece = (ONE, ((self.space.function("log", e), (len(slots), *slots)),), slots)
        touched = any(o[0] in s for (f, o), _ in e.terms for _, s in f)
        if not touched:
            return self._logdet_of_scalar(A, e)
        if not is_positive(self.space, e):
            return None
        return Rule((piece,), (Note(-1, (), slots, "logdet-diagonal", (A, e), slots),))

    def _logdet_of_scalar(self, A: Argument, e: Argument) -> Rule | None:
        """logdet[p 1] = n log p + logdet[1]."""
        n, rest = A.dims[0], tuple(range(len(A.dims) - 2))
        p = make_argument(self.space, A.dims[2:], [(c, f, o[1:]) for (f, o), c in e.terms])
        one = make_argument(self.space, A.dims, [(ONE, (), (0, 0, *range(1, len(rest) + 1)))])
        logarithm = (self.space.function("log", p), rest)
        size: tuple[Fraction | int, Factors] = (
            (ONE, ((self.space.dimension(n), ()),)) if isinstance(n, str) else (n or 1, ())
        )
        pieces = (
            (size[0], (*size[1], logarithm), rest),
            (ONE, ((self.space.function("logdet", one), rest),), rest),
        )
        return Rule(pieces, (Note(-1, (), rest, "logdet-scale", (A, p, one, Notes(())), rest),))

    def _logdet_of_multiple(self, A: Argument, chain: Chain) -> Rule | None:
        """logdet[p B] = n log|p| + logdet[B]."""
        if not isinstance(A.dims[0], str):
            return None
        (p, positions), rest = self._scalar_factor(chain)
        slots = tuple(range(len(A.dims) - 2))
        outs = A.terms[0][0][1]
        matrices = tuple(f for item in chain.items for f in item.factors)
        pieces = multiply_out(self.space, [(rest.coefficient, matrices, outs)], rest.scalars)
        B = make_argument(self.space, A.dims, [(Fraction(c), f, o) for c, f, o in pieces])
        where = tuple(k - 2 for k in positions)
        if where and where != slots:
            return None
        dimension = (self.space.dimension(A.dims[0]), ())
        result = (
            (ONE, (dimension, (self.space.function("log", p), where)), slots),
            (ONE, ((self.space.function("logdet", B), slots),), slots),
        )
        return Rule(result, (Note(-1, (), slots, "logdet-scale", (A, p, B, Notes(())), slots),))

    def _scalar_factor(self, chain: Chain) -> tuple[Part, Chain]:
        """A scalar that multiplies the product, and the product without it."""
        if chain.coefficient != 1:
            p = make_argument(self.space, (), [(chain.coefficient, (), ())])
            return (p, ()), chain._replace(coefficient=ONE)
        return chain.scalars[0], chain._replace(scalars=chain.scalars[1:])

    def _low_rank(self, head: str, A: Argument) -> Rule | None:
        """det[B + u v^T] = det[B] (1 + v^T inv[B] u), B the identity or a letter that has an inverse.

        For logdet: logdet[B] + 1/2 log[(1 + v^T inv[B] u)^2].
        """
        found = rank_one(self.space, A)
        if found is None:
            return None
        B, u, v, factor = found
        value = (self.space.function(head, B), ())
        note = Note(-1, (), (), f"{head}-lemma", (A, B, u, v, Notes(())), ())
        if head == "det":
            return Rule(tuple((c1, (value, *f1), ()) for c1, f1, _ in pieces_of(factor)), (note,))
        squared = multiply_out(self.space, [(1, (), ())], [(factor, ())] * 2)
        square = make_argument(self.space, (), [(Fraction(c1), f1, ()) for c1, f1, _ in squared])
        half = (Fraction(1, 2), ((self.space.function("log", square), ()),), ())
        return Rule(((ONE, (value,), ()), half), (note,))

    def _exchange(self, head: str, A: Argument) -> Rule | None:
        """det[1 + X Y] = det[1 + Y X]: of all ways to turn the product round, the one with the smallest argument.

        An argument counts as its transpose where that is smaller: another rule will turn it over.
        """
        identity = ((), (0, 0))
        products = [(key, c) for key, c in A.terms if key != identity]
        if len(products) != 1 or dict(A.terms).get(identity) != 1:
            return None
        key, c = products[0]
        chain = read_chain(self.space, Argument(A.dims, ((key, ONE),)))
        if chain is None or chain.scalars or len(chain.items) < 2:
            return None
        outs = key[1]
        here = self._rank(A)
        best: tuple[object, Argument, Argument, Argument] | None = None
        for cut in range(1, len(chain.items)):
            X = self._product(chain.items[:cut], outs[0], c)
            Y = self._product(chain.items[cut:], chain.items[cut - 1].right, ONE)
            turned = self._one_plus(Y, X)
            rank = self._rank(turned)
            if rank < here and (best is None or rank < best[0]):  # type: ignore[operator]
                best = (rank, X, Y, turned)
        if best is None:
            return None
        _, X, Y, turned = best
        note = Note(-1, (), (), f"{head}-exchange", (A, X, Y, Notes(())), ())
        return Rule(((ONE, ((self.space.function(head, turned), ()),), ()),), (note,))

    def _rank(self, A: Argument) -> tuple[str, object]:
        return str(A.dims), min(A.terms, self._turned(A).terms)

    def _product(self, items: tuple[Item, ...], start: int, c: Fraction) -> Argument:
        """Consecutive items of a chain as one matrix."""
        factors = tuple(f for item in items for f in item.factors)
        dims = tuple(self._side(items, last) for last in (False, True))
        return make_argument(self.space, dims, [(c, factors, (start, items[-1].right))])

    def _side(self, items: tuple[Item, ...], last: bool) -> str | int | None:
        item = items[-1] if last else items[0]
        dims = self.space[item.factors[0][0]].dims
        return dims[0] if item.is_diagonal or item.flipped == last else dims[1]

    def _one_plus(self, Y: Argument, X: Argument) -> Argument:
        laid = glue(self.space, (), (0, 1), (0, 2), pieces_of(Y), Y.dims)
        terms = [(Fraction(c1 * c2), f2, o2) for c1, f1, o1 in laid
                 for c2, f2, o2 in glue(self.space, f1, o1, (2, 1), pieces_of(X), X.dims)]  # fmt: skip
        return make_argument(self.space, (Y.dims[0], X.dims[1]), [(ONE, (), (0, 0)), *terms])
