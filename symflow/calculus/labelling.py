"""Canonical labelling of index networks: equal terms get equal keys.

A term is a graph: indices are vertices, factors are (hyper)edges. Starting from the free indices, or, in a closed
component, from the rarest atom, indices are numbered in the order of a deterministic walk; where two factors cannot
be told apart the walk branches and the smallest key wins. Branching is bounded: past the bound the first choice is
taken, which can only make equal terms look different (a claim stays undecided), never different ones equal, because
every key is a faithful renaming of its term. Antisymmetric letters carry a sign; a term whose smallest key is reached
with both signs is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symflow.calculus.atoms import Factors, Key, Slots, Space

MAX_LEAVES = 256
_UNNUMBERED = 1 << 20

_Factor = tuple[int, tuple[int, ...]]


class _Walk:
    """A partial numbering: which indices are numbered, which factors are emitted, with what sign."""

    __slots__ = ("numbers", "queue", "pending", "emitted", "sign", "at")

    def __init__(self, pending: list[_Factor]) -> None:
        self.numbers: dict[int, int] = {}
        self.queue: list[int] = []
        self.pending = pending
        self.emitted: list[_Factor] = []
        self.sign = 1
        self.at = 0

    def copy(self) -> _Walk:
        twin = _Walk(list(self.pending))
        twin.numbers = dict(self.numbers)
        twin.queue = list(self.queue)
        twin.emitted = list(self.emitted)
        twin.sign = self.sign
        twin.at = self.at
        return twin

    def number(self, index: int) -> None:
        if index not in self.numbers:
            self.numbers[index] = len(self.queue)
            self.queue.append(index)

    def emit(self, factor: _Factor, symmetry: int) -> None:
        """Number the factor's indices and write it down, slots of symmetric letters in increasing order."""
        atom, slots = factor
        if symmetry and self.numbers.get(slots[1], _UNNUMBERED) < self.numbers.get(slots[0], _UNNUMBERED):
            slots = (slots[1], slots[0], *slots[2:])
            self.sign *= symmetry
        for index in slots:
            self.number(index)
        if symmetry < 0 and slots[0] == slots[1]:
            self.sign = 0
        numbers = self.numbers
        self.emitted.append((atom, tuple([numbers[s] for s in slots])))


def canonical(space: Space, factors: Factors, outs: Slots) -> tuple[int, Key]:
    """The sign and the canonical key of a term; sign 0 means that the term is zero.

    >>> from symflow.calculus.atoms import Space
    >>> from symflow.expr.tree import Symbol
    >>> space = Space()
    >>> a = space.symbol(Symbol("A", "matrix", ("n",)))
    >>> canonical(space, ((a, (7, 3)), (a, (3, 5))), (7, 5)) == canonical(space, ((a, (1, 2)), (a, (0, 1))), (0, 2))
    True
    """
    symmetry = space.symmetry
    plain: list[_Factor] = []
    slotted: list[_Factor] = []
    meets: dict[int, list[int]] = {}  # positions of the factors at each index
    for factor in factors:
        if factor[1]:
            position = len(slotted)
            slotted.append(factor)
            for s in factor[1]:
                at = meets.get(s)
                if at is None:
                    meets[s] = [position]
                elif at[-1] != position:
                    at.append(position)
        else:
            plain.append(factor)
    if len(plain) > 1:
        plain.sort()
    quick = _without_ties(slotted, meets, outs, symmetry)
    if quick is None:
        walk = _Walk(slotted)
        for index in outs:
            walk.number(index)
        sign, emitted, numbers, rest = _open_part(walk, symmetry)
    else:
        sign, emitted, numbers, rest = quick
    if not sign:
        return 0, ((), ())
    result = [*plain, *emitted]
    if rest:
        count = len(numbers)
        closed = []
        for component in components(rest) if len(rest) > 1 else [rest]:
            component_sign, key, size = _closed_part(component, symmetry)
            sign *= component_sign
            closed.append((key, size))
        if not sign:
            return 0, ((), ())
        closed.sort()
        for key, size in closed:
            result += [(atom, tuple([s + count for s in slots])) for atom, slots in key]
            count += size
    return sign, (tuple(result), tuple([numbers[s] for s in outs]))


def _without_ties(
    slotted: list[_Factor], meets: dict[int, list[int]], outs: Slots, symmetry: list[int]
) -> tuple[int, list[_Factor], dict[int, int], list[_Factor]] | None:
    """The walk of :func:`_leaves` in one pass, for the usual case that no two factors tie; None where two do."""
    numbers: dict[int, int] = {}
    queue: list[int] = []
    for index in outs:
        if index not in numbers:
            numbers[index] = len(queue)
            queue.append(index)
    emitted: list[_Factor] = []
    used = [False] * len(slotted)
    sign = 1
    for here in queue:
        left = [position for position in meets.get(here, ()) if not used[position]]
        while left:
            chosen = left[0]
            if len(left) > 1:
                ranks = sorted([(*_rank(slotted[p], numbers, symmetry), p) for p in left])
                first, second = ranks[0], ranks[1]
                if first[:-1] == second[:-1] and max(first[2:-1]) >= _UNNUMBERED:
                    return None
                chosen = first[-1]
            left.remove(chosen)
            used[chosen] = True
            atom, slots = slotted[chosen]
            turn = symmetry[atom]
            if turn:
                a, b = numbers.get(slots[0], _UNNUMBERED), numbers.get(slots[1], _UNNUMBERED)
                if a == b and slots[0] != slots[1]:
                    return None  # met at another slot, such as a data index: which of the two comes first is open
                if b < a:
                    slots = (slots[1], slots[0], *slots[2:])
                    sign *= turn
                if turn < 0 and slots[0] == slots[1]:
                    return 0, emitted, numbers, []
            for s in slots:
                if s not in numbers:
                    numbers[s] = len(queue)
                    queue.append(s)
            emitted.append((atom, tuple([numbers[s] for s in slots])))
    rest = [factor for position, factor in enumerate(slotted) if not used[position]]
    return sign, emitted, numbers, rest


def _rank(factor: _Factor, numbers: dict[int, int], symmetry: list[int]) -> tuple[int, ...]:
    atom, slots = factor
    seen = [numbers.get(s, _UNNUMBERED) for s in slots]
    if symmetry[atom] and seen[1] < seen[0]:
        seen[0], seen[1] = seen[1], seen[0]
    return (seen.count(_UNNUMBERED), atom, *seen)


def _open_part(walk: _Walk, symmetry: list[int]) -> tuple[int, list[_Factor], dict[int, int], list[_Factor]]:
    if not walk.queue:
        return 1, [], {}, walk.pending
    leaves = _leaves(walk, symmetry)
    best = min(leaves, key=lambda leaf: leaf.emitted) if len(leaves) > 1 else leaves[0]
    return _common_sign(leaves, best), best.emitted, best.numbers, best.pending


def _common_sign(leaves: list[_Walk], best: _Walk) -> int:
    """The sign of the smallest key, 0 where it is reached with both signs."""
    if len(leaves) > 1 and any(leaf.sign != best.sign and leaf.emitted == best.emitted for leaf in leaves):
        return 0
    return best.sign


def _closed_part(component: list[_Factor], symmetry: list[int]) -> tuple[int, tuple[_Factor, ...], int]:
    if len(component) == 1 and len(component[0][1]) == 1:
        return 1, ((component[0][0], (0,)),), 1
    counts: dict[int, int] = {}
    for atom, _ in component:
        counts[atom] = counts.get(atom, 0) + 1
    rarest = min(counts, key=lambda atom: (counts[atom], atom))
    leaves: list[_Walk] = []
    for position, factor in enumerate(component):
        if factor[0] != rarest:
            continue
        slots = factor[1]
        starts = [(slots, 1)]
        if symmetry[rarest] and slots[0] != slots[1]:
            starts.append(((slots[1], slots[0], *slots[2:]), symmetry[rarest]))
        for start, sign in starts:
            quick = _from_start(component, position, start, sign, symmetry)
            if quick is not None:
                leaves.append(quick)
                continue
            walk = _Walk(component[:position] + component[position + 1 :])
            walk.sign = sign
            walk.emit((rarest, start), symmetry[rarest])
            leaves += _leaves(walk, symmetry)
        if len(leaves) > MAX_LEAVES:
            break
    best = min(leaves, key=lambda leaf: leaf.emitted) if len(leaves) > 1 else leaves[0]
    return _common_sign(leaves, best), tuple(best.emitted), len(best.queue)


def _from_start(component: list[_Factor], position: int, start: Slots, sign: int, symmetry: list[int]) -> _Walk | None:
    """A walk from one factor without ties; None where factors tie."""
    others = component[:position] + component[position + 1 :]
    meets: dict[int, list[int]] = {}
    for place, (_, slots) in enumerate(others):
        for s in dict.fromkeys(slots):
            meets.setdefault(s, []).append(place)
    atom = component[position][0]
    if symmetry[atom] < 0 and start[0] == start[1]:
        sign = 0
    found = _without_ties(others, meets, start, symmetry)
    if found is None:
        return None
    walk = _Walk([])
    walk.numbers = found[2]
    walk.queue = list(found[2])
    walk.emitted = [(atom, tuple([found[2][s] for s in start])), *found[1]]
    walk.sign = sign * found[0]
    return walk


def _leaves(start: _Walk, symmetry: list[int]) -> list[_Walk]:
    """All complete walks from a start; more than one only where factors cannot be told apart."""
    finished: list[_Walk] = []
    stack = [start]
    while stack:
        walk = stack.pop()
        while walk.at < len(walk.queue):
            ties = _smallest(walk, symmetry)
            if not ties:
                walk.at += 1
                continue
            if len(ties) > 1 and len(stack) + len(finished) < MAX_LEAVES:
                for position in ties[1:]:
                    twin = walk.copy()
                    factor = twin.pending.pop(position)
                    stack += _turned(twin, factor, symmetry)
                    twin.emit(factor, symmetry[factor[0]])
                    stack.append(twin)
            factor = walk.pending.pop(ties[0])
            if len(stack) + len(finished) < MAX_LEAVES:
                stack += _turned(walk, factor, symmetry)
            walk.emit(factor, symmetry[factor[0]])
        finished.append(walk)
    return finished


def _turned(walk: _Walk, factor: _Factor, symmetry: list[int]) -> list[_Walk]:
    """The walk with a symmetric factor turned, where neither of its two slots has a number that tells them apart."""
    atom, slots = factor
    if not symmetry[atom] or slots[0] == slots[1] or slots[0] in walk.numbers or slots[1] in walk.numbers:
        return []
    twin = walk.copy()
    twin.sign *= symmetry[atom]
    twin.emit((atom, (slots[1], slots[0], *slots[2:])), symmetry[atom])
    return [twin]


def _smallest(walk: _Walk, symmetry: list[int]) -> list[int]:
    """Positions of the pending factors at the current index that come first; several where they tie."""
    numbers = walk.numbers
    here = walk.queue[walk.at]
    best: tuple[int, ...] | None = None
    ties: list[int] = []
    for position, (atom, slots) in enumerate(walk.pending):
        if here not in slots:
            continue
        seen = [numbers.get(s, _UNNUMBERED) for s in slots]
        if symmetry[atom] and seen[1] < seen[0]:
            seen[0], seen[1] = seen[1], seen[0]
        rank = (seen.count(_UNNUMBERED), atom, *seen)
        if best is None or rank < best:
            best = rank
            ties = [position]
        elif rank == best and max(seen) >= _UNNUMBERED:
            ties.append(position)
    if len(ties) > 1:
        ties = _refine(walk, ties, symmetry)
    return ties


def _refine(walk: _Walk, ties: list[int], symmetry: list[int]) -> list[int]:
    """Tell tied factors apart by what else hangs on their unnumbered indices, two steps deep."""
    numbers = walk.numbers

    def colour(index: int, depth: int, seen: tuple[int, ...]) -> tuple[object, ...]:
        around = []
        for position, (atom, slots) in enumerate(walk.pending):
            if index in slots and position not in seen:
                place = slots.index(index)
                deeper: list[object] = []
                if depth:
                    deeper = [
                        (numbers[s], ()) if s in numbers else (-1, colour(s, depth - 1, (*seen, position)))
                        for s in slots
                    ]
                if symmetry[atom]:  # the order of its first two slots is an accident
                    place = place and place - 1
                    deeper[:2] = sorted(deeper[:2], key=repr)
                around.append((atom, place, tuple(deeper)))
        return tuple(sorted(around, key=repr))

    ranked = []
    for position in ties:
        _, slots = walk.pending[position]
        ranked.append((repr([colour(s, 2, (position,)) for s in slots if s not in numbers]), position))
    smallest = min(rank for rank, _ in ranked)
    chosen = [position for rank, position in ranked if rank == smallest]
    if len(chosen) > 1 and _are_leaves(walk, chosen):
        return chosen[:1]
    return chosen


def _are_leaves(walk: _Walk, ties: list[int]) -> bool:
    """Whether the tied factors end in indices that nothing else meets: then any order gives the same key."""
    numbers = walk.numbers
    for position in ties:
        for index in walk.pending[position][1]:
            if index not in numbers and sum(index in slots for _, slots in walk.pending) > 1:
                return False
    return True


def components(factors: Sequence[_Factor], apart: Sequence[int] = ()) -> list[list[_Factor]]:
    """The factors in groups that share no index, but for the indices that keep ``apart``."""
    parts: list[tuple[set[int], list[_Factor]]] = []
    for factor in factors:
        indices = {s for s in factor[1] if s not in apart}
        members = [factor]
        separate = []
        for part in parts:
            if part[0] & indices:
                indices |= part[0]
                members = part[1] + members
            else:
                separate.append(part)
        parts = [*separate, (indices, members)]
    return [members for _, members in parts]
