"""The separated flow in the limit of infinitely many data: F_k any continuous distribution function (theory C9).

In the logarithmic distance y = log((q* − q(0))/(q* − q)) the equation q̇ = F(q)(q* − q) reads

    ẏ = F(q* − (q* − q(0)) e^{−y}),     0 ≤ ẏ ≤ 1,

which neither stiffens nor loses digits as the target is approached, so that an explicit method of order 8 serves all
cases. Thresholds at given times come from it, in one pass for all times. The other way round, the time at a given
threshold, is an integral, t = ∫ dy/F, and a quadrature of it knows no error that grows on the way: ``arrival_time`` is
that. To invert it for thresholds would cost a search for a root, with quadratures inside, for each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import KindError, LimitError, UnsupportedError
from symflow.flow.given import read_asked_times
from symflow.flow.separated.directions import Kind
from symflow.flow.separated.population_integrals import Distribution, arrival_times, costs_above
from symflow.flow.separated.reading import Frame, read_floats, read_frame, read_places, require_directions
from symflow.flow.separated.sums import Floats
from symflow.flow.separated.trajectories import overall
from symflow.flow.starts import PopulationStart

RTOL, ATOL = 1e-12, 1e-13


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
        at = read_asked_times(times)
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

    def state(self, time: float) -> PopulationStart:
        """Where the flow is at a time ≥ 0, as a start of ``population_flow``, which continues this one."""
        target = self.frame.back(self.frame.target)
        return PopulationStart(self.distributions, target, self.bias(time), self.frame.rotation)

    def truncated_fraction(self, times: ArrayLike) -> Floats:
        """F_k(q_k) at each time; shape (T, Q)."""
        thresholds = self.threshold(times)
        columns = [d.cdf(thresholds[..., k]) for k, d in enumerate(self.distributions)]
        return np.stack(columns, axis=-1)

    def loss(self, times: ArrayLike) -> Floats:
        """C = ½E|τ(x) − ỹ|² at each time (theory A7, C9); shape (T,).

        Per direction ½(F(q)(q* − q)² + E[(x − q*)²; x > q]). Raises LimitError where the mean of x² over the data that
        are not truncated is infinite, UnsupportedError for a distribution without ``ppf``, the inverse of ``cdf``.
        """
        thresholds = self.threshold(times)
        total = np.zeros(thresholds.shape[:-1])
        for k, (distribution, target) in enumerate(zip(self.distributions, self.frame.target.tolist(), strict=True)):
            at = thresholds[..., k]
            if at.size:
                waiting = costs_above(distribution, target, at.ravel()).reshape(at.shape)
                total += (distribution.cdf(at) * (target - at) ** 2 + waiting) / 2
        return total

    def arrival_time(self, thresholds: ArrayLike) -> Floats:
        """When q_k is at the given places, shape (..., Q); infinity where it never is, and at q*_k, which it tends to.

        t = ∫ dq/(F(q)(q* − q)) from q(0), by quadrature: relative errors below 1e-9, whatever F(q(0)) > 0 is. Raises
        KindError (NaN), ShapeError, and UnsupportedError for a distribution without ``ppf``, the inverse of ``cdf``.
        """
        places = read_places(thresholds, len(self.distributions))
        result = np.full(places.shape, np.inf)
        for k, (distribution, limit) in enumerate(zip(self.distributions, self._limits(), strict=True)):
            start, target = float(self.frame.start[k]), float(self.frame.target[k])
            at, found = places[..., k], result[..., k]
            found[at == start] = 0.0
            on_the_way = (min(start, limit) <= at) & (at <= max(start, limit)) & (at != start) & (at != target)
            if on_the_way.any():
                found[on_the_way] = arrival_times(distribution, start, target, limit, at[on_the_way])
        return result

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

    Thresholds have errors below 1e-9 |q* − q(0)| for F(q(0)) ≥ 1e-6 and bounded densities; where less is truncated at
    the start, the threshold is as uncertain as the time when it begins to move.
    A threshold with F(q(0)) = 0 rests. Where q* lies below the support, q tends to its lower end.

    Raises ShapeError (shapes, number of distributions), KindError (no distribution; entries; rotation) and
    UnsupportedError (distributions with atoms: ``separated_flow`` with weights is exact for these; no SciPy).

    >>> from scipy.stats import uniform
    >>> flow = population_flow([uniform()], target=[1.0], bias=[-0.5])  # q̇ = q(1 − q): the logistic curve
    >>> bool(abs(flow.threshold(1.0)[0] - 1 / (1 + np.exp(-1.0))) < 1e-10), flow.kind
    (True, 'collapsed')
    >>> bool(abs(flow.arrival_time([0.75])[0] - np.log(3)) < 1e-10)
    True
    """
    if find_spec("scipy") is None:
        raise UnsupportedError('population_flow needs SciPy, which is not installed here: pip install "symflow[flow]"')
    try:
        given = tuple(distributions)
    except TypeError:
        raise KindError("distributions must be a list, one distribution for each direction") from None
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
    frame = read_frame(target, bias, rotation, read_floats(target, "target", 1).size)
    require_directions(len(given), frame.target.size)
    for index, (distribution, start) in enumerate(zip(given, frame.start, strict=True)):
        if not np.isfinite(distribution.cdf(start)):
            raise KindError(
                f"distributions[{index}].cdf is not finite at {start}; are its parameters what they should be?"
            )
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
    # Where little is truncated at the start, an early error in y grows with F: by up to 1/F(q(0)).
    atol = ATOL * min(1.0, float(distribution.cdf(start)))
    solution = integrate.solve_ivp(
        rate, (0.0, max(when[-1], 1e-300)), [0.0], method="DOP853", t_eval=when, rtol=RTOL, atol=atol
    )
    if not solution.success:
        raise LimitError(f"SciPy stopped short of time {when[-1]}: {solution.message}; ask for earlier times")
    path = start - (target - start) * np.expm1(-solution.y[0])
    # The lower end of the support is approached, never passed; rounding must not pass it either.
    result[finite] = np.clip(path, min(start, limit), max(start, limit))[places]
    return result
