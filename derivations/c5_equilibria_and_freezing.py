"""C5. Where a threshold rests: at its target, or below all data, where nothing is truncated and nothing moves.

Source: arXiv:2501.07400 (cluster-separated truncations); theory C5.
Hypotheses: one direction, q' = F(q) (q* - q); C5.linear for smooth F; C5.frozen in all directions at once.

C5.lyapunov: the target attracts from every q on whose way F stays positive. From above F(q) >= F(q*) by C4.monotone,
so that F(q*) > 0 is enough. From below it is not, where the only data that are truncated at the target lie exactly at
it. One data point at the target: F(q*) = 1 (C5.one-sided.fraction), and yet every q below rests where it is
(C5.one-sided). What attracts from below is F(q*-) > 0: some data lie strictly below the target.

Freezing: with the target p below the lowest data value x, and the threshold r above x where only the lowest points
are truncated, their weight nu, the threshold is at x after the time log(1 + r/p)/nu, a positive one (C5.freezing,
C5.freezing.time). There it stays:
below x nothing is truncated, so that 0 is in the Clarke subdifferential at x, and the flow down into x cannot go on
below. With step(0) = 0 the right side F(x) (q* - x) = -nu p is not zero at x itself (C5.wall); it is the value from
above, and a solver that follows it, or takes the logarithm for a later time, leaves the solution.
"""

from symflow import Derivation, I, along, datasum, diag, exp, grad, log, ones, step, zeros

d = Derivation("Equilibria and freezing", source="arXiv:2501.07400; theory C5")
Q = d.dim("Q")
q, target, nu, x = d.scalar("q"), d.scalar("q_star"), d.scalar("nu"), d.scalar("x")
p, r = d.scalar("p", positive=True), d.scalar("r", positive=True)
F = d.function("F")
velocity = d.define("v", F(q) * (target - q))

d.claim("C5.equilibria", velocity / F(q) == target - q, title="a threshold at rest with F > 0 is at its target")
d.claim(
    "C5.lyapunov",
    along((target - q) ** 2 / 2, {q: velocity}) == -F(q) * (target - q) ** 2,
    title="the target attracts wherever F > 0",
)

# nothing truncated: x_i = -beta + R^T p_i with positive p_i = D_i 1
R, D = d.orthogonal("R", Q), d.diagonal("D", Q, positive=True, over="i")
beta, y = d.vector("beta", Q), d.vector("y", Q)
point = d.define("x_i", R.T @ D @ ones(Q) - beta)
d.claim(
    "C5.frozen",
    datasum(R.T @ (I(Q) - diag(step(R @ (point + beta)))) @ R @ (beta + y), "i") == zeros(Q),
    title="where nothing is truncated nothing moves",
)

# one data point, at the target
d.claim("C5.one-sided", (1 - step(target - (target - p))) * p == 0, title="a data point at the target: rest below it")
d.claim("C5.one-sided.fraction", 1 - step(target - target) == 1, title="although F(q*) = 1")

# the last stretch before freezing: target x - p, start x + r
d.claim(
    "C5.freezing",
    (x - p) + (x + r - (x - p)) * exp(-nu * (log(1 + r / p) / nu)) == x,
    title="the lowest data value is reached in finite time",
)
d.claim("C5.freezing.time", log(1 + r / p) >= 0, title="at a time that is not negative")
d.claim("C5.wall", nu * (1 - step(x - x)) * ((x - p) - x) == -nu * p, title="the velocity from above is not zero there")

d.assume(q == target)
d.claim("C5.linear", grad(velocity, q) == -F(target), title="the linearisation at the target")
