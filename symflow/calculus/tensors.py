"""Sums of terms with named outs, and the one operation that combines them: contraction.

A :class:`Tensor` has *labels*: ``"r"`` for the row, ``"c"`` for the column, ``"#i"`` for the free data index i. A row
or column of dimension 1 has no out. Everything the language can say (products, transposes, traces, Hadamard products,
diagonals, data sums) is a contraction of one or two tensors: labels that meet are identified, labels that are not
asked for are summed. Terms stay as they are written until :meth:`Tensor.collected` puts them in normal form, once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from fractions import Fraction

from symflow.calculus.atoms import Argument, Dimension, Factors, Key, Slots, Space
from symflow.calculus.labelling import canonical
from symflow.errors import LimitError

Raw = tuple[Fraction | int, Factors, Slots, int]  # coefficient, factors, outs, number of indices in use
Label = str

MAX_TERMS = 20_000
_ZERO = Fraction(0)


class Budget:
    """A deadline and a bound on the number of terms; checked where sums grow."""

    def __init__(self, seconds: float | None = None) -> None:
        self.deadline = None if seconds is None else time.monotonic() + seconds

    def check(self, terms: int = 0) -> None:
        """Raise LimitError when time is up or a sum has too many terms."""
        if terms > MAX_TERMS:
            raise LimitError(f"an expanded sum has more than {MAX_TERMS} terms")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise LimitError("the time limit was reached")


class Tensor:
    """A sum of terms; ``labels`` and ``dims`` describe the outs, one by one."""

    __slots__ = ("labels", "dims", "terms")

    def __init__(self, labels: tuple[Label, ...], dims: tuple[Dimension, ...], terms: list[Raw]) -> None:
        self.labels = labels
        self.dims = dims
        self.terms = terms

    def dimension(self, label: Label) -> Dimension:
        """The dimension of the out with this label."""
        return self.dims[self.labels.index(label)]

    def scaled(self, factor: Fraction | int) -> Tensor:
        """The tensor times a number."""
        if not factor:
            return Tensor(self.labels, self.dims, [])
        return Tensor(self.labels, self.dims, [(c * factor, f, o, n) for c, f, o, n in self.terms])

    def collected(self, space: Space) -> dict[Key, Fraction]:
        """The terms in normal form: canonical key to nonzero coefficient."""
        total: dict[Key, Fraction] = {}
        for coefficient, factors, outs, _ in self.terms:
            sign, key = canonical(space, factors, outs)
            if sign:
                value = total.get(key, _ZERO) + sign * coefficient
                if value:
                    total[key] = value
                else:
                    del total[key]
        return total

    def argument(self, space: Space) -> Argument:
        """The tensor as the argument of a function atom."""
        terms = self.collected(space)
        return Argument(self.dims, tuple(sorted((key, Fraction(c)) for key, c in terms.items())))


def from_terms(labels: tuple[Label, ...], dims: tuple[Dimension, ...], terms: dict[Key, Fraction]) -> Tensor:
    """A tensor from terms in normal form."""
    return Tensor(labels, dims, [(c, f, o, count_indices(f, o)) for (f, o), c in terms.items()])


def from_argument(labels: tuple[Label, ...], argument: Argument) -> Tensor:
    """A tensor from an argument, its outs labelled."""
    return Tensor(labels, argument.dims, [(c, f, o, count_indices(f, o)) for (f, o), c in argument.terms])


def count_indices(factors: Factors, outs: Slots) -> int:
    """One more than the largest index in use."""
    top = max(outs, default=-1)
    for _, slots in factors:
        for s in slots:
            top = max(top, s)
    return top + 1


def letter(space: Space, atom: int, labels: tuple[Label, ...]) -> Tensor:
    """The tensor of a single atom."""
    slots = tuple(range(len(labels)))
    return Tensor(labels, space[atom].dims, [(1, ((atom, slots),), slots, len(labels))])


def sort_labels(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Row first, then column, then data indices by name."""
    return tuple(sorted(labels, key=lambda x: (x != "r", x != "c", x)))


def add(parts: list[Tensor]) -> Tensor:
    """The sum; a part that does not depend on a data index is constant in it."""
    labels = sort_labels({label for part in parts for label in part.labels})
    known = {label: dim for part in parts for label, dim in zip(part.labels, part.dims, strict=True)}
    dims = tuple(known[label] for label in labels)
    terms: list[Raw] = []
    for part in parts:
        if part.labels == labels:
            terms += part.terms
            continue
        missing = [label for label in labels if label not in part.labels]
        for c, f, o, n in part.terms:
            where = dict(zip(part.labels, o, strict=True)) | {label: n + k for k, label in enumerate(missing)}
            terms.append((c, f, tuple(where[label] for label in labels), n + len(missing)))
    return Tensor(labels, dims, terms)


def contract(
    space: Space,
    tensor: Tensor,
    inside: tuple[Label, ...],
    result: tuple[Label, ...],
    names: tuple[Label, ...] | None = None,
) -> Tensor:
    """Rename the outs to ``inside``; equal names are identified; names not in ``result`` are summed.

    ``names`` are the labels of the result where they differ from ``result`` (a name may be asked for twice: a
    diagonal).
    """
    known = dict(zip(inside, tensor.dims, strict=True))
    summed = [name for name in dict.fromkeys(inside) if name not in result]
    terms: list[Raw] = []
    for c, f, o, n in tensor.terms:
        factors, outs = _identify(f, o, [(p, inside.index(name)) for p, name in enumerate(inside)])
        where = dict(zip(inside, outs, strict=True))
        _finish(space, terms, c, factors, where, summed, result, known, n)
    return Tensor(result if names is None else names, tuple(known[name] for name in result), terms)


def product(
    space: Space, left: Tensor, inside_left: tuple[Label, ...], right: Tensor, inside_right: tuple[Label, ...],
    result: tuple[Label, ...], names: tuple[Label, ...] | None = None, budget: Budget | None = None,
) -> Tensor:  # fmt: skip
    """Multiply two tensors, identify equal names, sum over the names that are not in ``result``."""
    known = dict(zip(inside_left, left.dims, strict=True)) | dict(zip(inside_right, right.dims, strict=True))
    summed = [name for name in known if name not in result]
    shared = [(inside_left.index(name), p) for p, name in enumerate(inside_right) if name in inside_left]
    if budget is not None:
        budget.check(len(left.terms) * len(right.terms))
    terms: list[Raw] = []
    plan = [(0, inside_left.index(x)) if x in inside_left else (1, inside_right.index(x)) for x in result]
    closing = [(name, _places(name, inside_left), _places(name, inside_right)) for name in summed]
    touched_right = [[_touches(f, o, q) for _, _, q in closing] for _, f, o, _ in right.terms]
    for c1, f1, o1, n1 in left.terms:
        touched_left = [_touches(f1, o1, p) for _, p, _ in closing]
        for (c2, f2, o2, n2), touched in zip(right.terms, touched_right, strict=True):
            image = list(range(n1, n1 + n2))
            clashes: list[tuple[int, int]] = []
            for p, q in shared:
                i, j = o1[p], o2[q]
                if image[j] >= n1:
                    image[j] = i
                elif image[j] != i:
                    clashes.append((image[j], i))
            factors = f1 + tuple([(a, tuple([image[s] for s in slots])) for a, slots in f2])
            if not clashes and all(x or y for x, y in zip(touched_left, touched, strict=True)):
                outs = tuple([o1[p] if side == 0 else image[o2[p]] for side, p in plan])
                terms.append((c1 * c2, factors, outs, n1 + n2))
                continue
            outs1, outs2 = o1, tuple([image[s] for s in o2])
            if clashes:
                factors, outs1, outs2 = _merge(factors, outs1, outs2, clashes)
            where = dict(zip(inside_left, outs1, strict=True))
            where.update(zip(inside_right, outs2, strict=True))
            _finish(space, terms, c1 * c2, factors, where, summed, result, known, n1 + n2)
    return Tensor(result if names is None else names, tuple(known[name] for name in result), terms)


def _places(name: Label, inside: tuple[Label, ...]) -> tuple[int, ...]:
    return tuple(p for p, x in enumerate(inside) if x == name)


def _touches(factors: Factors, outs: Slots, places: tuple[int, ...]) -> bool:
    """Whether some factor has the index of one of the outs."""
    return any(outs[p] in slots for p in places for _, slots in factors)


def _merge(
    factors: Factors, outs1: Slots, outs2: Slots, clashes: list[tuple[int, int]]
) -> tuple[Factors, Slots, Slots]:
    """Identify indices of one term with each other."""
    for a, b in clashes:
        # earlier merges may already have renamed a or b: rename through the current outs
        factors = tuple([(x, tuple([a if s == b else s for s in slots])) for x, slots in factors])
        outs1 = tuple([a if s == b else s for s in outs1])
        outs2 = tuple([a if s == b else s for s in outs2])
        clashes[:] = [(a if x == b else x, a if y == b else y) for x, y in clashes]
    return factors, outs1, outs2


def _identify(factors: Factors, outs: Slots, pairs: list[tuple[int, int]]) -> tuple[Factors, Slots]:
    clashes = [(outs[q], outs[p]) for p, q in pairs if outs[p] != outs[q]]
    if not clashes:
        return factors, outs
    factors, outs, _ = _merge(factors, outs, (), clashes)
    return factors, outs


def _finish(
    space: Space, terms: list[Raw], coefficient: Fraction | int, factors: Factors, where: dict[Label, int],
    summed: list[Label], result: tuple[Label, ...], known: dict[Label, Dimension], size: int,
) -> None:  # fmt: skip
    """Close the sums that meet no factor, and write the term down."""
    for name in result:
        if name not in where:
            where[name] = size
            size += 1
    outs = tuple([where[name] for name in result])
    done: set[int] = set()
    for name in summed:
        index = where[name]
        if index in outs or index in done or any(index in slots for _, slots in factors):
            continue
        done.add(index)
        dim = known[name]
        if isinstance(dim, int):
            coefficient = coefficient * dim
        elif dim is not None:
            factors = (*factors, (space.dimension(dim), ()))
    terms.append((coefficient, factors, outs, size))
