"""A term with a row and a column out, read as a product of matrices from left to right."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from symflow.calculus.atoms import Argument, Dimension, Factors, Slots, Space
from symflow.proof.splitting import Part, make_argument, parts_of_term


class Item(NamedTuple):
    """One matrix of a product: its factors between two indices; ``flipped``: a lone letter entered by its column."""

    factors: Factors
    left: int
    right: int
    flipped: bool

    @property
    def is_diagonal(self) -> bool:
        """Whether it is a diagonal matrix: vectors on one index."""
        return self.left == self.right


class Chain(NamedTuple):
    """coefficient · scalars · items[0] · items[1] ⋯, from the row out to the column out."""

    coefficient: Fraction
    scalars: tuple[Part, ...]
    items: tuple[Item, ...]


def read_chain(space: Space, argument: Argument) -> Chain | None:
    """The only term of an argument as a chain; None where it is not one."""
    if len(argument.terms) != 1:
        return None
    (factors, outs), coefficient = argument.terms[0]
    if len(outs) < 2 or outs[0] == outs[1]:
        return None
    data = outs[2:]
    items: list[Item] = []
    used: set[int] = set()
    here = outs[0]
    while True:
        diagonal = tuple(f for k, f in enumerate(factors) if k not in used and _is_unary(f, here, data))
        if diagonal:
            used |= {k for k, f in enumerate(factors) if _is_unary(f, here, data)}
            items.append(Item(diagonal, here, here, False))
        if here == outs[1]:
            break
        edges = [k for k, f in enumerate(factors) if k not in used and here in f[1]]
        if len(edges) != 1:
            return None
        used.add(edges[0])
        atom, slots = factors[edges[0]]
        if len(slots) < 2 or (slots[2:] and not set(slots[2:]) <= set(data)) or here not in slots[:2]:
            return None
        flipped = slots[0] != here
        there = slots[0] if flipped else slots[1]
        if there == here:
            return None
        items.append(Item(((atom, slots),), here, there, flipped))
        here = there
    if any(outs[1] in f[1] for k, f in enumerate(factors) if k not in used):
        return None
    scalars = _scalars(space, [f for k, f in enumerate(factors) if k not in used], data, argument.dims)
    return None if scalars is None else Chain(coefficient, scalars, tuple(items))


def _is_unary(factor: tuple[int, Slots], index: int, data: Slots) -> bool:
    slots = factor[1]
    return bool(slots) and slots[0] == index and all(s in data for s in slots[1:])


def _scalars(
    space: Space, rest: list[tuple[int, Slots]], data: Slots, dims: tuple[Dimension, ...]
) -> tuple[Part, ...] | None:
    """Factors off the chain, grouped by summed indices; their outs are data indices."""
    if not rest:
        return ()
    parts = parts_of_term(space, tuple(rest), data, dims[2:])
    if parts is None:
        return None
    return tuple((inner, tuple(k + 2 for k in positions)) for inner, positions in parts)


def item_argument(space: Space, item: Item, outs: Slots, dims: tuple[Dimension, ...]) -> Argument:
    """The item as a matrix of its own, on row, column and the data outs."""
    data = outs[2:]
    if item.is_diagonal:
        first = space[item.factors[0][0]].dims[0]
        return make_argument(
            space, (first, first, *dims[2:]), [(Fraction(1), item.factors, (item.left, item.right, *data))]
        )
    atom = space[item.factors[0][0]]
    sides = (atom.dims[1], atom.dims[0]) if item.flipped else atom.dims[:2]
    return make_argument(space, (*sides, *dims[2:]), [(Fraction(1), item.factors, (item.left, item.right, *data))])
