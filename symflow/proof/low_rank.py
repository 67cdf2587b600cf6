"""A matrix that is one outer product away from a matrix with a known inverse: A = B + u v^T."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from symflow.calculus.atoms import Argument, Factors, Slots, Space
from symflow.proof.chains import read_chain
from symflow.proof.gluing import glue
from symflow.proof.splitting import make_argument, multiply_out, pieces_of

ONE = Fraction(1)


class RankOne(NamedTuple):
    """A = B + u v^T; ``factor`` is 1 + v^T inv[B] u, a scalar."""

    B: Argument
    u: Argument
    v: Argument
    factor: Argument


def rank_one(space: Space, A: Argument) -> RankOne | None:
    """Read a matrix without data outs as B + u v^T, B the identity or a lone letter of an invertible kind."""
    outers = [(key, c) for key, c in A.terms if _is_outer(*key)]
    others = tuple((key, c) for key, c in A.terms if not _is_outer(*key))
    if len(A.dims) != 2 or len(outers) != 1 or not others:
        return None
    B = Argument(A.dims, others)
    if not _is_invertible(space, B):
        return None
    ((factors, outs), c) = outers[0]
    row = _component(factors, outs[0])
    u = make_argument(space, A.dims[:1], [(c, tuple(f for f in factors if f in row), outs[:1])])
    v = make_argument(space, A.dims[1:], [(ONE, tuple(f for f in factors if f not in row), outs[1:])])
    inverse = space.function("inv", B)
    inner = multiply_out(space, glue(space, ((inverse, (0, 1)),), (0,), (1,), pieces_of(u), u.dims), [(v, (0,))])
    # v^T inv[B] u: the out of the pieces is summed over by leaving it out
    factor = make_argument(space, (), [(ONE, (), ()), *((Fraction(c1), f1, ()) for c1, f1, _ in inner)])
    return RankOne(B, u, v, factor)


def _is_outer(factors: Factors, outs: Slots) -> bool:
    return outs[0] != outs[1] and not any(outs[1] in slots for _, slots in _component(factors, outs[0]))


def _component(factors: Factors, index: int) -> list[tuple[int, Slots]]:
    reached, found = {index}, list[tuple[int, Slots]]()
    grown = True
    while grown:
        new = [f for f in factors if f not in found and reached & set(f[1])]
        found += new
        reached |= {s for _, slots in new for s in slots}
        grown = bool(new)
    return found


def _is_invertible(space: Space, B: Argument) -> bool:
    """The identity, or a lone letter of an invertible kind."""
    if B.terms == ((((), (0, 0)), ONE),):
        return True
    chain = read_chain(space, B)
    if chain is None or len(chain.items) != 1 or chain.scalars or chain.items[0].is_diagonal:
        return False
    symbol = space[chain.items[0].factors[0][0]].symbol
    return symbol is not None and symbol.kind in ("invertible", "positive_definite", "orthogonal")
