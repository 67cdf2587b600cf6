"""Expressions as source text of loops over plain arrays of floats: what a compiler of numerical Python wants.

``lambdify`` gives functions that are called once for many data. An inner loop calls a function for a few numbers, many
times; there a batched product costs a hundred times what it computes. The text printed here has loops and output
arguments, is the same whenever it is printed, and runs as it stands as well as under ``numba.njit``.
"""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from symflow.errors import KindError, UnsupportedError
from symflow.expr.loop_emission import PLACES, Emission
from symflow.expr.loop_lowering import lower_to_loops, with_inverses_given
from symflow.expr.loop_writing import OUT
from symflow.expr.numpy_code import signature
from symflow.expr.numpy_emission import WEIGHTS, symbol_form
from symflow.expr.shapes import SCALAR, Dim
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr, Symbol

WIDTH = 120
DEEPEST = 200  # levels of an expression that is written by recursion
_INSIDE = {"np", "Floats", "Places", OUT, PLACES, WEIGHTS}


@dataclass(frozen=True)
class Parameter:
    """An argument of a printed function: its name, its type there, and its axes."""

    name: str
    annotation: str
    axes: tuple[Dim, ...] = ()
    remark: str = ""

    def __str__(self) -> str:
        """As in a docstring, ``x (N, Q)``."""
        axes = f" ({', '.join(map(str, self.axes))}{',' * (len(self.axes) == 1)})" if self.axes else ""
        return f"{self.name}{axes}{self.remark}"


def to_loops(
    expr: Expr, name: str = "f", arguments: Iterable[str] | None = None, *, weighted: bool = True,
    selected: bool = False, doc: Sequence[str] = (),
) -> str:  # fmt: skip
    """Source text of a function that evaluates a derivative-free expression in loops over its entries.

    Its arguments are those of :func:`~symflow.expr.numpy_code.compile_numpy`, arrays of float64 with just these axes:

    ============================================  ==============================
    scalar, vector, matrix                        float, (n,), (n, m)
    mask, diagonal, positive_diagonal             (n,) the diagonal
    data family ``x[i]``                          the same with a leading axis N
    inverse of a symbol W                         ``inverse_of_W``, like W
    symbol with a name that Python or the code uses  ``lambda_`` and the like
    dimension, N, that no argument's shape tells  int
    ============================================  ==============================

    then ``places``, ``weights`` and ``out``. A scalar is returned; a vector (n,) or a matrix (n, m) is written into
    ``out``, which must not share memory with an argument. ``weighted=False`` leaves the weights of the data out: all
    are 1. ``selected`` adds the argument ``places``, numbers of data: sums are over these only. ``doc`` are lines of
    the docstring. The text needs ``numpy as np``, ``Floats`` and ``Places`` (types of arrays of floats, of integers).

    Raises:
        UnsupportedError: a derivative, a determinant, a function symbol, an inverse of a sum: what is no short loop.
        KindError: ``arguments`` lacks a symbol of the expression, or names cannot be told apart.

    >>> from symflow.expr.language import datasum, outer, skew, variable
    >>> u, v = (variable(Symbol(name, "vector", ("Q",), family=True), "i") for name in "uv")
    >>> print(to_loops(skew(datasum(outer(u, v), "i")), "turn", weighted=False))
    def turn(u: Floats, v: Floats, out: Floats) -> None:
        N, Q = u.shape[0], u.shape[1]
        m1 = np.empty((Q, Q))
        m1[:] = 0.0
        for i in range(N):
            for a in range(Q):
                for b in range(Q):
                    m1[a, b] += u[i, a] * v[i, b]
        for a in range(Q):
            for b in range(Q):
                out[a, b] = 0.5 * (m1[a, b] - m1[b, a])
    """
    given = _plain(expr)
    names, symbols, dimensions = signature(given, arguments)
    lowered = lower_to_loops(given)
    if bottom_up(lowered, lambda _node, below: 1 + max(below, default=0)) > DEEPEST:
        raise UnsupportedError(f"an expression nested deeper than {DEEPEST} levels has no code in loops")
    sums = any(node.op in ("datasum", "total_weight") for node in lowered.walk())
    count = next(c for c in ("N", "N_data", "count_of_data") if c not in {*symbols, *_dims(given, symbols)})
    emission = Emission(
        {*names, *_INSIDE, *_dims(given, symbols), count}, count, weighted=weighted, selected=selected and sums
    )
    emission.finish(lowered)
    body = [*emission.arrays, *emission.lines]
    parameters = [_parameter(symbols[n], count) if n in symbols else Parameter(n, "int") for n in names
                  if n in symbols or n in dimensions]  # fmt: skip
    if sums and selected:
        parameters.append(Parameter(PLACES, "Places"))
    if sums and weighted:
        parameters.append(Parameter(WEIGHTS, "Floats", (count,)))
    if not any(count in p.axes for p in parameters) and re.search(rf"\b{count}\b", "\n".join(body)):
        parameters.append(Parameter(count, "int"))
    if expr.shape != SCALAR:
        parameters.append(Parameter(OUT, "Floats", _axes(expr.shape)))
    returned = "float" if expr.shape == SCALAR else "None"
    return "\n".join([
        *_head(name, [f"{p.name}: {p.annotation}" for p in parameters], returned),
        *(f"    {line}".rstrip() for line in (*_docstring(doc, parameters), *_sizes(parameters, body), *body)),
    ])  # fmt: skip


def _plain(expr: Expr) -> Expr:
    """The expression with inverses given, and with names that an argument may have."""
    if expr.free:
        free = ", ".join(sorted(expr.free))
        raise UnsupportedError(f"a data index that no datasum binds has no code in loops: {free}")
    given = with_inverses_given(expr)
    symbols = signature(given, None)[1]
    names: dict[str, str] = {}
    for symbol in symbols.values():
        if symbol.kind == "function":
            raise UnsupportedError(f"the function symbol {symbol.name} has no code in loops; take report.lambdify()")
        hides = keyword.iskeyword(symbol.name) or symbol.name in _INSIDE | _dims(given, symbols)
        names[symbol.name] = f"{symbol.name}_" if hides or hasattr(builtins, symbol.name) else symbol.name
    if len(set(names.values())) < len(names):
        twice = next(name for name in symbols if list(names.values()).count(names[name]) > 1)
        raise KindError(f"{twice} would hide what the code needs, and {twice}_ is another symbol; rename one")
    renamed: Expr = bottom_up(given, partial(_renamed, names))
    return renamed


def _renamed(names: dict[str, str], node: Expr, below: list[Expr]) -> Expr:
    if node.op != "symbol":
        return Expr(node.op, tuple(below), node.data, node.shape, node.free)
    symbol, index = node.data
    return Expr("symbol", (), (replace(symbol, name=names[symbol.name]), index), node.shape, node.free)


def _dims(expr: Expr, symbols: dict[str, Symbol]) -> set[str]:
    named = {d for node in expr.walk() for d in node.shape if isinstance(d, str)}
    return named | {d for symbol in symbols.values() for d in symbol.dims if isinstance(d, str)}


def _parameter(symbol: Symbol, count: str) -> Parameter:
    form = symbol_form(symbol.kind, symbol.shape)
    lead = (count,) if symbol.family else ()
    core = () if form == "scalar" else symbol.shape[:1] if form == "diagonal" else _axes(symbol.shape)
    if form == "column":
        core = tuple(d for d in symbol.shape if d != 1)
    remark = {"diagonal": ", the diagonal"}.get(form, "")
    return Parameter(symbol.name, "Floats" if lead + core else "float", lead + core, remark)


def _axes(shape: tuple[Dim, Dim]) -> tuple[Dim, ...]:
    return shape[:1] if shape[1] == 1 else shape


def _sizes(parameters: Sequence[Parameter], body: Sequence[str]) -> list[str]:
    """Lines that read the dimensions which the body uses off the arguments."""
    used = set(re.findall(r"\w+", "\n".join(body)))
    found: dict[str, str] = {}
    for parameter in parameters:
        for axis, dim in enumerate(parameter.axes):
            if isinstance(dim, str) and dim in used:
                found.setdefault(dim, f"{parameter.name}.shape[{axis}]")
    own = {p.name for p in parameters}
    found = {dim: source for dim, source in found.items() if dim not in own}
    return [f"{', '.join(found)} = {', '.join(found.values())}"] if found else []


def _head(name: str, parameters: Sequence[str], returned: str) -> list[str]:
    """The first line of a function, or the first lines where one would be long."""
    line = f"def {name}({', '.join(parameters)}) -> {returned}:"
    if len(line) <= WIDTH:
        return [line]
    inside = textwrap.wrap(", ".join(parameters), WIDTH - 4, break_on_hyphens=False)
    return [f"def {name}(", *(f"    {part}" for part in inside), f") -> {returned}:"]


def _docstring(doc: Sequence[str], parameters: Sequence[Parameter]) -> list[str]:
    if not doc:
        return []
    shapes = ", ".join(map(str, parameters))
    return [f'"""{doc[0]}', "", *doc[1:], *([""] if doc[1:] else []), f"{shapes}.", '"""']
