"""Atom rules: what a function atom is replaced by, once its argument is in normal form.

One rule per function; each says why it ends: the argument gets fewer terms, smaller content or fewer
nested functions. All are relations of docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symflow.calculus.atoms import Argument, Space
from symflow.errors import UnsupportedError
from symflow.proof.determinant_rules import DeterminantRules
from symflow.proof.exponential_rules import ExponentialRules
from symflow.proof.fractions_in_lowest_terms import lowest_terms
from symflow.proof.inverse_rules import InverseRules
from symflow.proof.logarithm_rules import LogarithmRules
from symflow.proof.reciprocal_rules import ReciprocalRules, RootRules
from symflow.proof.recording import Note, Notes
from symflow.proof.rewriting import Rewriter, Rule
from symflow.proof.rule_making import ONE
from symflow.proof.splitting import make_argument, scale
from symflow.proof.step_rules import StepRules

MATRIX_HEADS = ("inv", "det", "logdet")


class AtomRules(ReciprocalRules, RootRules, ExponentialRules, LogarithmRules, StepRules):
    """The rule of each atom of a space, found once."""

    def __init__(self, space: Space, rewriter: Rewriter, kinks: set[Argument]) -> None:
        super().__init__(space, rewriter, kinks)
        determinants = DeterminantRules(space)
        self._found: dict[int, Rule | None] = {}
        self._ever: dict[int, Rule] = {}  # also those that were forgotten when better ones became possible
        self._rules: dict[str, Callable[[int, Argument], Rule | None]] = {
            "recip": self.reciprocal, "sqrt": self.root, "exp": self.exponential, "log": self.logarithm,
            "step": self.step, "sin": self.angle, "cos": self.angle, "tanh": self.hyperbolic,
            "inv": InverseRules(space).inverse, "det": determinants.determinant, "logdet": determinants.determinant,
        }  # fmt: skip
        rewriter.atom_rule = self

    def forget(self) -> None:
        """Drop remembered rules: units or patterns have changed."""
        self._found.clear()
        self.rewriter.forget()

    def __call__(self, number: int) -> Rule | None:
        """The rule of an atom; None where it is in normal form."""
        if number not in self._found:
            rule = self._found[number] = self._find(number)
            if rule is not None:
                self._ever[number] = rule
        return self._found[number]

    def found(self) -> list[Rule]:
        """Every rule that was found so far, inner atoms before outer ones."""
        return list(self._ever.values())

    def _find(self, number: int) -> Rule | None:
        atom = self.space[number]
        argument = atom.argument
        if argument is None:
            return None
        log: list[Note] = []
        reduced = self.rewriter.normalise(dict(argument.terms), log)
        simpler = Argument(argument.dims, tuple(sorted((k, Fraction(c)) for k, c in reduced.items())))
        if simpler.is_zero and atom.head in ("recip", "inv"):
            raise UnsupportedError("the statement divides by an expression that is identically zero")
        if simpler != argument:
            return self._congruence(number, argument, simpler, log)
        turned = self._transpose(number, argument)
        if turned is not None:
            return turned
        if atom.head not in MATRIX_HEADS:
            rule = self._independent(number, argument) or self._fraction(number, argument)
            if rule is not None:
                return rule
        make = self._rules.get(atom.head)
        return make(number, argument) if make is not None else None

    def _congruence(self, number: int, argument: Argument, simpler: Argument, log: list[Note]) -> Rule:
        atom = self.space[number]
        new = self.space.function(atom.head, simpler, atom.symbol, atom.order)
        self._keep_off_kink(argument, simpler)
        slots = tuple(range(len(atom.dims)))
        note = Note(-1, (), slots, "congruence", (self._head(number), argument, simpler, Notes(tuple(log))), slots)
        return Rule(((ONE, ((new, slots),), slots),), (note,))

    def _head(self, number: int) -> tuple[object, ...]:
        atom = self.space[number]
        return (atom.head,) if atom.head != "fn" else ("fn", atom.name, atom.order)

    def _transpose(self, number: int, argument: Argument) -> Rule | None:
        """Of a matrix and its transpose under a function, the one with the smaller argument."""
        atom = self.space[number]
        if len(atom.dims) < 2 or None in atom.dims[:2] or atom.symmetry or atom.head in ("det", "logdet"):
            return None
        if argument.is_zero:
            return None
        dims = (argument.dims[1], argument.dims[0], *argument.dims[2:])
        turned = make_argument(self.space, dims, [(c, f, (o[1], o[0], *o[2:])) for (f, o), c in argument.terms])
        if turned == scale(argument, -ONE):
            return None  # the function of minus an antisymmetric matrix is simplified in ways of its own
        first, second = (turned, argument)
        if atom.head == "inv":  # multiples are the same there
            first, second = (scale(one, 1 / one.terms[-1][1]) for one in (turned, argument))
        if (str(dims), first.terms) >= (str(argument.dims), second.terms):
            return None
        slots = tuple(range(len(atom.dims)))
        new = self.space.function(atom.head, turned, atom.symbol, atom.order)
        self._keep_off_kink(argument, turned)
        note = Note(-1, (), slots, "transpose", (self._head(number), argument), slots)
        return Rule(((ONE, ((new, (1, 0, *slots[2:])),), slots),), (note,))

    def _independent(self, number: int, argument: Argument) -> Rule | None:
        """An entrywise function of something constant along an out does not depend on that out."""
        kept = tuple(
            k for k in range(len(argument.dims))
            if any(o.count(o[k]) > 1 or any(o[k] in s for _, s in f) for (f, o), _ in argument.terms)
        )  # fmt: skip
        if len(kept) == len(argument.dims):
            return None
        atom = self.space[number]
        dims = tuple(argument.dims[k] for k in kept)
        smaller = make_argument(self.space, dims, [(c, f, tuple(o[k] for k in kept)) for (f, o), c in argument.terms])
        slots = tuple(range(len(argument.dims)))
        new = self.space.function(atom.head, smaller, atom.symbol, atom.order)
        note = Note(-1, (), slots, "independent", (self._head(number), argument, smaller, kept), slots)
        return Rule(((ONE, ((new, kept),), slots),), (note,))

    def _fraction(self, number: int, argument: Argument) -> Rule | None:
        """An argument with denominators is brought to one fraction in lowest terms, so that equal ones look equal."""
        if len(argument.terms) < 2 or self.space[number].head == "recip":
            return None
        below = self.denominators(argument)
        reduced = lowest_terms(self.space, self.rewriter, argument, below) if below else None
        if reduced is None:
            return None
        fraction, notes = reduced
        # what cancels in single terms is cancelled again: the form is that of the rewriter, the value is canonical
        terms = self.rewriter.normalise(dict(fraction.terms), notes)
        simpler = Argument(argument.dims, tuple(sorted((k, Fraction(c)) for k, c in terms.items())))
        return None if simpler == argument else self._congruence(number, argument, simpler, notes)
