"""Rewriting terms to normal form by the relations that the kinds promise, with a note for every use.

Three sorts of rules, each one relation of docs/certificates.md read from left to right:

- *atom rules* replace a function atom by simpler ones (``exp`` of a sum, ``step`` of a positive multiple, …), see
  :mod:`symflow.proof.atom_rules`;
- *meeting rules* act where factors meet: R^T R, P P, W W^-1 on an index that nothing else touches; equal masks; a
  factor and its reciprocal;
- *patterns* replace a sub-network by a sum (inverses of sums, hypotheses, completed relations), see
  :mod:`symflow.proof.patterns`.

Every rule makes a term smaller in a well-founded order (fewer matrix factors, or simpler arguments), so rewriting
ends; the step bound is there for patterns that a user's hypotheses bring in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symflow.calculus.atoms import Argument, Dimension, Factors, Key, Slots, Space
from symflow.calculus.labelling import canonical
from symflow.calculus.tensors import Budget
from symflow.errors import LimitError
from symflow.proof.gluing import Piece, close_sums, glue, lay_note
from symflow.proof.patterns import Pattern, matches
from symflow.proof.recording import AtomRef, Note, scaled

MAX_STEPS = 20_000
MAX_ORBIT = 64  # terms that relations like S H = H S may turn one into


@dataclass(frozen=True, slots=True)
class Rule:
    """atom(slots) + notes = pieces, on slots 0, 1, …; a relation that replaces an atom."""

    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]


AtomRules = Callable[[int], Rule | None]


class StepLimitError(LimitError):
    """Rewriting went on too long: most likely two patterns undo each other."""


class Rewriter:
    """Rewrites terms over one space; remembers the normal form of every atom and the step of every term."""

    def __init__(self, space: Space, budget: Budget, atom_rule: AtomRules | None = None) -> None:
        self.space = space
        self.budget = budget
        self.atom_rule: AtomRules = atom_rule or (lambda number: None)
        self.patterns: list[Pattern] = []
        self.steps = 0
        self._step: dict[Key, tuple[list[Piece], list[Note]] | None] = {}

    def forget(self) -> None:
        """Drop remembered steps: rules have changed."""
        self._step.clear()

    def add_pattern(self, pattern: Pattern) -> None:
        """Add a relation that is used from now on."""
        self.patterns.append(pattern)
        self.forget()

    def normalise(self, terms: dict[Key, Fraction], log: list[Note] | None = None) -> dict[Key, Fraction]:
        """The normal form; ``log`` receives the notes: terms + log = normal form."""
        todo = dict(terms)
        done: dict[Key, Fraction] = {}
        while todo:
            key, coefficient = todo.popitem()
            step = self.step(key)
            if step is None:
                _accumulate(done, key, coefficient)
                continue
            self._count(len(todo))
            pieces, notes = step
            for c, factors, outs in pieces:
                sign, new = canonical(self.space, factors, outs)
                if sign:
                    _accumulate(todo, new, coefficient * c * sign)
            if log is not None:
                log += scaled(notes, coefficient)
        return done

    def _count(self, terms: int = 0) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise StepLimitError(f"rewriting took more than {MAX_STEPS} steps")
        if self.steps % 64 == 0:
            self.budget.check(terms)

    def step(self, key: Key) -> tuple[list[Piece], list[Note]] | None:
        """One round of rewriting of a term: pieces and notes with term + notes = pieces; None in normal form."""
        if key in self._step:
            return self._step[key]
        result = self._step[key] = self._round(*key)
        return result

    def _round(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        """Apply rules until the term falls into several pieces or none applies."""
        coefficient: Fraction | int = 1
        notes: list[Note] = []
        moved = False
        while True:
            found = self._atoms(factors, outs) or self._meetings(factors, outs) or self._patterns(factors, outs)
            if found is None:
                return ([(coefficient, factors, outs)], notes) if moved else None
            moved = True
            self._count()
            pieces, new_notes = found
            notes += new_notes if coefficient == 1 else scaled(new_notes, coefficient)
            if len(pieces) != 1:
                return [(coefficient * c, f, o) for c, f, o in pieces], notes
            c, factors, outs = pieces[0]
            coefficient = coefficient * c

    # atom rules

    def _atoms(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        atoms = self.space.atoms
        for position, (number, slots) in enumerate(factors):
            if atoms[number].argument is None:
                continue
            rule = self.atom_rule(number)
            if rule is not None:
                context = factors[:position] + factors[position + 1 :]
                return self.replace(context, outs, slots, rule, atoms[number].dims)
        return None

    def replace(
        self, context: Factors, outs: Slots, slots: Slots, rule: Rule, dims: tuple[Dimension, ...]
    ) -> tuple[list[Piece], list[Note]]:
        """Use a rule inside a context; its notes move into the context too."""
        pieces = glue(self.space, context, outs, slots, rule.pieces, dims)
        return pieces, [lay_note(note, context, outs, slots) for note in rule.notes]

    # meeting rules

    def _meetings(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        return self._repeated(factors, outs) or self._on_indices(factors, outs)

    def _repeated(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        """Equal factors on equal slots, and a factor beside its reciprocal."""
        atoms = self.space.atoms
        seen: dict[tuple[int, Slots], int] = {}
        reciprocals: list[int] = []
        for position, factor in enumerate(factors):
            atom = atoms[factor[0]]
            if atom.head == "recip":
                reciprocals.append(position)
            first = seen.setdefault(factor, position)
            if first == position:
                continue
            context = factors[:position] + factors[position + 1 :]
            if atom.symbol is not None and atom.symbol.kind == "mask" and atom.head == "sym":
                bare = context[:first] + context[first + 1 :]
                note = Note(-1, bare, outs, "idempotent", (AtomRef(factor[0]),), factor[1])
                return [(1, context, outs)], [note]
            if atom.head == "step":
                bare = context[:first] + context[first + 1 :]
                return [(1, context, outs)], [Note(-1, bare, outs, "step-idempotent", (atom.argument,), factor[1])]
            if atom.head == "det" and (letter := self._orthogonal_letter(atom.argument)) is not None:
                bare = context[:first] + context[first + 1 :]
                note = Note(-1, bare, outs, "det-orthogonal", (AtomRef(letter),), factor[1])
                return [(1, bare, outs)], [note]
            if atom.head in ("sqrt", "sin"):
                bare = context[:first] + context[first + 1 :]
                return self._square(factor, atom.argument, atom.head, bare, outs, atom.dims)
        for position in reciprocals:
            number, slots = factors[position]
            argument = atoms[number].argument
            assert argument is not None
            if len(argument.terms) != 1:
                continue
            (inner, inner_outs), coefficient = argument.terms[0]
            if len(inner) != 1 or coefficient != 1:
                continue
            atom_number, inner_slots = inner[0]
            target = (atom_number, tuple([slots[inner_outs.index(s)] for s in inner_slots if s in inner_outs]))
            if len(target[1]) == len(inner_slots) and target in seen:
                other = seen[target]
                bare = tuple([f for k, f in enumerate(factors) if k not in (position, other)])
                note = Note(-1, bare, outs, "reciprocal", (argument,), slots)
                return [close_sums(self.space, 1, bare, outs, slots, atoms[number].dims)], [note]
        return None

    def _orthogonal_letter(self, argument: Argument | None) -> int | None:
        """The orthogonal symbol that the argument consists of, if it does."""
        if argument is None or len(argument.terms) != 1 or len(argument.terms[0][0][0]) != 1:
            return None
        number = argument.terms[0][0][0][0][0]
        symbol = self.space[number].symbol
        good = symbol is not None and symbol.kind == "orthogonal" and self._is_letter(argument, number)
        return number if good else None

    def _square(
        self, factor: tuple[int, Slots], argument: Argument | None, head: str, bare: Factors, outs: Slots,
        dims: tuple[Dimension, ...],
    ) -> tuple[list[Piece], list[Note]]:  # fmt: skip
        """sqrt[a] sqrt[a] -> a;  sin[a] sin[a] -> 1 - cos[a] cos[a]."""
        assert argument is not None
        slots = tuple(range(len(dims)))
        if head == "sqrt":
            pieces = [(c, f, o) for (f, o), c in argument.terms]
            note = Note(-1, bare, outs, "square-root", (argument,), factor[1])
        else:
            cosine = (self.space.function("cos", argument), slots)
            pieces = [(Fraction(1), (), slots), (Fraction(-1), (cosine, cosine), slots)]
            note = Note(-1, bare, outs, "pythagoras", (argument,), factor[1])
        return glue(self.space, bare, outs, factor[1], pieces, dims), [note]

    def _on_indices(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        """Two matrices that meet on an index which nothing else touches."""
        meetings: dict[int, list[tuple[int, int]]] = {}
        for position, (_, slots) in enumerate(factors):
            for place, s in enumerate(slots):
                meetings.setdefault(s, []).append((position, place))
        for index, at in meetings.items():
            if len(at) == 2 and index not in outs and at[0][0] != at[1][0]:
                found = self._pair(factors, outs, at[0], at[1]) or self._pair(factors, outs, at[1], at[0])
                if found is not None:
                    return found
        return None

    def _pair(
        self, factors: Factors, outs: Slots, first: tuple[int, int], second: tuple[int, int]
    ) -> tuple[list[Piece], list[Note]] | None:
        """first's slot meets second's: R^T R, P P, inv(W) W, W inv(W)."""
        (p, place1), (q, place2) = first, second
        (a, slots1), (b, slots2) = factors[p], factors[q]
        A, B = self.space[a], self.space[b]
        if len(slots1) < 2 or len(slots2) < 2 or place1 > 1 or place2 > 1 or A.dims[:2] != B.dims[:2]:
            return None
        if slots1[2:] != slots2[2:] or A.dims[1] is None:
            return None
        left, right = slots1[1 - place1], slots2[1 - place2]
        schema, parameter, sign = self._meeting(a, b, place1, place2)
        if not schema:
            return None
        context = tuple([f for k, f in enumerate(factors) if k not in (p, q)])
        holes = (left, right, *slots1[2:])
        if schema == "idempotent":
            if A.symmetry == 0 and place1 == 0:
                holes = (right, left, *slots1[2:])
            note = Note(-1, context, outs, schema, (AtomRef(a),), holes)
            return [(1, (*context, (a, holes)), outs)], [note]
        if schema == "inverse-right":  # W(right, k) inv(W)(k, left)
            holes = (right, left, *slots1[2:])
        note = Note(-sign, context, outs, schema, (parameter,), holes)
        identity = (sign, (), (0, 0, *range(1, len(slots1) - 1)))
        return glue(self.space, context, outs, holes, [identity], A.dims), [note]

    def _meeting(self, a: int, b: int, place1: int, place2: int) -> tuple[str, object, int]:
        """The relation that applies, its parameter, and the sign of an antisymmetric letter entered by its column."""
        A = self.space[a]
        kind = A.symbol.kind if A.symbol is not None and A.head == "sym" else ""
        if a == b and kind == "orthogonal" and place1 == place2:
            return ("orthogonal-left" if place1 == 0 else "orthogonal-right"), AtomRef(a), 1
        if a == b and kind in ("projector", "idempotent") and (place1 != place2 or A.symmetry):
            return "idempotent", AtomRef(a), 1
        if A.head == "inv" and A.argument is not None and self._is_letter(A.argument, b):
            # inv(W)(left, k) W(k, right): slot 1 of the inverse meets slot 0 of W, or the other way round
            if A.symmetry:
                return "inverse-left", A.argument, 1
            turned = self.space.symmetry[b] == -1 and place1 == place2
            if turned or place1 != place2:
                return ("inverse-left" if place1 == 1 else "inverse-right"), A.argument, -1 if turned else 1
        return "", None, 1

    def _is_letter(self, argument: Argument, number: int) -> bool:
        slots = tuple(range(len(self.space[number].dims)))
        return argument.terms == (((((number, slots),), slots), Fraction(1)),)

    # patterns

    def _patterns(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        return self._replaced(factors, outs) or self._permuted(factors, outs)

    def _replaced(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        for pattern in self.patterns:
            if pattern.permutes:
                continue
            for pieces, note in self._applied(pattern, factors, outs):
                return pieces, [note]
        return None

    def _applied(self, pattern: Pattern, factors: Factors, outs: Slots) -> Iterator[tuple[list[Piece], Note]]:
        for context, holes, sign in matches(self.space, pattern, factors, outs):
            pieces = glue(self.space, context, outs, holes, pattern.rest, pattern.dims)
            note = Note(-sign * pattern.scale, context, outs, pattern.schema, pattern.parameters, holes)
            yield [(sign * c, f, o) for c, f, o in pieces], note

    def _permuted(self, factors: Factors, outs: Slots) -> tuple[list[Piece], list[Note]] | None:
        """A term that relations like S H = H S turn a term into: one that another rule applies to, else the first.

        The order is that of canonical terms.
        """
        permuting = [p for pattern in self.patterns if pattern.permutes for p in (pattern, pattern.reversed()) if p]
        if not permuting:
            return None
        sign, start = canonical(self.space, factors, outs)
        if not sign:
            return None
        found: dict[Key, tuple[Fraction | int, list[Note]]] = {start: (sign, [])}
        queue = [start]
        for key in queue:
            coefficient, notes = found[key]
            for pattern in permuting:
                for ((c, f, o),), note in self._applied(pattern, *key):
                    turned, new = canonical(self.space, f, o)
                    if turned and new not in found and len(found) < MAX_ORBIT:
                        found[new] = (coefficient * c * turned, notes + scaled([note], coefficient))
                        queue.append(new)
                        if self._meetings(*new) or self._replaced(*new):
                            return [(found[new][0], *new)], found[new][1]
            self._count()
        best = min(found)
        coefficient, notes = found[best]
        return None if best == start else ([(coefficient, *best)], notes)


def _accumulate(total: dict[Key, Fraction], key: Key, coefficient: Fraction | int) -> None:
    value = total.get(key, 0) + coefficient
    if value:
        total[key] = value  # type: ignore[assignment]  # ints stand for whole fractions
    else:
        total.pop(key, None)
