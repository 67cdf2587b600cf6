"""The relations of determinants and their logarithms. logdet is log|det|, and 0 for a singular matrix.

Matrices have row, column and then data outs; a factor has the data outs of the whole, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symflow.checker.bench import Bench
from symflow.checker.formal import Label, Range, Tensor, exchanged, scaled, total
from symflow.checker.reading import read_dims, read_list

Relation = Callable[..., Tensor]
_HALF = Fraction(1, 2)


def _spread(bench: Bench, tensor: Tensor, lead: int, data: tuple[Range, ...]) -> Tensor:
    """The tensor with the data outs of the whole; it has them already, or has none."""
    own: list[Label] = [("lead", k) for k in range(lead)]
    labels: list[Label] = [("data", k) for k in range(len(data))]
    part = (tensor, [*own, *bench.data_labels(tensor, lead, data)])
    return bench.algebra.contract([part], [*own, *labels], dict(zip(labels, data, strict=True)))


def _log_det(bench: Bench, A: object) -> Tensor:
    matrix = bench.square(A)
    log = bench.algebra.apply("log", bench.algebra.apply("det", matrix))
    return total(log.dims, log, scaled(-1, bench.algebra.apply("logdet", matrix)))


def _exp_logdet(bench: Bench, A: object) -> Tensor:
    matrix = bench.square(A)
    det = bench.algebra.apply("det", matrix)
    bench.require(bench.judge.positive(det), "the determinant is not known to be positive")
    return total(det.dims, bench.algebra.apply("exp", bench.algebra.apply("logdet", matrix)), scaled(-1, det))


def _factors(bench: Bench, matrix: Tensor, Bs: object, sub: object) -> list[Tensor]:
    """Square matrices of the dimension of A whose product is A."""
    factors = [bench.square(B) for B in read_list(Bs, "the factors of a determinant")]
    bench.require(bool(factors), "a determinant needs at least one factor")
    for factor in factors:
        bench.require(factor.dims[0] == matrix.dims[0], "the factors of a determinant are of one dimension")
    bench.equal(matrix, bench.matrix_product(*factors, dims=matrix.dims), sub)
    return factors


def _det_product(bench: Bench, A: object, Bs: object, sub: object) -> Tensor:
    matrix = bench.square(A)
    data = matrix.dims[2:]
    parts = [_spread(bench, bench.algebra.apply("det", B), 0, data) for B in _factors(bench, matrix, Bs, sub)]
    return total(data, bench.algebra.apply("det", matrix), scaled(-1, bench.times(*parts)))


def _logdet_product(bench: Bench, A: object, Bs: object, sub: object) -> Tensor:
    matrix = bench.square(A)
    data = matrix.dims[2:]
    bench.invertible(matrix)
    parts = [_spread(bench, bench.algebra.apply("logdet", B), 0, data) for B in _factors(bench, matrix, Bs, sub)]
    return total(data, bench.algebra.apply("logdet", matrix), *[scaled(-1, part) for part in parts])


def _of_transpose(name: str) -> Relation:
    def relation(bench: Bench, A: object) -> Tensor:
        matrix = bench.square(A)
        other = bench.algebra.apply(name, exchanged(matrix))
        return total(matrix.dims[2:], bench.algebra.apply(name, matrix), scaled(-1, other))

    return relation


def _of_identity(name: str, value: int) -> Relation:
    def relation(bench: Bench, dim: object) -> Tensor:
        (span,) = read_dims((dim,))
        bench.require(span is not None, "the identity matrix has a dimension")
        return total((), bench.algebra.apply(name, bench.identity((span, span))), scaled(-value, bench.one(())))

    return relation


def _det_inverse(bench: Bench, A: object) -> Tensor:
    matrix = bench.square(A)
    bench.invertible(matrix)
    inverse = bench.algebra.apply("det", bench.algebra.apply("inv", matrix))
    product = bench.times(inverse, bench.algebra.apply("det", matrix))
    return total(inverse.dims, product, scaled(-1, bench.one(inverse.dims)))


def _logdet_inverse(bench: Bench, A: object) -> Tensor:
    matrix = bench.square(A)
    bench.invertible(matrix)
    inverse = bench.algebra.apply("logdet", bench.algebra.apply("inv", matrix))
    return total(inverse.dims, inverse, bench.algebra.apply("logdet", matrix))


def _det_orthogonal(bench: Bench, sym: object) -> Tensor:
    _, R = bench.symbol(sym, "orthogonal")
    det = bench.algebra.apply("det", R)
    return total(det.dims, bench.times(det, det), scaled(-1, bench.one(det.dims)))


def _logdet_orthogonal(bench: Bench, sym: object) -> Tensor:
    _, R = bench.symbol(sym, "orthogonal")
    return bench.algebra.apply("logdet", R)


def _logdet_scale(bench: Bench, A: object, p: object, B: object, sub: object) -> Tensor:
    """A must be invertible: for singular A and B both logdets are 0, and log p is not. So p has no zero."""
    matrix, scale, inner = bench.square(A), bench.argument(p), bench.square(B)
    data = matrix.dims[2:]
    bench.invertible(matrix)
    bench.require(inner.dims[0] == matrix.dims[0], "A = p B needs matrices of one dimension")
    spread_scale, spread_inner = _spread(bench, scale, 0, data), _spread(bench, inner, 2, data)
    places = range(len(matrix.dims))
    bench.equal(matrix, bench.product(matrix.dims, (spread_scale, places[2:]), (spread_inner, places)), sub)
    bench.judge.factor_of_nonzero(scale)
    trace = bench.algebra.contract([(bench.identity(matrix.dims[:2]), ["k", "k"])], [])
    log = _spread(bench, bench.algebra.apply("log", scale), 0, data)
    logs = bench.product(data, (trace, ()), (log, range(len(data))))
    other = _spread(bench, bench.algebra.apply("logdet", inner), 0, data)
    return total(data, bench.algebra.apply("logdet", matrix), scaled(-1, logs), scaled(-1, other))


def _logdet_diagonal(bench: Bench, A: object, e: object) -> Tensor:
    matrix, entries = bench.square(A), bench.argument(e)
    bench.formally_equal(matrix, bench.diagonal(matrix.dims, entries), "A = delta(a,b) e(a)")
    bench.require(bench.judge.positive(entries), "the diagonal is not known to be positive")
    data = list(range(1, len(entries.dims)))
    logs = bench.algebra.contract([(bench.algebra.apply("log", entries), [0, *data])], data)
    return total(matrix.dims[2:], bench.algebra.apply("logdet", matrix), scaled(-1, logs))


def _rank_one(bench: Bench, A: object, B: object, u: object, v: object, sub: object) -> tuple[Tensor, Tensor, Tensor]:
    """A = B + u v^T with B invertible; returns A, B and 1 + v^T inv[B] u."""
    matrix, base, left, right = bench.square(A), bench.square(B), bench.argument(u), bench.argument(v)
    data = matrix.dims[2:]
    for vector in (left, right):
        bench.require(vector.dims[:1] == matrix.dims[:1], "u and v have a row out of the dimension of A")
    bench.require(base.dims[0] == matrix.dims[0], "A = B + u v^T needs matrices of one dimension")
    bench.invertible(base)
    left, right, base = _spread(bench, left, 1, data), _spread(bench, right, 1, data), _spread(bench, base, 2, data)
    labels: list[Label] = [("data", k) for k in range(len(data))]
    outer = bench.algebra.contract([(left, ["a", *labels]), (right, ["b", *labels])], ["a", "b", *labels])
    bench.equal(matrix, total(matrix.dims, base, outer), sub)
    inverse = _spread(bench, bench.algebra.apply("inv", bench.square(B)), 2, data)
    form = [(right, ["a", *labels]), (inverse, ["a", "b", *labels]), (left, ["b", *labels])]
    return matrix, bench.square(B), total(data, bench.one(data), bench.algebra.contract(form, labels))


def _det_lemma(bench: Bench, A: object, B: object, u: object, v: object, sub: object) -> Tensor:
    matrix, base, factor = _rank_one(bench, A, B, u, v, sub)
    if bench.judge.invertible(matrix):
        bench.judge.factor_of_nonzero(factor)  # det A is its product with det B, and not 0
    det = _spread(bench, bench.algebra.apply("det", base), 0, factor.dims)
    return total(factor.dims, bench.algebra.apply("det", matrix), scaled(-1, bench.times(det, factor)))


def _logdet_lemma(bench: Bench, A: object, B: object, u: object, v: object, sub: object) -> Tensor:
    matrix, base, factor = _rank_one(bench, A, B, u, v, sub)
    bench.invertible(matrix)
    logdet = _spread(bench, bench.algebra.apply("logdet", base), 0, factor.dims)
    log = scaled(_HALF, bench.algebra.apply("log", bench.times(factor, factor)))
    return total(factor.dims, bench.algebra.apply("logdet", matrix), scaled(-1, logdet), scaled(-1, log))


def _exchange(name: str) -> Relation:
    """name[1 + X Y] - name[1 + Y X]."""

    def relation(bench: Bench, A: object, X: object, Y: object, sub: object) -> Tensor:
        matrix, left, right = bench.square(A), bench.argument(X), bench.argument(Y)
        data = matrix.dims[2:]
        if name == "logdet":
            bench.invertible(matrix)
        left, right = _spread(bench, left, 2, data), _spread(bench, right, 2, data)
        bench.require(None not in (*left.dims[:2], *right.dims[:2]), "X and Y have a row and a column")
        bench.require(left.dims[0] == matrix.dims[0], "A = 1 + X Y needs X with as many rows as A")
        bench.require(right.dims[:2] == (left.dims[1], left.dims[0]), "X is n x m and Y is m x n")
        product = bench.matrix_product(left, right, dims=matrix.dims)
        bench.equal(matrix, total(matrix.dims, bench.identity(matrix.dims), product), sub)
        span = left.dims[1]
        dims = (span, span, *data)
        other = total(dims, bench.identity(dims), bench.matrix_product(right, left, dims=dims))
        return total(data, bench.algebra.apply(name, matrix), scaled(-1, bench.algebra.apply(name, other)))

    return relation


DETERMINANT_RELATIONS: dict[str, Relation] = {
    "log-det": _log_det,
    "exp-logdet": _exp_logdet,
    "det-product": _det_product,
    "logdet-product": _logdet_product,
    "det-transpose": _of_transpose("det"),
    "logdet-transpose": _of_transpose("logdet"),
    "det-identity": _of_identity("det", 1),
    "logdet-identity": _of_identity("logdet", 0),
    "det-inverse": _det_inverse,
    "logdet-inverse": _logdet_inverse,
    "det-orthogonal": _det_orthogonal,
    "logdet-orthogonal": _logdet_orthogonal,
    "logdet-scale": _logdet_scale,
    "logdet-diagonal": _logdet_diagonal,
    "det-lemma": _det_lemma,
    "logdet-lemma": _logdet_lemma,
    "det-exchange": _exchange("det"),
    "logdet-exchange": _exchange("logdet"),
}
