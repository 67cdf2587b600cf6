"""The prover: the difference of the two sides, rewritten until it is zero, with notes that become the certificate.

In order: relations of the kinds; common denominators; completion of the relations of inverses; tanh by exponentials;
inverses at the edge multiplied away. Each only adds notes, so whatever order is best, the certificate says what was
used.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symflow.calculus.atoms import Argument, Key, Space
from symflow.calculus.elaboration import Elaborator
from symflow.calculus.tensors import Budget
from symflow.checker import certificates as plain
from symflow.checker.certificates import Certificate, Lemma
from symflow.errors import LimitError, UnsupportedError
from symflow.expr.tree import Equation, Expr
from symflow.proof.atom_rules import AtomRules
from symflow.proof.clearing import matrix_denominators, multiply_by_argument, over_denominators
from symflow.proof.completion import Completion
from symflow.proof.inverses import patterns_of_atom
from symflow.proof.patterns import orient
from symflow.proof.recording import Note, Translator, uses_lemma
from symflow.proof.residuals import describe
from symflow.proof.rewriting import Rewriter, StepLimitError

MAX_PASSES = 12
MAX_INVERSES = 3

Dims = tuple[str | int | None, ...]


@dataclass(frozen=True)
class Attempt:
    """What the prover reached: a certificate, or the residual that it could not bring to zero."""

    certificate: Certificate | None
    residual: str | None
    reason: str


class Prover:
    """Proves one statement; holds the space, the rules and the notes of the attempt."""

    def __init__(self, equation: Equation, hypotheses: tuple[Equation, ...] = (), seconds: float | None = None) -> None:
        self.equation = equation
        self.hypotheses = hypotheses
        self.budget = Budget(seconds)
        self.space = Space()
        self.elaborator = Elaborator(self.space, self.budget)
        self.rewriter = Rewriter(self.space, self.budget)
        self.rules = AtomRules(self.space, self.rewriter, self.elaborator.kinks)
        self.notes: list[Note] = []
        self.lemmas: list[Lemma] = []
        self.places: list[int] = []  # of the row and the column among the outs
        self._patterned: set[int] = set()

    def attempt(self) -> Attempt:
        """Try to bring the difference of the sides to zero."""
        difference = self.elaborator(self.equation.lhs - self.equation.rhs)
        self.places = [k for k, label in enumerate(difference.labels) if label in ("r", "c")]
        dims = difference.dims
        self._add_hypotheses()
        terms = self._clear(self._settle(difference.collected(self.space), self.notes), dims, self.notes)
        if terms and self._completable():
            terms = self._clear(self._complete(terms), dims, self.notes)
        if terms and self._has_tanh():
            self.rules.expand_tanh = True
            self.rules.forget()
            terms = self._clear(self._settle(terms, self.notes), dims, self.notes)
        if terms:
            terms = self._clear_matrices(terms, dims, self.notes, MAX_INVERSES)
        if not terms:
            translator = Translator(self.space)
            if self.lemmas:
                self.lemmas[0] = Lemma(plain.Argument((), ()), translator.notes(self._facts()))
            return Attempt(Certificate(tuple(self.lemmas), translator.notes(self.notes)), None, "")
        residual = describe(self.space, terms, difference.labels, dims)
        return Attempt(None, residual, "the difference of the two sides was not brought to zero")

    def _add_hypotheses(self) -> None:
        """Read each hypothesis from its heaviest term to the others."""
        for number, hypothesis in enumerate(self.hypotheses):
            relation = self.elaborator(hypothesis.lhs - hypothesis.rhs).argument(self.space)
            pattern = orient(relation, "hypothesis", (number,))
            if pattern is not None:
                self.rewriter.add_pattern(pattern)

    def normal_form(self, expr: Expr) -> tuple[dict[Key, Fraction], tuple[str, ...], Dims]:
        """The normal form of an expression, with the labels and dimensions of its outs."""
        tensor = self.elaborator(expr)
        return self._settle(tensor.collected(self.space), []), tensor.labels, tensor.dims

    def _settle(self, terms: dict[Key, Fraction], notes: list[Note]) -> dict[Key, Fraction]:
        """Normalise until no new pattern and no finer unit turns up."""
        for _ in range(MAX_PASSES):
            terms = self.rewriter.normalise(terms, notes)
            added = self._add_patterns(terms)
            if self.rules.units_changed:
                self.rules.units_changed = False
                self.rules.forget()
            elif not added:
                break
        return terms

    def _add_patterns(self, terms: dict[Key, Fraction]) -> bool:
        """Patterns of the atoms that occur in the terms and in their arguments."""
        added = False
        for number in self._atoms_of(terms):
            if number in self._patterned or self.rules(number) is not None:
                continue
            self._patterned.add(number)
            for pattern in patterns_of_atom(self.space, number):
                self.rewriter.add_pattern(pattern)
                added = True
        if added:
            self.rules.forget()
        return added

    def _atoms_of(self, terms: dict[Key, Fraction]) -> list[int]:
        found: dict[int, None] = {}
        stack = [number for factors, _ in terms for number, _ in factors]
        while stack:
            number = stack.pop()
            if number in found:
                continue
            found[number] = None
            argument = self.space[number].argument
            if argument is not None:
                stack += [inner for (factors, _), _ in argument.terms for inner, _ in factors]
        return list(found)

    def _completable(self) -> bool:
        return any(self.space[n].head == "inv" for n in range(len(self.space.atoms))) or bool(self.hypotheses)

    def _complete(self, terms: dict[Key, Fraction]) -> dict[Key, Fraction]:
        """Derive consequences of the relations until the difference vanishes or nothing new turns up."""
        if not self.lemmas:
            self.lemmas.append(Lemma(plain.Argument((), ()), ()))  # the place of the facts, see _facts
        completion = Completion(self.space, self.rewriter, self.lemmas)
        before, known, patterns = terms, len(self.notes), list(self.rewriter.patterns)
        try:
            for _ in completion.rounds():
                self.rules.forget()
                terms = self._settle(terms, self.notes)
                if not terms:
                    break
        except StepLimitError:
            # the lemmas do not make an orderly system: go on as if they had not been derived
            del self.notes[known:]
            self.rewriter.patterns = patterns
            self.rewriter.steps = 0
            self.rules.forget()
            return before
        return terms

    def _facts(self) -> list[Note]:
        """Zero times every side condition by which one argument inherits from another that it is invertible, nonzero, …

        Lemmas are checked before the entries that would say so: they go first, as a lemma that is the zero sum.
        """
        return [
            note._replace(coefficient=0, factors=(), outs=(), holes=tuple(range(len(note.holes))))
            for rule in self.rules.found()
            for note in rule.notes
            if note.schema in ("congruence", "reciprocal-split", "log-product", "logdet-scale") and not uses_lemma(note)
        ]

    def _clear(self, terms: dict[Key, Fraction], dims: Dims, notes: list[Note]) -> dict[Key, Fraction]:
        """Bring everything over a common denominator; zero if the numerator is."""
        argument = Argument(dims, tuple(sorted((key, Fraction(c)) for key, c in terms.items())))
        below = self.rules.denominators(argument)
        if not below:
            return terms
        numerator, more = over_denominators(self.space, self.rewriter, argument, below)
        if numerator is None or not numerator.is_zero:
            return terms
        notes += more
        return {}

    def _clear_matrices(
        self, terms: dict[Key, Fraction], dims: Dims, notes: list[Note], depth: int
    ) -> dict[Key, Fraction]:
        """Multiply by what stands under an inverse at the edge, one inverse at a time."""
        if not depth:
            return terms
        for inverse, place, slot in matrix_denominators(self.space, terms, self.places):
            wrapped = multiply_by_argument(self.space, terms, inverse, place, slot)
            log: list[Note] = list(wrapped.inner)
            left = self._clear(self._settle(wrapped.terms, log), dims, log)
            if left:
                left = self._clear_matrices(left, dims, log, depth - 1)
            if not left:
                notes += wrapped.notes + wrapped.carry(log)
                return {}
        return terms

    def _has_tanh(self) -> bool:
        return not self.rules.expand_tanh and any(atom.head == "tanh" for atom in self.space.atoms)


def attempt(equation: Equation, hypotheses: tuple[Equation, ...] = (), seconds: float | None = None) -> Attempt:
    """Try to prove, without checking the certificate; never raises for lack of a proof."""
    try:
        return Prover(equation, hypotheses, seconds).attempt()
    except (LimitError, UnsupportedError) as error:
        return Attempt(None, None, str(error))
    except RecursionError:
        return Attempt(None, None, "the statement is nested too deeply for the prover")
