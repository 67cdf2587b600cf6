"""Taylor coefficients of the entrywise functions, and their extension to the nilpotent ring.

A smooth g extends to u + N (u a number, N nilpotent) by its Taylor polynomial, which ends where the powers of N
vanish. ``relu`` and ``step`` extend off their kink alone: at u = 0 they have a value, and no derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

from flint import fmpq

from symflow.errors import UndefinedError
from symflow.refutation.jets import Jet, add, hadamard, nilpotent, order
from symflow.refutation.numbers import Matrix, Number, NumberSystem

Taylor = Callable[[NumberSystem, Number, int], list[Number]]  # (numbers, u, order) -> g(u), g'(u), g''(u)/2, …

TRANSCENDENTAL = frozenset({"exp", "log", "sqrt", "sin", "cos", "tanh"})
SINGULAR_AT_ZERO = frozenset({"sqrt", "relu", "step"})  # have a value at 0, and no derivative


def exponential(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """exp."""
    found = [u.exp()]
    for k in range(1, top + 1):
        found.append(found[-1] / k)
    return found


def logarithm(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """log, of positive arguments."""
    if numbers.sign(u) <= 0:
        raise UndefinedError("the logarithm of a number that is not positive has no value")
    return [u.log(), *((-1) ** (k + 1) / (u**k * k) for k in range(1, top + 1))]


def root(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """The square root, of nonnegative arguments."""
    sign = numbers.sign(u)
    if sign < 0:
        raise UndefinedError("the square root of a negative number has no value")
    if sign == 0:
        return [u] + [u] * top  # the caller has made sure that no derivative is asked for here
    found = [u.sqrt()]
    for k in range(1, top + 1):
        found.append(found[-1] * (3 - 2 * k) / (u * (2 * k)))
    return found


def _circular(cycle: tuple[Number, ...], top: int) -> list[Number]:
    found, factorial = [cycle[0]], 1
    for k in range(1, top + 1):
        factorial *= k
        found.append(cycle[k % 4] / factorial)
    return found


def sine(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """sin."""
    s, c = u.sin(), u.cos()
    return _circular((s, c, -s, -c), top)


def cosine(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """cos."""
    s, c = u.sin(), u.cos()
    return _circular((c, -s, -c, s), top)


def hyperbolic_tangent(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """tanh, from y' = 1 - y^2."""
    found = [u.tanh()]
    for k in range(top):
        square = sum((found[i] * found[k - i] for i in range(k + 1)), start=u * 0)
        found.append(((1 if k == 0 else 0) - square) / (k + 1))
    return found


def rectifier(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """relu: max(u, 0)."""
    zero = numbers.number(fmpq(0))
    if numbers.sign(u) <= 0:
        return [zero] * (top + 1)
    return [u, numbers.number(fmpq(1)), *([zero] * (top - 1))][: top + 1]


def unit_step(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """step: 1 for u > 0, else 0."""
    zero = numbers.number(fmpq(0))
    return [numbers.number(fmpq(1)) if numbers.sign(u) > 0 else zero, *([zero] * top)]


def reciprocal(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """1/u."""
    if numbers.is_zero(u):
        raise UndefinedError("a division by zero has no value")
    found = [1 / u]
    for _ in range(top):
        found.append(-found[-1] / u)
    return found


def absolute_logarithm(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
    """log|u|."""
    if numbers.is_zero(u):
        raise UndefinedError("the logarithm of the determinant of a singular matrix has no value")
    return [abs(u).log(), *((-1) ** (k + 1) / (u**k * k) for k in range(1, top + 1))]


def polynomial(coefficients: tuple[fmpq, ...], derivative: int) -> Taylor:
    """The given derivative of sum_j c_j u^j, as a function with Taylor coefficients."""
    falling = [
        c * _falling(j, derivative) for j, c in enumerate(coefficients) if j >= derivative
    ]  # the coefficients of the derivative

    def taylor(numbers: NumberSystem, u: Number, top: int) -> list[Number]:
        found = []
        for k in range(top + 1):
            value = numbers.number(fmpq(0))
            for j in range(len(falling) - 1, k - 1, -1):
                value = value * u + numbers.number(falling[j] * comb(j, k))
            found.append(value)
        return found

    return taylor


def _falling(j: int, factors: int) -> int:
    product = 1
    for k in range(factors):
        product *= j - k
    return product


ENTRYWISE: dict[str, Taylor] = {
    "exp": exponential,
    "log": logarithm,
    "sqrt": root,
    "sin": sine,
    "cos": cosine,
    "tanh": hyperbolic_tangent,
    "relu": rectifier,
    "step": unit_step,
}


def extend(x: Jet, taylor: Taylor, numbers: NumberSystem, name: str = "") -> Jet:
    """Apply a function entry by entry to a matrix over the nilpotent ring.

    Raises UndefinedError where an entry has no value, or sits on a kink while something moves it.
    """
    entries = x.value.entries()
    rest = nilpotent(x)
    if rest is None:
        return Jet(x.rows, x.cols, {0: numbers.matrix(x.rows, x.cols, [taylor(numbers, u, 0)[0] for u in entries])})
    if name in SINGULAR_AT_ZERO:
        _refuse_kinks(name, entries, rest, numbers)
    top = order(x)
    coefficients = [taylor(numbers, u, top) for u in entries]

    def layer(k: int) -> Matrix:
        return numbers.matrix(x.rows, x.cols, [c[k] for c in coefficients])

    total = Jet(x.rows, x.cols, {0: layer(0)})
    power = rest
    for k in range(1, top + 1):
        if not power.parts:
            break
        total = add(total, hadamard(Jet(x.rows, x.cols, {0: layer(k)}), power, numbers))
        power = hadamard(power, rest, numbers)
    return total


def _refuse_kinks(name: str, entries: list[Number], rest: Jet, numbers: NumberSystem) -> None:
    at_zero = [place for place, u in enumerate(entries) if numbers.is_zero(u)]
    if not at_zero:
        return
    for part in rest.parts.values():
        moved = part.entries()
        if any(not numbers.is_zero(moved[place]) for place in at_zero):
            raise UndefinedError(f"{name} is differentiated at 0, where it has no derivative")
