"""Canonical names for the summed indices of a product, so that equal products look equal.

A product is a list of factors ``(atom number, slots)`` with its outs. Its outs are labelled first, in their
order; then, from the lowest label on, the factors that touch it are placed one by one, each handing labels to its
unlabelled indices. As long as there is a label at which one factor is strictly first, this is a walk without choices.
Where there is none, the rest falls into pieces that hang together through unlabelled indices only: several pieces are
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
    new_outs = tuple([labels[index] for index in outs])
    sign, form, _ = _arrange(factors, labels, symmetry, spend)
    return sign, form, new_outs


def _arrange(pending: Factors, labels: Labels, symmetry: Sequence[int], spend: Callable[[], None]) -> Arranged:
    """Place the pending factors; labels of some indices are given, those of the others are added."""
    pending = tuple(sorted(pending))  # by atom; among equal atoms the order plays no part
    waiting, equals = _walk(pending, labels, symmetry)
    if not waiting:
        return _finish(pending, labels, symmetry)
    rest = tuple([factor for number, factor in enumerate(pending) if number in waiting])
    placed = tuple([factor for number, factor in enumerate(pending) if number not in waiting])
    pieces = _pieces(rest, labels)
    if len(pieces) > 1:
        return _side_by_side(
            placed, [_arrange(piece, dict(labels), symmetry, spend) for piece in pieces], labels, symmetry
        )
    return _branch(placed, rest, equals or _rarest(rest), labels, symmetry, spend)


def _walk(pending: Factors, labels: Labels, symmetry: Sequence[int]) -> tuple[set[int], list[Factor]]:
    """Hand out labels while one factor is strictly first; the numbers of those left over, and the equally first.

    An index at which several are equally first is left for later: labels from elsewhere may tell them apart.
    """
    touching: dict[int, list[int]] = {}
    waiting = set()  # a factor without slots is in its place
    for number, (_, slots) in enumerate(pending):
        if slots:
            waiting.add(number)
        for index in slots:
            if index not in touching:
                touching[index] = [number]
            elif touching[index][-1] != number:
                touching[index].append(number)
    order = list(labels)
    progress = True
    while progress and waiting:
        progress = False
        tied = []
        for index in order:  # it grows as indices are labelled
            group = [number for number in touching.get(index, ()) if number in waiting]
            while group:
                chosen: int | None = group[0]
                atom = pending[group[0]][0]
                if len(group) > 1 and pending[group[1]][0] == atom:
                    chosen = _strictly_first(group, pending, labels, symmetry)
                if chosen is None or (symmetry[atom] and _turns(pending[chosen], labels, symmetry)):
                    tied.append(index)
                    break
                progress = True
                waiting.remove(chosen)
                group.remove(chosen)
                for touched in pending[chosen][1]:
                    if touched not in labels:
                        labels[touched] = len(labels)
                        order.append(touched)
        order = tied
    if not waiting or not order:
        return waiting, []
    return waiting, _first([pending[number] for number in touching[order[0]] if number in waiting], labels, symmetry)


def _strictly_first(group: list[int], pending: Factors, labels: Labels, symmetry: Sequence[int]) -> int | None:
    """The number of the factor that comes before the others of the group; None where several are equally first."""
    first = _first([pending[number] for number in group], labels, symmetry)
    return None if len(first) > 1 else next(number for number in group if pending[number] == first[0])


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


def _turns(factor: Factor, labels: Labels, symmetry: Sequence[int]) -> bool:
    """Whether the factor may hand out labels to its first two indices in either order."""
    atom, slots = factor
    return bool(symmetry[atom]) and slots[0] != slots[1] and slots[0] not in labels and slots[1] not in labels


def _orientations(factor: Factor, labels: Labels, symmetry: Sequence[int]) -> list[tuple[int, ...]]:
    """The orders in which the factor may hand out labels to its indices."""
    slots = factor[1]
    return [slots, (slots[1], slots[0], *slots[2:])] if _turns(factor, labels, symmetry) else [slots]


def _finish(factors: Factors, labels: Labels, symmetry: Sequence[int]) -> Arranged:
    """Write labels for indices, sort, and count the signs of antisymmetric factors."""
    sign = 1
    written = []
    label = labels.__getitem__
    for atom, slots in factors:
        new = tuple(map(label, slots))
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
