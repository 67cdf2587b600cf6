"""C2. Rotation fixed: in the coordinates of R the flow of a bias is one scalar equation for each direction.

Source: arXiv:2501.07400 (cluster-separated truncations); theory C2.
Hypotheses: a single adapted layer and the points of its cluster, one target y; off the walls. There is no mask:
truncation is ReLU itself, so that the masks follow the parameters.

The threshold is q = -R beta, the target q* = R y, and u_i = R x_i. With F_k(s) = <1[(u_i)_k <= s]>, the empirical
distribution function where the weights add up to one, C2 says q_k' = F_k(q_k) (q*_k - q_k): entry k of the right side
depends on q through q_k alone. C2.decouples says so by its Jacobian, which is minus the diagonal matrix of the
F_k(q_k). C2.threshold: it is gradient flow in q too, of the cost written in q (C2.cost).
"""

from symflow import Derivation, I, along, datasum, diag, grad, hadamard, jac, ones, relu, sqnorm, step

d = Derivation("Thresholds decouple", source="arXiv:2501.07400; theory C2")
Q = d.dim("Q")
R, x, y = d.orthogonal("R", Q), d.vector("x", Q, over="i"), d.vector("y", Q)
beta, q, target = d.vector("beta", Q), d.vector("q", Q), d.vector("q_star", Q)
u, label = d.vector("u", Q, over="i"), d.vector("ytilde", Q, over="i")


def truncate(point, bias):
    """The truncation map of adapted weights."""
    return R.T @ relu(R @ (point + bias)) - bias


general = d.define("C_labels", datasum(sqnorm(truncate(x, beta) - label) / 2, "i"))
d.claim(
    "C2.gradient",
    grad(general, beta) == datasum(R.T @ (I(Q) - diag(step(R @ (x + beta)))) @ R @ (beta + label), "i"),
    title="the gradient, with the masks that ReLU has",
    confirm={
        "gradient": "biases", "layer": 1,
        "symbols": {"R": ("rotations", 1), "x": "points", "ytilde": "targets", "beta": ("biases", 1)},
    },
)  # fmt: skip

C = d.define("C", datasum(sqnorm(truncate(x, beta) - y) / 2, "i"))
d.claim(
    "C2",
    along(-R @ beta, {beta: -grad(C, beta)})
    == hadamard(datasum(ones(Q) - step(R @ x + R @ beta), "i"), R @ y + R @ beta),
    title="q_k' = F_k(q_k) (q*_k - q_k)",
)

# the same in q: max(u, q) = relu(u - q) + q is where a point goes
C_q = d.define("C_q", datasum(sqnorm(relu(u - q) + q - target) / 2, "i"))
F = d.define("F", datasum(ones(Q) - step(u - q), "i"))
d.claim(
    "C2.cost",
    datasum(sqnorm(truncate(x, -R.T @ q) - y) / 2, "i") == datasum(sqnorm(relu(R @ x - q) + q - R @ y) / 2, "i"),
    title="the cost, written in thresholds",
)
d.claim("C2.threshold", -grad(C_q, q) == hadamard(F, target - q), title="gradient flow of the thresholds")
d.claim("C2.decouples", jac(hadamard(F, target - q), q) == -diag(F), title="no direction sees another")
