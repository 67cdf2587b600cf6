"""B9. The standard cost: the gradients with p_L = G (z_L - ytilde), and those by the output layer.

Source: arXiv:2501.07400; theory B9.
Hypotheses: a chamber: the linear part S of the layer is constant, the layers after it make z_L = K z_l + q
(B2.affine). V = W^(L+1), c = beta_{L+1}.

B9.output and B9.output-bias say the same of the output layer for whatever makes the last states z.
"""

from symflow import Derivation, I, datasum, grad, outer, sqnorm

d = Derivation("Gradients of the standard cost", source="arXiv:2501.07400; theory B9")
Q = d.dim("Q")
V, c, b = d.matrix("V", Q), d.vector("c", Q), d.vector("b", Q)
S, K = d.idempotent("S", Q, over="i"), d.matrix("K", Q, over="i")
w, q, y = (d.vector(name, Q, over="i") for name in ("w", "q", "y"))

z_L = d.define("z_L", K @ (S @ w - (I(Q) - S) @ b) + q)
e = d.define("e", V @ (z_L + c) - y)
C = d.define("C", datasum(sqnorm(e) / 2, "i"))


def readings(gradient, depth, layer):
    symbols = {
        "V": "output weight", "c": "output bias", "b": ("biases", layer), "S": ("projectors", layer),
        "K": ("suffixes", layer), "q": ("remainders", layer), "w": ("states", layer - 1), "y": "labels",
    }  # fmt: skip
    return {
        "gradient": gradient, "layer": layer, "depth": depth, "adapted": False, "cost": "standard", "symbols": symbols,
    }  # fmt: skip


d.claim(
    "B9.hidden",
    grad(C, b) == -datasum((I(Q) - S).T @ K.T @ V.T @ e, "i"),
    title="gradient by a cumulative bias",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
    confirm=[readings("biases", depth, layer) for depth, layer in ((1, 1), (2, 1), (3, 2))],
)
d.claim(
    "B9.weight",
    grad(C, V) == datasum(outer(e, z_L + c), "i"),
    title="gradient by the output weight",
    confirm=[readings("output weight", depth, 1) for depth in (1, 2)],
)
d.claim(
    "B9.bias",
    grad(C, c) == V.T @ datasum(e, "i"),
    title="gradient by the output bias",
    confirm=[readings("output bias", depth, 1) for depth in (1, 2)],
)

output = Derivation("The output layer of the standard cost", source="arXiv:2501.07400; theory B9")
z = output.vector("z", Q, over="i")
e = output.define("e", V @ (z + c) - y)
C = output.define("C", datasum(sqnorm(e) / 2, "i"))
symbols = {"V": "output weight", "c": "output bias", "z": "last states", "y": "labels"}
output.claim(
    "B9.output",
    grad(C, V) == datasum(outer(e, z + c), "i"),
    title="gradient by the output weight, from the last states",
    confirm={"gradient": "output weight", "depth": 2, "adapted": False, "cost": "standard", "symbols": symbols},
)
output.claim(
    "B9.output-bias",
    grad(C, c) == V.T @ datasum(e, "i"),
    title="gradient by the output bias, from the last states",
    confirm={"gradient": "output bias", "depth": 2, "adapted": False, "cost": "standard", "symbols": symbols},
)
