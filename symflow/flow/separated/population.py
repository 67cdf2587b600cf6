"""The separated flow in the limit of infinitely many data: F_k any continuous distribution function (theory C9).

In the logarithmic distance y = log((q* − q(0))/(q* − q)) the equation q̇ = F(q)(q* − q) reads

    ẏ = F(q* − (q* − q(0)) e^{−y}),     0 ≤ ẏ ≤ 1,

which neither stiffens nor loses digits as the target is approached, so that an explicit method of order 8 serves all
cases. Equivalently the time to come from q(0) to q is the integral of dq/(F(q)(q* − q)): the tests take that road.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import KindError, LimitError, UnsupportedError
from symflow.flow.separated.directions import Kind
from symflow.flow.separated.reading import Frame, read_frame, read_times, require_directions
from symflow.flow.separated.sums import Floats
from symflow.flow.separated.trajectories import overall

RTOL, ATOL = 1e-12, 1e-13  # of the solver; what they give is stated in `population_flow` and tested


class Distribution(Protocol):
    """What is asked of a distribution: a frozen continuous one of ``scipy.stats`` has it all."""

    def cdf(self, value: Any) -> Any:
        """Distribution function."""

    def pdf(self, value: Any) -> Any:
        """Density."""

    def support(self) -> tuple[float, float]:
        """Lower and upper end of the support, possibly infinite."""


@dataclass(frozen=True, eq=False)
class PopulationTrajectory:
    """The solution of q̇_k = F_k(q_k)(q*_k − q_k), q = −Rβ, for continuous distribution functions F_k.

    Methods take times ≥ 0 of any shape, (T,) say, infinity for the limit; they raise KindError for others, and
    LimitError where the solver gives up.
    """

    frame: Frame
    distributions: tuple[Distribution, ...]

    def threshold(self, times: ArrayLike) -> Floats:
        """q_k = −(Rβ)_k at each time; shape (T, Q)."""
        at = read_times(times)
        columns = [
            _threshold(distribution, float(start), float(target), at, limit)
            for distribution, start, target, limit in zip(
                self.distributions, self.frame.start, self.frame.target, self._limits(), strict=True
            )
        ]
        return np.stack(columns, axis=-1)

    def bias(self, times: ArrayLike) -> Floats:
        """β = −Rᵀq at each time; shape (T, Q)."""
        return 0.0 - self.frame.back(self.threshold(times))

    def truncated_fraction(self, times: ArrayLike) -> Floats:
        """F_k(q_k) at each time; shape (T, Q)."""
        thresholds = self.threshold(times)
        columns = [d.cdf(thresholds[..., k]) for k, d in enumerate(self.distributions)]
        return np.stack(columns, axis=-1)

    @property
    def equilibrium(self) -> Floats:
        """lim β(t); shape (Q,)."""
        return 0.0 - self.frame.back(np.array(self._limits()))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Per direction: ``frozen`` if nothing is truncated in the limit, ``collapsed`` if all is, else ``partial``."""
        return tuple(
            _kind(distribution, limit) for distribution, limit in zip(self.distributions, self._limits(), strict=True)
        )

    @property
    def kind(self) -> Kind:
        """``collapsed`` or ``frozen`` if all directions are, else ``partial``."""
        return overall(self.kinds)

    def _limits(self) -> list[float]:
        return [
            _limit(distribution, float(start), float(target))
            for distribution, start, target in zip(self.distributions, self.frame.start, self.frame.target, strict=True)
        ]


def population_flow(
    distributions: Sequence[Distribution],
    target: ArrayLike,
    bias: ArrayLike,
    *,
    rotation: ArrayLike | None = None,
) -> PopulationTrajectory:
    """The flow of ``separated_flow`` for a population: one distribution of (Rx)_k per direction (theory C9).

    Arguments: ``distributions``, Q frozen continuous distributions of ``scipy.stats`` (or objects with ``cdf``, ``pdf``
    and ``support``); ``target`` ỹ, ``bias`` β(0), ``rotation`` R as for ``separated_flow``. SciPy is needed.

    Thresholds have errors below 1e-9 |q* − q(0)| for F(q(0)) ≥ 1e-3, bounded densities and times up to a few hundred.
    A threshold with F(q(0)) = 0 rests. Where q* lies below the support, q tends to its lower end.

    Raises ShapeError (shapes, number of distributions), KindError (no distribution; entries; rotation) and
    UnsupportedError (distributions with atoms: ``separated_flow`` with weights is exact for these).

    >>> from scipy.stats import uniform
    >>> flow = population_flow([uniform()], target=[1.0], bias=[-0.5])  # q̇ = q(1 − q): the logistic curve
    >>> bool(abs(flow.threshold(1.0)[0] - 1 / (1 + np.exp(-1.0))) < 1e-10), flow.kind
    (True, 'collapsed')
    """
    given = tuple(distributions)
    for index, distribution in enumerate(given):
        if not callable(getattr(distribution, "cdf", None)):
            raise KindError(
                f"distributions[{index}] is {type(distribution).__name__} without cdf(); "
                "give a frozen distribution such as scipy.stats.norm(0, 1)"
            )
        if not callable(getattr(distribution, "pdf", None)) or not callable(getattr(distribution, "support", None)):
            raise UnsupportedError(
                f"distributions[{index}] has no density; give its atoms and their weights to separated_flow instead"
            )
    frame = read_frame(target, bias, rotation, np.size(target))
    require_directions(len(given), frame.target.size)
    return PopulationTrajectory(frame, given)


def _limit(distribution: Distribution, start: float, target: float) -> float:
    """The next zero of F(q)(q* − q) on the way from start to target."""
    if distribution.cdf(start) == 0:
        return start
    return max(target, float(distribution.support()[0])) if target < start else target


def _kind(distribution: Distribution, limit: float) -> Kind:
    if distribution.cdf(limit) == 0:
        return "frozen"
    return "collapsed" if limit >= distribution.support()[1] else "partial"


def _threshold(distribution: Distribution, start: float, target: float, times: Floats, limit: float) -> Floats:
    finite = np.isfinite(times)
    result = np.full(times.shape, limit)
    if limit == start or not finite.any():
        return result
    when, places = np.unique(times[finite], return_inverse=True)

    def rate(_time: float, distance: Floats) -> Floats:
        return np.asarray(distribution.cdf(target - (target - start) * np.exp(-distance)))

    integrate: Any = import_module("scipy.integrate")
    solution = integrate.solve_ivp(
        rate, (0.0, max(when[-1], 1e-300)), [0.0], method="DOP853", t_eval=when, rtol=RTOL, atol=ATOL
    )
    if not solution.success:
        raise LimitError(f"SciPy stopped short of time {when[-1]}: {solution.message}; ask for earlier times")
    path = start - (target - start) * np.expm1(-solution.y[0])
    # The lower end of the support is approached, never passed; rounding must not pass it either.
    result[finite] = np.clip(path, min(start, limit), max(start, limit))[places]
    return result
