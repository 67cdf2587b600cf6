"""Which arguments are invertible, nonzero, positive, nonnegative wherever the statement is defined.

Each judgement is a handful of syntactic rules (docs/certificates.md) and says yes only where one applies; no is
"not known". The rules hold for every value of every slot, and use that no index range is empty.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from symflow.checker.chains import split_chain
from symflow.checker.facts import Facts
from symflow.checker.formal import Algebra, Tensor, exchanged, scaled
from symflow.checker.labelling import Factor, Factors
from symflow.checker.placing import Product
from symflow.errors import CertificateError
from symflow.expr.kinds import KINDS

UNKNOWN, NONNEGATIVE, POSITIVE = 0, 1, 2
_INVERTIBLE_KINDS = ("invertible", "positive_definite", "orthogonal", "positive_diagonal")
_POSITIVE_KINDS = ("positive_scalar", "positive_diagonal")


class Judge:
    """Answers from the facts of one statement, taken over when it is made."""

    def __init__(self, algebra: Algebra, facts: Facts, *, dense: bool) -> None:
        """``dense``: points of the domain may be approached by any others, that is, there is no hypothesis."""
        self._algebra = algebra
        self._nonzero: set[Tensor] = set()
        self._positive: set[Tensor] = set()
        self._nonnegative: set[Tensor] = set()
        self._invertible: set[Tensor] = set()
        self._off_kink = {sided for a in facts.off_kink for sided in (a, algebra.collect(scaled(-1, a)))}
        for argument in facts.positive:
            self._positive.add(self._signed(argument))
        for argument in facts.nonnegative:
            self._nonnegative.add(self._signed(argument))
        for argument in [*facts.nonzero, *facts.positive]:
            self._learn_nonzero(argument)
        for argument in facts.invertible:
            self._learn_invertible(argument)
        for number in range(len(algebra.heads)):
            if algebra.heads[number] == ("det",) and _up_to_sign(self._signed(algebra.lone(number))) in self._nonzero:
                matrix = algebra.arguments[number]
                assert matrix is not None  # a determinant has an argument
                self._learn_invertible(matrix)
        self._admit_borrowed(facts, dense)

    def off_kink(self, argument: Tensor) -> bool:
        """Whether the argument of a relu or step under a derivative is this one or its negative."""
        return self._algebra.collect(argument) in self._off_kink

    # ---- facts that a side condition establishes

    def take_over(self, known: Tensor, equal: Tensor) -> None:
        """What is known of one argument holds of another that is equal to it wherever the statement is defined."""
        if self.nonzero(known):
            self._learn_nonzero(equal)
        sign = self._sign(known)
        if sign == POSITIVE:
            self._positive.add(self._signed(equal))
        elif sign == NONNEGATIVE:
            self._nonnegative.add(self._signed(equal))
        if self.off_kink(known):
            self.stays_off_kink(equal)

    def take_over_inverse(self, known: Tensor, equal: Tensor) -> None:
        """The same for square matrices."""
        if self.invertible(known):
            self._learn_invertible(self._algebra.collect(equal))

    def factor_of_nonzero(self, factor: Tensor) -> None:
        """A factor of an argument without zeros has none, provided that every value of its slots is met there."""
        self._learn_nonzero(factor)

    def stays_off_kink(self, argument: Tensor) -> None:
        """An argument that vanishes only where one that stays off its kink does: nowhere."""
        collected = self._algebra.collect(argument)
        self._off_kink |= {collected, self._algebra.collect(scaled(-1, collected))}

    # ---- invertible

    def _admit_borrowed(self, facts: Facts, dense: bool) -> None:
        """Inverses that the derivative of det brought in: invertible, or by density of the invertible matrices."""
        smooth = dense and not facts.steps and all(self.positive(a) for a in facts.nonnegative)
        for argument in facts.borrowed:
            if self.invertible(argument):
                continue
            if not (smooth and self._generic(argument)):
                raise CertificateError(
                    "the derivative of a determinant needs the inverse of its argument; that is admitted where the"
                    " statement makes it invertible, or for a lone matrix in a statement without step, relu, hypotheses"
                )
            self._learn_invertible(argument)

    def _generic(self, argument: Tensor) -> bool:
        """A lone symbol of kind matrix or symmetric: its invertible values are dense."""
        head = self._lone_symbol(argument)
        return head is not None and head[2] in ("matrix", "symmetric")

    def _lone_symbol(self, argument: Tensor) -> tuple[object, ...] | None:
        """The head of the symbol that is, up to a factor other than 0, the matrix or its transpose."""
        if len(argument.terms) != 1:
            return None
        _, factors, outs = argument.terms[0]
        if len(factors) != 1 or self._algebra.heads[factors[0][0]][0] != "sym":
            return None
        atom, slots = factors[0]
        data = [s for s, dim in zip(slots, self._algebra.dims[atom], strict=True) if dim is None]
        sides = [s for s, dim in zip(slots, self._algebra.dims[atom], strict=True) if dim is not None]
        head = self._algebra.heads[atom]
        diagonal = KINDS[str(head[2])].linear == "diagonal" and len(sides) == 1
        fits = sides * 2 == list(outs[:2]) if diagonal else len(set(sides)) == 2 and set(sides) == set(outs[:2])
        return head if fits and set(data) <= set(outs[2:]) else None

    def invertible(self, argument: Tensor) -> bool:
        """Whether the square matrix is invertible, for every data point."""
        argument = self._algebra.collect(argument)
        if self._matrix_key(argument) in self._invertible:
            return True
        head = self._lone_symbol(argument)
        if head is not None and head[2] in _INVERTIBLE_KINDS:
            return True
        split = split_chain(self._algebra, argument)
        if split is None:
            return False
        rest, pieces, diagonals = split
        if len(pieces) == 1 and not diagonals and self._is_inverse(pieces[0]):
            inner = self._algebra.arguments[pieces[0].terms[0][1][0][0]]
            return inner is not None and self.invertible(inner) and self.nonzero(rest)
        alone = len(pieces) == 1 and not diagonals and not rest.terms[0][1]
        return (
            not alone  # a single factor that is not known does not become known by being split
            and all(self.invertible(piece) for piece in pieces)
            and all(self.nonzero(diagonal) for diagonal in diagonals)
            and self.nonzero(rest)
        )

    def _is_inverse(self, piece: Tensor) -> bool:
        return self._algebra.heads[piece.terms[0][1][0][0]] == ("inv",)

    def _learn_invertible(self, argument: Tensor) -> None:
        """An invertible argument, its det, and the square factors of a product."""
        self._invertible.add(self._matrix_key(argument))
        split = split_chain(self._algebra, argument)
        if split is not None:
            rest, pieces, diagonals = split
            self._invertible.update(self._matrix_key(piece) for piece in pieces)
            for factor in [rest, *diagonals]:
                self._learn_nonzero(factor)

    def _matrix_key(self, argument: Tensor) -> Tensor:
        """One key for a matrix, its multiples and its transpose; data outs on which it does not depend are dropped."""
        argument = self._algebra.collect(_without_bare_outs(self._algebra.collect(argument), 2))
        rows_first = _up_to_sign(_primitive(argument))
        columns_first = _up_to_sign(_primitive(self._algebra.collect(exchanged(argument))))
        return min(rows_first, columns_first, key=lambda one: [(f, o, c) for c, f, o in one.terms])

    # ---- nonzero

    def _learn_nonzero(self, argument: Tensor) -> None:
        """An argument without zeros, and the factors of a product."""
        argument = self._algebra.collect(argument)
        self._nonzero.add(_up_to_sign(self._signed(argument)))
        if len(argument.terms) == 1:
            for component in self._components(argument):
                self._nonzero.add(_up_to_sign(self._signed(component)))
                self._learn_root(component)

    def _learn_root(self, component: Tensor) -> None:
        """A square root that is not zero is one of a positive argument: that of a negative one is 0."""
        _, factors, outs = component.terms[0]
        if len(factors) != 1 or self._algebra.heads[factors[0][0]] != ("sqrt",) or factors[0][1] != outs:
            return
        inner = self._algebra.arguments[factors[0][0]]
        if inner is not None and self._signed(inner) not in self._positive:
            self._positive.add(self._signed(inner))
            self._learn_nonzero(inner)

    def nonzero(self, argument: Tensor) -> bool:
        """Whether the entries are nowhere zero."""
        argument = self._algebra.collect(argument)
        if not argument.terms:
            return False
        if _up_to_sign(self._signed(argument)) in self._nonzero:
            return True
        if self.positive(argument) or self.positive(scaled(-1, argument)):
            return True
        if len(argument.terms) > 1 or _has_equal_outs(argument):
            return False
        return all(self._nonzero_component(component) for component in self._components(argument))

    def _nonzero_component(self, component: Tensor) -> bool:
        if _up_to_sign(self._signed(component)) in self._nonzero or self.positive(component):
            return True
        _, factors, _ = component.terms[0]
        if len(factors) != 1 or len(set(factors[0][1])) != len(component.dims):
            return False  # several factors, or a summed index
        inner = self._algebra.arguments[factors[0][0]]
        match self._algebra.heads[factors[0][0]]:
            case ("recip",):
                return inner is not None and self.nonzero(inner)
            case ("det",):
                return inner is not None and self.invertible(inner)
        return False

    def _components(self, argument: Tensor) -> list[Tensor]:
        """The parts of a single term that share no summed index, with the outs that they meet and coefficient 1."""
        _, factors, outs = argument.terms[0]
        groups: list[tuple[set[int], list[Factor]]] = []
        for factor in factors:
            summed = {index for index in factor[1] if index not in outs}
            joined = [factor]
            apart = []
            for group in groups:
                if group[0].isdisjoint(summed):
                    apart.append(group)
                else:
                    summed |= group[0]
                    joined = group[1] + joined
            groups = [*apart, (summed, joined)]
        return [self._component(tuple(joined), outs) for _, joined in groups]

    def _component(self, factors: Factors, outs: tuple[int, ...]) -> Tensor:
        span = {i: d for atom, slots in factors for i, d in zip(slots, self._algebra.dims[atom], strict=True)}
        met = tuple([index for index in dict.fromkeys(outs) if index in span])
        return self._algebra.collect(Tensor(tuple([span[index] for index in met]), ((1, factors, met),)))

    # ---- signs

    def positive(self, argument: Tensor) -> bool:
        """Whether the entries are positive everywhere."""
        return self._sign(argument) == POSITIVE

    def nonnegative(self, argument: Tensor) -> bool:
        """Whether the entries are nonnegative everywhere."""
        return self._sign(argument) >= NONNEGATIVE

    def _sign(self, argument: Tensor) -> int:
        argument = self._algebra.collect(argument)
        signed = self._signed(argument)
        if signed in self._positive:
            return POSITIVE
        if not argument.terms:
            return NONNEGATIVE
        signs = [self._term_sign(term) for term in argument.terms]
        if _has_equal_outs(argument):
            signs = [min(sign, NONNEGATIVE) for sign in signs]  # a diagonal matrix has zeros beside its diagonal
        if UNKNOWN not in signs:
            return max(signs)
        return NONNEGATIVE if signed in self._nonnegative else UNKNOWN

    def _term_sign(self, term: Product) -> int:
        """Nonnegative atoms and equal pairs; positive where every atom is."""
        coefficient, factors, _ = term
        if coefficient <= 0:
            return UNKNOWN
        sign = POSITIVE
        for (atom, _), times in Counter(factors).items():
            own = self._atom_sign(atom)
            sign = min(sign, NONNEGATIVE if own == UNKNOWN and times % 2 == 0 else own)
        return sign

    def _atom_sign(self, atom: int) -> int:
        own = self._own_sign(atom)
        if own == POSITIVE:
            return own
        alone = self._signed(self._algebra.lone(atom))
        if alone in self._positive:
            return POSITIVE
        return NONNEGATIVE if alone in self._nonnegative else own

    def _own_sign(self, atom: int) -> int:
        if self._plainly_positive(atom):
            return POSITIVE
        argument = self._algebra.arguments[atom]
        match self._algebra.heads[atom]:
            case ("sym", _, "mask", *_) | ("step",):
                return NONNEGATIVE
            case ("sqrt",) if argument is not None:
                return POSITIVE if self.positive(argument) else NONNEGATIVE
            case ("recip",) if argument is not None:
                return self._sign(argument)
            case ("det",) if argument is not None:
                symbol = self._lone_symbol(argument)
                definite = symbol is not None and symbol[2] == "positive_definite" and argument.terms[0][0] > 0
                return POSITIVE if definite else UNKNOWN
        return UNKNOWN

    def _signed(self, argument: Tensor) -> Tensor:
        """One key for an argument, its positive multiples, and its products with plainly positive factors.

        Outs on which the argument does not depend are dropped: a range is never empty.
        """
        argument = self._algebra.collect(argument)
        if len(argument.terms) == 1:
            coefficient, factors, outs = argument.terms[0]
            left = [f for f in factors if not (self._plainly_positive(f[0]) and set(f[1]) <= set(outs))]
            if len(left) < len(factors):
                argument = self._algebra.collect(Tensor(argument.dims, ((coefficient, tuple(left), outs),)))
        return _primitive(self._algebra.collect(_without_bare_outs(argument, 0)))

    def _plainly_positive(self, atom: int) -> bool:
        match self._algebra.heads[atom]:
            case ("sym", _, kind, *_):
                return kind in _POSITIVE_KINDS
            case ("dim", _) | ("weight",) | ("exp",):
                return True
        return False


def _has_equal_outs(argument: Tensor) -> bool:
    return any(len(set(outs)) < len(outs) for _, _, outs in argument.terms)


def _primitive(argument: Tensor) -> Tensor:
    """A collected sum divided by the size of its first coefficient."""
    if not argument.terms:
        return argument
    return scaled(1 / abs(Fraction(argument.terms[0][0])), argument)


def _up_to_sign(argument: Tensor) -> Tensor:
    """The one of a and -a with positive first coefficient."""
    return scaled(-1, argument) if argument.terms and argument.terms[0][0] < 0 else argument


def _without_bare_outs(argument: Tensor, keep: int) -> Tensor:
    """A collected sum without the outs that in every term meet no factor and no other out; the first ``keep`` stay."""
    bare = set(range(keep, len(argument.dims)))
    for _, factors, outs in argument.terms:
        met = {index for _, slots in factors for index in slots}
        bare = {place for place in bare if outs[place] not in met and outs.count(outs[place]) == 1}
    if not bare:
        return argument
    left = [place for place in range(len(argument.dims)) if place not in bare]
    terms = [(c, factors, tuple([outs[place] for place in left])) for c, factors, outs in argument.terms]
    return Tensor(tuple([argument.dims[place] for place in left]), tuple(terms))
