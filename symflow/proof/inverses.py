"""The relations E inv[E] = 1 and inv[E] E = 1 for inverses of sums, as patterns.

An inverse of a lone letter needs none (it meets its letter, see rewriting); inverses of products and of diagonal
matrices are split by their rules. For a sum the heaviest product is chosen as the lead, so that inv[A + U C V] U C V
is replaced by 1 - inv[A + U C V] A. Reciprocals of sums under a data sum, and inverses that appear only together with
a scalar, work the same way.
"""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument, Space
from symflow.proof.gluing import Piece, glue
from symflow.proof.patterns import Pattern, orient
from symflow.proof.splitting import is_nonnegative, make_argument, pieces_of, scale


def patterns_of_atom(space: Space, number: int) -> list[Pattern]:
    """The patterns that an atom in normal form brings with it."""
    atom = space[number]
    if atom.argument is None or atom.argument.is_zero:
        return []
    if atom.head == "inv" and (len(atom.argument.terms) > 1 or len(atom.argument.terms[0][0][0]) > 1):
        return _inverse_patterns(space, number, atom.argument)
    if atom.head == "recip" and (len(atom.argument.terms) > 1 or len(atom.argument.terms[0][0][0]) > 1):
        return _one(orient(reciprocal_relation(space, number, atom.argument), "reciprocal", (atom.argument,)))
    if atom.head == "step":
        return _step_patterns(space, number, atom.argument)
    return []


def _one(pattern: Pattern | None) -> list[Pattern]:
    return [] if pattern is None else [pattern]


def reciprocal_relation(space: Space, number: int, p: Argument) -> Argument:
    """p recip[p] - 1 as an argument."""
    slots = tuple(range(len(p.dims)))
    terms = glue(space, ((number, slots),), slots, slots, pieces_of(p), p.dims)
    return make_argument(space, p.dims, [(Fraction(c), f, o) for c, f, o in terms] + [(Fraction(-1), (), slots)])


def inverse_relation(space: Space, number: int, E: Argument, left: bool) -> Argument:
    """inv[E] E - 1 (left) or E inv[E] - 1 as an argument."""
    slots = tuple(range(len(E.dims)))
    k, data = len(slots), slots[2:]
    inverse = (number, (0, k, *data) if left else (k, 1, *data))
    holes = (k, 1, *data) if left else (0, k, *data)
    terms = glue(space, (inverse,), slots, holes, pieces_of(E), E.dims)
    identity = (Fraction(-1), (), (0, 0, *range(1, len(data) + 1)))
    return make_argument(space, E.dims, [(Fraction(c), f, o) for c, f, o in terms] + [identity])


def _inverse_patterns(space: Space, number: int, E: Argument) -> list[Pattern]:
    found = []
    for left, schema in ((True, "inverse-left"), (False, "inverse-right")):
        found += _one(orient(inverse_relation(space, number, E, left), schema, (E,)))
    return found


def _step_patterns(space: Space, number: int, a: Argument) -> list[Pattern]:
    """(step[a] + step[-a] - 1) a = 0, read from the product of step[a] and a, where one of the two steps should go.

    That is where a is nonnegative (step[-a] is 0), or where the last coefficient of a is negative (step[-a] stays),
    and then step[a] step[-a] = 0 as well.
    """
    slots = tuple(range(len(a.dims)))
    other = space.function("step", scale(a, Fraction(-1)))
    nonnegative = is_nonnegative(space, a)
    if not nonnegative and a.terms[-1][1] > 0:
        return []
    terms: list[Piece] = []
    for coefficient, context in ((1, ((number, slots),)), (1, ((other, slots),)), (-1, ())):
        terms += [(coefficient * c, f, o) for c, f, o in glue(space, context, slots, slots, pieces_of(a), a.dims)]
    relation = make_argument(space, a.dims, [(Fraction(c), f, o) for c, f, o in terms])
    candidates = [key for key, _ in relation.terms if any(atom == number for atom, _ in key[0])]
    lead = max(candidates, key=lambda key: len(key[0]), default=None)
    found = [] if lead is None else _one(orient(relation, "step-opposite", (a,), lead))
    if not nonnegative:
        both = make_argument(space, a.dims, [(Fraction(1), ((number, slots), (other, slots)), slots)])
        found += _one(orient(both, "step-exclusive", (a,)))
    return found
