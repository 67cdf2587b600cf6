"""Assertions about functions of the user's own: this gradient is the cost's, this quantity stays constant.

The functions are black boxes, called with NumPy arrays (or what ``convert`` makes of them) and compared with central
differences, extrapolated; see :mod:`symflow.testing.differences`. Agreement at points proves nothing: it is a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from symflow.errors import KindError, ShapeError
from symflow.testing.differences import STEP, LineDerivative, differentiate
from symflow.testing.points import Array, Convert, Point, entry_name, read_point, rounding_of, to_numpy

OnKink = Literal["fail", "skip"]
SHOWN = 6  # entries in a message, the worst first


def assert_gradient(
    cost: Callable[..., Any],
    gradient: Callable[..., Any],
    at: Any,
    *,
    tolerance: float = 1e-6,
    step: float = STEP,
    on_kink: OnKink = "fail",
    convert: Convert = np.asarray,
    examples: int = 50,
) -> None:
    """Assert that ``gradient`` is the gradient of ``cost``: (gradient)_k = d cost / d x_k for every entry x_k.

    Args:
        cost: a scalar function.
        gradient: its claimed gradient; takes what ``cost`` takes and returns arrays of the same shapes.
        at: a point, or a Hypothesis strategy of points; then the failing example is made as small as possible. A point
            is a number or an array (the argument), a tuple (the arguments in order) or a dict (the arguments by name).
        tolerance: admitted difference, relative to the larger of 1 and the largest entry of the derivative.
        step: the largest step of the differences; the smallest is ``step / 1024``. In single precision take 0.25 and
            a tolerance of 1e-3.
        on_kink: at a point where one-sided derivatives differ, fail, or skip the entries that they differ in.
        convert: applied to each array before a call: ``torch.tensor``, ``jax.numpy.asarray``.
        examples: how many points are drawn from a strategy.

    Raises:
        AssertionError: the gradient is wrong (where, expected, got, residual), cost has a kink, or the differences do
            not settle it to the tolerance.
        ShapeError: the cost is not a scalar, or the gradient has another shape than the point.
        KindError: a value that is no real number.

    >>> import numpy as np
    >>> A = np.array([[2.0, 1.0], [0.0, 1.0]])
    >>> assert_gradient(lambda x: x @ A @ x, lambda x: (A + A.T) @ x, np.array([1.0, -1.0]))
    >>> assert_gradient(lambda x: x @ A @ x, lambda x: 2 * A @ x, np.array([1.0, -1.0]))
    Traceback (most recent call last):
    ...
    AssertionError: the gradient is wrong in 2 of 2 entries
      x[0]: expected 3 (± ...), got 2, residual -1
      x[1]: expected -1 (± ...), got -2, residual -1
    at
        x = np.array([1.0, -1.0])
    """
    _require_options(tolerance, step, on_kink)

    def check(value: Any) -> bool:
        return _check_gradient(read_point(value), cost, gradient, tolerance, step, on_kink, convert)

    _at_points(check, at, examples)


def assert_flow_invariant(
    velocity: Callable[..., Any],
    quantity: Callable[..., Any],
    state: Any,
    *,
    tolerance: float = 1e-6,
    step: float = STEP,
    on_kink: OnKink = "fail",
    convert: Convert = np.asarray,
    examples: int = 50,
) -> None:
    """Assert that ``quantity`` is constant along the flow x' = velocity(x): d/dt quantity(x + t velocity(x)) = 0 at 0.

    Args:
        velocity: the right side of the flow; takes a state and returns arrays of the same shapes.
        quantity: a number or an array, each entry of which is to stay constant.
        state: a state, or a Hypothesis strategy of states; a number, an array, a tuple (arguments in order) or a dict
            (arguments by name).
        tolerance: admitted derivative, relative to the largest of 1, the velocity and the quantity.
        step: the largest step of the differences, for a velocity of size 1.
        on_kink: where the quantity has a kink along the flow, fail, or skip the entries that have one.
        convert: applied to each array before a call: ``torch.tensor``, ``jax.numpy.asarray``.
        examples: how many states are drawn from a strategy.

    Raises:
        AssertionError: an entry of the quantity moves (which, and how fast), has a kink, or cannot be settled.
        ShapeError: the velocity has another shape than the state.
        KindError: a value that is no real number.

    >>> import numpy as np
    >>> turn = lambda x: np.array([-x[1], x[0]])
    >>> assert_flow_invariant(turn, lambda x: x @ x, np.array([3.0, 4.0]))
    >>> assert_flow_invariant(turn, lambda x: x[0], np.array([3.0, 4.0]))
    Traceback (most recent call last):
    ...
    AssertionError: the quantity is not constant along the flow, in 1 of 1 entries
      quantity: moves with the velocity -4 (± ...), expected 0
    at
        x = np.array([3.0, 4.0])
    """
    _require_options(tolerance, step, on_kink)

    def check(value: Any) -> bool:
        return _check_invariant(read_point(value), velocity, quantity, tolerance, step, on_kink, convert)

    _at_points(check, state, examples)


def _require_options(tolerance: float, step: float, on_kink: str) -> None:
    if not (tolerance > 0 and step > 0):
        raise ShapeError(f"tolerance and step must be positive; got {tolerance} and {step}")
    if on_kink not in ("fail", "skip"):
        raise KindError(f"on_kink is 'fail' or 'skip'; got {on_kink!r}")


def _at_points(check: Callable[[Any], bool], at: Any, examples: int) -> None:
    """Run a check at one point or at drawn ones; a check that finds nothing to compare returns False."""
    if not isinstance(at, st.SearchStrategy):
        if not check(at):
            raise AssertionError("there is a kink in every direction here: nothing was compared; choose another point")
        return

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, print_blob=False,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(at)
    def at_drawn(value: Any) -> None:
        assume(check(value))

    try:
        at_drawn()
    except Unsatisfiable:
        raise AssertionError("nothing was compared: each point drawn has kinks everywhere, or was rejected") from None
    except AssertionError as error:
        raise AssertionError(str(error)) from None  # without Hypothesis's notes: the message has the point


def _check_gradient(
    point: Point, cost: Callable[..., Any], gradient: Callable[..., Any], tolerance: float, step: float,
    on_kink: OnKink, convert: Convert,
) -> bool:  # fmt: skip
    epsilon = rounding_of(point.call(cost, point.flat, convert))

    def value(flat: Array) -> Array:
        found = to_numpy(point.call(cost, flat, convert), "the cost")
        if found.size != 1:
            raise ShapeError(f"a cost is one number; this one has shape {found.shape}")
        return found.reshape(1)

    got = point.flatten(point.call(gradient, point.flat, convert), "the gradient")
    lines = []
    for index in range(point.flat.size):
        direction = np.zeros_like(point.flat)
        direction[index] = max(1.0, abs(float(point.flat[index])))  # steps in proportion to large entries
        line = _along(value, point, direction, "the cost", step, epsilon)
        lines.append(_scaled(line, 1 / direction[index]))
    value_, error, jump = (np.concatenate([getattr(line, part) for line in lines]) for part in _PARTS)
    found = LineDerivative(value_, error, jump)
    places = [point.place(index) for index in range(point.flat.size)]
    scale = max(1.0, float(np.max(np.abs(found.value))))
    kept = _without_kinks(found, tolerance * scale, places, point, "the cost", on_kink)
    residual = got - found.value
    wrong = kept & ~(np.abs(residual) <= tolerance * scale + found.error)
    if wrong.any():
        lines_ = [
            f"  {places[k]}: expected {found.value[k]:.12g} (± {found.error[k]:.0e}, central differences), "
            f"got {got[k]:.12g}, residual {residual[k]:.6g}"
            for k in _worst(residual, wrong)
        ]
        title = f"the gradient is wrong in {wrong.sum()} of {wrong.size} entries"
        raise AssertionError(_message(title, lines_, wrong, point, _factor(got, found, kept)))
    _require_settled(found, kept, tolerance * scale, places, point)
    return bool(kept.any())


def _check_invariant(
    point: Point, velocity: Callable[..., Any], quantity: Callable[..., Any], tolerance: float, step: float,
    on_kink: OnKink, convert: Convert,
) -> bool:  # fmt: skip
    raw = point.call(quantity, point.flat, convert)
    start = to_numpy(raw, "the quantity")
    if not start.size:
        raise ShapeError("the quantity is empty; return a number or an array with entries")

    def value(flat: Array) -> Array:
        return to_numpy(point.call(quantity, flat, convert), "the quantity").ravel()

    speed = point.flatten(point.call(velocity, point.flat, convert), "the velocity")
    if not np.isfinite(speed).all():
        raise AssertionError(f"the velocity is not finite at\n{point.show()}")
    size = max(1.0, float(np.max(np.abs(speed))))
    found = _scaled(_along(value, point, speed / size, "the quantity", step, rounding_of(raw)), size)
    places = ["quantity" + entry_name(index, start.shape) for index in range(start.size)]
    scale = max(size, float(np.max(np.abs(start))))
    kept = _without_kinks(found, tolerance * scale, places, point, "the quantity along the flow", on_kink)
    wrong = kept & ~(np.abs(found.value) <= tolerance * scale + found.error)
    if wrong.any():
        lines = [
            f"  {places[k]}: moves with the velocity {found.value[k]:.12g} (± {found.error[k]:.0e}), expected 0"
            for k in _worst(found.value, wrong)
        ]
        title = f"the quantity is not constant along the flow, in {wrong.sum()} of {wrong.size} entries"
        raise AssertionError(_message(title, lines, wrong, point))
    _require_settled(found, kept, tolerance * scale, places, point)
    return bool(kept.any())


_PARTS = ("value", "error", "jump")


def _along(
    value: Callable[[Array], Array], point: Point, direction: Array, what: str, step: float, epsilon: float
) -> LineDerivative:
    with np.errstate(all="ignore"):  # a step that leaves the domain is reported below
        found = differentiate(lambda t: value(point.flat + t * direction), step=step, epsilon=epsilon)
    if not found.finite:
        raise AssertionError(
            f"{what} is not finite (inf or nan) within a step of {step:g}; try a smaller step=, or another point\n"
            f"at\n{point.show()}"
        )
    return found


def _scaled(found: LineDerivative, factor: float) -> LineDerivative:
    return LineDerivative(found.value * factor, found.error * factor, found.jump * factor)


def _without_kinks(
    found: LineDerivative, allowed: float, places: list[str], point: Point, what: str, on_kink: OnKink
) -> Array:
    """Which entries have no kink; fails at one unless they are to be skipped."""
    kinks = np.abs(found.jump) > allowed
    if kinks.any() and on_kink == "fail":
        # A central difference at a kink is the mean of the one-sided ones.
        lines = [
            f"  {places[k]}: from the left {found.value[k] - found.jump[k] / 2:.6g}, "
            f"from the right {found.value[k] + found.jump[k] / 2:.6g}"
            for k in _worst(found.jump, kinks)
        ]
        hint = 'move off the kink, draw points inside a chamber, or pass on_kink="skip"'
        raise AssertionError(_message(f"{what} has a kink: one-sided derivatives differ", lines, kinks, point, hint))
    return ~kinks


def _require_settled(found: LineDerivative, kept: Array, allowed: float, places: list[str], point: Point) -> None:
    open_ = kept & (found.error > allowed)
    if open_.any():
        lines = [
            f"  {places[k]}: {found.value[k]:.6g} with an estimated error of {found.error[k]:.0e}, "
            f"where {allowed:.0e} is asked for"
            for k in _worst(found.error, open_)
        ]
        hint = "a kink may be close, or the function rough or rounded; try another step or a larger tolerance"
        raise AssertionError(_message("differences do not settle the derivative", lines, open_, point, hint))


def _worst(residual: Array, wrong: Array) -> list[int]:
    """The places that are wrong, the largest residuals first; a value that is no number is the worst."""
    sizes = np.where(np.isnan(residual), np.inf, np.abs(residual))
    order = sorted(np.flatnonzero(wrong), key=lambda k: -sizes[k])
    return [int(k) for k in order[:SHOWN]]


def _factor(got: Array, found: LineDerivative, kept: Array) -> str:
    """A hint where every entry is off by one factor, such as a sign or a missing 1/2."""
    clear = kept & (np.abs(found.value) > 1e3 * found.error + 1e-9)
    if clear.sum() < 2:
        return ""
    ratios = got[clear] / found.value[clear]
    same = np.allclose(ratios, ratios[0], rtol=1e-6, atol=0) and np.allclose(got[kept & ~clear], 0)
    return f"every entry is {ratios[0]:.6g} times what is expected" if same and np.isfinite(ratios[0]) else ""


def _message(title: str, lines: list[str], wrong: Array, point: Point, hint: str = "") -> str:
    more = int(wrong.sum()) - len(lines)
    rest = [f"  and {more} more"] if more > 0 else []
    return "\n".join([title, *lines, *rest, *([hint] if hint else []), "at", point.show()])
