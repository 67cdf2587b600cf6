"""Rules for logarithms: of products, of quotients, of exp, sqrt and det."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from symflow.calculus.atoms import Argument
from symflow.proof.clearing import over_denominators
from symflow.proof.fractions_in_lowest_terms import factorise
from symflow.proof.gluing import lay_note
from symflow.proof.recording import Note, Notes, scaled
from symflow.proof.rewriting import Rule
from symflow.proof.rule_making import ONE, RuleMaker, primes
from symflow.proof.splitting import Part, common_parts, factor_of, make_argument, monomial, pieces_of, scale


class LogarithmRules(RuleMaker):
    """Rules for ``log`` atoms."""

    def logarithm(self, number: int, a: Argument) -> Rule | None:
        """log of a product is a sum of logarithms; log of exp, of sqrt, of det."""
        if a.is_zero:
            return None
        special = self._log_of_function(a)
        if special is not None:
            return special
        product = monomial(self.space, a) or factorise(self.space, a)
        if product is None:
            return self._log_of_sum(a)
        c = product.coefficient
        plus: list[Part] = [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in primes(c.numerator)]
        minus: list[Part] = []
        # every factor of what stands under a logarithm is nonzero, and log is log|·| in the checker's reading
        for part in product.parts:
            inside = self._reciprocal_argument(part)
            (minus if inside is not None else plus).append(inside or part)
        if c < 0:
            if not product.parts and c == -1:
                return self._log_of_minus_one(a)
            plus.append((make_argument(self.space, (), [(-ONE, (), ())]), ()))
        if len(plus) == 1 and not minus and plus[0] == self._whole(a):
            return None
        return self._log_split(a, plus, minus, primes(c.denominator))

    def _log_of_minus_one(self, a: Argument) -> Rule:
        """log|-1| = 1/2 log[(-1)(-1)] = 1/2 log[1] = 0."""
        slots = self._slots(a)
        one = scale(a, -ONE)
        notes = (
            Note(Fraction(1, 2), (), slots, "log-product", (one, (self._whole(a),) * 2, (), Notes(())), slots),
            Note(-Fraction(1, 2), (), slots, "log-product", (one, (), (), Notes(())), slots),
        )
        return Rule((), notes)

    def _reciprocal_argument(self, part: Part) -> Part | None:
        number = factor_of(part)
        if number is None:
            return None
        atom = self.space[number]
        return (atom.argument, part[1]) if atom.head == "recip" and atom.argument is not None else None

    def _log_split(
        self, a: Argument, plus: list[Part], minus: list[Part], numbers: list[int], notes: list[Note] | None = None
    ) -> Rule:
        """log[a] = Σ log[plus] - Σ log[minus] - Σ log[numbers].

        ``notes`` bring a to plus · Π recip[minus] / Π numbers, formally where they are not given.
        """
        size = prod(numbers)
        sub = self._cross_notes(a, plus, minus, scaled(notes or [], size))
        minus = [*minus, *((make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in numbers)]
        pieces = [(ONE, [("log", part)]) for part in plus] + [(-ONE, [("log", part)]) for part in minus]
        return self._rule(a, "log-product", (a, tuple(plus), tuple(minus), Notes(tuple(sub))), pieces)

    def _cross_notes(self, a: Argument, plus: list[Part], minus: list[Part], notes: list[Note]) -> list[Note]:
        """Notes that bring a · Π c_j to Π b_j: first a to b · recips, then each recip[c_j] c_j to 1."""
        found = []
        everything = self._expand(a, list(minus))
        for c, f, o in everything:
            # the denominators multiply the note's context
            found += [lay_note(note, f, o, o) for note in scaled(notes, c)]
        rest = list(minus)
        while rest:
            inner, where = rest.pop()
            recips = [self._reciprocal_part(part, a) for part in rest]
            for c, f, o in self._expand(a, [*plus, *recips, *rest]):
                found.append(Note(-c, f, o, "reciprocal", (inner,), tuple(o[k] for k in where)))
        return found

    def _reciprocal_part(self, part: Part, a: Argument) -> Part:
        """recip of a part, as a part."""
        inner, where = part
        slots = tuple(range(len(inner.dims)))
        atom = self.space.function("recip", inner)
        return make_argument(self.space, inner.dims, [(ONE, ((atom, slots),), slots)]), where

    def _log_of_function(self, a: Argument) -> Rule | None:
        number = factor_of(self._whole(a))
        if number is None:
            return None
        atom = self.space[number]
        if atom.argument is None:
            return None
        inner, slots = atom.argument, self._slots(a)
        if atom.head == "exp":
            return Rule(pieces_of(inner), (Note(-1, (), slots, "log-exp", (inner,), slots),))
        if atom.head == "sqrt":
            piece = (Fraction(1, 2), ((self.space.function("log", inner), slots),), slots)
            return Rule((piece,), (Note(-1, (), slots, "log-root", (inner,), slots),))
        if atom.head == "det":
            piece = (ONE, ((self.space.function("logdet", inner), slots),), slots)
            return Rule((piece,), (Note(-1, (), slots, "log-det", (inner,), slots),))
        return None

    def _log_of_sum(self, a: Argument) -> Rule | None:
        if len(a.terms) < 2:
            return None
        below = self.denominators(a)
        if below:
            numerator, notes = over_denominators(self.space, self.rewriter, a, below)
            if numerator is not None and not numerator.is_zero:
                minus = [(self._atom_argument(atom), where) for atom, where, count in below for _ in range(count)]
                return self._log_split(a, [self._whole(numerator)], minus, [], notes)
        common = common_parts(self.space, a)
        if common is not None:
            return self._log_split(a, [*common[0], self._whole(common[1])], [], [])
        content = abs(a.terms[-1][1])
        if content != 1:
            plus: list[Part] = [self._whole(scale(a, 1 / content))]
            plus += [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in primes(content.numerator)]
            minus = [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in primes(content.denominator)]
            return self._log_split(a, plus, [], primes(content.denominator))
        return None
