"""Completion: consequences of relations that their one-way reading misses.

Two relations whose leads overlap (one ends with the letters that the other begins with) rewrite the overlapping
product in two ways; the difference of the results is a new relation, zero by the two old ones. Knuth and Bendix, in
the path algebra of matrices. Each consequence becomes a lemma of the certificate. The number of rounds and of lemmas
is bounded: completion need not end, and where it is cut off the statement stays undecided.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from symflow.calculus.atoms import Argument, Space
from symflow.checker.certificates import Lemma
from symflow.proof.chains import Item, read_chain
from symflow.proof.gluing import Piece, glue
from symflow.proof.inverses import inverse_relation
from symflow.proof.patterns import Pattern, orient
from symflow.proof.recording import AtomRef, Note, Translator
from symflow.proof.rewriting import Rewriter
from symflow.proof.splitting import make_argument

MAX_ROUNDS = 5
MAX_LEMMAS = 60
MAX_WORD = 14

Letter = tuple[object, ...]


class Word(NamedTuple):
    """A pattern read along its lead: the letters in order; the product of the letters is sign · lead."""

    pattern: Pattern
    letters: tuple[Letter, ...]
    backwards: bool
    sign: int


class Completion:
    """Derives lemmas from the patterns of a rewriter and the relations of the letters."""

    def __init__(self, space: Space, rewriter: Rewriter, lemmas: list[Lemma]) -> None:
        self.space = space
        self.rewriter = rewriter
        self.lemmas = lemmas
        self.patterns: list[Pattern] = [*self._letter_patterns(), *rewriter.patterns]
        self._tried: set[tuple[int, int]] = set()

    def rounds(self) -> Iterator[int]:
        """Each round derives new lemmas and adds them to the rewriter; stops when nothing new turns up."""
        for number in range(MAX_ROUNDS):
            added = self._round()
            if not added:
                return
            yield number

    def _round(self) -> int:
        words = [(k, word) for k, pattern in enumerate(self.patterns) for word in self._readings(pattern)]
        new: list[Pattern] = []
        for i, first in words:
            for j, second in words:
                if first.backwards and second.backwards:
                    continue  # the same overlap, read the other way, is met as forwards with forwards
                key = (2 * i + first.backwards, 2 * j + second.backwards)
                if key in self._tried:
                    continue
                self._tried.add(key)
                for overlap in range(1, min(len(first.letters), len(second.letters)) + 1):
                    if first.letters[-overlap:] == second.letters[:overlap] and (
                        i != j or overlap < len(first.letters)
                    ):
                        made = self._consequence(first, second, overlap)
                        if made is not None:
                            new.append(made)
                            self.rewriter.add_pattern(made)
                        if len(self.lemmas) >= MAX_LEMMAS:
                            break
                self.rewriter.budget.check()
        self.patterns += new
        return len(new)

    def _letter_patterns(self) -> list[Pattern]:
        """The relations of letters that rewriting applies where two factors meet, as patterns to overlap with."""
        found: list[Pattern | None] = []
        for number in range(len(self.space.atoms)):
            atom = self.space[number]
            data = tuple(range(2, len(atom.dims)))
            if len(atom.dims) < 2 or atom.dims[0] is None or atom.dims[1] is None:
                continue
            kind = atom.symbol.kind if atom.symbol is not None and atom.head == "sym" else ""
            k = len(atom.dims)
            identity = (Fraction(-1), (), (0, 0, *range(1, len(data) + 1)))
            if kind == "orthogonal":
                for schema, factors in (
                    ("orthogonal-left", ((number, (k, 0, *data)), (number, (k, 1, *data)))),
                    ("orthogonal-right", ((number, (0, k, *data)), (number, (1, k, *data)))),
                ):
                    terms = [(Fraction(1), factors, (0, 1, *data)), identity]
                    found.append(orient(make_argument(self.space, atom.dims, terms), schema, (AtomRef(number),)))
            elif kind in ("projector", "idempotent"):
                square = (Fraction(1), ((number, (0, k, *data)), (number, (k, 1, *data))), (0, 1, *data))
                terms = [square, (Fraction(-1), ((number, (0, 1, *data)),), (0, 1, *data))]
                relation = make_argument(self.space, atom.dims, terms)
                found.append(orient(relation, "idempotent", (AtomRef(number),)))
            elif atom.head == "inv" and atom.argument is not None and len(atom.argument.terms) == 1:
                for left, schema in ((True, "inverse-left"), (False, "inverse-right")):
                    relation = inverse_relation(self.space, number, atom.argument, left)
                    found.append(orient(relation, schema, (atom.argument,)))
        return [pattern for pattern in found if pattern is not None]

    def _readings(self, pattern: Pattern) -> list[Word]:
        if len(pattern.outs) < 2 or len(pattern.lead) > MAX_WORD:
            return []
        lead = Argument(pattern.dims, (((pattern.lead, pattern.outs), Fraction(1)),))
        chain = read_chain(self.space, lead)
        if chain is None or chain.scalars:
            return []
        data = pattern.outs[2:]
        letters = tuple(self._letter(item, data) for item in chain.items)
        turned = tuple(self._letter(item._replace(flipped=not item.flipped), data) for item in reversed(chain.items))
        flips = [self._turns(item) for item in chain.items]
        forwards = Word(pattern, letters, False, -1 if sum(flips) % 2 else 1)
        odd = sum(not flip for item, flip in zip(chain.items, flips, strict=True) if self._is_antisymmetric(item))
        return [forwards] if turned == letters else [forwards, Word(pattern, turned, True, -1 if odd % 2 else 1)]

    def _is_antisymmetric(self, item: Item) -> bool:
        return not item.is_diagonal and self.space.symmetry[item.factors[0][0]] == -1

    def _turns(self, item: Item) -> bool:
        """Whether the item is an antisymmetric letter entered by its column: minus the letter itself."""
        return self._is_antisymmetric(item) and item.flipped

    def _letter(self, item: Item, data: tuple[int, ...]) -> Letter:
        if item.is_diagonal:
            return (
                "diagonal",
                tuple(sorted((a, tuple(data.index(s) for s in slots[1:])) for a, slots in item.factors)),
            )
        number, slots = item.factors[0]
        side = 0 if self.space.symmetry[number] else int(item.flipped)
        return (number, side, tuple(data.index(s) for s in slots[2:]))

    def _consequence(self, first: Word, second: Word, overlap: int) -> Pattern | None:
        """The relation rest1 · tail - head · rest2 = 0 of an overlap, if rewriting does not already give it."""
        if len(first.pattern.outs) != len(second.pattern.outs):
            return None
        for rest in (first.letters[:-overlap], second.letters[overlap:]):
            if rest and all(letter[0] == "diagonal" for letter in rest):
                return None  # a lone diagonal letter has no two ends to lay it between
        data = tuple(range(2, len(first.pattern.outs)))
        dims_data = first.pattern.dims[2:]
        middle = len(data) + 2
        head = self._lay(first.letters[:-overlap], 0, middle, middle + 1, data)
        tail = self._lay(second.letters[overlap:], middle, 1, middle + 1, data)
        outs = (0, 1, *data)
        ends1 = (0, middle, *data) if tail else outs
        ends2 = (middle, 1, *data) if head else outs
        notes: list[Note] = []
        total: list[Piece] = []
        for side, word, context, ends in ((1, first, tail, ends1), (-1, second, head, ends2)):
            pattern, sign = word.pattern, side * word.sign
            holes = (ends[1], ends[0], *data) if word.backwards else ends
            pieces = glue(self.space, context, outs, holes, pattern.rest, pattern.dims)
            total += [(sign * c, f, o) for c, f, o in pieces]
            notes.append(Note(sign * pattern.scale, context, outs, pattern.schema, pattern.parameters, holes))
        dims = (self._end(first, 0), self._end(second, 1), *dims_data)
        start = make_argument(self.space, dims, [(Fraction(c), f, o) for c, f, o in total])
        log: list[Note] = []
        reduced = self.rewriter.normalise(dict(start.terms), log)
        if not reduced:
            return None
        relation = Argument(dims, tuple(sorted((key, Fraction(c)) for key, c in reduced.items())))
        entries = [*notes, *(note._replace(coefficient=-note.coefficient) for note in log)]
        pattern_ = orient(relation, "lemma", (len(self.lemmas),))
        if pattern_ is None:
            return None
        translator = Translator(self.space)
        self.lemmas.append(Lemma(translator.argument(relation), translator.notes(entries)))
        return pattern_

    def _end(self, word: Word, side: int) -> str | int | None:
        dims = word.pattern.dims
        return dims[1 - side] if word.backwards else dims[side]

    def _lay(
        self, letters: tuple[Letter, ...], start: int, end: int, fresh: int, data: tuple[int, ...]
    ) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """The letters as factors from index ``start`` to index ``end``."""
        edges = [k for k, letter in enumerate(letters) if letter[0] != "diagonal"]
        factors: list[tuple[int, tuple[int, ...]]] = []
        here = start
        for k, letter in enumerate(letters):
            if letter[0] == "diagonal":
                at = end if edges and k > edges[-1] else here
                diagonal: Any = letter[1]
                factors += [(a, (at, *(data[p] for p in extra))) for a, extra in diagonal]
                continue
            there = end if k == edges[-1] else fresh
            fresh += there == fresh
            number, flipped, extra = letter
            pair = (there, here) if flipped else (here, there)
            factors.append((number, (*pair, *(data[p] for p in extra))))  # type: ignore[arg-type, attr-defined]
            here = there
        return tuple(factors)
