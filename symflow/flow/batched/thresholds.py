"""The thresholds of one layer in closed form: one sort and some prefix sums in jax.numpy, so that many go at once.

In the coordinates of the rotation directions decouple, with or without separated clusters (theory A7, C2):

    q̇ = ν_c (m_c − q),     ν_c = Σ ω,  m_c = Σ ω q* / ν_c  over the c truncated data,

so a threshold moves one way, from datum to datum, in times ν^{-1} log1p((e − p)/(m − e)) (theory C3). It goes through
datum e if the force before it drives it there, and on from there if the force behind it does; else it rests on the
datum, which is where a trajectory slides on a wall (theory D2). Forces are compared as sums over data, so a force of
no data is exactly 0. Stages beyond the last one have time infinity; so all arrays have one shape, whatever happens.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Motion(NamedTuple):
    """One direction, N data: arrays over the stages 0..N, the last of which is ``final``.

    times at which stages begin (infinity after the final one), corners where, ends where they would lead, pulls m_c,
    masses ν_c, spreads Σ ω (q* − m_c)² and rests Σ ω (x − q*)² over the truncated and the other data. ``unique`` is
    False where the threshold starts on a datum and could as well rest or go the other way: then it rises if it can.
    """

    times: Any
    corners: Any
    ends: Any
    pulls: Any
    masses: Any
    spreads: Any
    rests: Any
    final: Any
    unique: Any


def motion_of(jnp: Any, data: Any, masses: Any, goals: Any, start: Any) -> Motion:
    """The motion of one threshold; data, masses and goals (N,) in any order."""
    order = jnp.argsort(data)
    x, w, goal = data[order], masses[order], goals[order]
    N = x.shape[0]
    # Relative to one goal: if all are equal, every pull is that goal, to the last bit.
    origin = goal[0]
    nu, moment = _prefix_sums(jnp, w), _prefix_sums(jnp, w * (goal - origin))
    square = _prefix_sums(jnp, w * (goal - origin) ** 2)
    mean = jnp.where(nu > 0.0, moment / jnp.where(nu > 0.0, nu, 1.0), 0.0)

    def force(count: Any, q: Any) -> Any:
        return nu[count] * ((origin - q) + mean[count])

    below = jnp.searchsorted(x, start, side="right")
    up, down = force(below, start), force(jnp.searchsorted(x, start, side="left"), start)
    rising, moving = up > 0.0, (up > 0.0) | (down < 0.0)
    # Up: counts below, below + 1, ... and data x[below], ...; down: below, below − 1, ... and x[below − 1], ...
    stage = jnp.arange(N + 1)
    count = jnp.where(rising, below + stage, below - stage)
    ahead = jnp.where(rising, count, count - 1)
    inside, count = (ahead >= 0) & (ahead < N), jnp.clip(count, 0, N)
    ends = jnp.where(inside, x[jnp.clip(ahead, 0, N - 1)], jnp.where(rising, jnp.inf, -jnp.inf))
    corners = jnp.concatenate([start[None], ends[:-1]])
    there = jnp.where(inside, ends, 0.0)
    passed = (
        inside & moving & ((ends == corners) | jnp.where(rising, force(count, there) > 0.0, force(count, there) < 0))
    )
    final = jnp.argmin(passed)  # the stage N is never passed
    durations = jnp.where(stage < final, _duration(jnp, corners, there, (origin - there) + mean[count], nu[count]), 0.0)
    times = _prefix_sums(jnp, durations)[:-1]
    last_force = force(count[final], corners[final])
    driven = moving & jnp.where(rising, last_force > 0.0, last_force < 0.0)
    pulls = origin + mean[count]
    halted = (stage == final) & ~driven
    spreads = jnp.maximum(square[count] - moment[count] * mean[count], 0.0)
    untouched = w * (x - goal) ** 2
    rests = jnp.concatenate([jnp.cumsum(untouched[::-1])[::-1], jnp.zeros(1)])
    return Motion(
        jnp.where(stage <= final, times, jnp.inf),
        corners,
        jnp.where(halted, corners, jnp.where(stage == final, pulls, ends)),
        pulls,
        jnp.where(halted, 0.0, nu[count]),
        spreads + jnp.where(halted, nu[count] * (pulls - corners) ** 2, 0.0),
        rests[count],
        final,
        ~(((up > 0.0) & (down <= 0.0)) | ((up >= 0.0) & (down < 0.0))),
    )


def position_at(jnp: Any, motion: Motion, time: Any) -> tuple[Any, Any]:
    """The threshold, and ½ Σ ω (τ(x) − q*)² of its direction, at one time ≥ 0, infinity included."""
    stage = jnp.minimum(jnp.searchsorted(motion.times, time, side="right") - 1, motion.final)
    here, mass, end = motion.corners[stage], motion.masses[stage], motion.ends[stage]
    exponent = jnp.where(mass > 0.0, mass * (time - motion.times[stage]), 0.0)
    gap = motion.pulls[stage] - here
    # Early on the distance covered is the small quantity, later the distance left: each is computed as itself.
    moved = jnp.where(exponent < 0.5, here - gap * jnp.expm1(-exponent), motion.pulls[stage] - gap * jnp.exp(-exponent))
    q = jnp.clip(jnp.where(mass > 0.0, moved, here), jnp.minimum(here, end), jnp.maximum(here, end))
    square = mass * (motion.pulls[stage] - q) ** 2
    return q, 0.5 * (square + motion.spreads[stage] + motion.rests[stage])


def _duration(jnp: Any, corners: Any, ends: Any, left: Any, mass: Any) -> Any:
    """Time from the corner to the end of a stage; ``left`` is m − e."""
    covered, left = jnp.abs(ends - corners), jnp.abs(left)
    logarithm = jnp.log1p(covered / left)
    # An end so close to the pull that the quotient overflows; and 0/0 of ties, which take no time.
    logarithm = jnp.where(jnp.isfinite(logarithm), logarithm, jnp.log(covered + left) - jnp.log(left))
    return jnp.where(covered > 0.0, logarithm / mass, 0.0)


def _prefix_sums(jnp: Any, terms: Any) -> Any:
    return jnp.concatenate([jnp.zeros(1), jnp.cumsum(terms)])
