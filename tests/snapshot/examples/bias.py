"""The bias of a layer. The truncated part of beta + y decays; W = W_* R.

Source: arXiv:2501.07400.
Hypotheses: a chamber: H_i is constant.
"""

from symflow import Derivation, I, along, datasum, grad, sqnorm

d = Derivation("Cumulative bias flow", source="arXiv:2501.07400")
Q = d.dim("Q")
R, H = d.orthogonal("R", Q), d.mask("H", Q, over="i")
x, y, beta = d.vector("x", Q, over="i"), d.vector("y1", Q, over="i"), d.vector("beta", Q)

P = d.define("P", R.T @ H @ R)
tau = d.define("tau", P @ (x + beta) - beta)
C = d.define("C", datasum(sqnorm(tau - y) / 2, "i"))
gradient = d.define("g", datasum((I(Q) - P) @ (beta + y), "i"))
d.claim("B3", grad(C, beta) == gradient, title="the gradient is that of beta")
d.claim("B3.dissipation", along(C, {beta: -gradient}) == -sqnorm(gradient))
d.chain(
    "split",
    datasum(sqnorm(tau - y), "i"),
    datasum(sqnorm(P @ (x - y)), "i") + datasum(sqnorm((I(Q) - P) @ (beta + y)), "i"),
    datasum(sqnorm(H @ R @ (x - y)), "i") + datasum(sqnorm((I(Q) - H) @ R @ (beta + y)), "i"),
    title="kept and truncated",
)
