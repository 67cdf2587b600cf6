"""B11. Any smooth activation, and leaky ReLU: the same gradients with D = W^-1 diag(f'(a)) W in the place of P.

Source: theory B11 (beyond the paper's ReLU).
Hypotheses: f smooth; W invertible; the layers after this one make z_L = K z_l + q to first order. For leaky ReLU of
slope s: a chamber, W adapted.
"""

from symflow import Derivation, I, datasum, diag, grad, inv, sqnorm

d = Derivation("Gradients for any activation", source="theory B11")
Q = d.dim("Q")
f = d.function("f")
W, K, beta = d.invertible("W", Q), d.matrix("K", Q, over="i"), d.vector("beta", Q)
w, q, y = (d.vector(name, Q, over="i") for name in ("w", "q", "y"))

a = d.define("a", W @ (w + beta))
z_L = d.define("z_L", K @ (inv(W) @ f(a) - beta) + q)
D = d.define("D", inv(W) @ diag(f.d(a)) @ W)
C = d.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
d.claim(
    "B11", grad(C, beta) == -datasum((I(Q) - D).T @ K.T @ (z_L - y), "i"), title="B2 with D for P",
    confirm=[
        {
            "gradient": "biases", "layer": layer, "depth": depth, "adapted": False, "activation": activation,
            "symbols": {
                "f": "activation", "W": ("weights", layer), "K": ("suffixes", layer), "q": ("remainders", layer),
                "w": ("states", layer - 1), "y": "targets", "beta": ("biases", layer),
            },
        }
        for activation in ("polynomial", "leaky relu", "tanh", "swish")
        for depth, layer in ((1, 1), (2, 1))
    ],
)  # fmt: skip

R, H, s = d.orthogonal("R", Q), d.mask("H", Q, over="i"), d.scalar("s")
P = d.define("P", R.T @ H @ R)
tau = d.define("tau", R.T @ (H + s * (I(Q) - H)) @ R @ (w + beta) - beta)
leaky = d.define("C_leaky", datasum(sqnorm(tau - y) / 2, "i"))
d.claim(
    "B11.leaky",
    grad(leaky, beta) == -(1 - s) * datasum((I(Q) - P) @ (s * w - y - (1 - s) * beta), "i"),
    title="leaky ReLU of slope s; at s = 0 the flow of ReLU",
    confirm={
        "gradient": "biases", "layer": 1, "activation": "leaky relu",
        "symbols": {
            "R": ("rotations", 1), "H": ("patterns above", 1), "s": "slope", "w": "points", "y": "targets",
            "beta": ("biases", 1),
        },
    },
)  # fmt: skip
