"""What all atom rules are made with: parts of arguments as factors, products multiplied out, units of multiples."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from flint import fmpz

from symflow.calculus.atoms import Argument, Key, Space
from symflow.proof.gluing import Piece
from symflow.proof.recording import Note
from symflow.proof.rewriting import Rewriter, Rule
from symflow.proof.splitting import Part, make_argument, multiply_out, pieces_of, scale

ONE = Fraction(1)
Product = tuple[Fraction, list[tuple[str, Part]]]  # coefficient, then functions of parts; "" is the part itself


class RuleMaker:
    """The rules of a space are made here; ``kinks`` are the arguments of step that stood under a derivative."""

    def __init__(self, space: Space, rewriter: Rewriter, kinks: set[Argument]) -> None:
        self.space = space
        self.rewriter = rewriter
        self.kinks = kinks
        self.units: dict[tuple[str, Key, tuple[object, ...]], Fraction] = {}  # smallest multiple of a term met so far
        self.units_changed = False
        self.expand_tanh = False

    def _keep_off_kink(self, known: Argument, other: Argument) -> None:
        """Where one argument of step is off its kink, so is another that vanishes with it."""
        if known in self.kinks or scale(known, Fraction(-1)) in self.kinks:
            self.kinks.add(other)

    def _slots(self, argument: Argument) -> tuple[int, ...]:
        return tuple(range(len(argument.dims)))

    def _rule(self, argument: Argument, schema: str, parameters: tuple[object, ...], pieces: list[Product]) -> Rule:
        """A rule whose pieces are products of functions of parts; head "" stands for the part itself."""
        slots = self._slots(argument)
        glued = []
        for number, items in pieces:
            coefficient = number
            factors: list[tuple[int, tuple[int, ...]]] = []
            fresh = len(slots)
            for head, (inner, positions) in items:
                if head:
                    factors.append((self.space.function(head, inner), positions))
                    continue
                (inside, outs), c = inner.terms[0]
                coefficient *= c
                image = dict(zip(outs, positions, strict=True))
                for atom, where in inside:
                    for s in where:
                        if s not in image:
                            image[s] = fresh
                            fresh += 1
                    factors.append((atom, tuple(image[s] for s in where)))
            glued.append((coefficient, tuple(factors), slots))
        return Rule(tuple(glued), (Note(-1, (), slots, schema, parameters, slots),))

    def _whole(self, argument: Argument) -> Part:
        return argument, self._slots(argument)

    def _on_slots(self, argument: Argument) -> list[tuple[Fraction, tuple[tuple[int, tuple[int, ...]], ...]]]:
        """The terms with their outs renamed 0, 1, …, summed indices above."""
        result = []
        for (factors, outs), c in argument.terms:
            image = {s: k for k, s in enumerate(outs)}
            top = len(outs)
            for _, slots in factors:
                for s in slots:
                    if s not in image:
                        image[s] = top
                        top += 1
            result.append((c, tuple((a, tuple(image[s] for s in slots)) for a, slots in factors)))
        return result

    def denominators(self, p: Argument) -> list[tuple[int, tuple[int, ...], int]]:
        """Reciprocals on outs in a sum: atom, the outs' positions, the highest power."""
        powers: dict[tuple[int, tuple[int, ...]], int] = {}
        for (factors, outs), _ in p.terms:
            here: dict[tuple[int, tuple[int, ...]], int] = {}
            for atom, slots in factors:
                if self.space[atom].head == "recip" and all(s in outs for s in slots) and len(set(outs)) == len(outs):
                    where = (atom, tuple(outs.index(s) for s in slots))
                    here[where] = here.get(where, 0) + 1
            for where, count in here.items():
                powers[where] = max(powers.get(where, 0), count)
        return [(atom, where, count) for (atom, where), count in powers.items()]

    def _rule_of_sum(self, a: Argument, schema: str, parameters: tuple[object, ...], q: Argument) -> Rule:
        slots = self._slots(a)
        return Rule(pieces_of(q), (Note(-1, (), slots, schema, parameters, slots),))

    def _bundle(self, a: Argument, parts: list[Part], sign: Fraction | int = 1) -> Part:
        """Several parts as one."""
        used = tuple(sorted({k for _, positions in parts for k in positions}))
        dims = tuple(a.dims[k] for k in used)
        pieces = multiply_out(self.space, [(sign, (), self._slots(a))], parts)
        return make_argument(
            self.space, dims, [(Fraction(c), f, tuple(o[k] for k in used)) for c, f, o in pieces]
        ), used

    def _expand(self, a: Argument, parts: list[Part]) -> list[Piece]:
        """The product of parts on the outs of a, multiplied out."""
        return multiply_out(self.space, [(1, (), self._slots(a))], parts)

    def _atom_argument(self, number: int) -> Argument:
        argument = self.space[number].argument
        assert argument is not None
        return argument

    def _without(self, a: Argument, parts: list[Part]) -> Argument:
        """The sum with single-factor parts removed from every term."""
        rest = []
        for (factors, outs), c in a.terms:
            left = list(factors)
            for inner, positions in parts:
                (inside, inner_outs) = inner.terms[0][0]
                image = dict(zip(inner_outs, (outs[k] for k in positions), strict=True))
                for atom, slots in inside:
                    left.remove((atom, tuple(image[s] for s in slots)))
            rest.append((c, tuple(left), outs))
        return make_argument(self.space, a.dims, rest)

    def _unit(self, head: str, key: Key, dims: tuple[object, ...], c: Fraction) -> Fraction:
        """The unit in which multiples of a term are counted; shrinks when a finer multiple appears."""
        place = (head, key, dims)
        old = self.units.get(place)
        size = abs(c)
        if self._holds_logarithm(key):
            size = Fraction(gcd(size.numerator, size.denominator), size.denominator)
        new = size if old is None else common_measure(old, size)
        if new != old:
            self.units[place] = new
            self.units_changed = self.units_changed or old is not None
        return new

    def _holds_logarithm(self, key: Key) -> bool:
        factors, outs = key
        return len(factors) == 1 and factors[0][1] == outs and self.space[factors[0][0]].head in ("log", "logdet")


def common_measure(a: Fraction, b: Fraction) -> Fraction:
    """The largest number of which both are whole multiples."""
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)


def primes(n: int) -> list[int]:
    """Prime factors with multiplicity; a large leftover without small factors is returned whole.

    >>> primes(360)
    [2, 2, 2, 3, 3, 5]
    """
    if abs(n) < 2:
        return []
    return [int(p) for p, power in fmpz(abs(n)).factor(trial_limit=10_000) for _ in range(power)]
