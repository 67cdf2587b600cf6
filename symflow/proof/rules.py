"""Atom rules: what a function atom is replaced by, once its argument is in normal form.

One rule per function, named after it; each says why it ends: the argument gets fewer terms, smaller content or fewer
nested functions. All are relations of docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, isqrt

from symflow.calculus.atoms import Argument, Key, Space
from symflow.proof.fractions_in_lowest_terms import factorise, lowest_terms
from symflow.proof.matrix_rules import MatrixRules
from symflow.proof.recording import Note, Notes
from symflow.proof.rewriting import Rewriter, Rule
from symflow.proof.splitting import (
    Part, common_parts, factor_of, is_nonnegative, is_positive, is_zero_one, make_argument, monomial, pieces_of, scale,
)  # fmt: skip

ONE = Fraction(1)
MATRIX_HEADS = ("inv", "det", "logdet")


class AtomRules:
    """The rule of each atom of a space, found once; ``kinks`` are the arguments of step under a derivative."""

    def __init__(self, space: Space, rewriter: Rewriter, kinks: set[Argument]) -> None:
        self.space = space
        self.rewriter = rewriter
        self.kinks = kinks
        self.units: dict[tuple[str, Key, tuple[object, ...]], Fraction] = {}  # smallest multiple of a term in exp, sin, cos
        self.units_changed = False
        self.expand_tanh = False
        self.matrix = MatrixRules(space)
        self._found: dict[int, Rule | None] = {}
        self._rules: dict[str, Callable[[int, Argument], Rule | None]] = {
            "recip": self.reciprocal, "sqrt": self.root, "exp": self.exponential, "log": self.logarithm,
            "step": self.step, "sin": self.angle, "cos": self.angle, "tanh": self.hyperbolic,
            "inv": self.matrix.inverse, "det": self.matrix.determinant, "logdet": self.matrix.determinant,
        }  # fmt: skip
        rewriter.atom_rule = self

    def forget(self) -> None:
        """Drop remembered rules: units or patterns have changed."""
        self._found.clear()
        self.rewriter.forget()

    def __call__(self, number: int) -> Rule | None:
        if number not in self._found:
            self._found[number] = self._find(number)
        return self._found[number]

    def _find(self, number: int) -> Rule | None:
        atom = self.space[number]
        argument = atom.argument
        if argument is None:
            return None
        log: list[Note] = []
        reduced = self.rewriter.normalise(dict(argument.terms), log)
        simpler = Argument(argument.dims, tuple(sorted((k, Fraction(c)) for k, c in reduced.items())))
        if simpler != argument:
            return self._congruence(number, argument, simpler, log)
        if atom.head not in MATRIX_HEADS:
            rule = self._independent(number, argument) or self._fraction(number, argument)
            if rule is not None:
                return rule
        rule = self._rules.get(atom.head)
        return rule(number, argument) if rule is not None else None

    def _congruence(self, number: int, argument: Argument, simpler: Argument, log: list[Note]) -> Rule:
        atom = self.space[number]
        new = self.space.function(atom.head, simpler, atom.symbol, atom.order)
        self._keep_off_kink(argument, simpler)
        slots = tuple(range(len(atom.dims)))
        note = Note(-1, (), slots, "congruence", (self._head(number), argument, simpler, Notes(tuple(log))), slots)
        return Rule(((ONE, ((new, slots),), slots),), (note,))

    def _keep_off_kink(self, known: Argument, other: Argument) -> None:
        """Where one argument of step is off its kink, so is another that vanishes with it."""
        if known in self.kinks or scale(known, Fraction(-1)) in self.kinks:
            self.kinks.add(other)

    def _head(self, number: int) -> tuple[object, ...]:
        atom = self.space[number]
        return (atom.head,) if atom.head != "fn" else ("fn", atom.name, atom.order)

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

    # helpers

    def _slots(self, argument: Argument) -> tuple[int, ...]:
        return tuple(range(len(argument.dims)))

    def _rule(self, argument: Argument, schema: str, parameters: tuple[object, ...], pieces: list[tuple[Fraction, list[tuple[str, Part]]]]) -> Rule:  # fmt: skip
        """A rule whose pieces are products of functions of parts; head "" stands for the part itself."""
        slots = self._slots(argument)
        glued = []
        for coefficient, items in pieces:
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

    # reciprocals

    def reciprocal(self, number: int, p: Argument) -> Rule | None:
        """recip of a product is the product of reciprocals; a sum is freed of content, common factors and denominators."""
        product = monomial(self.space, p)
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

    def _without_denominators(self, p: Argument) -> Rule | None:
        """recip[N recip[b]] = recip[N] b: the sum is brought over one denominator."""
        below = self.denominators(p)
        if not below:
            return None
        from symflow.proof.clearing import over_denominators

        numerator, notes = over_denominators(self.space, self.rewriter, p, below)
        if numerator is None or numerator.is_zero:
            return None
        parts: list[Part] = [self._whole(numerator)]
        for atom, where, count in below:
            inner = make_argument(
                self.space, tuple(p.dims[k] for k in where), [(ONE, ((atom, tuple(range(len(where)))),), tuple(range(len(where))))]
            )
            parts += [(inner, where)] * count
        return self._split(p, ONE, tuple(parts), Notes(tuple(notes)))

    # square roots

    def root(self, number: int, a: Argument) -> Rule | None:
        """sqrt of a product with positive factors; sqrt of a square of a nonnegative part."""
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
        positive = [part for part in product.parts if is_positive(self.space, part[0])]
        others = [part for part in product.parts if not is_positive(self.space, part[0])]
        if rest == 1 and square == 1 and (not positive or (len(positive) == 1 and not others)):
            return None
        parts = list(positive)
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

    def _rule_of_sum(self, a: Argument, schema: str, parameters: tuple[object, ...], q: Argument) -> Rule:
        slots = self._slots(a)
        return Rule(pieces_of(q), (Note(-1, (), slots, schema, parameters, slots),))

    def _bundle(self, a: Argument, parts: list[Part], sign: int = 1) -> Part:
        """Several parts as one."""
        from symflow.proof.gluing import glue

        slots = self._slots(a)
        pieces: list[tuple[Fraction | int, tuple[tuple[int, tuple[int, ...]], ...], tuple[int, ...]]] = [(sign, (), slots)]
        for inner, positions in parts:
            pieces = [
                made
                for c, f, o in pieces
                for made in [
                    (c * c2, f2, o2) for c2, f2, o2 in glue(self.space, f, o, positions, pieces_of(inner), inner.dims)
                ]
            ]  # fmt: skip
        used = tuple(sorted({k for _, positions in parts for k in positions}))
        dims = tuple(a.dims[k] for k in used)
        terms = [(Fraction(c), f, tuple(o[k] for k in used)) for c, f, o in pieces]
        return make_argument(self.space, dims, terms), used

    # exponentials

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
                    from symflow.proof.splitting import atom_sign

                    determinant = self.space.function("det", inner.argument)
                    if atom_sign(self.space, determinant) > 0:
                        slots = self._slots(a)
                        note = Note(-1, (), slots, "exp-logdet", (inner.argument,), slots)
                        return Rule(((ONE, ((determinant, slots),), slots),), (note,))
        plus: list[Part] = []
        minus: list[Part] = []
        for key, c in a.terms:
            unit = self._unit("exp", key, a.dims, c)
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

    def _unit(self, head: str, key: Key, dims: tuple[object, ...], c: Fraction) -> Fraction:
        """The unit in which multiples of a term are counted; shrinks when a finer multiple appears."""
        place = (head, key, dims)
        old = self.units.get(place)
        size = abs(c)
        if self._holds_logarithm(key):
            size = Fraction(gcd(size.numerator, size.denominator), size.denominator)
        new = size if old is None else _common_measure(old, size)
        if new != old:
            self.units[place] = new
            self.units_changed = self.units_changed or old is not None
        return new

    def _holds_logarithm(self, key: Key) -> bool:
        factors, outs = key
        return len(factors) == 1 and factors[0][1] == outs and self.space[factors[0][0]].head in ("log", "logdet")

    # logarithms

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
        plus: list[Part] = [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in _primes(c.numerator)]
        minus: list[Part] = [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in _primes(c.denominator)]
        # every factor of what stands under a logarithm is nonzero, and log is log|·| in the checker's reading
        for part in product.parts:
            inside = self._reciprocal_argument(part)
            (minus if inside is not None else plus).append(inside or part)
        if c < 0:
            if not product.parts:
                return None
            plus = [part for part in plus if part not in product.parts] + [self._bundle(a, list(product.parts), -1)]
            minus = [part for part in minus if not part[0].dims and not part[0].terms[0][0][0]]
        if len(plus) == 1 and not minus and plus[0] == self._whole(a):
            return None
        return self._log_split(a, plus, minus, Notes(()))

    def _reciprocal_argument(self, part: Part) -> Part | None:
        number = factor_of(part)
        if number is None:
            return None
        atom = self.space[number]
        return (atom.argument, part[1]) if atom.head == "recip" and atom.argument is not None else None

    def _log_split(self, a: Argument, plus: list[Part], minus: list[Part], sub: Notes) -> Rule:
        # with reciprocals among the factors, a · (what is below) equals what is above only after p recip[p] = 1
        if minus and not sub.notes:
            sub = self._cross_notes(a, minus)
        pieces = [(ONE, [("log", part)]) for part in plus] + [(-ONE, [("log", part)]) for part in minus]
        return self._rule(a, "log-product", (a, tuple(plus), tuple(minus), sub), pieces)

    def _cross_notes(self, a: Argument, minus: list[Part]) -> Notes:
        """Notes that bring a · Π c_j to Π b_j: reciprocals cancel."""
        bundle = self._bundle(a, [*minus])
        from symflow.proof.gluing import glue

        log: list[Note] = []
        terms: list[tuple[Fraction, tuple[tuple[int, tuple[int, ...]], ...], tuple[int, ...]]] = []
        slots = self._slots(a)
        for c, f in self._on_slots(a):
            made = glue(self.space, f, slots, bundle[1], pieces_of(bundle[0]), bundle[0].dims)
            terms += [(c * c2, f2, o2) for c2, f2, o2 in made]
        product = make_argument(self.space, a.dims, terms)
        self.rewriter.normalise(dict(product.terms), log)
        return Notes(tuple(log))

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
            from symflow.proof.clearing import over_denominators

            numerator, notes = over_denominators(self.space, self.rewriter, a, below)
            if numerator is not None and not numerator.is_zero:
                minus = [(self._atom_argument(atom), where) for atom, where, count in below for _ in range(count)]
                return self._log_split(a, [self._whole(numerator)], minus, self._cross_notes(a, minus))
        common = common_parts(self.space, a)
        if common is not None:
            return self._log_split(a, [*common[0], self._whole(common[1])], [], Notes(()))
        content = abs(a.terms[-1][1])
        if content != 1:
            plus: list[Part] = [self._whole(scale(a, 1 / content))]
            plus += [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in _primes(content.numerator)]
            minus = [(make_argument(self.space, (), [(Fraction(q), (), ())]), ()) for q in _primes(content.denominator)]
            return self._log_split(a, plus, minus, Notes(()))
        return None

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

    # steps

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
                rest = self._without(a, [part])
                pieces = [(ONE, [("", part), ("step", self._whole(rest))])]
                return self._rule(a, "step-mask", (a, part, self._whole(rest), Notes(())), pieces)
        for part in parts:
            if is_positive(self.space, part[0]):
                rest = self._without(a, [part])
                return self._step_scale(a, part, rest)
        lead = a.terms[-1][1]
        if abs(lead) != 1:
            factor = make_argument(self.space, (), [(abs(lead), (), ())])
            return self._step_scale(a, (factor, ()), scale(a, 1 / abs(lead)))
        opposite = scale(a, Fraction(-1))
        if lead < 0 and (a in self.kinks or opposite in self.kinks):
            slots = self._slots(a)
            other = self.space.function("step", opposite)
            note = Note(-1, (), slots, "step-off-kink", (a,), slots)
            return Rule(((ONE, (), slots), (-ONE, ((other, slots),), slots)), (note,))
        return None

    def _step_scale(self, a: Argument, factor: Part, rest: Argument) -> Rule:
        self._keep_off_kink(a, rest)
        pieces = [(ONE, [("step", self._whole(rest))])]
        return self._rule(a, "step-scale", (a, factor, self._whole(rest), Notes(())), pieces)

    # angles

    def angle(self, number: int, a: Argument) -> Rule | None:
        """sin and cos of sums and multiples, down to the smallest multiple of each term that has been met."""
        head = self.space[number].head
        name = "sine" if head == "sin" else "cosine"
        slots = self._slots(a)
        if a.is_zero:
            pieces: list[tuple[Fraction, list[tuple[str, Part]]]] = [] if head == "sin" else [(ONE, [])]
            return self._rule(a, f"{name}-zero", (a.dims,), pieces)
        if a.terms[-1][1] < 0:
            opposite = scale(a, Fraction(-1))
            sign = -ONE if head == "sin" else ONE
            note = Note(-1, (), slots, f"{name}-negate", (opposite,), slots)
            return Rule(((sign, ((self.space.function(head, opposite), slots),), slots),), (note,))
        key, c = a.terms[-1]
        unit = self._unit("angle", key, a.dims, c)
        if len(a.terms) == 1 and c == unit:
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


def _square_part(c: Fraction) -> tuple[Fraction, int]:
    """c = square² · rest with a squarefree whole number rest."""
    whole = c.numerator * c.denominator
    root, rest = 1, 1
    for prime in _primes(whole):
        if rest % prime == 0:
            rest //= prime
            root *= prime
        else:
            rest *= prime
    return Fraction(root, c.denominator), rest


def _primes(n: int) -> list[int]:
    """Prime factors with multiplicity; a large leftover without small factors is returned whole."""
    n = abs(n)
    found = []
    p = 2
    while p * p <= n and p < 10_000:
        while n % p == 0:
            found.append(p)
            n //= p
        p += 1
    if n > 1:
        root = isqrt(n)
        found += [root, root] if root * root == n else [n]
    return found


def _common_measure(a: Fraction, b: Fraction) -> Fraction:
    """The largest number of which both are whole multiples."""
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)
