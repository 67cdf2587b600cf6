"""Formal sums in index notation: atoms, gluing, collecting. Everything else in the checker is built on these.

A :class:`Tensor` is a sum with the range of each out (docs/certificates.md, "Formal sums"). Atoms are numbered
once per check, by head and canonical argument, so that formally equal arguments give the same number and a
factor is ``(atom number, slots)``. The only ways to make sums here are

- :meth:`Algebra.contract`: multiply, glue outs that bear the same label, sum over labels that are not kept;
- :meth:`Algebra.collect`: give every product its canonical form, add equal ones, drop zeros, sort.

Atoms are total functions: where an argument is out of bounds, 1/0 = 0, the inverse of a singular matrix is 0,
the square root of a negative number is 0, log a = log|a| and log 0 = 0. A relation may be used only where it holds
for these values too; where the statement is defined they are the true ones.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import NamedTuple

from symflow.checker.labelling import Factors, canonical
from symflow.checker.placing import Pairs, Placed, Product, Rational, meets, merged, place
from symflow.errors import CertificateError, LimitError
from symflow.expr.kinds import KINDS

Range = str | int | None  # of an index: a dimension name, a number from 2 on, or None for the data
Head = tuple[object, ...]  # all of an atom but its argument
Label = Hashable

ENTRYWISE = ("exp", "log", "sqrt", "sin", "cos", "tanh", "step", "recip")
MAX_TERMS = 20_000
MAX_BRANCHES = 20_000  # of one product
WEIGHT: Head = ("weight",)


class Tensor(NamedTuple):
    """A sum of products ``(coefficient, factors, outs)`` and the ranges of its outs."""

    dims: tuple[Range, ...]
    terms: tuple[Product, ...]


def axes(kind: str, dims: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The ranges of a symbol's slots, without the data index: a dimension of 1 has none.

    >>> axes("matrix", ("n", 1)), axes("mask", ("n",)), axes("symmetric", ("n",)), axes("scalar", ())
    (('n',), ('n',), ('n', 'n'), ())
    """
    if not dims:
        return ()
    lone = kind == "vector" or KINDS[kind].linear == "diagonal"
    return tuple(d for d in (dims[:1] if lone else (dims[0], dims[-1])) if d != 1)


def whole(number: Rational) -> Rational:
    """The number, as an integer where it is one: integers are quicker than fractions."""
    return number.numerator if number.denominator == 1 else number


def total(dims: tuple[Range, ...], *tensors: Tensor) -> Tensor:
    """The sum of tensors whose outs have the ranges ``dims``."""
    for tensor in tensors:
        if tensor.dims != dims:
            raise CertificateError(f"a sum of outs with ranges {tensor.dims} where {dims} are needed")
    return Tensor(dims, tuple([term for tensor in tensors for term in tensor.terms]))


def scaled(coefficient: Rational, tensor: Tensor) -> Tensor:
    """The tensor times a number."""
    if coefficient == 1:
        return tensor
    if not coefficient:
        return Tensor(tensor.dims, ())
    if coefficient == -1:
        return Tensor(tensor.dims, tuple([(-c, factors, outs) for c, factors, outs in tensor.terms]))
    return Tensor(tensor.dims, tuple([(whole(coefficient * c), factors, outs) for c, factors, outs in tensor.terms]))


def exchanged(tensor: Tensor) -> Tensor:
    """The tensor with its first two outs exchanged: the transpose."""
    first, second, *rest = tensor.dims
    terms = [(c, factors, (outs[1], outs[0], *outs[2:])) for c, factors, outs in tensor.terms]
    return Tensor((second, first, *rest), tuple(terms))


def constant(tensor: Tensor) -> Rational | None:
    """The value of a collected sum without outs that is a number; None for any other."""
    if tensor.dims or len(tensor.terms) > 1:
        return None
    if not tensor.terms:
        return 0
    coefficient, factors, _ = tensor.terms[0]
    return None if factors else coefficient


class Algebra:
    """The atoms of one check, with gluing and collecting.

    ``deadline`` is a reading of ``time.monotonic()``; past it, and past MAX_TERMS, LimitError is raised.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self.heads: list[Head] = []
        self.arguments: list[Tensor | None] = []
        self.dims: list[tuple[Range, ...]] = []
        self.symmetry: list[int] = []
        self._numbers: dict[tuple[Head, Tensor | None], int] = {}
        self._deadline = deadline
        self._branches = 0

    def atom(self, head: Head, argument: Tensor | None = None) -> int:
        """The number of an atom; its argument is collected first. CertificateError where the argument does not fit."""
        if argument is not None:
            argument = self.collect(argument)
        key = (head, argument)
        number = self._numbers.get(key)
        if number is None:
            dims = _slot_ranges(head, argument)
            symmetry = self._slot_symmetry(head, argument, dims)
            number = self._numbers[key] = len(self.heads)
            self.heads.append(head)
            self.arguments.append(argument)
            self.dims.append(dims)
            self.symmetry.append(symmetry)
        return number

    def lone(self, number: int) -> Tensor:
        """An atom as a tensor: one factor, one out per slot."""
        dims = self.dims[number]
        slots = tuple(range(len(dims)))
        return Tensor(dims, ((1, ((number, slots),), slots),))

    def apply(self, name: str | Head, argument: Tensor) -> Tensor:
        """An atom of an argument as a tensor; 1/c of a number c other than 0 is a number."""
        head = (name,) if isinstance(name, str) else name
        if head == ("recip",) and not argument.dims:
            value = constant(self.collect(argument))
            if value:
                return Tensor((), ((Fraction(1) / value, (), ()),))
        return self.lone(self.atom(head, argument))

    def _slot_symmetry(self, head: Head, argument: Tensor | None, dims: tuple[Range, ...]) -> int:
        if len(dims) < 2 or dims[0] != dims[1]:
            return 0
        if argument is None:
            kind = str(head[2])
            return {"symmetric": 1, "antisymmetric": -1}.get(KINDS[kind].linear, 0)
        if head[0] in ("det", "logdet"):
            return 0
        turned = self.collect(exchanged(argument))
        if head[0] == "inv" and turned == self.collect(scaled(-1, argument)):
            return -1  # the inverse of an antisymmetric matrix is antisymmetric, and so is the 0 that stands for none
        return 1 if turned == argument else 0

    def tick(self) -> None:
        """Raise LimitError past the deadline."""
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise LimitError("the time for checking the certificate is over")

    def _branch(self) -> None:
        self._branches += 1
        if self._branches > MAX_BRANCHES:
            raise LimitError(f"a product has too many symmetries: more than {MAX_BRANCHES} ways to name its indices")
        if not self._branches % 256:
            self.tick()

    def collect(self, tensor: Tensor) -> Tensor:
        """The canonical form: formally equal tensors, and only those, have the same one."""
        self.tick()
        sums: dict[tuple[Factors, tuple[int, ...]], Rational] = {}
        for count, (coefficient, factors, outs) in enumerate(tensor.terms):
            if not count % 256:
                self.tick()
            self._branches = 0
            sign, form, new_outs = canonical(factors, outs, self.symmetry, self._branch)
            if sign:
                key = (form, new_outs)
                signed = coefficient if sign > 0 else -coefficient
                sums[key] = sums[key] + signed if key in sums else signed
        terms = [(c, factors, outs) for (factors, outs), c in sorted(sums.items()) if c]
        return Tensor(tensor.dims, tuple(terms))

    def contract(
        self, parts: Sequence[tuple[Tensor, Sequence[Label]]], outs: Sequence[Label],
        ranges: Mapping[Label, Range] | None = None,
    ) -> Tensor:  # fmt: skip
        """Multiply the parts, glue outs of one label, keep the labels ``outs`` and sum over the others.

        ``ranges`` gives the ranges of labels that no part bears. CertificateError where the ranges of a label differ.
        """
        for tensor, labels in parts:
            if len(labels) != len(tensor.dims):
                raise CertificateError(f"{len(labels)} outs where there are {len(tensor.dims)}")
        if len(parts) > 1 and any(not tensor.dims for tensor, _ in parts):
            number, parts = _without_numbers(parts)
            if number != 1:
                return scaled(number, self.contract(parts, outs, ranges))
        if len(parts) == 1 and len(parts[0][1]) == len(outs) == len(set(outs)) and set(outs) == set(parts[0][1]):
            return _permuted(parts[0][0], list(parts[0][1]), list(outs))
        known: dict[Label, Range] = {}
        for tensor, labels in parts:
            for label, dim in zip(labels, tensor.dims, strict=True):
                if known.setdefault(label, dim) != dim:
                    raise CertificateError(f"an index ranges over {known[label]} and over {dim}")
        for label in outs:
            if label not in known:
                known[label] = (ranges or {})[label]
        size = prod(len(tensor.terms) for tensor, _ in parts)
        if size > MAX_TERMS:
            raise LimitError(f"a sum has {size} terms, more than {MAX_TERMS}")
        self.tick()
        number_of = {label: number for number, label in enumerate(known)}
        kept = tuple([number_of[label] for label in outs])
        summed = [number for number in number_of.values() if number not in kept]
        fresh = len(number_of)
        choices: list[list[Placed]] = []
        for tensor, labels in parts:
            placed, fresh = place(tensor.terms, [number_of[label] for label in labels], fresh)
            choices.append(placed)
        small_first = sorted(choices, key=len)
        summed = [label for label in summed if not any(meets(label, placed) for placed in small_first)]
        spans = dict(enumerate(known.values()))
        terms = [self._glue(choice, kept, summed, spans) for choice in product(*choices)]
        return Tensor(tuple([known[label] for label in outs]), tuple(terms))

    def inside(self, context: Product, holes: Sequence[int], relation: Tensor) -> list[Product]:
        """The products of a context with a relation whose outs are glued to the holes, indices of the context.

        A hole that is not among the outs of the context is summed over. The reader has seen to the ranges.
        """
        self.tick()
        _, factors, outs = context
        spans = dict(zip(holes, relation.dims, strict=True))
        met = {index for _, slots in factors for index in slots}.union(outs)
        summed = [index for index in spans if index not in met]
        fresh = 1 + max(met.union(holes), default=-1)
        placed, _ = place(relation.terms, holes, fresh)
        return [self._glue(((*context[:2], ()), one), outs, summed, spans) for one in placed]

    def _glue(
        self, choice: Sequence[Placed], kept: tuple[int, ...], summed: Sequence[int], spans: Mapping[int, Range]
    ) -> Product:
        """One product of one term of each part; where a summed label meets no factor, the size of its span."""
        coefficient: Rational = 1
        factors: Factors = ()
        pairs: Pairs = ()
        for c, more, identified in choice:
            coefficient = c if coefficient == 1 else coefficient if c == 1 else coefficient * c
            factors += more
            pairs += identified
        if pairs:
            root = merged(pairs)
            factors = tuple([(atom, tuple([root.get(i, i) for i in slots])) for atom, slots in factors])
            kept = tuple([root.get(label, label) for label in kept])
            summed = [label for label in summed if root.get(label, label) == label and label not in kept]
        if summed:
            touched = {index for _, slots in factors for index in slots}
            for label in summed:
                if label not in touched:
                    size, counted = self._count(spans[label])
                    coefficient *= size
                    factors += counted
        return coefficient, factors, kept

    def _count(self, span: Range) -> tuple[int, Factors]:
        """The sum of 1 over an index: a number, or the factor dim."""
        if span is None:
            raise CertificateError("a sum over the data of a term that does not depend on them, nor on weights")
        return (span, ()) if isinstance(span, int) else (1, ((self.atom(("dim", span)), ()),))

    def show(self, term: Product) -> str:
        """A product for a message, such as ``-1/2 R(0,2) x(2)``."""
        coefficient, factors, outs = term
        names = [str(self.heads[atom][1] if len(self.heads[atom]) > 1 else self.heads[atom][0]) for atom, _ in factors]
        written = [f"{n}({','.join(map(str, s))})" if s else n for n, (_, s) in zip(names, factors, strict=True)]
        return " ".join([str(coefficient), *written]) + (f" with outs {outs}" if outs else "")


def _without_numbers(
    parts: Sequence[tuple[Tensor, Sequence[Label]]],
) -> tuple[Rational, list[tuple[Tensor, Sequence[Label]]]]:
    """The product of those parts that are numbers, and the others."""
    number: Rational = 1
    left = []
    for tensor, labels in parts:
        value = constant(tensor)
        if value is None or labels:
            left.append((tensor, labels))
        else:
            number *= value
    return number, left


def _permuted(tensor: Tensor, labels: list[Label], outs: list[Label]) -> Tensor:
    """The tensor with its outs, distinctly labelled, in another order."""
    if labels == outs:
        return tensor
    places = [labels.index(label) for label in outs]
    terms = [(c, factors, tuple([own[place] for place in places])) for c, factors, own in tensor.terms]
    return Tensor(tuple([tensor.dims[place] for place in places]), tuple(terms))


def _slot_ranges(head: Head, argument: Tensor | None) -> tuple[Range, ...]:
    """The ranges of an atom's slots; CertificateError where the argument does not fit the head."""
    match head:
        case ("sym", str(), str(kind), tuple(dims), bool(family)) if argument is None:
            return (*axes(kind, dims), *((None,) if family else ()))
        case ("dim", str()) if argument is None:
            return ()
        case ("weight",) if argument is None:
            return (None,)
        case ("fn", str(), int()) if argument is not None:
            return argument.dims
        case (str(name),) if name in ENTRYWISE and argument is not None:
            return argument.dims
        case ("inv" | "det" | "logdet",) if argument is not None:
            dims = argument.dims
            if len(dims) < 2 or dims[0] is None or dims[0] != dims[1] or any(d is not None for d in dims[2:]):
                raise CertificateError(
                    f"{head[0]} of an argument with outs of ranges {dims}; it needs row, column, data"
                )
            return dims if head[0] == "inv" else dims[2:]
    raise CertificateError(
        f"{head!r} is not the head of an atom {'with' if argument is not None else 'without'} argument"
    )
