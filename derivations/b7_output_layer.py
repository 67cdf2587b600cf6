"""B7. Gradients by the output layer for the input-layer cost.

Source: arXiv:2501.07400; theory B7.
Hypotheses: W = W^(L+1) is invertible; beta = beta_{L+1}; z_i is the last hidden state pulled back, which does not
depend on the output layer.
"""

from symflow import Derivation, datasum, grad, inv, outer, sqnorm

d = Derivation("Gradients by the output layer", source="arXiv:2501.07400; theory B7")
Q = d.dim("Q")
W, beta = d.invertible("W", Q), d.vector("beta", Q)
z, y = d.vector("z", Q, over="i"), d.vector("y", Q, over="i")

target = d.define("ytilde", inv(W) @ y - beta)
C = d.define("C", datasum(sqnorm(z - target) / 2, "i"))
symbols = {"W": "output weight", "beta": "output bias", "z": "last states", "y": "labels"}
d.claim(
    "B7.bias",
    grad(C, beta) == datasum(z - target, "i"),
    title="gradient by the cumulative bias of the output",
    confirm=[{"gradient": "output bias", "depth": depth, "adapted": False, "symbols": symbols} for depth in (1, 2)],
)
d.claim(
    "B7.weight",
    grad(C, W) == datasum(inv(W).T @ outer(z - target, y) @ inv(W).T, "i"),
    title="gradient by the cumulative weight of the output",
    confirm=[{"gradient": "output weight", "depth": depth, "adapted": False, "symbols": symbols} for depth in (1, 2)],
)
