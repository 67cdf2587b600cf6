"""Bringing a sum over a common denominator: how rational functions are decided.

A sum with reciprocals is zero where it is defined exactly if its numerator is. Each term T is raised by T -> T b
recip[b] until all terms have the same reciprocals; the numerators are then added up and normalised without them.

Matrices are treated alike: D = inv[E] (E D), so D vanishes exactly if E D does, and E D has one inverse less.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from symflow.calculus.atoms import Argument, Factors, Key, Slots, Space
from symflow.calculus.labelling import canonical
from symflow.proof.gluing import Piece, glue, top_index
from symflow.proof.recording import Note
from symflow.proof.rewriting import Rewriter
from symflow.proof.splitting import make_argument, pieces_of

Denominator = tuple[int, tuple[int, ...], int]  # reciprocal atom, positions of outs, power


def over_denominators(
    space: Space, rewriter: Rewriter, p: Argument, below: list[Denominator]
) -> tuple[Argument | None, list[Note]]:
    """The numerator N and notes with p + notes = N · reciprocals."""
    notes: list[Note] = []
    numerators: dict[Key, Fraction] = {}
    slots = tuple(range(len(p.dims)))
    bundle: Factors = tuple((atom, where) for atom, where, power in below for _ in range(power))
    for (factors, outs), c in p.terms:
        for piece_c, piece_f, piece_o in _raise(space, rewriter, (c, factors, outs), below, notes):
            stripped = _strip(piece_f, piece_o, below)
            term = make_argument(space, p.dims, [(Fraction(piece_c), stripped, piece_o)])
            for key, value in term.terms:
                numerators[key] = numerators.get(key, Fraction(0)) + value
    log: list[Note] = []
    result = rewriter.normalise({key: c for key, c in numerators.items() if c}, log)
    for note in log:
        carried = tuple((atom, tuple(note.outs[k] for k in where)) for atom, where in bundle)
        notes.append(note._replace(factors=(*note.factors, *carried)))
    terms = tuple(sorted((key, Fraction(c)) for key, c in result.items()))
    return (Argument(p.dims, terms) if len(slots) == len(p.dims) else None), notes


def _raise(space: Space, rewriter: Rewriter, piece: Piece, below: list[Denominator], notes: list[Note]) -> list[Piece]:
    """The term with every reciprocal at its full power, multiplied by what compensates."""
    c0, f0, outs0 = piece
    needed: dict[tuple[int, Slots], int] = {}  # by slots: two outs of a diagonal term are one index
    for atom, where, power in below:
        place = (atom, tuple(outs0[k] for k in where))
        needed[place] = needed.get(place, 0) + power
    pieces: list[Piece] = [(c0, f0, outs0)]
    for (atom, slots), power in needed.items():
        argument = space[atom].argument
        assert argument is not None
        raised: list[Piece] = []
        for c, factors, outs in pieces:
            missing = power - factors.count((atom, slots))
            current: list[Piece] = [(c, factors, outs)]
            for _ in range(missing):
                following: list[Piece] = []
                for c1, f1, o1 in current:
                    notes.append(Note(c1, f1, o1, "reciprocal", (argument,), slots))
                    following += [
                        (c1 * c2, f2, o2)
                        for c2, f2, o2 in glue(
                            space, (*f1, (atom, slots)), o1, slots, pieces_of(argument), argument.dims
                        )
                    ]
                current = following
                rewriter.budget.check(len(current) * max(1, len(pieces)))
            raised += current
        pieces = raised
    return pieces


def _strip(factors: Factors, outs: Slots, below: list[Denominator]) -> Factors:
    """The factors without the reciprocals of the denominator."""
    rest = list(factors)
    for atom, where, power in below:
        for _ in range(power):
            rest.remove((atom, tuple(outs[k] for k in where)))
    return tuple(rest)


class Wrapped(NamedTuple):
    """inv[E] (E D): the notes that put it there, those that cancel E inv[E] in E D, and the terms of E D."""

    notes: list[Note]
    inner: list[Note]
    terms: dict[Key, Fraction]
    inverse: int
    place: int
    slot: int

    def carry(self, log: list[Note]) -> list[Note]:
        """Notes on E D, multiplied by the inverse that stands before it."""
        carried = []
        for note in log:
            new = top_index(note.factors, note.outs, note.holes)
            at = note.outs[self.place]
            slots = (new, at) if self.slot == 0 else (at, new)
            outs = (*note.outs[: self.place], new, *note.outs[self.place + 1 :])
            carried.append(note._replace(factors=(*note.factors, (self.inverse, slots)), outs=outs))
        return carried


def matrix_denominators(space: Space, terms: dict[Key, Fraction], places: Sequence[int]) -> list[tuple[int, int, int]]:
    """Inverses of sums or products at the row or column: (atom, place of the out, slot of the inverse there)."""
    found: dict[tuple[int, int, int], None] = {}
    for factors, outs in terms:
        for number, slots in factors:
            atom = space[number]
            if atom.head != "inv" or len(slots) != 2 or atom.argument is None:
                continue
            if len(atom.argument.terms) == 1 and len(atom.argument.terms[0][0][0]) == 1:
                continue
            for place in places:
                if outs[place] in slots:
                    found[(number, place, slots.index(outs[place]))] = None
    return list(found)


def multiply_by_argument(
    space: Space, terms: dict[Key, Fraction], inverse: int, place: int, slot: int
) -> Wrapped:  # fmt: skip
    """D = inv[E] (E D): E D has one inverse less at that out, and vanishes exactly if D does."""
    E = space[inverse].argument
    assert E is not None
    notes: list[Note] = []
    inner: list[Note] = []
    multiplied: dict[Key, Fraction] = {}
    for (factors, outs), c in terms.items():
        new = top_index(factors, outs)
        at = outs[place]
        outer = (*outs[:place], new, *outs[place + 1 :])
        # slot 0: inv[E](new, l) E(l, at);  slot 1: E(at, l) inv[E](l, new)
        holes = (new, at) if slot == 0 else (at, new)
        notes.append(Note(c, factors, outer, "inverse-left" if slot == 0 else "inverse-right", (E,), holes))
        # E inv[E] at the edge of a term is 1 again: no pattern need know it
        edge = next((f for f in factors if f[0] == inverse and f[1][slot] == at), None)
        if edge is not None and outs.count(at) == 1 and sum(at in slots for _, slots in factors) == 1:
            rest = tuple(f for f in factors if f is not edge)
            other = edge[1][1 - slot]
            ends = (new, other) if slot == 0 else (other, new)
            inner.append(Note(-c, rest, outer, "inverse-right" if slot == 0 else "inverse-left", (E,), ends))
            made = glue(space, rest, outer, ends, [(1, (), (0, 0))], E.dims)
        else:
            made = glue(space, factors, outer, holes, pieces_of(E), E.dims)
        for c2, f2, o2 in made:
            sign, key = canonical(space, f2, o2)
            if sign:
                value = multiplied.get(key, Fraction(0)) + c * c2 * sign
                if value:
                    multiplied[key] = value
                else:
                    del multiplied[key]
    return Wrapped(notes, inner, multiplied, inverse, place, slot)
