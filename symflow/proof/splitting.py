"""Taking arguments apart: content, common factors, denominators, signs; what is positive, what is 0 or 1.

An entrywise function's argument is a sum over outs; two factors of a term that share only outs can be separated there
(d(a) e(a) is a product of two vectors' entries), factors joined by a summed index cannot (x(k) x(k) is one part).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from symflow.calculus.atoms import Argument, Dimension, Factors, Key, Slots, Space
from symflow.calculus.labelling import canonical, components
from symflow.proof.gluing import Piece, glue

Part = tuple[Argument, tuple[int, ...]]  # a factor of an argument, and the outs it depends on

POSITIVE_KINDS = frozenset({"positive_scalar", "positive_diagonal"})


class Monomial(NamedTuple):
    """coefficient · product of parts."""

    coefficient: Fraction
    parts: tuple[Part, ...]


def make_argument(space: Space, dims: tuple[Dimension, ...], terms: list[tuple[Fraction, Factors, Slots]]) -> Argument:
    """An argument from terms that need not be in normal form."""
    total: dict[Key, Fraction] = {}
    for coefficient, factors, outs in terms:
        sign, key = canonical(space, factors, outs)
        if sign:
            value = total.get(key, Fraction(0)) + sign * coefficient
            if value:
                total[key] = value
            else:
                del total[key]
    return Argument(dims, tuple(sorted(total.items())))


def scale(argument: Argument, factor: Fraction) -> Argument:
    """The argument times a nonzero number."""
    return Argument(argument.dims, tuple((key, c * factor) for key, c in argument.terms))


def pieces_of(argument: Argument) -> tuple[tuple[Fraction, Factors, Slots], ...]:
    """The terms as pieces for gluing."""
    return tuple((c, f, o) for (f, o), c in argument.terms)


def multiply_out(space: Space, pieces: list[Piece], parts: Iterable[Part]) -> list[Piece]:
    """Every piece times the parts, each part's outs glued to the piece's outs at its positions."""
    for inner, positions in parts:
        pieces = [
            (c * c2, f2, o2)
            for c, f, o in pieces
            for c2, f2, o2 in glue(space, f, o, tuple(o[k] for k in positions), pieces_of(inner), inner.dims)
        ]
    return pieces


def parts_of_term(space: Space, factors: Factors, outs: Slots, dims: tuple[Dimension, ...]) -> list[Part] | None:
    """The factors of a term, separated where they share outs only; None where outs coincide."""
    if len(set(outs)) < len(outs):
        return None
    parts = []
    for members in components(factors, apart=outs):
        touched = {s for _, slots in members for s in slots}
        positions = tuple(k for k, s in enumerate(outs) if s in touched)
        chosen = tuple(outs[k] for k in positions)
        part_dims = tuple(dims[k] for k in positions)
        parts.append((make_argument(space, part_dims, [(Fraction(1), tuple(members), chosen)]), positions))
    parts.sort(key=lambda part: (part[1], part[0].terms))
    return parts


def monomial(space: Space, argument: Argument) -> Monomial | None:
    """A one-term argument as a product of parts."""
    if len(argument.terms) != 1:
        return None
    (factors, outs), coefficient = argument.terms[0]
    parts = parts_of_term(space, factors, outs, argument.dims)
    return None if parts is None else Monomial(coefficient, tuple(parts))


def common_parts(space: Space, argument: Argument) -> tuple[tuple[Part, ...], Argument] | None:
    """Single-factor parts that every term of a sum has, and what is left of the sum."""
    shared: list[tuple[int, tuple[int, ...]]] | None = None
    for (factors, outs), _ in argument.terms:
        if len(set(outs)) < len(outs):
            return None
        here = [(a, tuple(outs.index(s) for s in slots)) for a, slots in factors if all(s in outs for s in slots)]
        if shared is None:
            shared = here
        else:
            pool = list(here)
            kept = []
            for item in shared:
                if item in pool:
                    pool.remove(item)
                    kept.append(item)
            shared = kept
    if not shared:
        return None
    rest: list[tuple[Fraction, Factors, Slots]] = []
    for (factors, outs), c in argument.terms:
        left = list(factors)
        for atom, where in shared:
            left.remove((atom, tuple(outs[k] for k in where)))
        rest.append((c, tuple(left), outs))
    parts = tuple(single(space, atom, where, argument.dims) for atom, where in shared)
    return parts, make_argument(space, argument.dims, rest)


def single(space: Space, atom: int, where: tuple[int, ...], dims: tuple[Dimension, ...]) -> Part:
    """One factor on the given outs of an argument, as a part."""
    positions = tuple(sorted(set(where)))
    slots = tuple(positions.index(k) for k in where)
    part_dims = tuple(dims[k] for k in positions)
    return make_argument(space, part_dims, [(Fraction(1), ((atom, slots),), tuple(range(len(positions))))]), positions


def factor_of(part: Part) -> int | None:
    """The atom of a part that is a single factor, each slot an out of its own; None otherwise."""
    terms = part[0].terms
    if len(terms) != 1 or terms[0][1] != 1 or len(terms[0][0][0]) != 1:
        return None
    (atom, slots), outs = terms[0][0][0][0], terms[0][0][1]
    return atom if slots == outs else None


def is_zero_one(space: Space, part: Part) -> bool:
    """Whether a part is a mask entry or a step: its values are 0 and 1."""
    number = factor_of(part)
    if number is None:
        return False
    atom = space[number]
    return atom.head == "step" or (atom.head == "sym" and atom.symbol is not None and atom.symbol.kind == "mask")


def is_positive(space: Space, argument: Argument) -> bool:
    """Whether the argument is positive wherever it is defined (docs/certificates.md, Positive)."""
    if argument in space.positive:
        return True
    strict = False
    for (factors, outs), coefficient in argument.terms:
        sign = _term_sign(space, factors)
        if coefficient < 0 or sign < 0:
            return False
        # a diagonal matrix has zeros beside its diagonal
        strict = strict or (sign > 0 and len(set(outs)) == len(outs))
    return strict


def is_nonnegative(space: Space, argument: Argument) -> bool:
    """Whether every term of the argument is nonnegative."""
    if argument in space.nonnegative or argument in space.positive:
        return True
    return all(c > 0 and _term_sign(space, factors) >= 0 for (factors, _), c in argument.terms)


def _term_sign(space: Space, factors: Factors) -> int:
    """1: positive, 0: nonnegative, -1: unknown."""
    sign = 1
    unpaired: dict[tuple[int, Slots], int] = {}
    for factor in factors:
        here = atom_sign(space, factor[0])
        if here > 0:
            continue
        sign = 0
        if here < 0:
            unpaired[factor] = unpaired.get(factor, 0) + 1
    return -1 if any(count % 2 for count in unpaired.values()) else sign


def atom_sign(space: Space, number: int) -> int:
    """1: a positive atom, 0: a nonnegative one, -1: unknown."""
    own = _own_sign(space, number)
    if own > 0 or not (space.positive or space.nonnegative):
        return own
    atom = space[number]
    slots = tuple(range(len(atom.dims)))
    alone = Argument(atom.dims, (((((number, slots),), slots), Fraction(1)),))
    if alone in space.positive:
        return 1
    return 0 if alone in space.nonnegative else own


def _own_sign(space: Space, number: int) -> int:
    """The sign of an atom by its kind or function."""
    atom = space[number]
    if atom.head == "sym":
        kind = atom.symbol.kind if atom.symbol is not None else ""
        return 1 if kind in POSITIVE_KINDS else 0 if kind == "mask" else -1
    if atom.head in ("dim", "weight", "exp"):
        return 1
    if atom.head == "step":
        return 0
    if atom.head in ("recip", "sqrt") and atom.argument is not None:
        positive = is_positive(space, atom.argument)
        return 1 if positive else 0 if atom.head == "sqrt" else -1
    if atom.head == "det" and atom.argument is not None and len(atom.argument.terms) == 1:
        (factors, outs), c = atom.argument.terms[0]
        symbol = space[factors[0][0]].symbol if len(factors) == 1 else None
        if c == 1 and symbol is not None and symbol.kind == "positive_definite" and factors[0][1] == outs:
            return 1
    return -1
