"""C3. Between events each threshold approaches its target exponentially, and the next event has an explicit time.

Source: arXiv:2501.07400 (cluster-separated truncations); theory C3.
Hypotheses: one direction; nu, the truncated fraction F(q), does not change, which holds until the threshold meets the
next data point.

C3.unique: (q - q*) e^(nu s) does not change along any solution, so that the closed form is the only one. C3.event:
at the time log(rho)/nu the distance to the target has shrunk by the ratio rho; with rho = (q* - q(0))/(q* - x) the
threshold is at x then. The ratio is positive, and the time too, exactly if x lies between q(0) and q*; else there is
no event before all time. C3.restart: flowing on from an intermediate state is flowing, so events may be chained.
"""

from symflow import Derivation, along, exp, grad, hadamard, log

d = Derivation("Closed form between events", source="arXiv:2501.07400; theory C3")
Q = d.dim("Q")
q, q0, target = d.scalar("q"), d.scalar("q0"), d.scalar("q_star")
nu, s, time = d.scalar("nu"), d.scalar("s"), d.scalar("t")
ratio = d.scalar("rho", positive=True)


def flow(duration, start=q0):
    """The threshold after a time, from a start."""
    return target + (start - target) * exp(-nu * duration)


d.claim("C3", grad(flow(s), s) == nu * (target - flow(s)), title="the closed form solves q' = nu (q* - q)")
d.claim("C3.start", flow(s - s) == q0, title="and starts at q(0)")
d.claim(
    "C3.unique",
    along((q - target) * exp(nu * s), {q: nu * (target - q), s: 1}) == 0,
    title="every solution has (q - q*) e^(nu s) constant",
)
d.claim(
    "C3.event",
    flow(log(ratio) / nu) == target + (q0 - target) / ratio,
    title="the distance has shrunk by a ratio rho after log(rho)/nu",
)
d.claim("C3.restart", flow(time, flow(s)) == flow(s + time), title="flowing on from an event")

# all directions at once, each with its own fraction
n, start, goal = d.vector("n", Q), d.vector("p_0", Q), d.vector("p_star", Q)
path = d.define("p", goal + hadamard(exp(-s * n), start - goal))
d.claim("C3.directions", along(path, {s: 1}) == hadamard(n, goal - path), title="all directions at once")
