"""The relations of docs/certificates.md: one function per schema, and the table of all of them.

A function takes the bench and the parameters as the certificate gives them, checks shapes and side conditions, and
returns a tensor that is zero wherever the statement is defined, for the total atoms of formal.py. Here are those of
kinds, inverses and reciprocals; determinants.py and entrywise.py have the others.
"""

from __future__ import annotations

from collections.abc import Callable

from symflow.checker.bench import Bench, inverse_number
from symflow.checker.determinants import DETERMINANT_RELATIONS
from symflow.checker.entrywise import ENTRYWISE_RELATIONS
from symflow.checker.formal import ENTRYWISE, Label, Tensor, exchanged, scaled, total
from symflow.checker.reading import read_number

Relation = Callable[..., Tensor]


# ---- kinds


def _orthogonal(bench: Bench, sym: object, summed: int) -> Tensor:
    _, R = bench.symbol(sym, "orthogonal")
    count = len(R.dims)
    data: list[Label] = ["data"] if count and R.dims[-1] is None else []
    if count == len(data):  # 1 x 1, no row and no column
        return total(R.dims, bench.times(R, R), scaled(-1, bench.one(R.dims)))
    first: list[Label] = ["k", "a", *data] if summed == 0 else ["a", "k", *data]
    second: list[Label] = ["k", "b", *data] if summed == 0 else ["b", "k", *data]
    square = bench.algebra.contract([(R, first), (R, second)], ["a", "b", *data])
    return total(R.dims, square, scaled(-1, bench.identity(R.dims)))


def _orthogonal_left(bench: Bench, sym: object) -> Tensor:
    return _orthogonal(bench, sym, 0)


def _orthogonal_right(bench: Bench, sym: object) -> Tensor:
    return _orthogonal(bench, sym, 1)


def _idempotent(bench: Bench, sym: object) -> Tensor:
    kind, P = bench.symbol(sym, "idempotent", "projector", "mask")
    matrix = kind != "mask" and bool(P.dims) and P.dims[0] is not None
    square = bench.matrix_product(P, P, dims=P.dims) if matrix else bench.times(P, P)
    return total(P.dims, square, scaled(-1, P))


# ---- inverses and reciprocals


def _inverse_left(bench: Bench, E: object) -> Tensor:
    matrix = bench.square(E)
    bench.invertible(matrix)
    product = bench.matrix_product(bench.algebra.apply("inv", matrix), matrix, dims=matrix.dims)
    return total(matrix.dims, product, scaled(-1, bench.identity(matrix.dims)))


def _inverse_right(bench: Bench, E: object) -> Tensor:
    matrix = bench.square(E)
    bench.invertible(matrix)
    product = bench.matrix_product(matrix, bench.algebra.apply("inv", matrix), dims=matrix.dims)
    return total(matrix.dims, product, scaled(-1, bench.identity(matrix.dims)))


def _inverse_diagonal(bench: Bench, E: object, e: object) -> Tensor:
    matrix, entries = bench.square(E), bench.argument(e)
    bench.invertible(matrix)
    bench.formally_equal(matrix, bench.diagonal(matrix.dims, entries), "E = delta(a,b) e(a)")
    inverse = bench.diagonal(matrix.dims, bench.algebra.apply("recip", entries))
    return total(matrix.dims, bench.algebra.apply("inv", matrix), scaled(-1, inverse))


def _reciprocal(bench: Bench, p: object) -> Tensor:
    argument = bench.argument(p)
    bench.require(bench.judge.nonzero(argument), "the argument is not known to be nonzero")
    product = bench.times(argument, bench.algebra.apply("recip", argument))
    return total(argument.dims, product, scaled(-1, bench.one(argument.dims)))


def _reciprocal_split(bench: Bench, p: object, c: object, qs: object, sub: object) -> Tensor:
    argument = bench.argument(p)
    dims = argument.dims
    factors = bench.all_placed(qs, dims)
    bench.require(bench.judge.nonzero(argument), "the argument is not known to be nonzero")
    bench.equal(argument, scaled(read_number(c), bench.product(dims, *factors)), sub)
    bench.factors_of_nonzero(factors)
    parts = [(bench.algebra.apply("recip", q), positions) for q, positions in factors]
    return total(dims, bench.algebra.apply("recip", argument), scaled(-inverse_number(c), bench.product(dims, *parts)))


# ---- any atom


def _congruence(bench: Bench, head: object, a: object, b: object, sub: object) -> Tensor:
    name = bench.reader.head(head)
    first, second = bench.argument(a), bench.argument(b)
    bench.equal(first, second, sub)
    one, other = bench.algebra.apply(name, first), bench.algebra.apply(name, second)  # they fit the head
    if name[0] in ("inv", "det", "logdet"):
        bench.judge.take_over_inverse(first, second)
    else:
        bench.judge.take_over(first, second)
    return total(one.dims, one, scaled(-1, other))


def _independent(bench: Bench, head: object, a: object, b: object, positions: object) -> Tensor:
    """An entrywise function of what is constant along some outs is constant along them."""
    name = bench.reader.head(head)
    bench.require(name[0] in (*ENTRYWISE, "fn"), f"{name[0]} does not act entry by entry")
    argument = bench.argument(a)
    smaller = bench.placed((b, positions), argument.dims)
    bench.formally_equal(argument, bench.product(argument.dims, smaller), "a(a, b, …) = b(a, …)")
    if smaller.every_value:
        bench.judge.take_over(argument, smaller.tensor)
    inner = bench.product(argument.dims, (bench.algebra.apply(name, smaller.tensor), smaller.positions))
    return total(argument.dims, bench.algebra.apply(name, argument), scaled(-1, inner))


def _transpose(bench: Bench, head: object, a: object) -> Tensor:
    name = bench.reader.head(head)
    argument = bench.argument(a)
    bench.require(name[0] in (*ENTRYWISE, "fn", "inv"), f"{name[0]} has no row and column to exchange")
    matrix = len(argument.dims) >= 2 and argument.dims[0] is not None and argument.dims[1] is not None
    bench.require(matrix, "the argument has no row and column to exchange")
    atom = bench.algebra.apply(name, argument)
    return total(atom.dims, atom, scaled(-1, exchanged(bench.algebra.apply(name, exchanged(argument)))))


RELATIONS: dict[str, Relation] = {
    "orthogonal-left": _orthogonal_left,
    "orthogonal-right": _orthogonal_right,
    "idempotent": _idempotent,
    "inverse-left": _inverse_left,
    "inverse-right": _inverse_right,
    "inverse-diagonal": _inverse_diagonal,
    "reciprocal": _reciprocal,
    "reciprocal-split": _reciprocal_split,
    "congruence": _congruence,
    "transpose": _transpose,
    "independent": _independent,
    **DETERMINANT_RELATIONS,
    **ENTRYWISE_RELATIONS,
}
