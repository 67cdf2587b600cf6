"""A7. The squared distance of a truncated point to the target splits into what is kept and what is truncated.

Source: arXiv:2501.07400; theory A7.
Hypotheses: a single adapted layer, one point, H an arbitrary mask.
"""

from symflow import Derivation, I, sqnorm

d = Derivation("The cost of a single adapted layer splits", source="arXiv:2501.07400; theory A7")
Q = d.dim("Q")
R, H = d.orthogonal("R", Q), d.mask("H", Q)
x, beta, y = d.vector("x", Q), d.vector("beta", Q), d.vector("y", Q)

P = d.define("P", R.T @ H @ R)
tau = d.define("tau", P @ (x + beta) - beta)
d.chain(
    "A7",
    sqnorm(tau - y),
    sqnorm(P @ (x - y) - (I(Q) - P) @ (beta + y)),
    sqnorm(P @ (x - y)) + sqnorm((I(Q) - P) @ (beta + y)),
    sqnorm(H @ R @ (x - y)) + sqnorm((I(Q) - H) @ R @ (beta + y)),
    title="kept and truncated parts are orthogonal",
)
