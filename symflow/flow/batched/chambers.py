"""One chamber of the flow of all biases in jax.numpy: the linear flow, and the first wall that it meets (theory D1).

Every preactivation is followed, without the grouping of ``chamber_flow``: dense arrays over layers, data and components
are what a GPU wants.
"""

from __future__ import annotations

from typing import Any, NamedTuple

MOST_STEPS = 200  # towards a first root; each is a lower bound, and about twenty are the rule


class Chamber(NamedTuple):
    """What fixed activations make of θ (n,), the stacked biases, n = LQ.

    residuals z_L − ỹ (N, Q) and their derivative (N, Q, n); preactivations u (L, N, Q) and their slopes (L, N, Q, n).
    """

    theta: Any
    residuals: Any
    derivative: Any
    values: Any
    slopes: Any


class Modes(NamedTuple):
    """The linear flow of a chamber: rates λ (n,), directions V (n, n), velocity v = Vᵀθ̇ (n,)."""

    rates: Any
    directions: Any
    velocity: Any


def chamber_at(jnp: Any, data: Any, rotations: Any, active: Any, theta: Any) -> Chamber:
    """The chamber of the patterns ``active`` (L, N, Q) at θ; data are points (N, Q), goals (N, Q) and masses (N,)."""
    points, goals, _ = data
    L, N, Q = active.shape
    state, derivative = points, jnp.zeros((N, Q, L * Q))
    values, slopes = [], []
    for layer in range(L):
        own = jnp.zeros((Q, L * Q)).at[:, layer * Q : (layer + 1) * Q].set(jnp.eye(Q))
        beta, R = theta[layer * Q : (layer + 1) * Q], rotations[layer]
        u, slope = (state + beta) @ R.T, R @ (derivative + own)
        values.append(u)
        slopes.append(slope)
        state = jnp.where(active[layer], u, 0.0) @ R - beta
        derivative = R.T @ jnp.where(active[layer][..., None], slope, 0.0) - own
    return Chamber(theta, state - goals, derivative, jnp.stack(values), jnp.stack(slopes))


def elsewhere(chamber: Chamber, theta: Any) -> Chamber:
    """The same chamber at another θ."""
    step = theta - chamber.theta
    residuals, values = chamber.residuals + chamber.derivative @ step, chamber.values + chamber.slopes @ step
    return Chamber(theta, residuals, chamber.derivative, values, chamber.slopes)


def pulls_of(jnp: Any, chamber: Chamber, masses: Any) -> Any:
    """The share of each datum in θ̇; (N, n)."""
    return -masses[:, None] * jnp.einsum("iqn,iq->in", chamber.derivative, chamber.residuals)


def modes_of(jnp: Any, chamber: Chamber, masses: Any) -> Modes:
    """Rates and directions from the Hessian Σ ω BᵀB, and the velocity at the chamber's θ."""
    N, Q, n = chamber.derivative.shape
    flat = (jnp.sqrt(masses)[:, None, None] * chamber.derivative).reshape(N * Q, n)
    rates, directions = jnp.linalg.eigh(flat.T @ flat)
    # θ̇ lies in the range of the Hessian, so that nothing moves along its kernel.
    moving = rates > 1e-13 * jnp.maximum(rates[-1], 1e-300)
    velocity = directions.T @ pulls_of(jnp, chamber, masses).sum(axis=0)
    return Modes(jnp.where(moving, rates, 0.0), directions, jnp.where(moving, velocity, 0.0))


def theta_after(jnp: Any, theta: Any, modes: Modes, elapsed: Any) -> Any:
    """θ a time later: θ + V (v φ(λ, t)), φ(λ, t) = (1 − e^{−λt})/λ."""
    return theta + modes.directions @ (modes.velocity * _grown(jnp, modes.rates, elapsed))


def first_wall(jax: Any, chamber: Chamber, modes: Modes, active: Any, horizon: Any) -> tuple[Any, Any, Any]:
    """When the first preactivation has come to zero (the horizon if none has), which one, and whether that is settled.

    Each one times its sign is g(h) = g_0 + Σ c_j φ(λ_j, h) ≥ 0. There is no root before h + δ if g + g′δ − Mδ²/2 > 0
    with M = Σ |c_j| λ_j e^{−λ_j h}, which falls with h. All step together by the smallest δ: so no step passes a root,
    and towards a simple one they converge quadratically, at the price of one exponential per rate and step.
    """
    jnp = jax.numpy
    rates, n = modes.rates, modes.rates.shape[0]
    sign = jnp.where(active, 1.0, -1.0).reshape(-1)
    start = jnp.maximum(sign * chamber.values.reshape(-1), 0.0)
    speeds = sign[:, None] * (chamber.slopes.reshape(-1, n) @ modes.directions) * modes.velocity
    sizes = jnp.abs(speeds)

    def step(state: Any) -> Any:
        at, _, _, count = state
        decay = jnp.exp(-rates * at)
        g = jnp.maximum(start + speeds @ _grown(jnp, rates, at), 0.0)
        slope, M = speeds @ decay, sizes @ (rates * decay)
        root = jnp.sqrt(slope * slope + 2.0 * M * g)
        # The two forms of the positive solution that lose no digits; M = 0 only where nothing moves any more.
        safe = jnp.where(M > 0.0, M, 1.0)
        ahead = jnp.where(slope > 0.0, (slope + root) / safe, 2.0 * g / jnp.where(slope < 0.0, root - slope, root))
        # 0/0 is a wall that is touched without speed: no step, no root, so that the search gives up there.
        ahead = jnp.where(M > 0.0, jnp.nan_to_num(ahead, nan=0.0, posinf=jnp.inf), jnp.inf)
        wall = jnp.argmin(ahead)
        found = (ahead[wall] <= 4e-16 * at) & (slope[wall] < 0.0)
        return jnp.where(found, at, jnp.minimum(at + ahead[wall], horizon)), wall, found, count + 1

    def unfinished(state: Any) -> Any:
        at, _, found, count = state
        return ~found & (at < horizon) & (count < MOST_STEPS)

    at, wall, found, _ = jax.lax.while_loop(unfinished, step, (jnp.zeros(()), 0, False, 0))
    return at, wall, found | (at >= horizon)


def _grown(jnp: Any, rates: Any, elapsed: Any) -> Any:
    positive = rates > 0.0
    safe = jnp.where(positive, rates, 1.0)
    return jnp.where(positive, -jnp.expm1(-safe * elapsed) / safe, elapsed)
