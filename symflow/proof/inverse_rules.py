"""Rules for inverses: of products, diagonal matrices, orthogonal matrices, inverses and multiples."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument, Factors, Slots, Space
from symflow.proof.chains import Chain, item_argument, read_chain
from symflow.proof.gluing import Piece, glue
from symflow.proof.low_rank import rank_one
from symflow.proof.recording import AtomRef, Note, Notes
from symflow.proof.rewriting import Rule
from symflow.proof.splitting import make_argument, pieces_of, scale

ONE = Fraction(1)


class InverseRules:
    """The rules for ``inv`` atoms of a space."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def inverse(self, number: int, E: Argument) -> Rule | None:
        """inv of a diagonal matrix entrywise, of a product in reverse order, of an orthogonal letter, of an inverse."""
        if not E.terms:
            return None
        if all(outs[0] == outs[1] for (_, outs), _ in E.terms):
            return self._inverse_of_diagonal(E)
        chain = read_chain(self.space, E)
        if chain is None:
            return self._inverse_of_multiple(number, E) or self._inverse_of_rank_one(number, E)
        outs = E.terms[0][0][1]
        if len(chain.items) == 1 and chain.coefficient == 1 and not chain.scalars and not chain.items[0].flipped:
            return self._inverse_of_letter(number, E, chain.items[0].factors[0][0])
        return self._inverse_of_product(number, E, chain, outs)

    def _inverse_of_diagonal(self, E: Argument) -> Rule:
        e = make_argument(self.space, (E.dims[0], *E.dims[2:]), [(c, f, (o[0], *o[2:])) for (f, o), c in E.terms])
        slots = tuple(range(len(E.dims)))
        entry = (self.space.function("recip", e), (0, *slots[2:]))
        note = Note(-1, (), slots, "inverse-diagonal", (E, e), slots)
        return Rule(((ONE, (entry,), (0, 0, *slots[2:])),), (note,))

    def _inverse_of_letter(self, number: int, E: Argument, letter: int) -> Rule | None:
        atom = self.space[letter]
        slots = tuple(range(len(E.dims)))
        data = slots[2:]
        k, m = len(slots), len(slots) + 1
        me = (number, (0, k, *data))
        if atom.symbol is not None and atom.head == "sym" and atom.symbol.kind == "orthogonal":
            transposed = (letter, (1, m, *data))
            notes = (
                Note(1, (me,), slots, "orthogonal-right", (AtomRef(letter),), (k, 1, *data)),
                Note(-1, (transposed,), slots, "inverse-left", (E,), (0, m, *data)),
            )
            return Rule(((ONE, ((letter, (1, 0, *data)),), slots),), notes)
        if atom.head == "inv" and atom.argument is not None:
            # inv[inv[F]] = inv[inv[F]] inv[F] F = F
            F = atom.argument
            left = Note(1, (me,), slots, "inverse-left", (F,), (k, 1, *data))
            return Rule(pieces_of(F), (left, *self._times_relation(F, -1, slots, "inverse-left", E)))
        return None

    def _times_relation(self, F: Argument, sign: int, slots: Slots, schema: str, E: Argument) -> tuple[Note, ...]:
        """Notes sign · relation(0, m) · F(m, 1), term by term of F."""
        m = len(slots)
        made = glue(self.space, (), slots, (m, 1, *slots[2:]), pieces_of(F), F.dims)
        return tuple(Note(sign * c, f, o, schema, (E,), (0, m, *slots[2:])) for c, f, o in made)

    def _inverse_of_product(self, number: int, E: Argument, chain: Chain, outs: Slots) -> Rule | None:
        """inv[c s A B ⋯] = 1/c recip[s] ⋯ inv[B] inv[A], for square A, B, …; each inserted as A inv[A] = 1."""
        arguments = [item_argument(self.space, item, outs, E.dims) for item in chain.items]
        if any(a.dims[0] != E.dims[0] or a.dims[1] != E.dims[0] for a in arguments):
            return None
        slots = tuple(range(len(E.dims)))
        data = slots[2:]
        fresh = len(slots)
        notes: list[Note] = []
        context: Factors = ((number, (0, fresh, *data)),)  # inv[E] A1 ⋯ Aj
        at, fresh = fresh, fresh + 1
        tail: Factors = ()  # Vj ⋯ V1, from index `end` to out 1
        end = 1
        for scalar in chain.scalars:
            notes.append(Note(1, (*_rename(context, at, end), *tail), slots, "reciprocal", (scalar[0],), scalar[1]))
            tail = (*tail, (self.space.function("recip", scalar[0]), scalar[1]))
            inner = glue(self.space, (), (), scalar[1], pieces_of(scalar[0]), scalar[0].dims)
            made, fresh = _fresh(inner[0][1], scalar[1], fresh)
            context = (*context, *made)
        for item, argument in zip(chain.items, arguments, strict=True):
            inside, new, fresh = self._lay(argument, at, data, fresh)
            straight = argument
            if item.flipped:  # A^T inv[A]^T = 1 is the left relation of A, read backwards
                straight = make_argument(
                    self.space, argument.dims, [(c, f, (o[1], o[0], *o[2:])) for (f, o), c in argument.terms]
                )
            schema, holes = ("inverse-left", (end, at)) if item.flipped else ("inverse-right", (at, end))
            notes.append(Note(1, (*context, *tail), slots, schema, (straight,), (*holes, *data)))
            context = (*context, *inside)
            # the tail starts at an index of its own: the next relation is inserted between the two
            ends = (end, fresh) if item.flipped else (fresh, end)
            tail = ((self.space.function("inv", straight), (*ends, *data)), *tail)
            at, end, fresh = new, fresh, fresh + 1
        x = tail
        notes.append(Note(-1 / chain.coefficient, x, slots, "inverse-left", (E,), (0, end, *data)))
        result = _rename(x, end, 0)
        return Rule(((1 / chain.coefficient, result, slots),), tuple(notes))

    def _lay(self, argument: Argument, start: int, data: Slots, fresh: int) -> tuple[Factors, int, int]:
        """The factors of a one-term matrix from index ``start`` to a new index."""
        (factors, outs), _ = argument.terms[0]
        image = {outs[0]: start} | dict(zip(outs[2:], data, strict=True))
        if outs[1] not in image:
            image[outs[1]] = fresh
            fresh += 1
        laid = tuple((a, tuple(image[s] for s in slots)) for a, slots in factors)
        return laid, image[outs[1]], fresh

    def _inverse_of_rank_one(self, number: int, E: Argument) -> Rule | None:
        """inv[B + u v^T] = inv[B] - inv[B] u v^T inv[B] recip[s], s = 1 + v^T inv[B] u (Sherman and Morrison).

        With X for the right side, E X = 1 by B inv[B] = 1 and s recip[s] = 1, and inv[E] = inv[E] E X = X.
        """
        found = rank_one(self.space, E)
        if found is None:
            return None
        B, u, v, s = found
        base, r = self.space.function("inv", B), self.space.function("recip", s)
        correction = self._product(((base, (0, 2)), (base, (3, 1)), (r, ())), (0, 1), [(u, 2), (v, 3)])
        X: list[Piece] = [(ONE, ((base, (0, 1)),), (0, 1)), *((-c, f, o) for c, f, o in correction)]
        me = (number, (0, 2))
        # s is not zero: det[E] is its product with det[B]
        notes = [Note(0, (), (0, 1), "det-lemma", (E, B, u, v, Notes(())), ())]
        notes.append(Note(1, (me,), (0, 1), "inverse-right", (B,), (2, 1)))
        for c, f, o in self._product(((number, (0, 2)), (base, (3, 1))), (0, 1), [(u, 2), (v, 3)]):
            notes.append(Note(-c, f, o, "reciprocal", (s,), ()))
        # index 2 is a hole here: kept among the outs while u is laid on it, or a constant u would be summed away
        for c, f, o in self._product(((number, (0, 4)), (base, (3, 1)), (r, ())), (0, 1, 2), [(u, 2), (v, 3)]):
            notes.append(Note(-c, f, o[:2], "inverse-right", (B,), (4, o[2])))
        for c, f, o in X:
            start = 1 + max(s for _, slots in f for s in slots)
            moved = tuple((a, tuple(start if k == 0 else k for k in slots)) for a, slots in f)
            notes.append(Note(-c, moved, o, "inverse-left", (E,), (0, start)))
        return Rule(tuple(X), tuple(notes))

    def _product(self, context: Factors, outs: Slots, vectors: list[tuple[Argument, int]]) -> list[Piece]:
        """The context with vectors glued to its indices, multiplied out."""
        pieces: list[Piece] = [(ONE, context, outs)]
        for vector, index in vectors:
            pieces = [
                (c * c2, f2, o2)
                for c, f, o in pieces
                for c2, f2, o2 in glue(self.space, f, o, (index,), pieces_of(vector), vector.dims)
            ]
        return pieces

    def _inverse_of_multiple(self, number: int, E: Argument) -> Rule | None:
        """inv[c E'] = 1/c inv[E'], so that the last coefficient of a sum under inv is 1."""
        c = E.terms[-1][1]
        if c == 1:
            return None
        rest = scale(E, 1 / c)
        slots = tuple(range(len(E.dims)))
        data, k = slots[2:], len(slots)
        inverse = self.space.function("inv", rest)
        notes = (
            Note(1, ((number, (0, k, *data)),), slots, "inverse-right", (rest,), (k, 1, *data)),
            Note(-1 / c, ((inverse, (k, 1, *data)),), slots, "inverse-left", (E,), (0, k, *data)),
        )
        return Rule(((1 / c, ((inverse, slots),), slots),), notes)


def _rename(factors: Factors, old: int, new: int) -> Factors:
    return tuple((a, tuple(new if s == old else s for s in slots)) for a, slots in factors)


def _fresh(factors: Factors, kept: Slots, fresh: int) -> tuple[Factors, int]:
    """Rename every index that is not kept to a new one."""
    image = {s: s for s in kept}
    for _, slots in factors:
        for s in slots:
            if s not in image:
                image[s] = fresh
                fresh += 1
    return tuple((a, tuple(image[s] for s in slots)) for a, slots in factors), fresh
