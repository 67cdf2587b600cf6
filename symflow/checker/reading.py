"""Certificates as data from strangers: every shape is checked before anything is built from it.

What is not exactly as docs/certificates.md says raises CertificateError. Symbols must be those of the statement and
its hypotheses, each index must have one range, and nesting is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symflow.checker.formal import ENTRYWISE, WEIGHT, Algebra, Head, Range, Tensor, whole
from symflow.checker.labelling import Factor
from symflow.checker.placing import Product, Rational
from symflow.errors import CertificateError

MAX_NESTING = 24  # of arguments in arguments


class Reader:
    """Turns the data of certificates into tensors over one algebra."""

    def __init__(self, algebra: Algebra, symbols: Mapping[str, Head], functions: frozenset[str]) -> None:
        self._algebra = algebra
        self._symbols = symbols
        self._functions = functions
        self._arguments: dict[int, tuple[object, Tensor]] = {}  # by identity, kept alive
        self._atoms: dict[int, tuple[object, Rational, int | None, tuple[Range, ...]]] = {}  # the same

    def argument(self, value: object, depth: int = 0) -> Tensor:
        """An argument ``(dims, sum)`` as a collected tensor."""
        known = self._arguments.get(id(value))
        if known is not None:
            return known[1]
        if depth > MAX_NESTING:
            raise CertificateError(f"arguments are nested more than {MAX_NESTING} deep")
        dims, terms = _parts(value, 2, "an argument (dims, sum)")
        ranges = read_dims(dims)
        read = [self._summand(term, ranges, depth) for term in _sequence(terms, "a sum")]
        tensor = self._algebra.collect(Tensor(ranges, tuple(read)))
        self._arguments[id(value)] = (value, tensor)
        return tensor

    def context(
        self, value: object, dims: tuple[Range, ...], holes: object, relation: tuple[Range, ...]
    ) -> tuple[Product, tuple[int, ...]]:
        """A context with outs of ranges ``dims``, and its holes, whose ranges are those of the relation."""
        indices = _indices(holes, "the holes")
        if len(indices) != len(relation):
            raise CertificateError(f"{len(indices)} holes for a relation with {len(relation)} outs")
        return self._term(value, dims, 0, indices, relation), indices

    def _summand(self, value: object, dims: tuple[Range, ...], depth: int) -> Product:
        coefficient, term = _parts(value, 2, "a summand (coefficient, term)")
        c, factors, outs = self._term(term, dims, depth)
        return c * read_number(coefficient), factors, outs

    def _term(
        self, value: object, dims: tuple[Range, ...], depth: int,
        holes: tuple[int, ...] = (), hole_dims: tuple[Range, ...] = (),
    ) -> Product:  # fmt: skip
        """A term, with a coefficient of its own for atoms that are numbers."""
        listed, outs = _parts(value, 2, "a term (factors, outs)")
        indices = _indices(outs, "the outs")
        if len(indices) != len(dims):
            raise CertificateError(f"a term has {len(indices)} outs where {len(dims)} are needed")
        ranges: dict[int, Range] = {}
        _bind(ranges, indices + holes, dims + hole_dims)
        coefficient: Rational = 1
        factors: list[Factor] = []
        for factor in _sequence(listed, "the factors of a term"):
            atom, slots = _parts(factor, 2, "a factor (atom, slots)")
            known = self._atoms.get(id(atom))
            if known is None:
                known = self._atoms[id(atom)] = (atom, *self._atom(atom, depth))
            _, number, read, spans = known
            places = _indices(slots, "the slots of a factor")
            if len(places) != len(spans):
                raise CertificateError(f"a factor has {len(places)} slots where its atom has {len(spans)}")
            _bind(ranges, places, spans)
            if read is None:
                coefficient *= number
            else:
                factors.append((read, places))
        return coefficient, tuple(factors), indices

    def _atom(self, value: object, depth: int) -> tuple[Rational, int | None, tuple[Range, ...]]:
        """An atom: its number and the ranges of its slots. One that is a constant is its value and no number."""
        if not isinstance(value, tuple) or not value or not isinstance(value[0], str):
            raise CertificateError(f"an atom is a tuple that begins with a name; this is {_short(value)}")
        if value[0] == "sym":
            atom = self._algebra.atom(self.symbol(value))
        elif value == WEIGHT:
            atom = self._algebra.atom(WEIGHT)
        elif value[0] == "dim" and len(value) == 2 and isinstance(value[1], str):
            atom = self._algebra.atom(("dim", value[1]))
        else:
            applied = self._algebra.apply(self.head(value[:-1]), self.argument(value[-1], depth + 1))
            ((coefficient, factors, _),) = applied.terms
            if not factors:
                return coefficient, None, ()
            atom = factors[0][0]
        return 1, atom, self._algebra.dims[atom]

    def symbol(self, value: object) -> Head:
        """A ``("sym", …)`` atom of the statement."""
        if isinstance(value, tuple) and len(value) == 5 and value[0] == "sym" and isinstance(value[1], str):
            known = self._symbols.get(value[1])
            if known is not None and value == known and isinstance(value[4], bool):
                return known
        raise CertificateError(f"{_short(value)} is not a symbol of the statement")

    def head(self, value: object) -> Head:
        """All of an atom with an argument that stands before the argument."""
        match value:
            case (str(name),) if name in ENTRYWISE or name in ("inv", "det", "logdet"):
                return (name,)
            case ("fn", str(name), int(order)) if name in self._functions and type(order) is int and order >= 0:
                return ("fn", name, order)
        raise CertificateError(f"{_short(value)} is not the head of an atom with an argument")


def read_dims(value: object) -> tuple[Range, ...]:
    """Ranges of outs: dimension names, numbers from 2 on, None for data."""
    dims = _sequence(value, "the dims of an argument")
    for dim in dims:
        if not (dim is None or (isinstance(dim, str) and dim) or (type(dim) is int and dim >= 2)):
            raise CertificateError(f"{_short(dim)} is not the range of an index")
    return dims  # type: ignore[return-value]  # just checked


def read_number(value: object) -> Rational:
    """An exact number."""
    if type(value) is int or isinstance(value, Fraction):
        return whole(value)
    raise CertificateError(f"{_short(value)} is not an exact number")


def read_list(value: object, what: str) -> tuple[object, ...]:
    """A tuple of anything."""
    return _sequence(value, what)


def read_positions(value: object, dims: tuple[Range, ...], own: tuple[Range, ...]) -> tuple[int, ...]:
    """Positions among outs of ranges ``dims`` for the outs of a factor, whose ranges are ``own``."""
    positions = _indices(value, "the positions of a factor")
    if len(positions) != len(own) or any(not 0 <= p < len(dims) for p in positions):
        raise CertificateError(f"positions {positions} for a factor with {len(own)} outs among {len(dims)}")
    if tuple(dims[p] for p in positions) != own:
        raise CertificateError(
            f"a factor with outs of ranges {own} at positions with ranges {tuple(dims[p] for p in positions)}"
        )
    return positions


def _bind(ranges: dict[int, Range], indices: tuple[int, ...], dims: tuple[Range, ...]) -> None:
    for index, dim in zip(indices, dims, strict=True):
        if ranges.setdefault(index, dim) != dim:
            raise CertificateError(f"index {index} ranges over {ranges[index]} and over {dim}")


def _sequence(value: object, what: str) -> tuple[object, ...]:
    if not isinstance(value, tuple):
        raise CertificateError(f"{what} is a tuple; this is {_short(value)}")
    return value


def _parts(value: object, count: int, what: str) -> tuple[object, ...]:
    if not isinstance(value, tuple) or len(value) != count:
        raise CertificateError(f"{what} is needed; this is {_short(value)}")
    return value


def _indices(value: object, what: str) -> tuple[int, ...]:
    indices = _sequence(value, what)
    for index in indices:
        if type(index) is not int:
            raise CertificateError(f"{what} are integers; these are {_short(indices)}")
    return indices  # type: ignore[return-value]  # just checked


def _short(value: object) -> str:
    """A value for a message, whatever its size: deep nesting is not printed."""
    if isinstance(value, str):
        return repr(value[:60])
    if type(value) is int and value.bit_length() < 200:
        return str(value)
    return f"a {type(value).__name__}"
