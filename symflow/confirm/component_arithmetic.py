"""Numbers for the componentwise derivation: SymPy polynomials where that is enough, SymPy expressions elsewhere.

Polynomials in the entries are SymPy's sparse ring over the rationals. A quotient stays polynomial as well: the
reciprocal of d is a further generator u with u d = 1 and du = -u^2 dd, cleared at the very end, so that no greatest
common divisor of polynomials in twenty variables is ever taken. log|d| is one more generator l, with dl = u dd.
Measured on the rotation gradient B5 at Q = 2 with
two data points: 0.1 s, against minutes with SymPy's expressions and ``simplify``.
"""

# ruff: noqa: ARG002  # a table calls every rule with the same arguments

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from sympy import QQ, Expr, Function, Rational, Symbol, diff, expand, log
from sympy import cos as sympy_cos
from sympy import exp as sympy_exp
from sympy import sin as sympy_sin
from sympy import sqrt as sympy_sqrt
from sympy import tanh as sympy_tanh
from sympy.polys.rings import PolyElement, ring

from symflow.errors import LimitError, UndefinedError, UnsupportedError

_FUNCTIONS = {"exp": sympy_exp, "log": log, "sqrt": sympy_sqrt, "sin": sympy_sin, "cos": sympy_cos, "tanh": sympy_tanh}


class Arithmetic(Protocol):
    """What the derivation needs of its numbers beyond ``+``, ``-`` and ``*``."""

    divisors: list[Any]  # everything that was divided by

    def number(self, value: Fraction) -> Any:
        """A rational constant."""

    def generator(self, name: str) -> Any:
        """The entry, parameter or weight of that name."""

    def derivative(self, value: Any, generator: Any) -> Any:
        """The derivative by a generator."""

    def reciprocal(self, value: Any) -> Any:
        """One over the value; raises UndefinedError where the value is identically zero."""

    def function(self, name: str, value: Any) -> Any:
        """A function of the language, or ``logabs``, of the value."""

    def apply(self, name: str, order: int, value: Any) -> Any:
        """The derivative of that order of a function symbol, at the value."""


class PolynomialArithmetic:
    """Entries in a polynomial ring over the rationals, with a generator for each reciprocal and each logarithm."""

    def __init__(self, generators: Mapping[str, bool], reciprocals: int, logarithms: int = 0) -> None:
        """``generators`` gives the names, and of each whether it is positive; the others how many there are at most."""
        self.positive = frozenset(name for name, positive in generators.items() if positive)
        spare = [f"1/{k}" for k in range(reciprocals + logarithms)]
        logs = [f"log{k}" for k in range(logarithms)]
        self.ring, *gens = ring([*generators, *spare, *logs], QQ)
        self._by_name = dict(zip([*generators, *spare, *logs], gens, strict=True))
        self._spare = [self._by_name[name] for name in spare]
        self._spare_logs = [self._by_name[name] for name in logs]
        self._logs: list[PolyElement] = []  # d of each log|d|
        self._place = {g: k for k, g in enumerate(gens)}
        self.divisors: list[PolyElement] = []
        self._known: dict[tuple[int, PolyElement], PolyElement] = {}

    def number(self, value: Fraction) -> PolyElement:
        """A rational constant."""
        return self.ring(QQ(value.numerator, value.denominator))

    def generator(self, name: str) -> PolyElement:
        """The entry, parameter or weight of that name."""
        return self._by_name[name]

    def place(self, generator: PolyElement) -> int:
        """The position of a generator in the exponents of a monomial."""
        return self._place[generator]

    def derivative(self, value: PolyElement, generator: PolyElement) -> PolyElement:
        """The derivative by a generator."""
        result = value.diff(generator)
        for k in range(len(self.divisors)):
            along = value.diff(self._spare[k])
            if along:
                result = result + along * self._derivative_of_reciprocal(k, generator)
        for log_of_d, d in zip(self._spare_logs, self._logs, strict=False):
            along = value.diff(log_of_d)
            if along:
                result = result + along * self.derivative(d, generator) * self.reciprocal(d)
        return result

    def _derivative_of_reciprocal(self, k: int, generator: PolyElement) -> PolyElement:
        key = (k, generator)
        if key not in self._known:
            self._known[key] = -(self._spare[k] ** 2) * self.derivative(self.divisors[k], generator)
        return self._known[key]

    def reciprocal(self, value: PolyElement) -> PolyElement:
        """One over the value; raises UndefinedError where the value is identically zero."""
        if not value:
            raise UndefinedError("a division by zero: one divisor vanishes identically at this size")
        if value.is_ground:
            return self.ring(1 / value.LC)
        if value not in self.divisors:
            if len(self.divisors) == len(self._spare):
                raise LimitError(f"more than {len(self._spare)} different divisors at this size")
            self.divisors.append(value)
        return self._spare[self.divisors.index(value)]

    def cleared(self, value: PolyElement) -> PolyElement:
        """The numerator: the value times its divisors, as often as they divide."""
        for k in reversed(range(len(self.divisors))):
            value = homogenised(value, [self.place(self._spare[k])], [self.ring.one], self.divisors[k])
        return value

    def has_logarithms(self, value: PolyElement) -> bool:
        """Whether a logarithm is left in the value, so that being nonzero as a polynomial proves nothing."""
        return any(value.diff(log_of_d) for log_of_d in self._spare_logs)

    def function(self, name: str, value: PolyElement) -> PolyElement:
        """A function of the language, or ``logabs``, of the value."""
        if name == "logabs":
            self.reciprocal(value)  # it must not vanish
            if value not in self._logs:
                self._logs.append(value)
            return self._spare_logs[self._logs.index(value)]
        sign = self._sign(value)
        if name not in ("relu", "step") or sign is None:
            raise UnsupportedError(f"{name} of an argument of either sign has no componentwise polynomial")
        return value * (sign > 0) if name == "relu" else self.ring(int(sign > 0))

    def _sign(self, value: PolyElement) -> int | None:
        """The sign of a value whose terms have one sign and positive generators only."""
        if not value:
            return 0
        used = {str(self.ring.symbols[k]) for powers in value for k, power in enumerate(powers) if power}
        signs = {coefficient > 0 for coefficient in value.values()}
        if len(signs) > 1 or not used <= self.positive:
            return None
        return 1 if signs.pop() else -1

    def apply(self, name: str, order: int, value: PolyElement) -> PolyElement:
        """The derivative of that order of a function symbol, at the value."""
        raise UnsupportedError(f"{name} of an entry is no polynomial")


def homogenised(
    value: PolyElement, places: Sequence[int], numerators: Sequence[PolyElement], denominator: PolyElement
) -> PolyElement:
    """``value * denominator**k`` with each generator replaced by its numerator over the denominator.

    k is the highest total degree of the value in the generators at ``places``.
    """
    parts: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
    for powers, coefficient in value.items():
        chosen = tuple(powers[k] for k in places)
        rest = list(powers)
        for k in places:
            rest[k] = 0
        parts.setdefault(chosen, {})[tuple(rest)] = coefficient
    highest = max((sum(chosen) for chosen in parts), default=0)
    total = value.ring.zero
    for chosen, terms in parts.items():
        factor = denominator ** (highest - sum(chosen))
        for numerator, power in zip(numerators, chosen, strict=True):
            if power:  # SymPy's ring refuses 0**0
                factor = factor * numerator**power
        total = total + value.ring.from_dict(terms) * factor
    return total


class ExpressionArithmetic:
    """Entries as SymPy expressions, for what is not rational: exp, log, sqrt, sin, cos, tanh and function symbols."""

    def __init__(self, generators: Mapping[str, bool]) -> None:
        self._by_name = {
            name: Symbol(name, real=True, positive=positive or None) for name, positive in generators.items()
        }
        self.divisors: list[Expr] = []
        self.positives: list[Expr] = []  # arguments of log and sqrt
        self._functions: dict[tuple[str, int], Any] = {}

    def number(self, value: Fraction) -> Expr:
        """A rational constant."""
        return Rational(value.numerator, value.denominator)

    def generator(self, name: str) -> Expr:
        """The entry, parameter or weight of that name."""
        return self._by_name[name]

    def derivative(self, value: Expr, generator: Expr) -> Expr:
        """The derivative by a generator."""
        return diff(value, generator)

    def reciprocal(self, value: Expr) -> Expr:
        """One over the value; raises UndefinedError where the value is identically zero."""
        if expand(value) == 0:
            raise UndefinedError("a division by zero: one divisor vanishes identically at this size")
        self.divisors.append(value)
        return 1 / value

    def function(self, name: str, value: Expr) -> Expr:
        """A function of the language, or ``logabs``, of the value."""
        argument = expand(value)
        if name == "logabs":
            self.divisors.append(argument)
            return log(argument**2) / 2
        if name in ("relu", "step"):
            return self._kinked(name, argument)
        if name in ("log", "sqrt"):
            self.positives.append(argument)
        return _FUNCTIONS[name](argument)

    def _kinked(self, name: str, argument: Expr) -> Expr:
        if not (argument.is_positive or argument.is_nonpositive):
            raise UnsupportedError(f"{name} of an argument of either sign cannot be decided entry by entry")
        if name == "step":
            return Rational(int(bool(argument.is_positive)))
        return argument if argument.is_positive else Rational(0)

    def apply(self, name: str, order: int, value: Expr) -> Expr:
        """The derivative of that order of a function symbol, at the value."""
        return self.derived_function(name, order)(expand(value))

    def derived_function(self, name: str, order: int) -> Any:
        """The ``order``-th derivative of a function symbol, as a SymPy function that knows its own derivative."""
        key = (name, order)
        if key not in self._functions:

            def fdiff(node: Any, argindex: int = 1) -> Any:  # noqa: ARG001  # SymPy's protocol
                return self.derived_function(name, order + 1)(node.args[0])

            self._functions[key] = type(f"{name}_{order}", (Function,), {"fdiff": fdiff, "nargs": (1,)})
        return self._functions[key]

    @property
    def functions(self) -> dict[tuple[str, int], Any]:
        """The function symbols that occurred, by name and order."""
        return self._functions
