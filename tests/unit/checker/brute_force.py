"""Values of expressions and of formal sums at random points, each by its own definition.

Expressions are evaluated as a person reads them, derivatives by five-point differences along curves in the admissible
directions. Sums are evaluated by adding up products over all values of the indices (numpy.einsum). Neither uses
anything of the other, nor any rule of the checker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from symflow.checker.formal import Algebra, Tensor
from symflow.expr.tree import Expr, Symbol

STEP = 2e-3


def sample(symbol: Symbol, sizes: dict[str, int], rng: np.random.Generator) -> np.ndarray:
    """A random matrix of the kind, rows x columns; scalars are 1 x 1."""
    rows, cols = (sizes[d] if isinstance(d, str) else d for d in symbol.shape)
    x = rng.normal(size=(rows, cols))
    match symbol.kind:
        case "positive_scalar":
            return np.exp(x)
        case "symmetric":
            return (x + x.T) / 2
        case "antisymmetric":
            return (x - x.T) / 2
        case "diagonal":
            return np.diag(np.diag(x))
        case "positive_diagonal":
            return np.diag(np.exp(np.diag(x)))
        case "mask":
            return np.diag(rng.integers(0, 2, size=rows).astype(float))
        case "positive_definite":
            return x @ x.T + np.eye(rows)
        case "orthogonal":
            return np.linalg.qr(x)[0]
        case "projector":
            q = np.linalg.qr(x)[0][:, : (rows + 1) // 2]
            return q @ q.T
        case "idempotent":
            return np.linalg.inv(x) @ np.diag((np.arange(rows) % 2).astype(float)) @ x
    return x


@dataclass(frozen=True)
class Point:
    """Sizes of dimensions, weights of the data, values by symbol name (a list of them for a family)."""

    sizes: dict[str, int]
    weights: np.ndarray
    values: dict[str, object] = field(default_factory=dict)

    @staticmethod
    def random(symbols: list[Symbol], seed: int, sizes: dict[str, int], count: int = 2) -> Point:
        rng = np.random.default_rng(seed)
        values: dict[str, object] = {}
        for symbol in symbols:
            if symbol.kind != "function":
                draws = [sample(symbol, sizes, rng) for _ in range(count)]
                values[symbol.name] = draws if symbol.family else draws[0]
        return Point(sizes, rng.uniform(0.5, 2, size=count), values)

    def moved(self, name: str, value: np.ndarray, member: int | None) -> Point:
        old = self.values[name]
        if member is None:
            new: object = value
        else:
            new = [value if k == member else v for k, v in enumerate(old)]
        return replace(self, values=self.values | {name: new})


def function_value(name: str, order: int, u: np.ndarray) -> np.ndarray:
    """A smooth function for every name, and its derivatives: sin(1.3 u + c)."""
    return 1.3**order * np.sin(1.3 * u + len(name) + ord(name[0]) / 50 + order * math.pi / 2)


ENTRYWISE = {
    "exp": np.exp,
    "log": lambda u: np.log(np.abs(u)),
    "sqrt": lambda u: np.sqrt(np.maximum(u, 0)),
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "relu": lambda u: np.maximum(u, 0),
    "step": lambda u: (u > 0).astype(float),
    "recip": lambda u: 1 / u,
}


def value(e: Expr, point: Point, data: dict[str, int]) -> np.ndarray:
    """The value of an expression, rows x columns."""
    a = (
        [value(x, point, data) for x in e.args]
        if e.op not in ("datasum", "grad", "liegrad", "jac", "diff", "along")
        else []
    )
    rows, cols = (point.sizes[d] if isinstance(d, str) else d for d in e.shape)
    match e.op:
        case "symbol":
            symbol, index = e.data
            return point.values[symbol.name] if index is None else point.values[symbol.name][data[index]]
        case "number":
            return np.array([[float(e.data)]])
        case "eye":
            return np.eye(rows)
        case "zeros":
            return np.zeros((rows, cols))
        case "ones":
            return np.ones((rows, cols))
        case "add":
            return sum(a[1:], a[0])
        case "neg":
            return -a[0]
        case "transpose":
            return a[0].T
        case "mul" | "hadamard":
            return a[0] * a[1]
        case "matmul":
            return a[0] @ a[1]
        case "div":
            return a[0] / a[1]
        case "pow":
            return np.linalg.matrix_power(a[0], e.data)
        case "inv":
            return np.linalg.inv(a[0])
        case "tr":
            return np.array([[np.trace(a[0])]])
        case "det":
            return np.array([[np.linalg.det(a[0])]])
        case "logdet":
            return np.array([[np.log(abs(np.linalg.det(a[0])))]])
        case "sqnorm":
            return np.array([[np.sum(a[0] ** 2)]])
        case "dot":
            return np.array([[np.sum(a[0] * a[1])]])
        case "comm":
            return a[0] @ a[1] - a[1] @ a[0]
        case "sym":
            return (a[0] + a[0].T) / 2
        case "skew":
            return (a[0] - a[0].T) / 2
        case "diag":
            return np.diag(a[0][:, 0])
        case "diagpart":
            return np.diag(a[0])[:, None]
        case "outer":
            return a[0] @ a[1].T
        case "apply":
            return function_value(e.data[0].name, e.data[1], a[0])
        case "datasum":
            terms = (w * value(e.args[0], point, data | {e.data: k}) for k, w in enumerate(point.weights))
            return sum(terms, np.zeros((rows, cols)))
        case "grad":
            return _gradient(e, point, data)
        case "liegrad":
            return _lie_gradient(e, point, data)
        case "jac":
            f, x = e.args
            columns = [
                _slope(f, point, data, [(x, _unit(rows_cols, k, 0))]) for rows_cols in [(cols, 1)] for k in range(cols)
            ]
            return np.hstack(columns)
        case "diff":
            f, x, direction = e.args
            return _slope(f, point, data, [(x, value(direction, point, data))])
        case "along":
            return _along(e, point, data)
    return ENTRYWISE[e.op](a[0])


def _unit(shape: tuple[int, int], row: int, col: int) -> np.ndarray:
    unit = np.zeros(shape)
    unit[row, col] = 1
    return unit


def _stencil(curve) -> np.ndarray:
    return (8 * (curve(STEP) - curve(-STEP)) - (curve(2 * STEP) - curve(-2 * STEP))) / (12 * STEP)


def _slope(f: Expr, point: Point, data: dict[str, int], directions: list[tuple[Expr, np.ndarray]]) -> np.ndarray:
    """d/dt of f when symbols (members of families) move on straight lines."""

    def at(t: float) -> np.ndarray:
        there = point
        for x, direction in directions:
            symbol, index = x.data
            member = None if index is None else data[index]
            there = there.moved(symbol.name, value(x, point, data) + t * direction, member)
        return value(f, there, data)

    return _stencil(at)


def _gradient(e: Expr, point: Point, data: dict[str, int]) -> np.ndarray:
    f, x = e.args
    n, m = value(x, point, data).shape
    kind = x.data[0].kind
    units = {(a, b): _unit((n, m), a, b) for a in range(n) for b in range(m)}
    if kind in ("symmetric", "positive_definite", "projector", "antisymmetric"):
        s = -1 if kind == "antisymmetric" else 1
        halves = [units[a, b] + s * units[b, a] for a in range(n) for b in range(a, n)]
        basis = [h / np.linalg.norm(h) for h in halves if h.any()]
    elif kind in ("diagonal", "positive_diagonal", "mask"):
        basis = [units[a, a] for a in range(n)]
    else:
        basis = list(units.values())
    return sum((_slope(f, point, data, [(x, b)])[0, 0] * b for b in basis), np.zeros((n, m)))


def _lie_gradient(e: Expr, point: Point, data: dict[str, int]) -> np.ndarray:
    f, x = e.args
    symbol, index = x.data
    member = None if index is None else data[index]
    R = value(x, point, data)
    result = np.zeros_like(R)
    for a in range(len(R)):
        for b in range(a):

            def rotated(t: float, a: int = a, b: int = b) -> np.ndarray:
                turn = np.eye(len(R))
                turn[a, a] = turn[b, b] = math.cos(t)
                turn[a, b], turn[b, a] = math.sin(t), -math.sin(t)
                return value(f, point.moved(symbol.name, turn @ R, member), data)

            slope = _stencil(rotated)[0, 0]  # along A = E_ab - E_ba, of squared norm 2
            result[a, b], result[b, a] = slope / 2, -slope / 2
    return result


def _along(e: Expr, point: Point, data: dict[str, int]) -> np.ndarray:
    body, *pairs = e.args

    def at(t: float) -> np.ndarray:
        there = point
        for x, velocity in zip(pairs[::2], pairs[1::2], strict=True):
            symbol, index = x.data
            for k in [None] if index is None else range(len(point.weights)):
                here = data if k is None else data | {index: k}
                there = there.moved(symbol.name, value(x, point, here) + t * value(velocity, point, here), k)
        return value(body, there, data)

    return _stencil(at)


def array_of(algebra: Algebra, atom: int, point: Point) -> np.ndarray:
    """All entries of an atom, one axis per slot."""
    head, argument = algebra.heads[atom], algebra.arguments[atom]
    if head[0] == "sym":
        raw = point.values[head[1]]
        members = [_reduced(m, head) for m in (raw if head[4] else [raw])]
        return np.stack(members, axis=-1) if head[4] else members[0]
    if head[0] == "dim":
        return np.array(float(point.sizes[head[1]]))
    if head[0] == "weight":
        return point.weights
    assert argument is not None
    inner = sum_value(algebra, argument, point)
    if head[0] == "fn":
        return function_value(head[1], head[2], inner)
    if head[0] in ("inv", "det", "logdet"):
        matrices = np.moveaxis(inner, (0, 1), (-2, -1))
        if head[0] == "inv":
            return np.moveaxis(np.linalg.inv(matrices), (-2, -1), (0, 1))
        det = np.linalg.det(matrices)
        return det if head[0] == "det" else np.log(np.abs(det))
    return ENTRYWISE[head[0]](inner)


def _reduced(matrix: np.ndarray, head: tuple) -> np.ndarray:
    """Drop axes of dimension 1 by name, keep the diagonal of the diagonal kinds."""
    kind, dims = head[2], head[3]
    shape = () if not dims else (dims[0], 1) if kind == "vector" else (dims[0], dims[-1])
    if kind in ("diagonal", "positive_diagonal", "mask"):
        return np.diag(matrix) if shape[0] != 1 else matrix[0, 0]
    return matrix.reshape([k for k, d in zip(matrix.shape, shape or (1, 1), strict=True) if d != 1])


def sum_value(algebra: Algebra, tensor: Tensor, point: Point) -> np.ndarray:
    """All entries of a formal sum, one axis per out."""
    shape = [len(point.weights) if d is None else d if isinstance(d, int) else point.sizes[d] for d in tensor.dims]
    result = np.zeros(shape)
    for coefficient, factors, outs in tensor.terms:
        operands: list[object] = []
        for atom, slots in factors:
            operands += [array_of(algebra, atom, point), list(slots)]
        distinct = list(dict.fromkeys(outs))
        for k, index in enumerate(outs):
            operands += [np.ones(shape[k]), [index]]
        names = {index: k for k, index in enumerate(dict.fromkeys(i for o in operands[1::2] for i in o))}
        operands[1::2] = [[names[i] for i in o] for o in operands[1::2]]
        part = np.einsum(*operands, [names[i] for i in distinct], optimize=True) if operands else np.array(1.0)
        grid = np.zeros(shape)
        for place in np.ndindex(*part.shape):
            at = dict(zip(distinct, place, strict=True))
            grid[tuple(at[i] for i in outs)] = part[place]
        result += float(coefficient) * grid
    return result
