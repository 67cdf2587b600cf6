"""The certificate as data: what the prover hands to the checker (docs/certificates.md).

Nested tuples of names, integers and fractions only, so that a certificate can be stored, printed and counted.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

Atom = tuple[Any, ...]
Factor = tuple[Atom, tuple[int, ...]]


class Term(NamedTuple):
    """A product of factors; an index that is not in ``outs`` is summed over."""

    factors: tuple[Factor, ...]
    outs: tuple[int, ...]


Sum = tuple[tuple[Fraction, Term], ...]


class Argument(NamedTuple):
    """A sum with the dimension of each out; the range of a data index is None."""

    dims: tuple[str | int | None, ...]
    terms: Sum


class Entry(NamedTuple):
    """coefficient · context · relation(schema, parameters), the relation's outs glued to the holes."""

    coefficient: Fraction
    context: Term
    schema: str
    parameters: tuple[Any, ...]
    holes: tuple[int, ...]


class Lemma(NamedTuple):
    """An argument that its entries establish to be zero."""

    relation: Argument
    entries: tuple[Entry, ...]


class Certificate(NamedTuple):
    """statement difference + sum of entries = 0, formally."""

    lemmas: tuple[Lemma, ...]
    entries: tuple[Entry, ...]
