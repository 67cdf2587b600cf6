"""Factors and common divisors of arguments: polynomials in their separable parts.

Two quotients are equal exactly if they agree in lowest terms, and reciprocals of products split into reciprocals of
irreducible factors. Factoring is FLINT's (multivariate polynomials over the rationals); the identity it gives is
checked in the certificate by expansion, so nothing here is trusted.
"""

from __future__ import annotations

from fractions import Fraction

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from symflow.calculus.atoms import Argument, Factors, Slots, Space
from symflow.proof.clearing import Denominator, over_denominators
from symflow.proof.recording import Note
from symflow.proof.rewriting import Rewriter
from symflow.proof.splitting import Monomial, Part, make_argument, multiply_out, parts_of_term

MAX_TERMS = 200
MAX_DEGREE = 24


class Variables:
    """The separable parts of some arguments, numbered as polynomial variables."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.parts: list[Part] = []

    def exponents(self, argument: Argument, positions: tuple[int, ...]) -> dict[tuple[int, ...], Fraction] | None:
        """The argument as exponent vectors over parts; its outs sit at ``positions`` of a larger argument."""
        result: dict[tuple[int, ...], Fraction] = {}
        if len(argument.terms) > MAX_TERMS:
            return None
        for (factors, outs), c in argument.terms:
            parts = parts_of_term(self.space, factors, outs, argument.dims)
            if parts is None or len(parts) > MAX_DEGREE:
                return None
            vector: list[int] = [0] * len(self.parts)
            for inner, where in parts:
                part = (inner, tuple(positions[k] for k in where))
                if part not in self.parts:
                    self.parts.append(part)
                    vector.append(0)
                vector[self.parts.index(part)] += 1
            key = tuple(vector)
            result[key] = result.get(key, Fraction(0)) + c
        return result

    def context(self) -> fmpq_mpoly_ctx:
        """The polynomial ring over all parts met so far."""
        return fmpq_mpoly_ctx.get([f"v{k}" for k in range(max(1, len(self.parts)))], Ordering.lex)

    def polynomial(self, ring: fmpq_mpoly_ctx, exponents: dict[tuple[int, ...], Fraction]) -> fmpq_mpoly:
        """Exponent vectors as a polynomial of the ring."""
        size = max(1, len(self.parts))
        return ring.from_dict(
            {key + (0,) * (size - len(key)): fmpq(c.numerator, c.denominator) for key, c in exponents.items()}
        )

    def argument(
        self, polynomial: fmpq_mpoly, dims: tuple[str | int | None, ...], positions: tuple[int, ...]
    ) -> Argument:
        """A polynomial as an argument on the outs at ``positions``."""
        terms: list[tuple[Fraction, Factors, Slots]] = []
        slots = tuple(range(len(positions)))
        for key, c in polynomial.to_dict().items():
            inside = [
                (inner, tuple(positions.index(k) for k in where if k in positions)) for inner, where in self.parts
            ]
            powers = [part for power, part in zip(key, inside, strict=False) for _ in range(int(power))]
            pieces = multiply_out(self.space, [(Fraction(int(c.p), int(c.q)), (), slots)], powers)
            terms += [(Fraction(c1), f1, o1) for c1, f1, o1 in pieces]
        return make_argument(self.space, tuple(dims[k] for k in positions), terms)

    def support(self, polynomial: fmpq_mpoly) -> tuple[int, ...]:
        """The positions of the outs that a polynomial depends on."""
        used: set[int] = set()
        for key in polynomial.to_dict():
            for exponent, (_, where) in zip(key, self.parts, strict=False):
                if exponent:
                    used |= set(where)
        return tuple(sorted(used))


def factorise(space: Space, argument: Argument) -> Monomial | None:
    """The irreducible factors of a sum, if there are several; None where there is one, or it is not a polynomial."""
    if len(argument.terms) < 2:
        return None
    variables = Variables(space)
    exponents = variables.exponents(argument, tuple(range(len(argument.dims))))
    if exponents is None or _degree(exponents) < 2:
        return None
    polynomial = variables.polynomial(variables.context(), exponents)
    content, factors = polynomial.factor()
    if sum(int(power) for _, power in factors) < 2:
        return None
    parts: list[Part] = []
    coefficient = Fraction(int(content.p), int(content.q))
    for factor, power in factors:
        positions = variables.support(factor)
        inner = variables.argument(factor, argument.dims, positions)
        lead = inner.terms[-1][1]
        if lead < 0:
            inner = Argument(inner.dims, tuple((key, -c) for key, c in inner.terms))
            coefficient *= (-1) ** int(power)
        parts += [(inner, positions)] * int(power)
    return Monomial(coefficient, tuple(parts))


def _degree(exponents: dict[tuple[int, ...], Fraction]) -> int:
    return max((sum(key) for key in exponents), default=0)


def lowest_terms(
    space: Space, rewriter: Rewriter, p: Argument, below: list[Denominator]
) -> tuple[Argument, list[Note]] | None:
    """The sum as one fraction in lowest terms, and notes with p + notes = that fraction."""
    numerator, _ = over_denominators(space, rewriter, p, below)
    if numerator is None:
        return None
    left = _cancelled(space, numerator, below)
    if left is None:
        return None
    top, rest = left
    bundle: Factors = tuple((atom, where) for atom, where, power in rest for _ in range(power))
    terms = []
    for (factors, outs), c in top.terms:
        carried = tuple((atom, tuple(outs[k] for k in where)) for atom, where in bundle)
        terms.append((c, (*factors, *carried), outs))
    fraction = make_argument(space, p.dims, terms)
    negative = [(-c, f, o) for (f, o), c in fraction.terms]
    difference = make_argument(space, p.dims, [*((c, f, o) for (f, o), c in p.terms), *negative])
    zero, notes = over_denominators(space, rewriter, difference, below)
    if zero is None or not zero.is_zero:
        return None
    return fraction, notes


def _cancelled(
    space: Space, numerator: Argument, below: list[Denominator]
) -> tuple[Argument, list[Denominator]] | None:
    """Divide the numerator by every denominator that divides it."""
    variables = Variables(space)
    everything = tuple(range(len(numerator.dims)))
    top = variables.exponents(numerator, everything)
    bottoms = []
    for atom, where, _ in below:
        argument = space[atom].argument
        bottoms.append(None if argument is None else variables.exponents(argument, where))
    if top is None or any(b is None for b in bottoms):
        return None
    ring = variables.context()
    quotient = variables.polynomial(ring, top)
    rest: list[Denominator] = []
    for (atom, where, power), bottom in zip(below, bottoms, strict=True):
        divisor = variables.polynomial(ring, bottom or {})
        left = power
        while left and quotient:
            result, remainder = divmod(quotient, divisor)
            if remainder:
                break
            quotient = result
            left -= 1
        if left:
            rest.append((atom, where, left))
    return variables.argument(quotient, numerator.dims, everything), rest
