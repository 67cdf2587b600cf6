"""Renaming the indices of terms before they are multiplied: labels for outs, unused numbers for summed indices.

A product of placed terms is then nothing but the list of all their factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symflow.checker.labelling import Factors

Rational = int | Fraction
Product = tuple[Rational, Factors, tuple[int, ...]]
Pairs = tuple[tuple[int, int], ...]
Placed = tuple[Rational, Factors, Pairs]  # the pairs are labels that an out with two labels makes equal


def meets(label: int, placed: list[Placed]) -> bool:
    """Whether the label meets a factor in every term of a part."""
    return all(any(label in slots for _, slots in factors) for _, factors, _ in placed)


def place(terms: Sequence[Product], labels: Sequence[int], fresh: int) -> tuple[list[Placed], int]:
    """The terms of a sum with labels for its outs and numbers from ``fresh`` on for its summed indices.

    The terms of one sum use the same numbers, for they never meet in a product. Returns the next free number too.
    """
    placed: list[Placed] = []
    most = fresh
    for coefficient, factors, outs in terms:
        rename = dict(zip(outs, labels, strict=True))
        identified: tuple[tuple[int, int], ...] = ()
        if len(rename) < len(outs):
            identified = tuple(
                [(rename[i], label) for i, label in zip(outs, labels, strict=True) if rename[i] != label]
            )
        free = fresh
        for _, slots in factors:
            for index in slots:
                if index not in rename:
                    rename[index] = free
                    free += 1
        name = rename.__getitem__
        written = [(atom, tuple(map(name, slots))) for atom, slots in factors]
        placed.append((coefficient, tuple(written), identified))
        most = max(most, free)
    return placed, most


def _root(same: dict[int, int], label: int) -> int:
    while same[label] != label:
        label = same[label]
    return label


def _identify(same: dict[int, int], first: int, second: int) -> None:
    one, other = _root(same, first), _root(same, second)
    same[max(one, other)] = min(one, other)


def merged(pairs: Pairs) -> dict[int, int]:
    """Labels that are equal by the pairs, each with the least of its class."""
    same = {label: label for pair in pairs for label in pair}  # one that was identified points to another
    for first, second in pairs:
        _identify(same, first, second)
    return {label: _root(same, label) for label in same}
