"""B8. General weights: the gradient by any cumulative weight at fixed beta, and the conserved norms of its rows, at
every depth.

Source: arXiv:2501.07400 (general weights are left open there); theory B8.
Hypotheses: a chamber (H_i arbitrary masks that do not change); W = W^(l) invertible; the layers after l make z_L = K
z_l + q (B2.affine).

B8.layer is what an integrator computes, with a = W (w + c beta) and p = W^-T K^T (z_L - y) at hand; for c see
b2_bias_gradient_at_every_depth.py.
"""

from symflow import Derivation, along, comm, datasum, diagpart, grad, inv, outer, sqnorm, zeros

d = Derivation("Gradients by general cumulative weights", source="arXiv:2501.07400; theory B8")
Q = d.dim("Q")
W, H, K = d.invertible("W", Q), d.mask("H", Q, over="i"), d.matrix("K", Q, over="i")
w, q, y, beta = (*(d.vector(name, Q, over="i") for name in ("w", "q", "y")), d.vector("beta", Q))

z_L = d.define("z_L", K @ (inv(W) @ H @ W @ (w + beta) - beta) + q)
C = d.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
a = d.define("a", W @ (w + beta))
p = d.define("p", inv(W).T @ K.T @ (z_L - y))
gradient = datasum(comm(outer(a, p), H).T, "i") @ inv(W).T
d.claim(
    "B8",
    grad(C, W) == gradient,
    title="a commutator with the masks",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
    confirm=[
        {
            "gradient": "weights", "layer": layer, "depth": depth, "adapted": False,
            "symbols": {
                "W": ("weights", layer), "H": ("patterns", layer), "K": ("suffixes", layer),
                "q": ("remainders", layer), "w": ("states", layer - 1), "y": "targets", "beta": ("biases", layer),
            },
        }
        for depth, layer in ((1, 1), (2, 1), (3, 2))
    ],
)  # fmt: skip
d.claim("B8.rows", diagpart(gradient @ W.T) == zeros(Q), title="the gradient is orthogonal to every row of W")
d.claim(
    "B8.conserved",
    along(diagpart(W @ W.T), {W: -gradient}) == zeros(Q),
    title="every row norm of W is conserved",
    rests_on=["B8"],
)

lines = Derivation("General cumulative weights, layer by layer", source="arXiv:2501.07400; theory B8")
c, a, p = lines.scalar("c", over="i"), lines.vector("a", Q, over="i"), lines.vector("p", Q, over="i")
z_L = lines.define("z_L", K @ (inv(W) @ H @ W @ (w + c * beta) - c * beta) + q)
C = lines.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
lines.assume(W.T @ p == K.T @ (z_L - y))
lines.assume(w == inv(W) @ a - c * beta)
lines.claim(
    "B8.layer",
    -grad(C, W) == datasum(outer(p, H @ a) - outer(H @ p, a), "i") @ inv(W).T,
    title="minus the gradient, from a and p",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
)
