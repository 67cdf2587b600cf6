"""Expressions as NumPy functions: source text to keep, or a callable to use, for every dimension at once.

Both come from one straight-line program (see ``numpy_program``), so they do the same in the same order; the callable
is made of closures, never by compiling text. Sizes are read off the arguments when the function is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symflow.errors import KindError, ShapeError
from symflow.expr.numpy_emission import WEIGHTS, assemble, symbol_form
from symflow.expr.numpy_lowering import DIAGONAL_KINDS
from symflow.expr.numpy_program import Program
from symflow.expr.shapes import Dim, show_shape
from symflow.expr.tree import Expr, Symbol


@dataclass(frozen=True, eq=False)
class CompiledFunction:
    """An expression as a function of arrays; made by :func:`compile_numpy`, which says what it takes."""

    expression: Expr
    arguments: tuple[str, ...]
    symbols: dict[str, Symbol]
    dimensions: tuple[str, ...]  # those that no argument's shape tells, hence arguments themselves
    program: Program
    result: int

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Evaluate; :func:`compile_numpy` says what it takes and returns."""
        given = bind(self.arguments, (*self.symbols, *self.dimensions), values, named)
        sizes: dict[Dim, tuple[int, str]] = {d: (given[d], d) for d in self.dimensions if given[d] is not None}
        inputs: dict[str, Any] = {}
        points: tuple[int, str] | None = None
        for name, symbol in self.symbols.items():
            if symbol.kind == "function":
                inputs[name] = derivatives(given[name])
                continue
            inputs[name] = array = self._read(symbol, given[name], sizes)
            if symbol.family:
                points = agree(points, array.shape[0], name, "data points")
        inputs |= {str(d): size for d, (size, _) in sizes.items()}
        inputs[WEIGHTS] = self._weights(given.get(WEIGHTS), points) if WEIGHTS in self.program.inputs else None
        return self.program.run(inputs, self.result)

    def _array(self, value: Any) -> Any:
        return np.asarray(value, dtype=float)

    def _known(self, _array: Any) -> bool:
        """Whether the entries can be looked at."""
        return True

    def _read(self, symbol: Symbol, value: Any, sizes: dict[Dim, tuple[int, str]]) -> Any:
        """The argument as the program wants it, its sizes checked and noted."""
        array = self._array(value)
        lead = int(symbol.family)
        points, core = array.shape[:lead], array.shape[lead:]
        long_dims = [d for d in symbol.shape if d != 1]
        if len(core) == 2 and all(size == 1 for d, size in zip(symbol.shape, core, strict=True) if d == 1):
            core = tuple(size for d, size in zip(symbol.shape, core, strict=True) if d != 1)
        elif len(core) == 1 and symbol_form(symbol.kind, symbol.shape) == "diagonal":
            long_dims = long_dims[:1]
        if len(points) != lead or len(core) != len(long_dims):
            raise ShapeError(f"{wanted(symbol)}; the array given has shape {array.shape}")
        for dim, size in zip(long_dims, core, strict=True):
            known = (dim, "its kind") if isinstance(dim, int) else sizes.get(dim)
            sizes[dim] = agree(known, size, symbol.name, dim)
        array = array.reshape(points + core)
        return self._diagonal(symbol, array) if symbol.kind in DIAGONAL_KINDS and len(core) == 2 else array

    def _diagonal(self, symbol: Symbol, array: Any) -> Any:
        diagonal = array.diagonal(axis1=-2, axis2=-1)
        if self._known(array) and np.count_nonzero(array) != np.count_nonzero(diagonal):
            raise ShapeError(f"{symbol.name} is {symbol.kind}; the matrix given is not diagonal")
        return diagonal

    def _weights(self, value: Any, points: tuple[int, str] | None) -> Any:
        if value is None:
            if points is None:
                raise KindError("no argument tells the number of data points: give weights=")
            return self._array(np.ones(points[0]))
        weights = self._array(value)
        if weights.ndim != 1:
            raise ShapeError(f"weights has shape {weights.shape}; one weight for each data point is wanted")
        agree(points, len(weights), WEIGHTS, "the number of data points")
        return weights

    def __repr__(self) -> str:
        return f"<NumPy function of {', '.join(self.arguments)}: {self.expression!r}>"


def compile_numpy(expr: Expr, arguments: Iterable[str] | None = None) -> CompiledFunction:
    """Make a NumPy function of a derivative-free expression.

    The function takes its arguments by name, or in the order of ``arguments`` (the order of appearance where none is
    given; more names than the expression has are allowed and ignored), and ``weights=`` for the data sums, ones by
    default. With Q, n, m any sizes and N data points it expects

    ============================================  ======================================
    scalar, vector, matrix                        (), (n,) or (n, 1), (n, m)
    mask, diagonal, positive_diagonal             (n,) the diagonal, or (n, n) in full
    data family ``x[i]``                          the same with a leading axis N
    function                                      a callable on arrays, or the sequence f, f', f'', … as far as used
    dimension that no argument's shape tells      an integer
    ============================================  ======================================

    and returns a float, (n,) for a vector, (n, m) for a matrix, in float64. Data indices that no ``datasum`` binds
    become leading axes of the result, in alphabetical order.

    Raises:
        UnsupportedError: the expression contains a derivative.
        KindError: ``arguments`` lacks a symbol of the expression.
        ShapeError: when called, with arguments whose shapes do not fit each other.

    >>> import numpy as np
    >>> from symflow.expr.language import datasum, eye, variable
    >>> R, b = variable(Symbol("R", "orthogonal", ("Q",))), variable(Symbol("b", "vector", ("Q",)))
    >>> H = variable(Symbol("H", "mask", ("Q",), family=True), "i")
    >>> flow = compile_numpy(datasum((eye("Q") - R.T @ H @ R) @ b, "i"))
    >>> flow(R=np.eye(2), H=[[1, 0], [0, 0], [0, 1]], b=[1, 2]).tolist()
    [2.0, 4.0]
    """
    names, symbols, dimensions = signature(expr, arguments)
    program, result = assemble(expr)
    return CompiledFunction(expr, names, symbols, dimensions, program, result)


def to_numpy(expr: Expr, name: str = "f", arguments: Iterable[str] | None = None) -> str:
    """Source text of the function that :func:`compile_numpy` makes, without its checks of the arguments.

    >>> from symflow.expr.language import variable
    >>> A, x = variable(Symbol("A", "matrix", ("n", "m"))), variable(Symbol("x", "vector", ("m",)))
    >>> print(to_numpy(A @ x / 2, "half"))
    def half(A, x):
        A = np.asarray(A, dtype=float)
        x = np.asarray(x, dtype=float).reshape(-1)
        t1 = A @ x
        t2 = t1 / 2.0
        return t2
    """
    compiled = compile_numpy(expr, arguments)
    inputs = compiled.program.inputs
    signature = [*compiled.arguments]
    body = [line for symbol in compiled.symbols.values() for line in _reading(symbol)]
    body += _sizing(compiled)
    if WEIGHTS in inputs:
        family = next((s.name for s in compiled.symbols.values() if s.family), None)
        default = "" if family is None else f"np.ones(len({family})) if {WEIGHTS} is None else "
        signature.append(WEIGHTS if family is None else f"{WEIGHTS}=None")
        body.append(f"{WEIGHTS} = {default}np.asarray({WEIGHTS}, dtype=float)")
    body += compiled.program.lines(compiled.result)
    return "\n".join([f"def {name}({', '.join(signature)}):", *(f"    {line}" for line in body)])


def signature(
    expr: Expr, arguments: Iterable[str] | None = None
) -> tuple[tuple[str, ...], dict[str, Symbol], tuple[str, ...]]:
    """The arguments of an expression as a function, its symbols, and the dimensions that no symbol's shape tells."""
    symbols = _symbols(expr)
    dimensions = _untold_dimensions(expr, symbols)
    names = (*symbols, *dimensions) if arguments is None else tuple(arguments)
    missing = [name for name in (*symbols, *dimensions) if name not in names]
    if missing:
        raise KindError(f"the expression has {', '.join(missing)}, which the arguments {', '.join(names)} lack")
    if WEIGHTS in symbols and any(node.op == "datasum" for node in expr.walk()):
        raise KindError("a symbol called weights would hide the weights of the data sums; rename it")
    return names, symbols, dimensions


def bind(
    arguments: Sequence[str], required: Iterable[str], values: Sequence[Any], named: dict[str, Any]
) -> dict[str, Any]:
    """The values of a call by the names of the arguments."""
    if len(values) > len(arguments):
        raise KindError(f"{len(values)} arguments given; this function takes {', '.join(arguments)}")
    given = dict(zip(arguments, values, strict=False))
    for name, value in named.items():
        if name in given:
            raise KindError(f"{name} is given twice")
        if name not in (*arguments, WEIGHTS):
            raise KindError(f"{name} is no argument; this function takes {', '.join(arguments)}")
        given[name] = value
    missing = [name for name in required if name not in given]
    if missing:
        raise KindError(f"missing arguments: {', '.join(missing)}")
    return given


def _symbols(expr: Expr) -> dict[str, Symbol]:
    found: dict[str, Symbol] = {}
    for node in expr.walk():
        if node.op in ("symbol", "apply"):
            symbol: Symbol = node.data[0]
            if found.setdefault(symbol.name, symbol) != symbol:
                raise KindError(f"two different symbols are called {symbol.name}; rename one")
    return found


def _untold_dimensions(expr: Expr, symbols: dict[str, Symbol]) -> tuple[str, ...]:
    told = {d for symbol in symbols.values() for d in symbol.dims}
    named = {d for node in expr.walk() if not node.args for d in node.shape if isinstance(d, str)}
    return tuple(sorted(named - told))


def wanted(symbol: Symbol) -> str:
    """What an argument has to be, in words."""
    family = ", one for each data point along the first axis" if symbol.family else ""
    return f"{symbol.name} is {symbol.kind}, {show_shape(symbol.shape)}{family}"


def agree(known: tuple[int, str] | None, size: int, name: str, what: object) -> tuple[int, str]:
    """The size of a dimension by the argument ``name``, after a comparison with what is known of it and from whom."""
    if known is not None and known[0] != size:
        raise ShapeError(f"{what} is {known[0]} by {known[1]} but {size} by {name}")
    return (size, name)


def derivatives(value: Any) -> Sequence[Callable[[Any], Any]]:
    """A function symbol's f, f', f'', … from the argument."""
    return value if isinstance(value, (tuple, list)) else (value,)


def _reading(symbol: Symbol) -> list[str]:
    """Source lines that bring one argument into the program's form."""
    name, lead = symbol.name, int(symbol.family)
    if symbol.kind == "function":
        return [f"{name} = {name} if isinstance({name}, (tuple, list)) else ({name},)"]
    form = symbol_form(symbol.kind, symbol.shape)
    reshape = {
        "scalar": ".reshape(-1)" if lead else ".reshape(())",
        "column": ".reshape(len({0}), -1)" if lead else ".reshape(-1)",
    }
    lines = [f"{name} = np.asarray({name}, dtype=float){reshape.get(form, '').format(name)}"]
    if form == "diagonal":
        lines.append(
            f"{name} = np.diagonal({name}, axis1=-2, axis2=-1) if {name}.ndim == {lead + 2} else {name}"
        )  # a diagonal matrix may be given in full
    return lines


def _sizing(compiled: CompiledFunction) -> list[str]:
    """Source lines that read the dimensions which the program uses off the arguments."""
    lines = []
    for dim in compiled.program.inputs:
        for symbol in compiled.symbols.values():
            if dim in symbol.dims:
                axis = int(symbol.family) + [d for d in symbol.shape if d != 1].index(dim)
                lines.append(f"{dim} = {symbol.name}.shape[{axis}]")
                break
    return lines
