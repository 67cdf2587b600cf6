"""Sources of random rationals: what the free parameters of a point are drawn from.

Generic points test an identity (see :mod:`symflow.refutation.degrees`); points of few small numbers, zeros among
them, find what fails on thin sets and read well; positive ones give logarithms and roots a chance to be defined.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from flint import fmpq

GENERIC_RANGE = 1 << 16  # how many values a generic parameter takes, each with the same chance


@dataclass(frozen=True, slots=True)
class Palette:
    """A finite set of rationals to draw from, and whether structured matrices keep to few of their parameters.

    ``generic`` palettes are uniform on ``GENERIC_RANGE`` values, and every free parameter is drawn on its own.
    """

    name: str
    numbers: tuple[fmpq, ...] = ()
    positive_numbers: tuple[fmpq, ...] = ()
    generic: bool = False

    def number(self, rng: Random) -> fmpq:
        """A random parameter."""
        if self.generic:
            return fmpq(rng.randrange(GENERIC_RANGE) - GENERIC_RANGE // 2)
        return rng.choice(self.numbers)

    def positive(self, rng: Random) -> fmpq:
        """A random positive parameter."""
        if self.generic:
            return fmpq(1 + rng.randrange(GENERIC_RANGE))
        return rng.choice(self.positive_numbers)


def _fractions(top: int, denominators: tuple[int, ...]) -> tuple[fmpq, ...]:
    found = {(fmpq(p, q).p, fmpq(p, q).q) for q in denominators for p in range(-top, top + 1)}
    return tuple(sorted((fmpq(p, q) for p, q in found), key=lambda x: (x.q, abs(x.p), x.p < 0)))


def _positive(numbers: tuple[fmpq, ...]) -> tuple[fmpq, ...]:
    return tuple(x for x in numbers if x > 0)


_SMALL = _fractions(5, (1, 2, 3))
_TINY = _fractions(2, (1,))
_DYADIC = _fractions(7, (1, 2, 4))

GENERIC = Palette("generic", generic=True)
SMALL = Palette("small", tuple(x for x in _SMALL if x), _positive(_SMALL))
SPARSE = Palette("sparse", (fmpq(0),) * 4 + _TINY + _SMALL, _positive(_TINY) + _positive(_SMALL))
POSITIVE = Palette("positive", _positive(_SMALL), _positive(_SMALL))
DYADIC = Palette("dyadic", tuple(x for x in _DYADIC if x), _positive(_DYADIC))  # exact in ball arithmetic
TINY = Palette("tiny", _TINY, (fmpq(1), fmpq(2)))
UNITS = Palette("units", (fmpq(0), fmpq(1)), (fmpq(1),))
SIGNS = Palette("signs", (fmpq(0), fmpq(1), fmpq(-1)), (fmpq(1),))
