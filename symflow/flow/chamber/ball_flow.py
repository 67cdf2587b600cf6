"""The flow of one chamber from a point, in balls: Taylor series with a remainder that is certain, and bounds for ever.

θ' = v - M (θ - m) from m, M = ΠHΠ symmetric and positive semidefinite. So no derivative of θ grows in length, and what
is left out behind a term of the Taylor series is at most as long as the first term left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import flint

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_bounds import OUT, TINY, above, below, norm, spill

STRIDE = 4.0  # |M| times the time that one series is used for
MOST = 20_000  # strides
TERMS = 400
LOOK = 7  # so many terms of a series are added between two looks at how long they are


@cache
def _reciprocals(bits: int) -> list[Any]:
    """1/k at a precision, which is that of the context."""
    assert bits == flint.ctx.prec
    return [flint.arb(1) / max(k, 1) for k in range(TERMS)]


@dataclass(slots=True)
class _Leg:
    """A stride: where it begins, known to within ``error``; the velocity there, and a bound of its length.

    The terms of the series for one time are kept. For another one they are these times powers of the ratio.
    """

    start: Any
    velocity: Any
    speed: float
    error: float
    time: Any = None
    terms: list[Any] = field(default_factory=list)
    lengths: dict[int, float] = field(default_factory=dict)  # of the kth one, where it was looked at


@dataclass(slots=True)
class BallFlow:
    """The flow from m. ``size`` >= |M|; ``speed``, ``pull`` and ``twist`` bound |θ'|, |θ''| and |θ'''| from m on."""

    start: Any
    M: Any
    velocity: Any
    second: Any
    third: Any
    size: float
    speed: float
    pull: float
    twist: float
    legs: list[_Leg] = field(default_factory=list)  # as far as was asked
    derivatives: dict[int, list[Any]] = field(default_factory=dict)  # for ``derivatives_at``, by identity
    known: dict[float, tuple[Any, Any, float, float]] = field(default_factory=dict)  # for ``state_at``

    def velocity_at(self, state: Any) -> Any:
        """θ' at a point that differs from m in the range of M only."""
        return self.velocity - self.M * (state - self.start)

    def derivatives_at(self, velocity: Any, order: int) -> list[Any]:
        """θ', θ'', … up to an order, where θ' is this velocity; kept, and so is the velocity."""
        found = self.derivatives.setdefault(id(velocity), [velocity])
        while len(found) < order:
            found.append(-(self.M * found[-1]))
        return found

    def state_at(self, time: float) -> tuple[Any, Any, float, float]:
        """(x, x', error, bound of |θ''|) after a time; kept, since many functions are looked at at the same times."""
        if time == 0.0:
            return self.start, self.velocity, 0.0, self.pull
        if time not in self.known:
            state, error = self.at(flint.arb(time))
            velocity = self.velocity_at(state)
            self.known[time] = state, velocity, error, norm(self.M * velocity) + self.size**2 * error
        return self.known[time]

    def at(self, time: Any) -> tuple[Any, float]:
        """(x, error): θ after a time is within ``error`` of a point of the ball x."""
        reach = self.size * above(time)
        if not reach <= STRIDE * MOST:
            raise CertificateError("a segment is too long, or its Hessian too large, for Taylor series")
        if not self.legs:
            self.legs.append(_Leg(self.start, self.velocity, self.speed, 0.0))
        behind = 0
        if reach > STRIDE:
            stride = STRIDE / self.size
            behind = int(below(time) / stride)
            while len(self.legs) <= behind:
                self._stride(stride)
            time = time - flint.arb(stride) * behind
        state, left_out = self._series(self.legs[behind], time)
        return state, (self.legs[behind].error + left_out) * (1.0 + OUT)

    def _stride(self, stride: float) -> None:
        """One more; the flow is a contraction, so that what a stride leaves out does not grow in the next ones."""
        leg = self.legs[-1]
        state, left_out = self._series(leg, flint.arb(stride))
        error = (leg.error + left_out + spill(state)) * (1.0 + OUT)
        velocity = self.velocity_at(state.mid())
        self.legs.append(_Leg(state.mid(), velocity, norm(velocity), error))

    def _series(self, leg: _Leg, time: Any) -> tuple[Any, float]:
        duration = above(time)
        reach, wanted = self.size * duration, 2.0 ** -float(flint.ctx.prec)
        parts, terms = _reciprocals(flint.ctx.prec), leg.terms
        if not terms or not leg.time > 0:  # a time that may be zero has no ratios to others
            leg.time = time
            terms[:] = [leg.velocity * time]
            leg.lengths.clear()
        power = ratio = generator = None
        longer = longest = 1.0  # than the time of the terms, to the first and to the kth power
        if time is not leg.time:
            power = ratio = time / leg.time
            longer = above(ratio)
        state, left_out = leg.start, leg.speed * duration * (1.0 + OUT)
        for k in range(1, TERMS):
            if k > len(terms):
                if generator is None:
                    generator = self.M * -leg.time
                terms.append(generator * terms[-1] * parts[k])
            if ratio is None:
                state = state + terms[k - 1]
            else:
                state = state + terms[k - 1] * power
                power = power * ratio
                longest *= longer
            if k % LOOK == 0:  # the term itself is shorter than its bound by |M|
                if k not in leg.lengths:
                    leg.lengths[k] = norm(terms[k - 1])
                left_out = min(left_out, leg.lengths[k] * longest * (1.0 + OUT))
            left_out *= reach / (k + 1) * (1.0 + OUT)
            if left_out <= wanted:
                return state, left_out + TINY
        raise CertificateError("a Taylor series does not converge")


def flow_from(start: Any, M: Any, velocity: Any) -> BallFlow:
    """The flow from a point whose coordinates are exact."""
    second = -(M * velocity)
    third = -(M * second)
    return BallFlow(start, M, velocity, second, third, above(M.trace()), norm(velocity), norm(second), norm(third))


@dataclass(slots=True)
class BallFunction:
    """f(θ) = row · θ + offset."""

    row: Any
    offset: Any
    size: float  # >= |row|

    def value(self, state: Any) -> Any:
        """f."""
        return (self.row * state)[0, 0] + self.offset

    def rests(self, flow: BallFlow, zero: float) -> bool:
        """Whether f, f' and f'' are zero at the start of a flow, to within ``zero``."""
        values = self.value(flow.start), self.slope(flow.velocity), self.slope(flow.second)
        return all(bool(abs(value) < zero) for value in values)

    def negative(self) -> BallFunction:
        """-f."""
        return BallFunction(-self.row, -self.offset, self.size)

    def slope(self, velocity: Any) -> Any:
        """f' along a velocity; also f'' along an acceleration, and so on."""
        return (self.row * velocity)[0, 0]


def function_of(row: Any, offset: Any) -> BallFunction:
    """The function with the length of its gradient."""
    return BallFunction(row, offset, norm(row.transpose()))
