"""Chamber flows by general programs: biases at the wanted times, and whether the program is content with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from grouping import Grouping
from problems import TOLERANCE, Answer, Floats, arrays

Work = Callable[[], Answer]
MARGIN = 1e-10  # how far behind a wall a restarted solver must be seen to be before the wall counts again
RESTARTS, ADVANCE = 100, 1e-5  # so many restarts within so short a time are chattering


@dataclass(frozen=True)
class Run:
    """A chamber problem, as arguments of ``chamber_flow``, and the times at which the biases are wanted."""

    problem: dict[str, Any]
    times: Floats

    @property
    def end(self) -> float:
        """Last of the times."""
        return float(self.times[-1])


def symflow(run: Run) -> Work:
    """``chamber_flow``, and the biases at the wanted times."""
    from symflow.flow import chamber_flow

    def work() -> Answer:
        flow = chamber_flow(**run.problem, t_max=run.end)
        content = flow.status in {"horizon", "equilibrium"}
        return Answer(flow.bias(run.times).reshape(run.times.size, -1), content, remark=flow.message)

    return work


def velocity(problem: dict[str, Any]) -> Callable[[float, Floats], Floats]:
    """-∂C/∂β of the network as it stands, ReLU'(0) = 0, by backpropagation through all data."""
    x, y, w, biases, rotations = arrays(problem)

    def slope(_: float, stacked: Floats) -> Floats:
        beta, z, kept = stacked.reshape(biases.shape), x, []
        for rotation, b in zip(rotations, beta, strict=True):
            u = (z + b) @ rotation.T
            kept.append(u > 0)
            z = np.where(u > 0, u, 0.0) @ rotation - b
        p, result = w[:, None] * (z - y), np.empty(biases.shape)
        for layer in range(len(rotations) - 1, -1, -1):
            through = np.where(kept[layer], p @ rotations[layer].T, 0.0) @ rotations[layer]
            result[layer], p = (p - through).sum(axis=0), through
        return result.ravel()

    return slope


def scipy(run: Run, method: str) -> Work:
    """solve_ivp across the walls."""
    from scipy.integrate import solve_ivp

    slope, start = velocity(run.problem), np.ravel(run.problem["biases"])

    def work() -> Answer:
        found = solve_ivp(slope, (0.0, run.end), start, method, t_eval=run.times, rtol=TOLERANCE, atol=TOLERANCE / 100)
        return Answer(found.y.T, bool(found.success), remark="" if found.success else found.message)

    return work


def scipy_events(run: Run, method: str) -> Work:
    """solve_ivp in the chamber's linear flow up to the next wall, a terminal event, and on behind it."""
    from scipy.integrate import solve_ivp

    grouping = Grouping(run.problem)
    crossed = -1

    def slope(_: float, beta: Any) -> Any:
        return grouping.c - grouping.A @ beta

    def nearest(_: float, beta: Any) -> float:
        distances = grouping.distances(beta)
        if crossed >= 0:
            distances[crossed] += MARGIN  # behind a wall; else rounding decides on which side of it the restart is
        return float(distances.min())

    nearest.terminal = True  # type: ignore[attr-defined]
    nearest.direction = -1.0  # type: ignore[attr-defined]

    def work() -> Answer:
        nonlocal crossed
        grouping.reset()
        crossed = -1
        time, beta, ahead = 0.0, grouping.start.ravel(), run.times
        states: list[Floats] = []
        events: list[float] = []
        while True:
            found = solve_ivp(
                slope, (time, run.end), beta, method, t_eval=ahead, events=nearest, rtol=TOLERANCE, atol=TOLERANCE / 100
            )
            states += list(found.y.T) if np.size(found.y) else []
            ahead = ahead[len(found.t) :]
            if not found.success:
                return Answer(np.array(states), False, np.array(events), found.message)
            if found.status != 1:
                return Answer(np.array(states), events=np.array(events))
            time, beta = float(found.t_events[0][0]), found.y_events[0][0]
            events.append(time)
            if len(events) > RESTARTS and time - events[-RESTARTS] < ADVANCE:
                return Answer(np.array(states), False, np.array(events), f"chatters at t = {time:.4g}")
            distances = grouping.distances(beta)
            if crossed >= 0:
                distances[crossed] += MARGIN
            wall = int(np.argmin(distances))
            grouping.cross(wall)
            crossed = wall ^ 1  # the same datum, seen from its other side

    return work


def diffrax(run: Run, method: str) -> Work:
    """Diffrax across the walls, compiled before."""
    import diffrax as dfx
    import jax
    import jax.numpy as jnp

    x, y, w, biases, rotations = (jnp.asarray(array) for array in arrays(run.problem))

    def cost(stacked: Any) -> Any:
        z = x
        for rotation, b in zip(rotations, stacked.reshape(biases.shape), strict=True):
            z = jax.nn.relu((z + b) @ rotation.T) @ rotation - b
        return (w * ((z - y) ** 2).sum(axis=1)).sum() / 2

    def slope(_: Any, stacked: Any, __: None) -> Any:
        return -jax.grad(cost)(stacked)

    controller = dfx.PIDController(rtol=TOLERANCE, atol=TOLERANCE / 100)
    times = jnp.asarray(run.times)

    def solve(start: Any) -> Any:
        found = dfx.diffeqsolve(
            dfx.ODETerm(slope), getattr(dfx, method)(), 0.0, times[-1], None, start,
            saveat=dfx.SaveAt(ts=times), stepsize_controller=controller, max_steps=2**18, throw=False,
        )  # fmt: skip
        return found.ys, found.result == dfx.RESULTS.successful

    start = biases.ravel()
    compiled = jax.jit(solve).lower(start).compile()

    def work() -> Answer:
        states, content = jax.block_until_ready(compiled(start))
        return Answer(np.asarray(states), bool(content), remark="" if content else "steps exhausted")

    return work


def heyoka(run: Run) -> Work:
    """Taylor's method in the chamber's linear flow, A and c as parameters, the next walls as terminal events.

    The walls are parameters too, so that it is compiled once for any data and rotations, before, as symflow is. With
    the rotations compiled in it takes a tenth less, and seconds to compile for every new ones.
    """
    import heyoka as hy

    grouping = Grouping(run.problem)
    n, walls = grouping.start.size, len(grouping.offsets)
    beta = np.atleast_1d(hy.make_vars(*(f"b{k}" for k in range(n))))
    squares, width = n * n, grouping.width
    lengths = np.repeat([width * (len(key) + 1) for key in grouping.groups], 2 * width)  # biases that a wall depends on
    times: list[float] = []

    def callback(wall: int) -> Callable[[Any, int], bool]:
        def crossed(ta: Any, _: int) -> bool:
            times.append(ta.time)
            grouping.cross(wall)
            refresh()
            return True

        return crossed

    events = []
    for wall in range(walls):
        place = squares + n + walls + wall // 2 * n
        terms = [hy.par[place + k] * beta[k] for k in range(lengths[wall])]
        sign = hy.event_direction.negative if wall % 2 else hy.event_direction.positive
        value = hy.sum([*terms, hy.par[squares + n + wall]])
        events.append(hy.t_event(value, callback=callback(wall), direction=sign))
    system = [
        (b, hy.par[squares + row] - hy.sum([hy.par[row * n + k] * other for k, other in enumerate(beta)]))
        for row, b in enumerate(beta)
    ]
    pars = np.zeros(squares + n + walls + walls // 2 * n)
    pars[squares + n + walls :] = grouping.gradients[::2].ravel()
    solver = hy.taylor_adaptive(system, grouping.start.ravel(), pars=pars, t_events=events, compact_mode=n > 6)
    parameters = solver.pars

    def refresh() -> None:
        parameters[:squares] = grouping.A.ravel()
        parameters[squares : squares + n] = grouping.c
        parameters[squares + n : squares + n + walls] = grouping.offsets

    def work() -> Answer:
        grouping.reset()
        refresh()
        times.clear()
        solver.time, solver.state[:] = 0.0, grouping.start.ravel()
        solver.reset_cooldowns()
        found = solver.propagate_grid(run.times)
        content = found[0] == hy.taylor_outcome.time_limit
        return Answer(found[-1], content, np.array(times), "" if content else str(found[0]))

    return work
