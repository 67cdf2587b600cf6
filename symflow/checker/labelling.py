"""Canonical names for the summed indices of a product, so that equal products look equal.

A product is a list of factors ``(atom number, slots)`` with its outs. Its outs are labelled first, in their
order; then the factors that touch the lowest label are placed one by one, each handing labels to its
unlabelled indices. As long as one factor is strictly first, this is a walk without choices. Where several are
equally first, the rest falls into pieces that hang together through unlabelled indices only: several pieces are
arranged independently and sorted, a single piece is tried with each of the equals first and the least result
is taken. Every decision depends on atoms and labels alone, hence not on the names that the indices had.

An antisymmetric factor gives a sign; a product that equals its own negative has the sign 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

Factor = tuple[int, tuple[int, ...]]
Factors = tuple[Factor, ...]
Labels = dict[int, int]
Arranged = tuple[int, Factors, int]  # sign, factors with labels for indices, number of labels in use

_UNLABELLED = 1 << 30
_ZERO: Arranged = (0, (), 0)


def canonical(
    factors: Factors, outs: tuple[int, ...], symmetry: Sequence[int], spend: Callable[[], None]
) -> tuple[int, Factors, tuple[int, ...]]:
    """Return sign, factors and outs with canonical indices; the sign is 0 where the product is its own negative.

    ``symmetry[atom]`` is 1 (the first two slots in either order), -1 (with a sign) or 0; ``spend`` is called at
    every branch and may raise.

    >>> canonical(((7, (5, 3)), (7, (9, 5))), (9, 3), [0] * 8, lambda: None)
    (1, ((7, (0, 2)), (7, (2, 1))), (0, 1))
    >>> canonical(((0, (1, 2)), (1, (1,)), (1, (2,))), (), [-1, 0], lambda: None)[0]
    0
    """
    labels: Labels = {}
    for index in outs:
        if index not in labels:
            labels[index] = len(labels)
    sign, form, _ = _arrange(factors, labels, symmetry, spend)
    return sign, form, tuple([labels[index] for index in outs])


def _arrange(pending: Factors, given: Labels, symmetry: Sequence[int], spend: Callable[[], None]) -> Arranged:
    """Place the pending factors, whose labelled indices are given."""
    labels = dict(given)
    waiting, equals = _walk(pending, labels, symmetry)
    if not waiting:
        return _finish(pending, labels, symmetry)
    rest = tuple([factor for number, factor in enumerate(pending) if number in waiting])
    placed = tuple([factor for number, factor in enumerate(pending) if number not in waiting])
    pieces = _pieces(rest, labels)
    if len(pieces) > 1:
        return _side_by_side(placed, [_arrange(piece, labels, symmetry, spend) for piece in pieces], labels, symmetry)
    return _branch(placed, rest, equals or _rarest(rest), labels, symmetry, spend)


def _walk(pending: Factors, labels: Labels, symmetry: Sequence[int]) -> tuple[set[int], list[Factor]]:
    """Hand out labels while one factor is strictly first; the numbers of those left over, and the equally first."""
    order = list(labels)
    waiting = {number for number, (_, slots) in enumerate(pending) if slots}  # one without slots is in its place
    touching: dict[int, list[int]] = {}
    for number in waiting:
        for index in set(pending[number][1]):
            touching.setdefault(index, []).append(number)
    at = 0
    while at < len(order):
        group = [number for number in touching.get(order[at], ()) if number in waiting]
        if not group:
            at += 1
            continue
        chosen = group[0]
        if len(group) > 1:
            first = _first([pending[number] for number in group], labels, symmetry)
            if len(first) > 1:
                return waiting, first
            chosen = next(number for number in group if pending[number] == first[0])
        atom, slots = pending[chosen]
        if symmetry[atom] and len(_orientations(pending[chosen], labels, symmetry)) > 1:
            return waiting, [pending[chosen]]
        waiting.remove(chosen)
        for index in slots:
            if index not in labels:
                labels[index] = len(labels)
                order.append(index)
    return waiting, []


def _first(group: list[Factor], labels: Labels, symmetry: Sequence[int]) -> list[Factor]:
    """The distinct factors of the group that come first by atom and labels."""
    keyed = [(_key(factor, labels, symmetry), factor) for factor in group]
    least = min(key for key, _ in keyed)
    if _UNLABELLED not in least[1]:
        return [next(factor for key, factor in keyed if key == least)]  # the equals are the same factor
    return list(dict.fromkeys(factor for key, factor in keyed if key == least))


def _key(factor: Factor, labels: Labels, symmetry: Sequence[int]) -> Factor:
    atom, slots = factor
    seen = [labels.get(index, _UNLABELLED) for index in slots]
    if symmetry[atom] and seen[0] > seen[1]:
        seen[0], seen[1] = seen[1], seen[0]
    return atom, tuple(seen)


def _orientations(factor: Factor, labels: Labels, symmetry: Sequence[int]) -> list[tuple[int, ...]]:
    """The orders in which the factor may hand out labels to its indices."""
    atom, slots = factor
    if symmetry[atom] and slots[0] != slots[1] and slots[0] not in labels and slots[1] not in labels:
        return [slots, (slots[1], slots[0], *slots[2:])]
    return [slots]


def _finish(factors: Factors, labels: Labels, symmetry: Sequence[int]) -> Arranged:
    """Write labels for indices, sort, and count the signs of antisymmetric factors."""
    sign = 1
    written = []
    for atom, slots in factors:
        new = tuple([labels[index] for index in slots])
        kind = symmetry[atom]
        if kind:
            if new[0] > new[1]:
                new = (new[1], new[0], *new[2:])
                sign *= kind
            elif kind < 0 and new[0] == new[1]:
                return _ZERO
        written.append((atom, new))
    written.sort()
    return sign, tuple(written), len(labels)


def _pieces(factors: Factors, labels: Labels) -> list[Factors]:
    """Split factors into pieces that share no unlabelled index."""
    pieces: list[tuple[set[int], list[Factor]]] = []
    for factor in factors:
        indices = {index for index in factor[1] if index not in labels}
        members = [factor]
        apart = []
        for piece in pieces:
            if piece[0].isdisjoint(indices):
                apart.append(piece)
            else:
                indices |= piece[0]
                members = piece[1] + members
        pieces = [*apart, (indices, members)]
    return [tuple(members) for _, members in pieces]


def _side_by_side(placed: Factors, arranged: list[Arranged], labels: Labels, symmetry: Sequence[int]) -> Arranged:
    """Join pieces that were arranged independently, each counting its new labels from the same number on."""
    sign, form, count = _finish(placed, labels, symmetry)
    written = list(form)
    known = len(labels)
    count = known
    for piece_sign, piece, piece_count in sorted(arranged, key=lambda one: one[1]):
        sign *= piece_sign
        shift = count - known
        written += [(atom, tuple([i if i < known else i + shift for i in slots])) for atom, slots in piece]
        count += piece_count - known
    return (sign, tuple(sorted(written)), count) if sign else _ZERO


def _rarest(factors: Factors) -> list[Factor]:
    """The distinct factors that bear the rarest atom: where a closed piece starts."""
    counts = Counter(atom for atom, _ in factors)
    start = min(counts, key=lambda atom: (counts[atom], atom))
    return list(dict.fromkeys(factor for factor in factors if factor[0] == start))


def _branch(
    placed: Factors, rest: Factors, equals: list[Factor],
    labels: Labels, symmetry: Sequence[int], spend: Callable[[], None],
) -> Arranged:  # fmt: skip
    """Try each of the equals first and keep the least; two least results of opposite sign cancel."""
    best: Arranged | None = None
    for factor in equals:
        for slots in _orientations(factor, labels, symmetry):
            spend()
            extended = dict(labels)
            for index in slots:
                if index not in extended:
                    extended[index] = len(extended)
            at = rest.index(factor)
            below = _arrange(rest[:at] + rest[at + 1 :], extended, symmetry, spend)
            here = _finish((*placed, factor), extended, symmetry)
            sign = here[0] * below[0]
            if not sign:
                return _ZERO
            result = (sign, tuple(sorted(here[1] + below[1])), below[2])
            if best is None or result[1] < best[1]:
                best = result
            elif result[1] == best[1] and sign != best[0]:
                return _ZERO
    assert best is not None  # there is at least one factor to begin with
    return best
