"""B2 for two layers: the gradient by the first cumulative bias, for arbitrary invertible cumulative weights.

Source: arXiv:2501.07400; theory B2 at L = 2 (symbolic depth is a matter of induction).
Hypotheses: a chamber: the masks H1, H2 of each data point are constant; W1, W2 are the cumulative weights W^(1), W^(2).
"""

from symflow import Derivation, I, datasum, grad, inv, sqnorm

d = Derivation("Cumulative bias gradients of two layers", source="arXiv:2501.07400; theory B2")
Q = d.dim("Q")
W1, W2 = d.invertible("W1", Q), d.invertible("W2", Q)
H1, H2 = d.mask("H1", Q, over="i"), d.mask("H2", Q, over="i")
x, y = d.vector("x", Q, over="i"), d.vector("y", Q, over="i")
b1, b2 = d.vector("b1", Q), d.vector("b2", Q)

P1, P2 = d.define("P1", inv(W1) @ H1 @ W1), d.define("P2", inv(W2) @ H2 @ W2)
z1 = d.define("z1", P1 @ x - (I(Q) - P1) @ b1)
z2 = d.define("z2", P2 @ z1 - (I(Q) - P2) @ b2)
p2 = d.define("p2", z2 - y)
p1 = d.define("p1", P2.T @ p2)
C = d.define("C", datasum(sqnorm(z2 - y) / 2, "i"))

symbols = {
    "W1": ("weights", 1), "W2": ("weights", 2), "H1": ("patterns", 1), "H2": ("patterns", 2), "x": "points",
    "y": "targets", "b1": ("biases", 1), "b2": ("biases", 2),
}  # fmt: skip
for layer, (b, P, p) in enumerate(((b1, P1, p1), (b2, P2, p2)), start=1):
    d.claim(
        f"B2.{layer}",
        grad(C, b) == -datasum((I(Q) - P).T @ p, "i"),
        title=f"gradient by the cumulative bias of layer {layer} of 2",
        confirm={"gradient": "biases", "layer": layer, "depth": 2, "adapted": False, "symbols": symbols},
    )
