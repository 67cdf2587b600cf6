"""Relations whose left side is a sub-network of several factors, and the search for it inside a term.

A pattern is ``lead - rest``, scaled so that the lead has coefficient 1. Its outs may be glued to anything; an index
that is not an out is summed in the relation, so in a match nothing else of the term may touch it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symflow.calculus.atoms import Argument, Dimension, Factors, Key, Slots, Space
from symflow.proof.gluing import Piece

Binding = dict[int, int]


@dataclass(frozen=True, slots=True)
class Pattern:
    """lead(outs) = rest(outs); ``scale`` · relation(schema, parameters) = lead - rest."""

    lead: Factors
    outs: Slots
    rest: tuple[Piece, ...]
    dims: tuple[Dimension, ...]
    schema: str
    parameters: tuple[Any, ...]
    scale: Fraction

    def reversed(self) -> Pattern | None:
        """Of a relation between two terms: the other one as the lead, if it bears all outs."""
        ((c, factors, outs),) = self.rest
        if not set(outs) <= {s for _, slots in factors for s in slots}:
            return None
        rest = ((1 / Fraction(c), self.lead, self.outs),)
        scale = -self.scale / c
        return Pattern(tuple(factors), tuple(outs), rest, self.dims, self.schema, self.parameters, scale)

    @property
    def permutes(self) -> bool:
        """Whether it only puts the same atoms together in another way, like S H = H S: it could undo itself."""
        return len(self.rest) == 1 and sorted(a for a, _ in self.rest[0][1]) == sorted(a for a, _ in self.lead)


Weight = tuple[int, tuple[int, ...], int, Key]


def weight(key: Key) -> Weight:
    """The order by which the lead is chosen: more slotted factors first, then later atoms, then fewer scalars.

    The first two compare multisets of atoms, so the order survives multiplication by a context, from whichever side
    a network is read; only terms with the same atoms are ordered by their keys.
    """
    factors, _ = key
    slotted = sorted((atom for atom, slots in factors if slots), reverse=True)
    return len(slotted), tuple(slotted), len(slotted) - len(factors), key


def _heaviest(terms: list[Key]) -> Key:
    """The term to replace. Of products of scalars one that is no part of another, or it would be replaced for ever."""
    chosen = max(terms, key=weight)
    atoms = Counter(_atoms(chosen))
    if any(slots for _, slots in chosen[0]) or not any(atoms < Counter(_atoms(key)) for key in terms):
        return chosen
    return max(terms, key=lambda key: (len(key[0]), key))


def _atoms(key: Key) -> list[int]:
    return sorted(atom for atom, _ in key[0])


def orient(relation: Argument, schema: str, parameters: tuple[Any, ...], lead: Key | None = None) -> Pattern | None:
    """Read a relation (an argument that is zero) from its heaviest term to the others; None without a usable lead.

    A lead that bears an out twice is a diagonal: then the relation is read on its diagonal alone.
    """
    if not relation.terms:
        return None
    terms = dict(relation.terms)
    chosen = lead if lead is not None else _heaviest(list(terms))
    factors, outs = chosen
    if not factors or not set(outs) <= {s for _, slots in factors for s in slots}:
        return None
    if schema == "lemma" and any(_atoms(key) == _atoms(chosen) for key in terms if key != chosen):
        return None  # read from the other side of a transpose such a rule would undo itself
    coefficient = terms.pop(chosen)
    rest = tuple((-c / coefficient, f, o) for (f, o), c in terms.items())
    return Pattern(factors, outs, rest, relation.dims, schema, parameters, 1 / coefficient)


def matches(space: Space, pattern: Pattern, factors: Factors, outs: Slots) -> Iterator[tuple[Factors, Slots, int]]:
    """The context, the holes and the sign of every place where the lead occurs."""
    present: dict[int, list[int]] = {}
    for position, (atom, _) in enumerate(factors):
        present.setdefault(atom, []).append(position)
    if any(atom not in present for atom, _ in pattern.lead):
        return
    degree: dict[int, int] = {}
    for _, slots in factors:
        for s in slots:
            degree[s] = degree.get(s, 0) + 1
    inner: dict[int, int] = {}
    for _, slots in pattern.lead:
        for s in slots:
            if s not in pattern.outs:
                inner[s] = inner.get(s, 0) + 1
    for used, binding, sign in _extend(space, pattern.lead, factors, present, frozenset(), {}, 1):
        if _closed(binding, inner, degree, outs, pattern.outs):
            context = tuple([f for k, f in enumerate(factors) if k not in used])
            yield context, tuple([binding[s] for s in pattern.outs]), sign


def _closed(binding: Binding, inner: dict[int, int], degree: dict[int, int], outs: Slots, free: Slots) -> bool:
    """Every summed index of the lead sits on a summed index of the term that nothing else touches."""
    images = [binding[s] for s in inner]
    if len(set(images)) < len(images):
        return False
    others = {binding[s] for s in free}
    return all(
        binding[s] not in outs and binding[s] not in others and degree[binding[s]] == count
        for s, count in inner.items()
    )


def _extend(
    space: Space, lead: Factors, factors: Factors, present: dict[int, list[int]], used: frozenset[int],
    binding: Binding, sign: int,
) -> Iterator[tuple[frozenset[int], Binding, int]]:  # fmt: skip
    """All ways to lay the lead's factors on factors of the term; turning an antisymmetric letter costs a sign."""
    if not lead:
        yield used, binding, sign
        return
    atom, slots = lead[0]
    for position in present[atom]:
        if position in used:
            continue
        target = factors[position][1]
        orders = [(target, 1)]
        if space.symmetry[atom] and target[0] != target[1]:
            orders.append(((target[1], target[0], *target[2:]), space.symmetry[atom]))
        for order, turned in orders:
            extended = _bind(slots, order, binding)
            if extended is not None:
                yield from _extend(space, lead[1:], factors, present, used | {position}, extended, sign * turned)


def _bind(slots: Slots, target: Slots, binding: Binding) -> Binding | None:
    result = dict(binding)
    for s, t in zip(slots, target, strict=True):
        if result.setdefault(s, t) != t:
            return None
    return result
