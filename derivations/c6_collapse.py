"""C6. Neural collapse: a cluster that is truncated in all directions sits on one point, which tends to its target.

Source: arXiv:2501.07400 (neural collapse, zero loss); theory C6.
Hypotheses: a single adapted layer, the points of its cluster, one target y; n = <1> is the weight of the cluster, 1
for weights 1/N. C6.gradient, C6.rate, C6.decay: as long as the whole cluster is truncated, that is, q_k >= (u_i)_k
for all i and k, with q = -R beta, u_i = R x_i, q* = R y.

It stays so for ever exactly if q*_k >= max_i (u_i)_k in all directions. Otherwise the exponential law ends when the
first point is released, and does not lead to zero: Q = 1, one point at 1, target 0, q(0) = 2 has C = 2 e^(-2s) until
s = log 2, and C = 1/2 from then on. That is C6.floor: whatever the threshold, (max(u, q) - q*)^2 is at least the
square of what of u lies beyond q*; and C6.minimum: q = q* attains it. So zero loss can be reached exactly if no point
lies beyond its target.

It is reached if moreover q_k(0) > min_i (u_i)_k, because then F_k stays positive (C4) and q_k tends to q*_k. C6.bound,
with u = q* - relu(a) and q = q* - relu(b), says that the cost is at most n |q* - q|^2/2, whether or not the cluster is
ever truncated as a whole. A start on the wall itself, q_k(0) = min_i (u_i)_k, decides nothing: there the differential
inclusion has one solution that leaves and one that rests.
"""

from symflow import Derivation, along, datasum, dot, exp, grad, relu, sqnorm, zeros

d = Derivation("Neural collapse", source="arXiv:2501.07400; theory C6")
Q = d.dim("Q")
R, beta, beta0, y = d.orthogonal("R", Q), d.vector("beta", Q), d.vector("beta0", Q), d.vector("y", Q)
x, s = d.vector("x", Q, over="i"), d.scalar("s")
v, w = d.vector("v", Q), d.vector("w", Q, over="i")

# truncated in all directions: x = -beta - R^T relu(v), a point of the backward cone
d.claim(
    "C6.point",
    R.T @ relu(R @ (-beta - R.T @ relu(v) + beta)) - beta == -beta,
    title="every point of the cluster sits at -beta",
)
through_relu = R.T @ relu(R @ (-beta - R.T @ relu(w) + beta)) - beta - y
n = d.define("n", datasum(1, "i"))
d.claim("C6.cost", datasum(sqnorm(through_relu) / 2, "i") == n * sqnorm(beta + y) / 2, title="the cost of the cluster")

C = d.define("C", datasum(sqnorm(R.T @ zeros(Q, Q) @ R @ (x + beta) - beta - y) / 2, "i"))
d.claim("C6.gradient", -grad(C, beta) == -n * (beta + y), title="the bias moves straight to -y")
d.claim("C6.rate", along(C, {beta: -grad(C, beta)}) == -2 * n * C, title="the cost decays at the rate 2")
path = d.define("beta_s", (beta0 + y) * exp(-n * s) - y)
d.claim("C6.path", along(path, {s: 1}) == -n * (path + y), title="the bias in closed form")
d.claim(
    "C6.decay",
    n * sqnorm(path + y) / 2 == n * sqnorm(beta0 + y) / 2 * exp(-2 * n * s),
    title="C(s) = C(0) e^(-2 n s)",
)

# what can be reached: u the data, q the thresholds, in all directions at once
u, q, target, a, b = (d.vector(name, Q) for name in ("u", "q", "q_star", "a", "b"))


def truncated(value, threshold):
    """max(value, threshold), entry by entry."""
    return relu(value - threshold) + threshold


d.claim(
    "C6.floor",
    sqnorm(truncated(u, q) - target) >= sqnorm(relu(u - target)),
    by=sqnorm(relu(q - u) - relu(target - u)) + 2 * dot(relu(u - target), relu(q - u)),
    title="what lies beyond the target stays lost",
)
d.claim(
    "C6.minimum",
    sqnorm(truncated(u, target) - target) == sqnorm(relu(u - target)),
    title="the threshold at the target attains the least cost",
)
d.claim(
    "C6.bound",
    sqnorm(truncated(target - relu(a), target - relu(b)) - target) <= sqnorm(relu(b)),
    by=dot(relu(relu(b) - relu(a)), relu(b) + relu(a)),
    title="below the target the cost of a point is at most that of the threshold",
)
