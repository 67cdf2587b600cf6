"""C11. A rotation is at rest as long as no point is partially truncated.

Source: arXiv:2501.07400; theory C11.
Hypotheses: a chamber, W = W_* R adapted at this layer, at any depth: the layers after it make z_L - y = K z + r.

Where the mask of every point is 0 or 1 as a whole, H = h with a number h, Omega vanishes (C11). In general only the
points that are partially truncated, m = 1, with masks G, contribute (C11.partial, C11.depth). C11.general: with weights
V that are not adapted, V is at rest as a whole then, its stretches included.
"""

from symflow import Derivation, I, comm, datasum, grad, inv, liegrad, outer, sqnorm, zeros

d = Derivation("Rotations at rest", source="arXiv:2501.07400; theory C11")
Q = d.dim("Q")
R, beta = d.orthogonal("R", Q), d.vector("beta", Q)
x, y, r = (d.vector(name, Q, over="i") for name in ("x", "y", "r"))
h, m, G = d.mask("h", 1, over="i"), d.mask("m", 1, over="i"), d.mask("G", Q, over="i")
K = d.matrix("K", Q, over="i")


def state(mask):
    """The state after the layer, with a mask."""
    return R.T @ mask @ R @ (x + beta) - beta


whole = d.define("C_whole", datasum(sqnorm(K @ state(h * I(Q)) + r) / 2, "i"))
d.claim("C11", liegrad(whole, R) == zeros(Q, Q), title="points truncated as a whole, or not at all, do not turn R")
V = d.invertible("V", Q)
general = d.define("C_general", datasum(sqnorm(K @ (inv(V) @ (h * I(Q)) @ V @ (x + beta) - beta) + r) / 2, "i"))
d.claim("C11.general", grad(general, V) == zeros(Q, Q), title="the same for any invertible weight")

H = d.define("H", m * G + (1 - m) * h * I(Q))
C = d.define("C", datasum(sqnorm(state(H) - y) / 2, "i"))
S = d.define("S", outer(x - y) - outer(beta + y))
d.claim(
    "C11.partial",
    -liegrad(C, R) == datasum(m * comm(R @ S @ R.T, G), "i") / 2,
    title="only partially truncated points turn R: B5 for them",
)
deep = d.define("C_deep", datasum(sqnorm(K @ state(H) + r) / 2, "i"))
u = d.define("u", R @ (x + beta))
v = d.define("v", R @ K.T @ (K @ state(G) + r))
d.claim(
    "C11.depth",
    -liegrad(deep, R) == datasum(m * comm(outer(u, v) + outer(v, u), G), "i") / 2,
    title="at any depth: B4 for them",
)
