"""F2. With cluster-separated truncations the gradient of the whole network's cost is local to a layer: it needs no
backpropagation.

Source: arXiv:2501.07400 (open question on algorithms); theory F2, with C1, C7, C8.
Hypotheses: a chamber; layer l truncates only cluster l, W = W_* R adapted. Points of the cluster (m = 1) enter it as
themselves and pass the later layers unchanged (C1.passes); the other points come as any w_i, have mask 1, and go on
by any affine maps J w + r. y is the target of the cluster, G_i the masks of its points.

F2.residual: the renormalised residual of the cluster is not changed by the later layers, so that there is nothing to
pull back. F2.bias: the gradient of the whole cost by the bias of layer l is determined by the truncated fractions
<m (1 - g)> of its own cluster, g the diagonal of G; F2.error says the same in terms of the error at the layer's own
output. F2.rotation: for points with one mask the rotation needs the count, the first and the second moments of the
cluster. Both are minus the gradient of the cost of the whole network, hence lower it (C10).
"""

from symflow import Derivation, I, comm, datasum, diag, diagpart, grad, inv, liegrad, ones, outer, sqnorm

d = Derivation("Layer-local updates", source="arXiv:2501.07400 (open question); theory F2")
Q = d.dim("Q")
top = d.vector("p_L", Q)

down = d.recursion()
down.parameter("W", d.invertible("W", Q))
down.state("p", d.vector("p", Q), start=top, following=lambda s: (inv(s.W) @ I(Q) @ s.W).T @ s.p)
d.induction("F2.residual", down, lambda s: s.p == top, title="later layers do not change the residual of the cluster")

R, beta, y = d.orthogonal("R", Q), d.vector("beta", Q), d.vector("y", Q)
m, G = d.mask("m", 1, over="i"), d.mask("G", Q, over="i")
x, w, r = (d.vector(name, Q, over="i") for name in ("x", "w", "r"))
J = d.matrix("J", Q, over="i")

H = d.define("H", m * G + (1 - m) * I(Q))
tau = d.define("tau", R.T @ H @ R @ (m * x + (1 - m) * w + beta) - beta)
C = d.define("C", datasum(sqnorm(m * (tau - y) + (1 - m) * (J @ tau + r)) / 2, "i"))
fractions = d.define("nu", datasum(m * (ones(Q) - diagpart(G)), "i"))
local = R.T @ diag(fractions) @ R @ (beta + y)
d.claim(
    "F2.bias",
    grad(C, beta) == local,
    title="the gradient by the bias, from the truncated fractions",
    rests_on=["c1_cost_splits_over_clusters.py:C1.passes"],
)

out = d.define("z", R.T @ G @ R @ (x + beta) - beta)
d.claim(
    "F2.error",
    grad(C, beta) == -datasum(m * ((I(Q) - R.T @ G @ R) @ (out - y)), "i"),
    title="the same from the error at the layer's own output",
    rests_on=["c1_cost_splits_over_clusters.py:C1.passes"],
)
# all points of the cluster with one mask, in general the sum of such terms over its patterns
K = d.mask("K", Q)
common = d.define("H_common", m * K + (1 - m) * I(Q))
state = d.define("tau_common", R.T @ common @ R @ (m * x + (1 - m) * w + beta) - beta)
C_common = d.define("C_common", datasum(sqnorm(m * (state - y) + (1 - m) * (J @ state + r)) / 2, "i"))
n, x1, xx = datasum(m, "i"), datasum(m * x, "i"), datasum(m * outer(x), "i")
S = d.define("S", xx - outer(x1, y) - outer(y, x1) - n * (outer(beta) + outer(beta, y) + outer(y, beta)))
d.claim(
    "F2.rotation",
    -liegrad(C_common, R) == comm(R @ S @ R.T, K) / 2,
    title="the flow of the rotation, from count, first and second moments",
    rests_on=["c1_cost_splits_over_clusters.py:C1.passes"],
)
