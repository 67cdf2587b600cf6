"""Flows of all biases from wall to wall under ``jax.vmap``: exact while walls are crossed, honest where they are not.

A flow goes on through a wall only if that is its one continuation: if the data on that wall drive on, whichever of them
have changed sides. Data that share a wall are those of equal preactivation for ever, such as a cluster that an
earlier layer has sent to one point. Where the wall is slid on, or anything else happens, the flow halts: the code says
which, and ``chamber_flow`` can go on from there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from symflow.flow.batched.chambers import (
    Chamber,
    chamber_at,
    elsewhere,
    first_wall,
    modes_of,
    pulls_of,
    theta_after,
)

RUNNING, FINISHED, SLID, UNSETTLED = range(4)
NEAR = 1e-11  # preactivations below this, in units of the data, are at a wall; so are equal two that differ by less
DOUBTFUL = 1e-9  # speeds below this, against the speeds of the data on the wall, are not trusted to have a sign


class Progress(NamedTuple):
    """Where a flow is: time, chamber with θ, activations (L, N, Q), its code, events so far, samples (T, n).

    ``inside`` and ``inside_theta`` are a time and θ in the middle of the segment that has led here, off every wall.
    """

    time: Any
    chamber: Chamber
    active: Any
    code: Any
    events: Any
    samples: Any
    inside: Any
    inside_theta: Any


class Outcome(NamedTuple):
    """Where a flow has come to: time, θ (n,), code, events, samples (T, n), which are NaN after the time.

    ``inside``, ``inside_theta``: where ``chamber_flow`` can take over, shortly before, off the walls that are met.
    """

    time: Any
    theta: Any
    code: Any
    events: Any
    samples: Any
    inside: Any
    inside_theta: Any


def run(jax: Any, data: Any, rotations: Any, start: Any, times: Any, horizon: Any, most_events: Any) -> Outcome:
    """The flow from the biases ``start`` (L, Q), sampled at ``times`` (T,); data as for ``chamber_at``."""
    jnp = jax.numpy
    scale = jnp.maximum(jnp.maximum(jnp.abs(data[0]).max(), jnp.abs(data[1]).max()), jnp.abs(start).max())

    def advance(before: Progress) -> Progress:
        modes = modes_of(jnp, before.chamber, data[2])
        left = horizon - before.time
        elapsed, wall, sure = first_wall(jax, before.chamber, modes, before.active, left)
        finished = elapsed >= left
        theta = theta_after(jnp, before.chamber.theta, modes, elapsed)
        here = elsewhere(before.chamber, theta)
        active = before.active ^ _atom(jnp, here, wall, NEAR * scale)
        beyond = chamber_at(jnp, data, rotations, active, theta)
        crossing = _judged(jnp, data[2], before.active, (here, beyond), wall, NEAR * scale)
        # Two events at one time are not taken for two crossings; and what is not sure is not kept.
        instant = elapsed <= 1e-14 * (1.0 + before.time)
        code = jnp.where(finished, FINISHED, jnp.where(instant, UNSETTLED, crossing))
        code = jnp.where((code == RUNNING) & (before.events + 1 >= most_events), UNSETTLED, code)
        time = jnp.where(finished, horizon, before.time + elapsed)
        path = jax.vmap(lambda at: theta_after(jnp, before.chamber.theta, modes, at - before.time))(times)
        samples = jnp.where(((times > before.time) & (times <= time))[:, None], path, before.samples)
        middle = theta_after(jnp, before.chamber.theta, modes, elapsed / 2.0)
        events = before.events + jnp.where(finished, 0, 1)
        after = Progress(time, beyond, active, code, events, samples, before.time + elapsed / 2.0, middle)
        kept: Progress = jax.tree_util.tree_map(
            lambda new, old: jnp.where(sure, new, old), after, before._replace(code=jnp.full_like(code, UNSETTLED))
        )
        return kept

    end = jax.lax.while_loop(
        lambda progress: progress.code == RUNNING, advance, _begun(jnp, data, rotations, start, times, scale)
    )
    return Outcome(end.time, end.chamber.theta, end.code, end.events, end.samples, end.inside, end.inside_theta)


def _begun(jnp: Any, data: Any, rotations: Any, start: Any, times: Any, scale: Any) -> Progress:
    state, active, smallest = data[0], [], jnp.inf
    for rotation, beta in zip(rotations, start, strict=True):
        u = (state + beta) @ rotation.T
        active.append(u > 0.0)
        smallest = jnp.minimum(smallest, jnp.abs(u).min())
        state = jnp.where(u > 0.0, u, 0.0) @ rotation - beta
    theta, patterns = start.reshape(-1), jnp.stack(active)
    return Progress(
        jnp.zeros(()), chamber_at(jnp, data, rotations, patterns, theta), patterns,
        jnp.where(smallest <= NEAR * scale, UNSETTLED, RUNNING), 0, jnp.where(times[:, None] == 0.0, theta, jnp.nan),
        jnp.zeros(()), theta,
    )  # fmt: skip


def _atom(jnp: Any, here: Chamber, wall: Any, near: Any) -> Any:
    """The preactivations (L, N, Q) that are zero together with that of the wall, as long as patterns stand."""
    _, N, Q = here.values.shape
    same = jnp.abs(here.slopes - _row(here, wall)).max(axis=3) <= NEAR
    place = jnp.zeros_like(same).at[wall // (N * Q), :, wall % Q].set(True)
    return place & same & (jnp.abs(here.values) <= near)


def _judged(jnp: Any, masses: Any, active: Any, sides: tuple[Chamber, Chamber], wall: Any, near: Any) -> Any:
    """RUNNING if the flow goes on through the wall, SLID or UNSETTLED if not; ``active`` and sides[0] are before it."""
    atom, row = _atom(jnp, sides[0], wall, near), _row(sides[0], wall)
    pulls = [pulls_of(jnp, side, masses) for side in sides]
    # The speed of the preactivation, onward, if all its data change sides, and if those do that slow it down most:
    # their shares add up.
    onward = jnp.where(active.reshape(-1)[wall], -1.0, 1.0)
    shares, others = onward * (pulls[0] @ row), onward * (pulls[1] @ row)
    slowest = jnp.where(atom.any(axis=(0, 2)), jnp.minimum(shares, others), shares).sum()
    doubt = DOUBTFUL * jnp.abs(shares).sum()
    # Other walls at zero, unless they are being left on this side and on that.
    sign = jnp.where(active, 1.0, -1.0)
    leaving = [sign * (side.slopes @ pull.sum(axis=0)) > 0.0 for side, pull in zip(sides, pulls, strict=True)]
    crowded = ((jnp.abs(sides[0].values) <= near) & ~atom & ~(leaving[0] & leaving[1])).any()
    slid = jnp.where(others.sum() < -doubt, SLID, UNSETTLED)
    return jnp.where(crowded, UNSETTLED, jnp.where(slowest > doubt, RUNNING, slid))


def _row(chamber: Chamber, wall: Any) -> Any:
    return chamber.slopes.reshape(-1, chamber.slopes.shape[3])[wall]
