"""Products, transposes and diagonals of trees, as people write them: no double transposes, products from the left."""

from __future__ import annotations

from symflow.calculus.atoms import DIAGONAL_KINDS
from symflow.expr import language as make
from symflow.expr.shapes import Dim
from symflow.expr.tree import Expr


def transposed(matrix: Expr) -> Expr:
    """The transpose, without piling up .T or transposing what is symmetric by kind."""
    if matrix.op == "transpose":
        return matrix.args[0]
    if is_symmetric(matrix):
        return matrix
    if matrix.op == "matmul":
        return left_product([transposed(factor) for factor in reversed(factors_of(matrix))])
    return matrix.T


def is_symmetric(matrix: Expr) -> bool:
    """Whether it is symmetric by kind: no need to write its transpose."""
    if matrix.op == "symbol":
        return matrix.data[0].kind in ("symmetric", "positive_definite", "projector", *DIAGONAL_KINDS)
    return matrix.op in ("diag", "eye") or (matrix.op == "inv" and is_symmetric(matrix.args[0]))


def applied(matrix: Expr, vector: Expr) -> Expr:
    """matrix @ vector, products from the left: A @ B @ x."""
    return vector if matrix.op == "eye" else left_product([*factors_of(matrix), *factors_of(vector)])


def factors_of(product: Expr) -> list[Expr]:
    """The factors of a matrix product, however it is bracketed."""
    return [*factors_of(product.args[0]), *factors_of(product.args[1])] if product.op == "matmul" else [product]


def left_product(factors: list[Expr]) -> Expr:
    """The matrix product, bracketed from the left."""
    result = factors[0]
    for factor in factors[1:]:
        result = result @ factor
    return result


def stands_for_diagonal(vector: Expr) -> bool:
    """Whether the vector is the diagonal of a diagonal matrix, which may be written in its place."""
    if vector.op != "diagpart":
        return False
    matrix = vector.args[0]
    while matrix.op == "inv":
        matrix = matrix.args[0]
    return matrix.op in ("diag", "eye") or (matrix.op == "symbol" and matrix.data[0].kind in DIAGONAL_KINDS)


def diagonal_matrix(vector: Expr) -> Expr:
    """The diagonal matrix of a vector."""
    return vector.args[0] if stands_for_diagonal(vector) else make.diag(vector)


def entrywise_product(vectors: list[Expr]) -> Expr:
    """The entrywise product; diagonal matrices multiply the last vector that is none."""
    diagonal = [v for v in vectors if stands_for_diagonal(v)]
    plain = [v for v in vectors if not stands_for_diagonal(v)]
    if not plain:
        result = diagonal.pop()
    else:
        result = plain[0]
        for vector in plain[1:]:
            result = make.hadamard(result, vector)
    for vector in reversed(diagonal):
        result = applied(vector.args[0], result)
    return result


def entry_sum(vectors: list[Expr], n: Dim) -> Expr:
    """The sum of the entries of an entrywise product, as a scalar product or a trace."""
    if all(stands_for_diagonal(v) for v in vectors) or (len(vectors) == 1 and vectors[0].op == "diagpart"):
        return make.tr(left_product([vector.args[0] for vector in vectors]))
    first = next(k for k, v in enumerate(vectors) if not stands_for_diagonal(v))
    rest = vectors[:first] + vectors[first + 1 :]
    return vectors[first].T @ (entrywise_product(rest) if rest else make.ones(n))
