"""The relations of functions applied entry by entry: roots, exponentials, logarithms, steps, trigonometric functions.

Reasons are given where a condition is subtle; they refer to the total atoms of formal.py: the square root of a negative
number is 0, log a = log|a|, log 0 = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symflow.checker.bench import Bench, positive_number
from symflow.checker.formal import Tensor, scaled, total
from symflow.checker.reading import read_dims
from symflow.errors import CertificateError

Relation = Callable[..., Tensor]


# ---- roots, exponentials, logarithms


def _square_root(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    bench.require(bench.judge.nonnegative(argument), "the argument of sqrt is not known to be nonnegative")
    root = bench.algebra.apply("sqrt", argument)
    return total(argument.dims, bench.times(root, root), scaled(-1, argument))


def _root_split(bench: Bench, a: object, c: object, qs: object, sub: object) -> Tensor:
    """For q >= 0 and any r, sqrt(q r) = sqrt(q) sqrt(r): both sides are 0 where r < 0."""
    argument = bench.argument(a)
    dims = argument.dims
    factors = bench.all_placed(qs, dims)
    outside = positive_number(c)
    bench.all_but_one(factors, bench.judge.nonnegative)
    bench.equal(argument, scaled(outside * outside, bench.product(dims, *factors)), sub)
    parts = [(bench.algebra.apply("sqrt", q), positions) for q, positions in factors]
    return total(dims, bench.algebra.apply("sqrt", argument), scaled(-outside, bench.product(dims, *parts)))


def _root_perfect(bench: Bench, a: object, q: object, sub: object) -> Tensor:
    argument, root = bench.argument(a), bench.argument(q)
    bench.require(bench.judge.nonnegative(root), "the root is not known to be nonnegative")
    bench.equal(argument, bench.times(root, root), sub)
    return total(argument.dims, bench.algebra.apply("sqrt", argument), scaled(-1, root))


def _exp_sum(bench: Bench, a: object, plus: object, minus: object, sub: object) -> Tensor:
    argument = bench.argument(a)
    dims = argument.dims
    added, taken = bench.all_placed(plus, dims), bench.all_placed(minus, dims)
    summands = [bench.product(dims, b) for b in added] + [scaled(-1, bench.product(dims, c)) for c in taken]
    bench.equal(argument, total(dims, *summands), sub)
    apply = bench.algebra.apply
    parts = [(apply("exp", b), positions) for b, positions in added]
    parts += [(apply("recip", apply("exp", c)), positions) for c, positions in taken]
    return total(dims, apply("exp", argument), scaled(-1, bench.product(dims, *parts)))


def _exp_log(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    bench.require(bench.judge.positive(argument), "the argument of log is not known to be positive")
    return total(argument.dims, bench.algebra.apply("exp", bench.algebra.apply("log", argument)), scaled(-1, argument))


def _log_exp(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    return total(argument.dims, bench.algebra.apply("log", bench.algebra.apply("exp", argument)), scaled(-1, argument))


def _log_product(bench: Bench, a: object, plus: object, minus: object, sub: object) -> Tensor:
    """log|a| is additive over nonzero factors. No factor of a Π c_j = Π b_j vanishes if a and the c_j do not."""
    argument = bench.argument(a)
    dims = argument.dims
    above, below = bench.all_placed(plus, dims), bench.all_placed(minus, dims)
    left_nonzero = bench.judge.nonzero(argument) and all(bench.judge.nonzero(c.tensor) for c in below)
    if not left_nonzero and bench.all_but_one([*above, *below], bench.judge.nonzero) is not None:
        bench.require(bench.judge.nonzero(argument), "neither the argument of log nor a factor is known to be nonzero")
    left = bench.product(dims, (argument, range(len(dims))), *below)
    bench.equal(left, bench.product(dims, *above), sub)
    if left_nonzero:
        bench.factors_of_nonzero(above)
    logs = [bench.product(dims, (bench.algebra.apply("log", b), positions)) for b, positions in above]
    taken = [bench.product(dims, (bench.algebra.apply("log", c), positions)) for c, positions in below]
    return total(dims, bench.algebra.apply("log", argument), *[scaled(-1, b) for b in logs], *taken)


def _log_root(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    bench.require(bench.judge.nonnegative(argument), "the argument of sqrt is not known to be nonnegative")
    root = bench.algebra.apply("log", bench.algebra.apply("sqrt", argument))
    return total(argument.dims, root, scaled(Fraction(-1, 2), bench.algebra.apply("log", argument)))


# ---- step


def _step_idempotent(bench: Bench, a: object) -> Tensor:
    step = bench.algebra.apply("step", bench.argument(a))
    return total(step.dims, bench.times(step, step), scaled(-1, step))


def _step_scale(bench: Bench, a: object, p: object, b: object, sub: object) -> Tensor:
    argument = bench.argument(a)
    dims = argument.dims
    scale, inner = bench.placed(p, dims), bench.placed(b, dims)
    bench.require(bench.judge.positive(scale.tensor), "the scale of step is not known to be positive")
    bench.equal(argument, bench.product(dims, scale, inner), sub)
    if inner.every_value and bench.judge.off_kink(argument):
        bench.judge.stays_off_kink(inner.tensor)
    other = bench.product(dims, (bench.algebra.apply("step", inner.tensor), inner.positions))
    return total(dims, bench.algebra.apply("step", argument), scaled(-1, other))


def _step_mask(bench: Bench, a: object, h: object, b: object, sub: object) -> Tensor:
    argument = bench.argument(a)
    dims = argument.dims
    mask, inner = bench.placed(h, dims), bench.placed(b, dims)
    bench.require(_zero_or_one(bench, mask.tensor), "the mask of step is not a single mask symbol or step")
    bench.equal(argument, bench.product(dims, mask, inner), sub)
    other = bench.product(dims, mask, (bench.algebra.apply("step", inner.tensor), inner.positions))
    return total(dims, bench.algebra.apply("step", argument), scaled(-1, other))


def _zero_or_one(bench: Bench, tensor: Tensor) -> bool:
    """A lone mask symbol or step atom without summed index: its values are 0 and 1."""
    if len(tensor.terms) != 1:
        return False
    coefficient, factors, outs = tensor.terms[0]
    if coefficient != 1 or len(factors) != 1 or not set(factors[0][1]) <= set(outs):
        return False
    head = bench.algebra.heads[factors[0][0]]
    return head[0] == "step" or (head[0] == "sym" and head[2] == "mask")


def _step_sign(bench: Bench, a: object, value: object) -> Tensor:
    argument = bench.argument(a)
    step = bench.algebra.apply("step", argument)
    if type(value) is int and value == 1:
        bench.require(bench.judge.positive(argument), "the argument of step is not known to be positive")
        return total(step.dims, step, scaled(-1, bench.one(step.dims)))
    if type(value) is int and value == 0:
        negative = scaled(-1, argument)
        bench.require(
            bench.judge.nonnegative(negative), "the negative of the argument of step is not known to be nonnegative"
        )
        return step
    raise CertificateError("the value of a step is 0 or 1")


def _step_exclusive(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    return bench.times(bench.algebra.apply("step", argument), bench.algebra.apply("step", scaled(-1, argument)))


def _both_steps(bench: Bench, argument: Tensor) -> Tensor:
    """step[a] + step[-a] - 1, which is 0 off the kink and -1 on it."""
    steps = [bench.algebra.apply("step", scaled(sign, argument)) for sign in (1, -1)]
    return total(argument.dims, *steps, scaled(-1, bench.one(argument.dims)))


def _step_opposite(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    return bench.times(_both_steps(bench, argument), argument)


def _step_off_kink(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    bench.require(bench.judge.off_kink(argument), "the argument is not that of a step or relu under a derivative")
    return _both_steps(bench, argument)


# ---- trigonometric and hyperbolic functions


def _pythagoras(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    sine, cosine = bench.algebra.apply("sin", argument), bench.algebra.apply("cos", argument)
    one = bench.one(argument.dims)
    return total(argument.dims, bench.times(sine, sine), bench.times(cosine, cosine), scaled(-1, one))


def _negated(name: str, sign: int) -> Relation:
    """f[-a] + sign f[a]."""

    def relation(bench: Bench, a: object) -> Tensor:
        argument = bench.argument(a)
        opposite = bench.algebra.apply(name, scaled(-1, argument))
        return total(argument.dims, opposite, scaled(sign, bench.algebra.apply(name, argument)))

    return relation


def _at_zero(name: str, value: int) -> Relation:
    """f[0] - value."""

    def relation(bench: Bench, dims: object) -> Tensor:
        zero = Tensor(read_dims(dims), ())
        return total(zero.dims, bench.algebra.apply(name, zero), scaled(-value, bench.one(zero.dims)))

    return relation


def _of_sum(bench: Bench, a: object, b: object, c: object, sub: object, sine: bool) -> Tensor:
    argument = bench.argument(a)
    dims = argument.dims
    first, second = bench.placed(b, dims), bench.placed(c, dims)
    bench.equal(argument, total(dims, bench.product(dims, first), bench.product(dims, second)), sub)

    def both(one: str, other: str) -> Tensor:
        parts = [(bench.algebra.apply(name, q.tensor), q.positions) for name, q in ((one, first), (other, second))]
        return bench.product(dims, *parts)

    whole = bench.algebra.apply("sin" if sine else "cos", argument)
    if sine:
        return total(dims, whole, scaled(-1, both("sin", "cos")), scaled(-1, both("cos", "sin")))
    return total(dims, whole, scaled(-1, both("cos", "cos")), both("sin", "sin"))


def _sine_sum(bench: Bench, a: object, b: object, c: object, sub: object) -> Tensor:
    return _of_sum(bench, a, b, c, sub, True)


def _cosine_sum(bench: Bench, a: object, b: object, c: object, sub: object) -> Tensor:
    return _of_sum(bench, a, b, c, sub, False)


def _tanh_exp(bench: Bench, a: object) -> Tensor:
    argument = bench.argument(a)
    tanh, exp = bench.algebra.apply("tanh", argument), bench.algebra.apply("exp", scaled(2, argument))
    return total(argument.dims, bench.times(tanh, exp), tanh, scaled(-1, exp), bench.one(argument.dims))


ENTRYWISE_RELATIONS: dict[str, Relation] = {
    "square-root": _square_root,
    "root-split": _root_split,
    "root-perfect": _root_perfect,
    "exp-sum": _exp_sum,
    "exp-log": _exp_log,
    "log-exp": _log_exp,
    "log-product": _log_product,
    "log-root": _log_root,
    "step-idempotent": _step_idempotent,
    "step-scale": _step_scale,
    "step-mask": _step_mask,
    "step-sign": _step_sign,
    "step-exclusive": _step_exclusive,
    "step-opposite": _step_opposite,
    "step-off-kink": _step_off_kink,
    "pythagoras": _pythagoras,
    "sine-negate": _negated("sin", 1),
    "cosine-negate": _negated("cos", -1),
    "tanh-negate": _negated("tanh", 1),
    "sine-zero": _at_zero("sin", 0),
    "cosine-zero": _at_zero("cos", 1),
    "tanh-zero": _at_zero("tanh", 0),
    "sine-sum": _sine_sum,
    "cosine-sum": _cosine_sum,
    "tanh-exp": _tanh_exp,
}
