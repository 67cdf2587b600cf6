"""One threshold of the separated flow by general programs: thresholds at wanted times, and event times if there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from problems import TOLERANCE, Answer, Cluster

Work = Callable[[], Answer]
STEP = 1e-3  # of gradient descent


def symflow(problem: Cluster) -> Work:
    """Event times, and thresholds at the wanted times."""
    from symflow.flow import separated_flow

    points, target, bias = problem.points[:, None], [problem.target], [-problem.start]

    def work() -> Answer:
        flow = separated_flow(points, target, bias)
        return Answer(flow.threshold(problem.times), events=flow.directions[0].times[1:])

    return work


def symflow_trajectory(problem: Cluster) -> Work:
    """The trajectory, nothing evaluated but its event times."""
    from symflow.flow import separated_flow

    points, target, bias = problem.points[:, None], [problem.target], [-problem.start]
    nothing = np.empty((0, 1))
    return lambda: Answer(nothing, events=separated_flow(points, target, bias).directions[0].times[1:])


def sort(problem: Cluster) -> Work:
    """The sort that any event-driven method begins with."""
    points, nothing = problem.points, np.empty((0, 1))
    return lambda: Answer(nothing) if np.sort(points).size else Answer(nothing, content=False)


def scipy(problem: Cluster, method: str) -> Work:
    """solve_ivp across the kinks."""
    from scipy.integrate import solve_ivp

    def work() -> Answer:
        data, count = np.sort(problem.points), problem.points.size

        def slope(_: float, q: Any) -> Any:
            return np.searchsorted(data, q, side="right") / count * (problem.target - q)

        span = (0.0, float(problem.times[-1]))
        found = solve_ivp(
            slope, span, [problem.start], method, t_eval=problem.times, rtol=TOLERANCE, atol=TOLERANCE / 100
        )
        return Answer(found.y.T, bool(found.success), remark=found.message if not found.success else "")

    return work


def scipy_events(problem: Cluster, method: str) -> Work:
    """solve_ivp with the next datum as a terminal event, restarted there with one more datum truncated."""
    from scipy.integrate import solve_ivp

    def work() -> Answer:
        data, count = np.sort(problem.points).tolist(), problem.points.size
        below = int(np.searchsorted(data, problem.start, side="right"))
        time, q, end = 0.0, problem.start, float(problem.times[-1])
        ahead = problem.times
        states: list[float] = []
        events: list[float] = []
        while time < end:
            force, beyond = below / count, data[below] if below < count else problem.target + 1.0

            def slope(_: float, at: Any, force: float = force) -> Any:
                return force * (problem.target - at)

            def datum(_: float, at: Any, beyond: float = beyond) -> float:
                return float(at[0]) - beyond

            datum.terminal = True  # type: ignore[attr-defined]
            datum.direction = 1.0  # type: ignore[attr-defined]
            found = solve_ivp(
                slope, (time, end), [q], method, t_eval=ahead, events=datum, rtol=TOLERANCE, atol=TOLERANCE / 100
            )
            if not found.success:
                return Answer(np.array(states)[:, None], False, np.array(events), found.message)
            states += found.y[0].tolist() if np.size(found.y) else []
            ahead = ahead[len(found.t) :]
            if found.status != 1:
                break
            time, q = float(found.t_events[0][0]), float(found.y_events[0][0, 0])
            events.append(time)
            below += 1
        return Answer(np.array(states)[:, None], events=np.array(events))

    return work


def diffrax(problem: Cluster, method: str) -> Work:
    """Diffrax across the kinks, compiled before."""
    import diffrax as dfx
    import jax
    import jax.numpy as jnp

    def slope(_: Any, q: Any, data: Any) -> Any:
        return jnp.searchsorted(data, q, side="right") / data.size * (problem.target - q)

    controller = dfx.PIDController(rtol=TOLERANCE, atol=TOLERANCE / 100)
    times, start = jnp.asarray(problem.times), jnp.asarray([problem.start])

    def solve(points: Any) -> Any:
        found = dfx.diffeqsolve(
            dfx.ODETerm(slope), getattr(dfx, method)(), 0.0, times[-1], None, start, jnp.sort(points),
            saveat=dfx.SaveAt(ts=times), stepsize_controller=controller, max_steps=2**24, throw=False,
        )  # fmt: skip
        return found.ys, found.result == dfx.RESULTS.successful

    points = jnp.asarray(problem.points)
    compiled = jax.jit(solve).lower(points).compile()

    def work() -> Answer:
        states, content = jax.block_until_ready(compiled(points))
        return Answer(np.asarray(states), bool(content), remark="" if content else "steps exhausted")

    return work


def heyoka(problem: Cluster, style: str) -> Work:
    """Taylor's method with the next datum as a terminal event; the truncated fraction is a parameter, changed there.

    Styles: ``plain``, the callback as the manual writes one; ``tuned``, with what it needs at hand, and no cooldown;
    ``kept``, plain with continuous output, a trajectory that can be evaluated anywhere. Compiled before.
    """
    import heyoka as hy

    q = hy.make_vars("q")
    count, far = problem.points.size, problem.target + 1.0  # a larger number would make its step sizes coarse
    times: list[float] = []
    place, data, values = 0, np.empty(0), [0.0]

    def plain(ta: Any, _: int) -> bool:
        nonlocal place
        place += 1
        times.append(ta.time)
        ta.pars[0] = place / count
        ta.pars[1] = data[place] if place < count else far
        return True

    def tuned(ta: Any, _: int) -> bool:
        nonlocal place
        place += 1
        times.append(ta.time)
        parameters[0] = place / count
        parameters[1] = values[place]
        return True

    event = hy.t_event(
        q - hy.par[1],
        callback=tuned if style == "tuned" else plain,
        direction=hy.event_direction.positive,
        **({"cooldown": 0.0} if style == "tuned" else {}),
    )
    solver = hy.taylor_adaptive(
        [(q, hy.par[0] * (problem.target - q))], [problem.start], pars=[0.0, far], t_events=[event]
    )
    parameters = solver.pars

    def work() -> Answer:
        nonlocal place, data, values
        data = np.sort(problem.points)
        place = int(np.searchsorted(data, problem.start, side="right"))
        if style == "tuned":
            values = [*data.tolist(), far]
        times.clear()
        solver.time, solver.state[0] = 0.0, problem.start
        solver.reset_cooldowns()
        parameters[0], parameters[1] = place / count, data[place]
        if style == "kept":
            found = solver.propagate_until(float(problem.times[-1]), c_output=True)
            states = np.empty((0, 1))
        else:
            found = solver.propagate_grid(problem.times)
            states = found[-1]
        content = found[0] == hy.taylor_outcome.time_limit
        return Answer(states, content, np.array(times), "" if content else str(found[0]))

    return work


def jax_descent(problem: Cluster) -> Work:
    """Gradient descent on the cost of the network, by jax.grad, compiled before."""
    import jax
    import jax.numpy as jnp

    inner = _inner(problem)
    step = float(problem.times[1] - problem.times[0]) / inner

    def cost(beta: Any, points: Any) -> Any:
        return jnp.mean((jax.nn.relu(points + beta) - beta - problem.target) ** 2) / 2

    def descend(beta: Any, points: Any) -> Any:
        slope = jax.grad(cost)

        def interval(beta: Any, _: None) -> Any:
            beta = jax.lax.fori_loop(0, inner, lambda _, at: at - step * slope(at, points), beta)
            return beta, beta

        return jax.lax.scan(interval, beta, None, length=problem.times.size - 1)[1]

    start, points = jnp.asarray(-problem.start), jnp.asarray(problem.points)
    compiled = jax.jit(descend).lower(start, points).compile()

    def work() -> Answer:
        path = np.asarray(compiled(start, points))
        return Answer(-np.append(-problem.start, path)[:, None], remark=f"step {step:.0e}")

    return work


def torch_descent(problem: Cluster) -> Work:
    """Gradient descent on the cost of the network, by torch.autograd."""
    import torch

    torch.set_num_threads(1)
    inner = _inner(problem)
    step = float(problem.times[1] - problem.times[0]) / inner
    points = torch.from_numpy(problem.points)

    def work() -> Answer:
        beta, path = torch.tensor(-problem.start, dtype=torch.float64, requires_grad=True), [-problem.start]
        for _ in range(problem.times.size - 1):
            for _ in range(inner):
                cost = ((torch.relu(points + beta) - beta - problem.target) ** 2).mean() / 2
                (slope,) = torch.autograd.grad(cost, beta)
                with torch.no_grad():
                    beta -= step * slope
            path.append(float(beta.detach()))
        return Answer(-np.array(path)[:, None], remark=f"step {step:.0e}")

    return work


def _inner(problem: Cluster) -> int:
    """Steps of descent between two wanted times."""
    return max(1, round(float(problem.times[1] - problem.times[0]) / STEP))
