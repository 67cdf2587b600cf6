"""What the names of a statement stand for: the ``[symbols]`` of a claims file, and ``--let`` on the command line.

One name means one thing: a symbol, a dimension or a data index. A clash is an error where it is declared.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from symflow.claims.limits import MAX_DIMENSION, MAX_KIND, MAX_NAME, MAX_SYMBOLS
from symflow.errors import ClaimError
from symflow.expr.kinds import KINDS
from symflow.expr.shapes import Dim
from symflow.expr.tree import DERIVATIVES, FUNCTIONS, Symbol

RESERVED = frozenset((*FUNCTIONS, *DERIVATIVES, "datasum", "eye", "zeros", "ones"))
DEFAULT_INDEX = "i"

_KIND = re.compile(r"\s*([a-z_]+)\s*(?:\(([^()]*)\))?\s*(?:\[([^\[\]]*)\])?\s*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WRITTEN_KINDS = ("scalar(positive)", "dim", *(kind for kind in KINDS if kind != "positive_scalar"))


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one name stands for: a symbol, with its data index if it is a family, or a dimension (no symbol)."""

    name: str
    symbol: Symbol | None
    index: str | None = None


@dataclass(frozen=True)
class Scope:
    """The names a statement may use, checked against each other; make one with :func:`scope`."""

    declared: Mapping[str, Declaration]

    @cached_property
    def dimensions(self) -> frozenset[str]:
        """Names declared as a dimension, or used as one by a declaration."""
        return frozenset(_dimension_users(self.declared.values()))

    @cached_property
    def indices(self) -> frozenset[str]:
        """The data indices that the families declare."""
        return frozenset(entry.index for entry in self.declared.values() if entry.index is not None)


Declared = Declaration | Symbol | str
Symbols = Scope | Mapping[str, Declared]


def parse_kind(text: str, name: str) -> Declaration:
    """Read a kind of the claims format, ``vector(Q)[i]``, as the declaration of ``name``.

    Raises:
        ClaimError: the name is not usable, the kind unknown, or its dimensions do not fit it.

    >>> parse_kind("vector(Q)[i]", "x")
    Declaration(name='x', symbol=Symbol(name='x', kind='vector', dims=('Q',), family=True), index='i')
    >>> parse_kind("scalar(positive)", "s").symbol.kind
    'positive_scalar'
    >>> parse_kind("dim", "Q").symbol is None
    True
    """
    require_name(name, "a symbol")
    if len(text) > MAX_KIND:
        raise ClaimError(f"{name}: a kind of {len(text)} characters; the bound is {MAX_KIND}")
    parts = _KIND.fullmatch(text)
    if parts is None:
        raise ClaimError(f"{name}: {text!r} is not a kind; write one such as vector(n), matrix(n, m) or vector(n)[i]")
    kind, inside, index = parts[1], parts[2], parts[3]
    if index is not None:
        index = index.strip()
        require_name(index, f"the data index of {name}")
    if kind == "dim":
        if inside is not None or index is not None:
            raise ClaimError(f"{name}: dim takes no arguments and no data index")
        return Declaration(name, None)
    return Declaration(name, _symbol(name, kind, inside, index is not None), index)


def require_name(name: str, what: str) -> None:
    """Raise ClaimError unless the name can be used in a statement.

    >>> require_name("tr", "a symbol")
    Traceback (most recent call last):
    ...
    symflow.errors.ClaimError: a symbol cannot be called tr: that is a function of the claims language
    """
    shown = ascii(name[:MAX_NAME])
    if _NAME.fullmatch(name) is None:
        raise ClaimError(f"{shown} cannot name {what}: a name is ASCII letters, digits and _, and starts with no digit")
    if len(name) > MAX_NAME:
        raise ClaimError(f"the name {shown}… of {what} has {len(name)} characters; the bound is {MAX_NAME}")
    if name in RESERVED:
        raise ClaimError(f"{what} cannot be called {name}: that is a function of the claims language")
    if keyword.iskeyword(name):
        raise ClaimError(f"{what} cannot be called {name}: that word is reserved in Python's syntax")


def _symbol(name: str, kind: str, inside: str | None, family: bool) -> Symbol:
    if kind == "scalar" and inside is not None:
        if inside.strip() != "positive":
            raise ClaimError(f"{name}: scalar({inside}) is not a kind; write scalar or scalar(positive)")
        return Symbol(name, "positive_scalar", (), family)
    known = KINDS.get(kind)
    if known is None or kind == "positive_scalar":
        raise ClaimError(f"{name}: unknown kind {kind!r}{_nearest_kind(kind)}")
    if kind == "function" and family:
        raise ClaimError(f"{name}: a function is the same for every data index; declare it without [i]")
    dims = () if inside is None else tuple(_dimension(word.strip(), name) for word in inside.split(","))
    if len(dims) not in known.dimensions:
        raise ClaimError(f"{name}: {_wanted(kind, known.dimensions)}, {len(dims)} given")
    return Symbol(name, kind, dims, family)


def _nearest_kind(kind: str) -> str:
    near = difflib.get_close_matches(kind[:MAX_NAME], _WRITTEN_KINDS, 1)
    if kind == "positive_scalar":  # what the trees call it
        near = ["scalar(positive)"]
    return f"; did you mean {near[0]}?" if near else f"; the kinds are {', '.join(_WRITTEN_KINDS)}"


def _wanted(kind: str, counts: tuple[int, ...]) -> str:
    if counts == (0,):
        return f"{kind} takes no dimensions"
    return f"{kind} takes {' or '.join(map(str, counts))} dimension{'s' if counts[-1] > 1 else ''}"


def _dimension(word: str, name: str) -> Dim:
    if word.isascii() and word.isdigit():
        return require_size(word, f"a dimension of {name}")
    require_name(word, f"a dimension of {name}")
    return word


def require_size(digits: str, what: str) -> int:
    """A dimension that was given as a number, if it is between 1 and the bound; else ClaimError."""
    size = int(digits) if len(digits) <= len(str(MAX_DIMENSION)) else MAX_DIMENSION + 1
    if not 1 <= size <= MAX_DIMENSION:
        raise ClaimError(f"{what} is {digits[:20]}; a dimension is between 1 and {MAX_DIMENSION}")
    return size


def scope(symbols: Symbols) -> Scope:
    """Check declarations against each other.

    Each value is a :class:`Declaration`, a Symbol (a family's data index is then ``i``) or a kind as text.

    Raises:
        ClaimError: a name is both a symbol and a dimension, or a data index and something else.

    >>> sorted(scope({"A": "matrix(n, m)", "x": "vector(m)[i]"}).dimensions)
    ['m', 'n']
    >>> scope({"n": "scalar", "A": "matrix(n)"})
    Traceback (most recent call last):
    ...
    symflow.errors.ClaimError: n is declared as scalar, but A uses it as a dimension
    """
    if isinstance(symbols, Scope):
        return symbols
    if len(symbols) > MAX_SYMBOLS:
        raise ClaimError(f"{len(symbols)} symbols; the bound is {MAX_SYMBOLS}")
    declared = {name: _declaration(name, entry) for name, entry in symbols.items()}
    users = _dimension_users(declared.values())
    for dimension, user in users.items():
        entry = declared.get(dimension)
        if entry is not None and entry.symbol is not None:
            raise ClaimError(f"{dimension} is declared as {entry.symbol.kind}, but {user} uses it as a dimension")
    for entry in declared.values():
        if entry.index is not None and (entry.index in declared or entry.index in users):
            other = "symbol" if entry.index not in users else "dimension"
            raise ClaimError(f"{entry.index} is the data index of {entry.name} and also a {other}; rename one of them")
    return Scope(declared)


def _declaration(name: str, entry: Declared) -> Declaration:
    if isinstance(entry, str):
        return parse_kind(entry, name)
    if isinstance(entry, Symbol):
        require_name(name, "a symbol")
        return Declaration(name, entry, DEFAULT_INDEX if entry.family else None)
    return entry


def _dimension_users(declared: Iterable[Declaration]) -> dict[str, str]:
    """Each dimension name with the first declaration that uses it."""
    users: dict[str, str] = {}
    for entry in declared:
        for dim in (entry.name,) if entry.symbol is None else entry.symbol.dims:
            if isinstance(dim, str):
                users.setdefault(dim, entry.name)
    return users


def parse_declarations(text: str) -> dict[str, Declaration]:
    """Read ``--let``: declarations ``A: matrix(n, m)``, several separated by ``;``, several names by ``,``.

    Raises:
        ClaimError: a declaration without colon, a name declared twice, or what :func:`parse_kind` raises.

    >>> sorted(parse_declarations("A, B: matrix(n); x: vector(n)"))
    ['A', 'B', 'x']
    """
    found: dict[str, Declaration] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        names, colon, kind = part.partition(":")
        if not colon:
            raise ClaimError(f"{part.strip()[:MAX_KIND]!r} declares nothing; write NAME: KIND, such as A: matrix(n, m)")
        for name in (word.strip() for word in names.split(",")):
            if name in found:
                raise ClaimError(f"{name} is declared twice")
            found[name] = parse_kind(kind, name)
    return found
