"""Putting a relation's side in the place of what it replaces, inside a term."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symflow.calculus.atoms import Dimension, Factors, Slots, Space
from symflow.proof.recording import Note

Piece = tuple[Fraction | int, Factors, Slots]  # coefficient, factors, outs


def top_index(factors: Factors, outs: Slots, more: Slots = ()) -> int:
    """One more than the largest index in use."""
    top = -1
    for _, slots in factors:
        for s in slots:
            top = max(top, s)
    return max((top, *outs, *more)) + 1


def glue(
    space: Space, context: Factors, outs: Slots, holes: Slots, pieces: Sequence[Piece], dims: Sequence[Dimension]
) -> list[Piece]:  # fmt: skip
    """context · piece for every piece, the piece's outs identified with the holes."""
    top = top_index(context, outs, holes)
    results: list[Piece] = []
    for coefficient, factors, piece_outs in pieces:
        results.append(_glue_one(space, context, outs, holes, coefficient, factors, piece_outs, dims, top))
    return results


def _glue_one(
    space: Space, context: Factors, outs: Slots, holes: Slots, coefficient: Fraction | int, factors: Factors,
    piece_outs: Slots, dims: Sequence[Dimension], top: int,
) -> Piece:  # fmt: skip
    image, same = _identified(holes, piece_outs)
    renamed = []
    for atom, slots in factors:
        for s in slots:
            if s not in image:
                image[s] = top
                top += 1
        renamed.append((atom, tuple([image[s] for s in slots])))
    result = (*context, *renamed)
    if same:
        result = tuple([(a, tuple([_find(same, s) for s in slots])) for a, slots in result])
        outs = tuple([_find(same, s) for s in outs])
        holes = tuple([_find(same, s) for s in holes])
    return close_sums(space, coefficient, result, outs, holes, dims)


def lay_note(note: Note, context: Factors, outs: Slots, holes: Slots) -> Note:
    """The note inside a context, its outs identified with the holes."""
    top = top_index(context, outs, holes)
    image, same = _identified(holes, note.outs)
    for s in (*(s for _, slots in note.factors for s in slots), *note.holes):
        if s not in image:
            image[s] = top
            top += 1

    def there(s: int) -> int:
        return _find(same, image[s])

    inner = tuple([(a, tuple([there(s) for s in slots])) for a, slots in note.factors])
    outer = tuple([(a, tuple([_find(same, s) for s in slots])) for a, slots in context])
    return note._replace(
        factors=(*outer, *inner),
        outs=tuple([_find(same, s) for s in outs]),
        holes=tuple([there(s) for s in note.holes]),
    )


def _identified(holes: Slots, outs: Slots) -> tuple[dict[int, int], dict[int, int]]:
    """Where each out goes, and which holes become one because they are glued to the same out."""
    image: dict[int, int] = {}
    same: dict[int, int] = {}  # index -> index it is identified with
    for hole, out in zip(holes, outs, strict=True):
        here = _find(same, hole)
        other = _find(same, image.setdefault(out, here))
        if other != here:
            same[here] = other
    return image, same


def _find(same: dict[int, int], index: int) -> int:
    while index in same:
        index = same[index]
    return index


def close_sums(
    space: Space, coefficient: Fraction | int, factors: Factors, outs: Slots, indices: Sequence[int],
    dims: Sequence[Dimension],
) -> Piece:  # fmt: skip
    """Replace every summed index that meets no factor by its dimension."""
    done: set[int] = set()
    for index, dim in zip(indices, dims, strict=True):
        if index in outs or index in done or any(index in slots for _, slots in factors):
            continue
        done.add(index)
        if isinstance(dim, int):
            coefficient = coefficient * dim
        elif dim is not None:
            factors = (*factors, (space.dimension(dim), ()))
    return coefficient, factors, outs
