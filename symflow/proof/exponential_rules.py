"""Rules for exponentials, angles and hyperbolic tangents: sums and multiples in the argument."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument
from symflow.proof.recording import Note, Notes
from symflow.proof.rewriting import Rule
from symflow.proof.rule_making import ONE, Product, RuleMaker
from symflow.proof.splitting import Part, atom_sign, make_argument, pieces_of, scale

MOST_MULTIPLES = 200  # of one unit: beyond them an exponential or an angle stays as it is


class ExponentialRules(RuleMaker):
    """Rules for ``exp``, ``sin``, ``cos`` and ``tanh`` atoms."""

    def exponential(self, number: int, a: Argument) -> Rule | None:
        """exp of a sum is a product of powers of exp of its terms, in the smallest multiple that has been met."""
        if len(a.terms) == 1 and a.terms[0][1] == 1:
            (factors, outs), _ = a.terms[0]
            if len(factors) == 1 and factors[0][1] == outs:
                inner = self.space[factors[0][0]]
                if inner.head == "log" and inner.argument is not None:
                    slots = self._slots(a)
                    note = Note(-1, (), slots, "exp-log", (inner.argument,), slots)
                    return Rule(pieces_of(inner.argument), (note,))
                if inner.head == "logdet" and inner.argument is not None:
                    determinant = self.space.function("det", inner.argument)
                    if atom_sign(self.space, determinant) > 0:
                        slots = self._slots(a)
                        note = Note(-1, (), slots, "exp-logdet", (inner.argument,), slots)
                        return Rule(((ONE, ((determinant, slots),), slots),), (note,))
        plus: list[Part] = []
        minus: list[Part] = []
        for key, c in a.terms:
            unit = self._unit("exp", key, a.dims, c)
            if abs(c / unit) > MOST_MULTIPLES:
                unit = abs(c)
            piece = self._whole(Argument(a.dims, ((key, unit),)))
            count = c / unit
            (plus if count > 0 else minus).extend([piece] * abs(int(count)))
        if len(plus) == 1 and not minus:
            return None
        items: list[tuple[str, Part]] = [("exp", part) for part in plus]
        for inner_part in minus:
            e = self.space.function("exp", inner_part[0])
            slots = self._slots(a)
            items.append(("recip", (make_argument(self.space, a.dims, [(ONE, ((e, slots),), slots)]), slots)))
        return self._rule(a, "exp-sum", (a, tuple(plus), tuple(minus), Notes(())), [(ONE, items)])

    def angle(self, number: int, a: Argument) -> Rule | None:
        """sin and cos of sums and multiples, down to the smallest multiple of each term that has been met."""
        head = self.space[number].head
        name = "sine" if head == "sin" else "cosine"
        slots = self._slots(a)
        if a.is_zero:
            pieces: list[Product] = [] if head == "sin" else [(ONE, [])]
            return self._rule(a, f"{name}-zero", (a.dims,), pieces)
        if a.terms[-1][1] < 0:
            opposite = scale(a, Fraction(-1))
            sign = -ONE if head == "sin" else ONE
            note = Note(-1, (), slots, f"{name}-negate", (opposite,), slots)
            return Rule(((sign, ((self.space.function(head, opposite), slots),), slots),), (note,))
        key, c = a.terms[-1]
        unit = self._unit("angle", key, a.dims, c)
        if (len(a.terms) == 1 and c == unit) or abs(c / unit) > MOST_MULTIPLES:
            return None
        first = Argument(a.dims, ((key, unit),))
        rest = make_argument(self.space, a.dims, [(x, f, o) for (f, o), x in (*a.terms, (key, -unit))])
        b, other = self._whole(first), self._whole(rest)
        mixed = [("sin", b), ("cos", other)], [("cos", b), ("sin", other)]
        equal = [("cos", b), ("cos", other)], [("sin", b), ("sin", other)]
        pieces = [(ONE, mixed[0]), (ONE, mixed[1])] if head == "sin" else [(ONE, equal[0]), (-ONE, equal[1])]
        return self._rule(a, f"{name}-sum", (a, b, other, Notes(())), pieces)

    def hyperbolic(self, number: int, a: Argument) -> Rule | None:
        """tanh is odd; on the second attempt it is written by exponentials."""
        slots = self._slots(a)
        if a.is_zero:
            return self._rule(a, "tanh-zero", (a.dims,), [])
        if a.terms[-1][1] < 0:
            opposite = scale(a, Fraction(-1))
            note = Note(-1, (), slots, "tanh-negate", (opposite,), slots)
            return Rule(((-ONE, ((self.space.function("tanh", opposite), slots),), slots),), (note,))
        if not self.expand_tanh:
            return None
        # tanh = tanh (E + 1) recip[E + 1] = (E - 1) recip[E + 1], E = exp[2a]
        me = (number, slots)
        e = (self.space.function("exp", scale(a, Fraction(2))), slots)
        below = make_argument(self.space, a.dims, [(ONE, (e,), slots), (ONE, (), slots)])
        inverse = (self.space.function("recip", below), slots)
        notes = (
            Note(1, (me,), slots, "reciprocal", (below,), slots),
            Note(-1, (inverse,), slots, "tanh-exp", (a,), slots),
        )
        return Rule(((ONE, (e, inverse), slots), (-ONE, (inverse,), slots)), notes)
