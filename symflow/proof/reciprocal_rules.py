"""Rules for reciprocals and square roots: products split, sums lose content, common factors and denominators."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument
from symflow.proof.clearing import over_denominators
from symflow.proof.fractions_in_lowest_terms import factorise
from symflow.proof.recording import Note, Notes
from symflow.proof.rewriting import Rule
from symflow.proof.rule_making import ONE, RuleMaker, primes
from symflow.proof.splitting import (
    Part,
    common_parts,
    factor_of,
    is_nonnegative,
    make_argument,
    monomial,
    pieces_of,
    scale,
)  # fmt: skip


class ReciprocalRules(RuleMaker):
    """Rules for ``recip`` atoms."""

    def reciprocal(self, number: int, p: Argument) -> Rule | None:
        """recip of a product is the product of reciprocals; a sum loses content, common factors and denominators."""
        product = monomial(self.space, p)
        if product is not None and not product.parts and not p.dims:
            return Rule(((1 / product.coefficient, (), ()),), ())  # a number: formally the same
        if product is not None:
            return self._reciprocal_of_product(p, product.coefficient, product.parts)
        if len(p.terms) < 2:
            return None
        cleared = self._without_denominators(p)
        if cleared is not None:
            return cleared
        common = common_parts(self.space, p)
        if common is not None:
            parts = (*common[0], self._whole(common[1]))
            return self._split(p, ONE, parts, Notes(()))
        factors = factorise(self.space, p)
        if factors is not None:
            return self._split(p, factors.coefficient, factors.parts, Notes(()))
        lead = p.terms[-1][1]
        if lead != 1:
            return self._split(p, lead, (self._whole(scale(p, 1 / lead)),), Notes(()))
        return None

    def _split(self, p: Argument, c: Fraction, parts: tuple[Part, ...], sub: Notes) -> Rule:
        return self._rule(
            p, "reciprocal-split", (p, c, parts, sub), [(1 / c, [("recip", part) for part in parts])]
        )  # fmt: skip

    def _reciprocal_of_product(self, p: Argument, c: Fraction, parts: tuple[Part, ...]) -> Rule | None:
        if len(parts) != 1 or c != 1:
            return self._split(p, c, parts, Notes(()))
        number = factor_of(parts[0])
        if number is None:
            return None
        atom = self.space[number]
        slots = self._slots(p)
        if atom.argument is None or atom.head not in ("recip", "sqrt"):
            return None
        q = atom.argument
        me = (self.space.function("recip", p), slots)
        if atom.head == "recip":
            # recip[p] = recip[p] (q p) = q, with p = recip[q]
            notes = [Note(1, (me,), slots, "reciprocal", (q,), slots)]
            notes += [Note(-c, f, slots, "reciprocal", (p,), slots) for c, f in self._on_slots(q)]
            return Rule(pieces_of(q), tuple(notes))
        # recip[sqrt q] = recip[sqrt q] (q recip[q]) = recip[sqrt q] sqrt q sqrt q recip[q] = sqrt[q] recip[q]
        root, inverse = (number, slots), (self.space.function("recip", q), slots)
        notes = [
            Note(1, (me,), slots, "reciprocal", (q,), slots),
            Note(1, (me, inverse), slots, "square-root", (q,), slots),
            Note(-1, (root, inverse), slots, "reciprocal", (p,), slots),
        ]
        return Rule(((ONE, (root, inverse), slots),), tuple(notes))

    def _without_denominators(self, p: Argument) -> Rule | None:
        """recip[N recip[b]] = recip[N] b: the sum is brought over one denominator."""
        below = self.denominators(p)
        if not below:
            return None

        numerator, notes = over_denominators(self.space, self.rewriter, p, below)
        if numerator is None or numerator.is_zero:
            return None
        parts: list[Part] = [self._whole(numerator)]
        for atom, where, count in below:
            inner = make_argument(
                self.space,
                tuple(p.dims[k] for k in where),
                [(ONE, ((atom, tuple(range(len(where)))),), tuple(range(len(where))))],
            )
            parts += [(inner, where)] * count
        return self._split(p, ONE, tuple(parts), Notes(tuple(notes)))


class RootRules(RuleMaker):
    """Rules for ``sqrt`` atoms."""

    def root(self, number: int, a: Argument) -> Rule | None:
        """sqrt of a product with nonnegative factors; sqrt of a square of a nonnegative part."""
        if a.is_zero:
            return self._rule(a, "root-perfect", (a, a, Notes(())), [])
        product = monomial(self.space, a) or factorise(self.space, a)
        if product is None or product.coefficient < 0:
            return None
        c = product.coefficient
        square, rest = _square_part(c)
        perfect = self._perfect_square(a, square, rest, product.parts)
        if perfect is not None:
            return perfect
        nonnegative = [part for part in product.parts if is_nonnegative(self.space, part[0])]
        others = [part for part in product.parts if not is_nonnegative(self.space, part[0])]
        if product.parts and rest == 1 and square == 1 and (not nonnegative or (len(nonnegative) == 1 and not others)):
            return None
        parts = list(nonnegative)
        if others:
            bundle = self._bundle(a, others)
            parts.append(bundle)
        if rest != 1:
            if not product.parts and square == 1:
                return None
            parts.append((make_argument(self.space, (), [(Fraction(rest), (), ())]), ()))
        return self._rule(
            a, "root-split", (a, square, tuple(parts), Notes(())), [(square, [("sqrt", part) for part in parts])]
        )  # fmt: skip

    def _perfect_square(self, a: Argument, square: Fraction, rest: int, parts: tuple[Part, ...]) -> Rule | None:
        """sqrt[q q] = q for nonnegative q."""
        half = [part for k, part in enumerate(parts) if parts[:k].count(part) % 2 == 0]
        if not parts or rest != 1 or any(parts.count(part) % 2 for part in parts):
            return None
        q = scale(self._bundle(a, half)[0], square)
        positions = self._bundle(a, half)[1]
        if positions != self._slots(a) or not is_nonnegative(self.space, q):
            return None
        return self._rule_of_sum(a, "root-perfect", (a, q, Notes(())), q)


def _square_part(c: Fraction) -> tuple[Fraction, int]:
    """c = square² · rest with a squarefree whole number rest."""
    whole = c.numerator * c.denominator
    root, rest = 1, 1
    for prime in primes(whole):
        if rest % prime == 0:
            rest //= prime
            root *= prime
        else:
            rest *= prime
    return Fraction(root, c.denominator), rest
