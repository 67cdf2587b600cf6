"""Functions of plain arrays as source text: their arguments, first lines and docstrings, whatever their bodies are."""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from symflow.errors import KindError, UnsupportedError
from symflow.expr.loop_lowering import with_inverses_given
from symflow.expr.numpy_code import signature
from symflow.expr.numpy_emission import symbol_form
from symflow.expr.shapes import Dim
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr, Symbol

WIDTH = 120
RESERVED = frozenset({"np", "Floats", "Places", "out", "places", "weights"})  # what the text itself calls so


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


@dataclass(frozen=True)
class PlainFunction:
    """An expression whose inverses are arguments and whose names Python takes; ``count`` names the number of data."""

    expr: Expr
    arguments: tuple[str, ...]
    symbols: dict[str, Symbol]
    dimensions: tuple[str, ...]
    count: str

    @property
    def taken(self) -> set[str]:
        """The names that the body cannot use for anything else."""
        return {*self.arguments, *_dims(self.expr, self.symbols), self.count}

    def parameters(self) -> list[Parameter]:
        """The arguments that the expression has, in their order."""
        found = []
        for name in self.arguments:
            if name in self.symbols:
                found.append(_parameter(self.symbols[name], self.count))
            elif name in self.dimensions:
                found.append(Parameter(name, "int"))
        return found


def plain_function(expr: Expr, arguments: Iterable[str] | None) -> PlainFunction:
    """The expression as a function.

    Raises:
        UnsupportedError: a function symbol, a data index that no data sum binds, or the inverse of a sum.
        KindError: ``arguments`` lacks a symbol of the expression, or names cannot be told apart.
    """
    plain = _plain(expr)
    names, symbols, dimensions = signature(plain, arguments)
    used = {*names, *_dims(plain, symbols)}
    count = next(name for name in ("N", "N_data", "count_of_data", "number_of_data") if name not in used)
    return PlainFunction(plain, names, symbols, dimensions, count)


def text_of(name: str, parameters: Sequence[Parameter], returned: str, doc: Sequence[str], body: Sequence[str]) -> str:
    """The whole function: sizes are read off the arguments before the body."""
    return "\n".join([
        *_head(name, [f"{p.name}: {p.annotation}" for p in parameters], returned),
        *(f"    {line}".rstrip() for line in (*_docstring(doc, parameters), *_sizes(parameters, body), *body)),
    ])  # fmt: skip


def _plain(expr: Expr) -> Expr:
    """The expression with inverses given, and with names that an argument may have."""
    if expr.free:
        free = ", ".join(sorted(expr.free))
        raise UnsupportedError(f"a data index that no datasum binds has no code of its own: {free}")
    given = with_inverses_given(expr)
    symbols = signature(given, None)[1]
    names: dict[str, str] = {}
    for symbol in symbols.values():
        if symbol.kind == "function":
            raise UnsupportedError(f"the function symbol {symbol.name} has no code of its own; take report.lambdify()")
        hides = keyword.iskeyword(symbol.name) or symbol.name in RESERVED | _dims(given, symbols)
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
    core = () if form == "scalar" else symbol.shape[:1] if form == "diagonal" else axes_of(symbol.shape)
    if form == "column":
        core = tuple(d for d in symbol.shape if d != 1)
    remark = {"diagonal": " diagonal"}.get(form, "")
    return Parameter(symbol.name, "Floats" if lead + core else "float", lead + core, remark)


def axes_of(shape: tuple[Dim, Dim]) -> tuple[Dim, ...]:
    """The axes of the array of a vector or a matrix."""
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
    whole = ", ".join(parameter.replace(" ", "\0") for parameter in parameters)  # no line ends inside a parameter
    inside = [part.replace("\0", " ") for part in textwrap.wrap(whole, WIDTH - 6, break_on_hyphens=False)]
    return [f"def {name}(", *(f"    {part}" for part in inside), f") -> {returned}:  # fmt: skip"]


def _docstring(doc: Sequence[str], parameters: Sequence[Parameter]) -> list[str]:
    if not doc:
        return []
    shapes = textwrap.wrap(f"Arguments: {', '.join(map(str, parameters)) or 'none'}.", WIDTH - 4)
    first, *rest = (line.replace("\\", "\\\\").replace('"""', "'''") for line in doc)
    return [f'"""{first}', "", *rest, *([""] if rest else []), *shapes, '"""']
