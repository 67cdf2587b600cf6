"""B12. Any differentiable loss: the residual p_L is its gradient.

Source: theory B12.
Hypotheses: the loss is lambda(z) = v . f(z - y) entry by entry, f an arbitrary smooth function and v arbitrary
weights; and, for a loss that is not a sum over entries, the logarithm of a sum of exponentials (cross-entropy) with
label y. The layer is affine in its bias with linear part -K (1 - S).
"""

from symflow import Derivation, I, datasum, diag, exp, grad, log, ones

d = Derivation("Gradients for any loss", source="theory B12")
Q = d.dim("Q")
f = d.function("f")
S, K, b = d.idempotent("S", Q, over="i"), d.matrix("K", Q, over="i"), d.vector("b", Q)
w, q, y, v = (d.vector(name, Q, over="i") for name in ("w", "q", "y", "v"))

z_L = d.define("z_L", K @ (S @ w - (I(Q) - S) @ b) + q)
C = d.define("C", datasum(v.T @ f(z_L - y), "i"))
d.claim(
    "B12",
    grad(C, b) == -datasum((I(Q) - S).T @ K.T @ diag(v) @ f.d(z_L - y), "i"),
    title="p_L is the gradient of the loss",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
    confirm=[
        {
            "gradient": "biases", "layer": layer, "depth": depth, "adapted": False, "loss": loss,
            "symbols": {
                "f": "loss", "v": "ones", "S": ("projectors", layer), "K": ("suffixes", layer),
                "q": ("remainders", layer), "w": ("states", layer - 1), "y": "targets", "b": ("biases", layer),
            },
        }
        for loss in ("quartic", "pseudo-huber")
        for depth, layer in ((1, 1), (2, 1))
    ],
)  # fmt: skip
entropy = d.define("C_entropy", datasum(log(ones(Q).T @ exp(z_L)) - y.T @ z_L, "i"))
d.claim(
    "B12.cross-entropy",
    grad(entropy, b) == -datasum((I(Q) - S).T @ K.T @ (exp(z_L) / (ones(Q).T @ exp(z_L)) - y), "i"),
    title="softmax minus label",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
    confirm=[
        {
            "gradient": "biases", "layer": layer, "depth": depth, "adapted": False,
            "cost": "standard", "loss": "cross-entropy",
            "symbols": {
                "S": ("projectors", layer), "K": ("output suffixes", layer), "q": ("output remainders", layer),
                "w": ("states", layer - 1), "y": "labels", "b": ("biases", layer),
            },
        }
        for depth, layer in ((1, 1), (2, 1))
    ],
)  # fmt: skip
