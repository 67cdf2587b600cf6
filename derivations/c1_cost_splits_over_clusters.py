"""C1. With cluster-separated truncations the cost splits over the clusters, and each layer works on its own cluster
alone.

Source: arXiv:2501.07400 (dynamical truncation of training data); theory C1.
Hypotheses: a chamber; layer l truncates only cluster l, that is, its masks are 1 at the points of all other clusters.

C1.passes: any number of layers whose mask is 1 at a point leave it where it is, whatever their invertible weights. So
a point of cluster l enters layer l as itself and leaves the network as layer l has made it. The other points come to
layer l as any w_i, go through it unchanged, and on through the other layers, which are affine in a chamber: J w + r.
With m_i = 1 on the cluster and 0 off it, the masks of layer l are m G + (1 - m), G arbitrary. C1 says that the cost
is the sum of the cluster's own cost, and of one that is free of the layer's weight and bias.
"""

from symflow import Derivation, I, comm, datasum, grad, inv, liegrad, outer, sqnorm

d = Derivation("The cost splits over the clusters", source="arXiv:2501.07400; theory C1")
Q = d.dim("Q")
x0 = d.vector("x0", Q)

layers = d.recursion()
layers.parameter("W", d.invertible("W", Q))
layers.parameter("c", d.vector("c", Q))
layers.state("z", d.vector("z", Q), start=x0, following=lambda s: inv(s.W) @ I(Q) @ s.W @ (s.z + s.c) - s.c)
d.induction("C1.passes", layers, lambda s: s.z == x0, title="layers with mask 1 leave a point where it is")

V, beta = d.invertible("V", Q), d.vector("beta", Q)
m, G = d.mask("m", 1, over="i"), d.mask("G", Q, over="i")
x, w, r, y = (d.vector(name, Q, over="i") for name in ("x", "w", "r", "y"))
J = d.matrix("J", Q, over="i")
H = d.define("H", m * G + (1 - m) * I(Q))
tau = d.define("tau", inv(V) @ H @ V @ (m * x + (1 - m) * w + beta) - beta)
C = d.define("C", datasum(sqnorm(m * tau + (1 - m) * (J @ tau + r) - y) / 2, "i"))
own = d.define("C_own", datasum(m * sqnorm(inv(V) @ G @ V @ (x + beta) - beta - y) / 2, "i"))
others = d.define("C_others", datasum((1 - m) * sqnorm(J @ w + r - y) / 2, "i"))
d.claim(
    "C1",
    C == own + others,
    title="the cost of the cluster, and one that is free of its layer",
    rests_on=["C1.passes"],
)

# adapted weights: the gradients are B3 and B5 of the cluster
R = d.orthogonal("R", Q)
adapted = d.define("tau_R", R.T @ H @ R @ (m * x + (1 - m) * w + beta) - beta)
C_R = d.define("C_R", datasum(sqnorm(m * adapted + (1 - m) * (J @ adapted + r) - y) / 2, "i"))
S = d.define("S", outer(x - y) - outer(beta + y))
d.claim(
    "C1.bias",
    grad(C_R, beta) == datasum(m * ((I(Q) - R.T @ G @ R) @ (beta + y)), "i"),
    title="the gradient by the bias is B3 of the cluster",
    rests_on=["C1.passes"],
)
d.claim(
    "C1.rotation",
    -liegrad(C_R, R) == datasum(m * comm(R @ S @ R.T, G), "i") / 2,
    title="the flow of the rotation is B5 of the cluster",
    rests_on=["C1.passes"],
)
