"""From index notation back to a tree: matrices, vectors, traces and data sums, as a person would write them.

A term is a graph of indices. Summed indices are removed one by one: an end becomes a matrix times a vector, a middle
a matrix product (with a diagonal matrix for the vectors that sit on it), parallel matrices become a Hadamard product,
a loop its diagonal. What is left is on the row and the column. Graphs that are not built in this way (a tetrahedron,
say) have no such expression and raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symflow.calculus.atoms import DIAGONAL_KINDS, Argument, Dimension, Key, Slots, Space
from symflow.calculus.labelling import components
from symflow.calculus.matrix_trees import applied, diagonal_matrix, entry_sum, entrywise_product, transposed
from symflow.errors import UnsupportedError
from symflow.expr import language as make
from symflow.expr.shapes import SCALAR, Dim
from symflow.expr.tree import Expr, FunctionSymbol, lift

Names = Mapping[int, str]  # data index names by index
DATA_NAMES = ("i", "j", "k", "l", "m")


def read_back(
    space: Space, terms: Mapping[Key, Fraction], labels: tuple[str, ...], dims: tuple[Dimension, ...]
) -> Expr:
    """The sum as a tree; ``labels`` and ``dims`` describe the outs as in a tensor.

    Raises UnsupportedError for terms that have no expression by matrix operations.
    """
    total: Expr | None = None
    ordered = sorted(terms.items(), key=lambda item: (item[1] < 0, len(item[0][0]), item[0]))
    for (factors, outs), coefficient in ordered:
        names = {s: label[1:] for s, label in zip(outs, labels, strict=True) if label[0] == "#"}
        known = {label: (s, d) for s, label, d in zip(outs, labels, dims, strict=True) if label[0] != "#"}
        term = _Reader(space, dict(names)).term(list(factors), known)
        size = abs(coefficient)
        if size != 1:
            term = lift(size) if term.op == "number" else lift(size) * term
        if total is None:
            total = -term if coefficient < 0 else term
        else:
            total = total - term if coefficient < 0 else total + term
    if total is None:
        rows = next((d for label, d in zip(labels, dims, strict=True) if label == "r"), 1)
        cols = next((d for label, d in zip(labels, dims, strict=True) if label == "c"), 1)
        return lift(0) if (rows, cols) == SCALAR else make.zeros(_named(rows), _named(cols))
    return total


def _named(dim: Dimension) -> Dim:
    if dim is None:
        raise UnsupportedError("a data index has no dimension of its own")
    return dim


class _Reader:
    """Reads one term; ``names`` are the data indices that are bound outside."""

    def __init__(self, space: Space, names: dict[int, str]) -> None:
        self.space = space
        self.names = names

    def term(self, factors: list[tuple[int, Slots]], outs: Mapping[str, tuple[int, Dimension]]) -> Expr:
        """The product of the factors on the row and column outs."""
        summed = self._data_indices(factors)
        fresh = [n for n in DATA_NAMES if n not in self.names.values()]
        if len(summed) > len(fresh):
            raise UnsupportedError(f"more than {len(DATA_NAMES)} nested data sums")
        free_outs = {s for s, _ in outs.values()}
        scalars: list[Expr] = []
        open_part: list[Expr] = []
        inside: list[tuple[int, Slots]] = []
        factors, divisors = self._divisors(factors)
        for component in components(factors):
            touched = {s for _, slots in component for s in slots}
            if touched & free_outs:
                inside += component
            else:
                scalars.append(self._component(component, {}, fresh))
        if outs:
            open_part.append(self._component(inside, outs, fresh))
        result: Expr | None = open_part[0] if open_part else None
        for scalar in reversed(scalars):
            result = scalar if result is None else scalar * result
        quotient = lift(1) if result is None else result
        if divisors:
            below = divisors[0]
            for divisor in divisors[1:]:
                below = below * divisor
            quotient = quotient / below
        return quotient

    def _divisors(self, factors: list[tuple[int, Slots]]) -> tuple[list[tuple[int, Slots]], list[Expr]]:
        """The reciprocals of scalars as what to divide by; sqrt(a)/a is 1/sqrt(a)."""
        left, divisors = list(factors), list[Expr]()
        for factor in factors:
            atom = self.space[factor[0]]
            if atom.head != "recip" or atom.dims or atom.argument is None:
                continue
            left.remove(factor)
            root = (self.space.function("sqrt", atom.argument), ())
            argument = _argument(self.space, atom.argument, ())
            if root in left:
                left.remove(root)
                argument = make.sqrt(argument)
            divisors.append(argument)
        return left, divisors

    def _data_indices(self, factors: list[tuple[int, Slots]]) -> list[int]:
        found: dict[int, None] = {}
        for number, slots in factors:
            for s, dim in zip(slots, self.space[number].dims, strict=True):
                if dim is None and s not in self.names:
                    found[s] = None
        return list(found)

    def _component(
        self, factors: list[tuple[int, Slots]], outs: Mapping[str, tuple[int, Dimension]], fresh: list[str]
    ) -> Expr:
        bound = self._data_indices(factors)
        names = self.names | dict(zip(bound, fresh, strict=False))
        rest: list[tuple[int, Slots]] = []
        weights: list[int] = []
        for number, slots in factors:
            if self.space[number].head == "weight":
                weights.append(slots[0])
            else:
                rest.append((number, slots))
        if sorted(weights) != sorted(bound):
            raise UnsupportedError("a data index that does not carry its weight exactly once has no data sum")
        graph = _Graph(self.space, names)
        for number, slots in rest:
            graph.add(number, slots)
        result = graph.collapse(outs)
        for index in reversed(bound):
            result = make.datasum(result, names[index])
        return result


class _Graph:
    """Indices with the vectors on them and the matrices between them."""

    def __init__(self, space: Space, names: dict[int, str]) -> None:
        self.space = space
        self.names = names
        self.scalars: list[Expr] = []
        self.vectors: dict[int, list[Expr]] = {}
        self.edges: list[tuple[int, int, Expr]] = []
        self.dims: dict[int, Dimension] = {}

    def add(self, number: int, slots: Slots) -> None:
        """Lay one factor on its indices."""
        atom = self.space[number]
        places = [(s, d) for s, d in zip(slots, atom.dims, strict=True) if d is not None]
        data = [self.names[s] for s, d in zip(slots, atom.dims, strict=True) if d is None]
        value = self._value(number, data)
        for s, d in places:
            self.dims[s] = d
        if not places:
            self.scalars.append(value)
        elif len(places) == 1:
            vector = value if value.shape[1] == 1 else value.T
            self.vectors.setdefault(places[0][0], []).append(vector)
        else:
            self._connect(places[0][0], places[1][0], value)

    def _connect(self, a: int, b: int, matrix: Expr) -> None:
        if a == b:
            self.vectors.setdefault(a, []).append(make.diagpart(matrix))
            return
        self.edges.append((a, b, matrix))

    def _merge_parallel(self) -> bool:
        """Turn the first pair of parallel matrices into their Hadamard product; False where there is none."""
        for k, (a, b, matrix) in enumerate(self.edges):
            for m, (x, y, other) in enumerate(self.edges[:k]):
                if {x, y} == {a, b}:
                    self.edges[m] = (x, y, make.hadamard(other, matrix if x == a else transposed(matrix)))
                    del self.edges[k]
                    return True
        return False

    def _value(self, number: int, data: list[str]) -> Expr:
        atom = self.space[number]
        if atom.head == "sym":
            assert atom.symbol is not None
            value = make.variable(atom.symbol, data[0] if atom.symbol.family else None)
            diagonal = atom.symbol.kind in DIAGONAL_KINDS and value.shape != SCALAR
            return make.diagpart(value) if diagonal else value
        if atom.head == "dim":
            return make.tr(make.eye(atom.name))
        if atom.argument is None:
            raise UnsupportedError(f"{atom.name} has no expression of its own")
        argument = _argument(self.space, atom.argument, tuple(data))
        if atom.head == "recip":
            return _reciprocal(argument)
        if atom.head == "fn":
            assert atom.symbol is not None
            return FunctionSymbol(atom.symbol, atom.order)(argument)
        function = getattr(make, atom.head)
        value_: Expr = function(argument)
        return value_

    def collapse(self, outs: Mapping[str, tuple[int, Dimension]]) -> Expr:
        """Remove every summed index, then write down what is left on the outs.

        Parallel matrices become a Hadamard product only where nothing else is possible: tr(A B) is not a sum of one.
        """
        free = {s for s, _ in outs.values()}
        while (index := self._removable(free)) is not None:
            self._remove(index)
        while self._merge_parallel():
            pass
        result = self._on_outs(outs)
        for scalar in self.scalars:
            result = scalar if result is None else scalar * result
        return lift(1) if result is None else result

    def _touching(self, index: int) -> list[int]:
        return [k for k, (a, b, _) in enumerate(self.edges) if index in (a, b)]

    def _removable(self, free: set[int]) -> int | None:
        """The summed index with the fewest matrices on it; raises where three or more meet everywhere."""
        while True:
            candidates = sorted((len(self._touching(s)), s) for s in self.dims if s not in free)
            if not candidates:
                return None
            if candidates[0][0] <= 2:
                return candidates[0][1]
            if not self._merge_parallel():
                raise UnsupportedError("the term is a network of matrices without an expression by matrix operations")

    def _remove(self, index: int) -> None:
        vectors = self.vectors.pop(index, [])
        touching = self._touching(index)
        edges = [self.edges[k] for k in touching]
        self.edges = [edge for k, edge in enumerate(self.edges) if k not in touching]
        n = _named(self.dims.pop(index))
        if not edges:
            self.scalars.append(entry_sum(vectors, n))
            return
        if len(edges) == 1:
            matrix, other = _from(edges[0], index)
            vector = entrywise_product(vectors) if vectors else make.ones(n)
            self.vectors.setdefault(other, []).append(applied(matrix, vector))
            return
        (first, a), (second, b) = _from(edges[0], index), _from(edges[1], index)
        # first maps index to a, second index to b: the product from a to b is first · diag · second^T
        middle = first
        for vector in vectors:
            middle = middle @ diagonal_matrix(vector)
        self._connect(a, b, applied(middle, transposed(second)))

    def _on_outs(self, outs: Mapping[str, tuple[int, Dimension]]) -> Expr | None:
        if not outs:
            return None
        if len(outs) == 1:
            (label, (s, dim)) = next(iter(outs.items()))
            vectors = self.vectors.get(s, [])
            vector = entrywise_product(vectors) if vectors else make.ones(_named(dim))
            return vector if label == "r" else vector.T
        (r, rows), (c, cols) = outs["r"], outs["c"]
        if r == c:
            vectors = self.vectors.get(r, [])
            result = make.eye(_named(rows))
            for k, vector in enumerate(vectors):
                result = diagonal_matrix(vector) if k == 0 else result @ diagonal_matrix(vector)
            return result
        left, right = self.vectors.get(r, []), self.vectors.get(c, [])
        edge = next(((a, b, m) for a, b, m in self.edges if {a, b} == {r, c}), None)
        if edge is None:
            column = entrywise_product(left) if left else make.ones(_named(rows))
            row = entrywise_product(right) if right else make.ones(_named(cols))
            return column @ row.T
        matrix = edge[2] if edge[0] == r else transposed(edge[2])
        for vector in reversed(left):
            matrix = diagonal_matrix(vector) @ matrix
        for vector in right:
            matrix = matrix @ diagonal_matrix(vector)
        return matrix


def _reciprocal(argument: Expr) -> Expr:
    """1/· entry by entry; the language has no such thing for matrices, but for exponentials."""
    if argument.shape == SCALAR:
        return 1 / argument
    if argument.op == "exp":
        return make.exp(-argument.args[0])
    if argument.shape[1] != 1:
        raise UnsupportedError("the entrywise reciprocal of a matrix has no expression by matrix operations")
    return make.diagpart(make.inv(make.diag(argument)))


def _argument(space: Space, argument: Argument, data: tuple[str, ...]) -> Expr:
    """The argument of a function atom; its data outs carry the given names."""
    plain = tuple(d for d in argument.dims if d is not None)
    labels = ("r", "c")[: len(plain)] + tuple(f"#{name}" for name in data)
    return read_back(space, dict(argument.terms), labels, argument.dims)


def _from(edge: tuple[int, int, Expr], index: int) -> tuple[Expr, int]:
    """The matrix that takes a vector on ``index`` to the other end, and that end."""
    a, b, matrix = edge
    return (transposed(matrix), b) if a == index else (matrix, a)
