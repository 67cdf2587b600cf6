"""B6. The cost does not depend on the positive diagonal factor W_* of adapted weights: its gradient vanishes.

Source: arXiv:2501.07400; theory B6, here for a single layer, from the truncation map itself (relu, no masks).
Hypotheses: W_* is diagonal with positive entries, R orthogonal; no point sits on a kink.
"""

from symflow import Derivation, datasum, grad, inv, relu, sqnorm, zeros

d = Derivation("The stretches W_* are idle", source="arXiv:2501.07400; theory B6")
Q = d.dim("Q")
D, R = d.diagonal("D", Q, positive=True), d.orthogonal("R", Q)
x, y = d.vector("x", Q, over="i"), d.vector("y", Q, over="i")
beta = d.vector("beta", Q)

tau = d.define("tau", inv(D @ R) @ relu(D @ R @ (x + beta)) - beta)
C = d.define("C", datasum(sqnorm(tau - y) / 2, "i"))
d.claim(
    "B6",
    grad(C, D) == zeros(Q, Q),
    title="the gradient by W_* is zero",
    confirm={
        "gradient": "stretches", "layer": 1,
        "symbols": {"D": ("stretches", 1), "R": ("rotations", 1), "x": "points", "y": "targets", "beta": ("biases", 1)},
    },
)  # fmt: skip
