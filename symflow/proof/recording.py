"""What the prover writes down while it rewrites, and its translation into a certificate.

A :class:`Note` is one use of a relation: coefficient · context · relation. Notes hold atoms by number; only a
finished proof is translated into the nested tuples of :mod:`symflow.checker.certificates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from symflow.calculus.atoms import Argument, Factors, Slots, Space
from symflow.checker import certificates as plain


class Note(NamedTuple):
    """coefficient · context · relation, the relation's outs glued to the holes."""

    coefficient: Fraction | int
    factors: Factors
    outs: Slots
    schema: str
    parameters: tuple[Any, ...]
    holes: Slots


class AtomRef(NamedTuple):
    """An atom among the parameters of a schema."""

    number: int


class Notes(NamedTuple):
    """Notes among the parameters of a schema: a side condition."""

    notes: tuple[Note, ...]


def scaled(notes: Iterable[Note], factor: Fraction | int) -> list[Note]:
    """The notes with every coefficient multiplied."""
    return [Note(c * factor, f, o, schema, parameters, holes) for c, f, o, schema, parameters, holes in notes]


def uses_lemma(note: Note) -> bool:
    """Whether the note or one in its parameters refers to a lemma."""
    if note.schema == "lemma":
        return True
    return any(uses_lemma(n) for value in note.parameters if isinstance(value, Notes) for n in value.notes)


class Translator:
    """Translates atoms, arguments and notes into plain certificate data, each atom once."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._atoms: dict[int, plain.Atom] = {}
        self._arguments: dict[Argument, plain.Argument] = {}

    def atom(self, number: int) -> plain.Atom:
        """The plain form of an atom."""
        found = self._atoms.get(number)
        if found is None:
            found = self._atoms[number] = self._atom(number)
        return found

    def _atom(self, number: int) -> plain.Atom:
        atom = self.space[number]
        if atom.head == "sym":
            assert atom.symbol is not None
            s = atom.symbol
            return ("sym", s.name, s.kind, s.dims, s.family)
        if atom.head == "dim":
            return ("dim", atom.name)
        if atom.head == "weight":
            return ("weight",)
        assert atom.argument is not None
        if atom.head == "fn":
            return ("fn", atom.name, atom.order, self.argument(atom.argument))
        return (atom.head, self.argument(atom.argument))

    def argument(self, argument: Argument) -> plain.Argument:
        """The plain form of an argument."""
        found = self._arguments.get(argument)
        if found is None:
            terms = tuple((c, self.term(factors, outs)) for (factors, outs), c in argument.terms)
            found = self._arguments[argument] = plain.Argument(argument.dims, terms)
        return found

    def term(self, factors: Factors, outs: Slots) -> plain.Term:
        """The plain form of a term."""
        return plain.Term(tuple([(self.atom(a), slots) for a, slots in factors]), outs)

    def notes(self, notes: Iterable[Note]) -> tuple[plain.Entry, ...]:
        """The plain form of notes."""
        return tuple([self._entry(note) for note in notes])

    def _entry(self, note: Note) -> plain.Entry:
        parameters = tuple([self._parameter(p) for p in note.parameters])
        coefficient = Fraction(note.coefficient)
        return plain.Entry(coefficient, self.term(note.factors, note.outs), note.schema, parameters, note.holes)

    def _parameter(self, value: Any) -> Any:
        if isinstance(value, Argument):
            return self.argument(value)
        if isinstance(value, AtomRef):
            return self.atom(value.number)
        if isinstance(value, Notes):
            return self.notes(value.notes)
        if isinstance(value, tuple):
            return tuple([self._parameter(v) for v in value])
        return value
