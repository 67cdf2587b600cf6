"""C8. The right-hand sides depend on the data through counts, first and second moments of each activation pattern.

Source: arXiv:2501.07400; theory C8.
Hypotheses: a chamber. Sums are over the points of one pattern, all with the mask H; the right sides of the flow are
sums of such terms, one for each pattern.

The claims pull all parameters out of the data sums, so that these can be computed once for a chamber, and each
evaluation after that is independent of the number of points. Labels y_i may differ from point to point. C8.counts:
several patterns at once, the columns of the matrix M, with s_i the unit vector that picks the pattern of point i; the
bias of a cluster with one target sees counts <s> alone. C8.depth: any layer of a deep network, where all points of a
pattern have the same affine maps, K x + k into the layer and J z + r after it.
"""

from symflow import Derivation, I, comm, datasum, diag, grad, liegrad, outer, sqnorm, tr

d = Derivation("Sufficient statistics of the data", source="arXiv:2501.07400; theory C8")
Q = d.dim("Q")
R, H, beta = d.orthogonal("R", Q), d.mask("H", Q), d.vector("beta", Q)
x, y = d.vector("x", Q, over="i"), d.vector("y", Q, over="i")

n = d.define("n", datasum(1, "i"))
x1, y1 = d.define("x1", datasum(x, "i")), d.define("y1", datasum(y, "i"))
xx, xy = d.define("Sigma_xx", datasum(outer(x), "i")), d.define("Sigma_xy", datasum(outer(x, y), "i"))
yy = d.define("Sigma_yy", datasum(outer(y), "i"))

P = d.define("P", R.T @ H @ R)
C = d.define("C", datasum(sqnorm(P @ (x + beta) - beta - y) / 2, "i"))
d.claim("C8.bias", grad(C, beta) == (I(Q) - P) @ (n * beta + y1), title="B3 through counts and first moments")
S = d.define("S", xx - xy - xy.T - n * outer(beta) - outer(beta, y1) - outer(y1, beta))
d.claim("C8.rotation", -liegrad(C, R) == comm(R @ S @ R.T, H) / 2, title="B5 through second moments")
kept = tr(P @ (xx - 2 * xy + yy))
off = tr((I(Q) - P) @ (n * outer(beta) + 2 * outer(beta, y1) + yy))
d.claim("C8.cost", C == (kept + off) / 2, title="the cost through second moments")

M, s, target = d.matrix("M", Q, "K"), d.vector("s", "K", over="i"), d.vector("ytilde", Q)
d.claim(
    "C8.counts",
    datasum((I(Q) - R.T @ diag(M @ s) @ R) @ (beta + target), "i")
    == R.T @ (n * I(Q) - diag(M @ datasum(s, "i"))) @ R @ (beta + target),
    title="all patterns at once: the bias of a cluster sees counts alone",
)

# a layer of a deep network
K, k, J, r = d.matrix("A", Q), d.vector("k", Q), d.matrix("J", Q), d.vector("r", Q)
deep = d.define("C_deep", datasum(sqnorm(J @ (P @ (K @ x + k + beta) - beta) + r - y) / 2, "i"))
B = d.define("B", J @ P @ K)
c = d.define("c", J @ (P @ (k + beta) - beta) + r)
d.claim(
    "C8.depth.bias",
    grad(deep, beta) == -(I(Q) - P) @ J.T @ (B @ x1 + n * c - y1),
    title="B2 through counts and first moments",
)
uv = d.define("T", K @ (xx @ B.T + outer(x1, c) - xy) + outer(k + beta, B @ x1 + n * c - y1))
d.claim(
    "C8.depth.rotation",
    -liegrad(deep, R) == comm(R @ (uv @ J + J.T @ uv.T) @ R.T, H) / 2,
    title="B4 through second moments",
)
