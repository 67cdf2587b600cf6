"""Rules for steps: step sees only the sign of its argument."""

from __future__ import annotations

from fractions import Fraction

from symflow.calculus.atoms import Argument
from symflow.proof.recording import Note, Notes
from symflow.proof.rewriting import Rule
from symflow.proof.rule_making import ONE, RuleMaker
from symflow.proof.splitting import (
    Monomial,
    Part,
    common_parts,
    is_nonnegative,
    is_positive,
    is_zero_one,
    make_argument,
    monomial,
    scale,
)  # fmt: skip


class StepRules(RuleMaker):
    """Rules for ``step`` atoms."""

    def step(self, number: int, a: Argument) -> Rule | None:
        """step sees only the sign: positive factors go, masks come out, kinks decide between step[a] and step[-a]."""
        if is_nonnegative(self.space, scale(a, Fraction(-1))):
            return self._rule(a, "step-sign", (a, 0), [])
        if is_positive(self.space, a):
            return self._rule(a, "step-sign", (a, 1), [(ONE, [])])
        product = monomial(self.space, a)
        parts = list(product.parts) if product is not None else list((common_parts(self.space, a) or ((), a))[0])
        for part in parts:
            if is_zero_one(self.space, part):
                rest = self._rest(a, product, part)
                return self._rule(a, "step-mask", (a, part, rest, Notes(())), [(ONE, [("", part), ("step", rest)])])
        for part in parts:
            if is_positive(self.space, part[0]):
                return self._step_scale(a, part, self._rest(a, product, part))
        lead = a.terms[-1][1]
        if abs(lead) != 1:
            factor = make_argument(self.space, (), [(abs(lead), (), ())])
            return self._step_scale(a, (factor, ()), self._whole(scale(a, 1 / abs(lead))))
        opposite = scale(a, Fraction(-1))
        if lead < 0 and (a in self.kinks or opposite in self.kinks):
            slots = self._slots(a)
            other = self.space.function("step", opposite)
            note = Note(-1, (), slots, "step-off-kink", (a,), slots)
            return Rule(((ONE, (), slots), (-ONE, ((other, slots),), slots)), (note,))
        return None

    def _rest(self, a: Argument, product: Monomial | None, part: Part) -> Part:
        """The argument without one of its parts."""
        if product is None:
            return self._whole(self._without(a, [part]))
        others = list(product.parts)
        others.remove(part)
        return self._bundle(a, others, product.coefficient)

    def _step_scale(self, a: Argument, factor: Part, rest: Part) -> Rule:
        self._keep_off_kink(a, rest[0])
        return self._rule(a, "step-scale", (a, factor, rest, Notes(())), [(ONE, [("step", rest)])])
