"""B4. Gradient flow of any cumulative rotation of adapted weights, at every depth.

Source: arXiv:2501.07400; theory B4. Omega is minus the Lie gradient, so that R' = Omega R is gradient flow on O(Q).
Hypotheses: a chamber (H_i arbitrary masks that do not change), W = W_* R adapted at this layer; the layers after it
make z_L = K z_l + q (B2.affine) with v = R K^T (z_L - y) the renormalised residual in the coordinates of the layer.

B4.layer is what an integrator computes, with u and v at hand, and the commutator with the masks as the antisymmetric
part of one sum; for c see b2_bias_gradient_at_every_depth.py.
"""

from symflow import Derivation, comm, datasum, liegrad, outer, skew, sqnorm

d = Derivation("Cumulative rotations at every depth", source="arXiv:2501.07400; theory B4")
Q = d.dim("Q")
R, H, K = d.orthogonal("R", Q), d.mask("H", Q, over="i"), d.matrix("K", Q, over="i")
w, q, y, beta = (*(d.vector(name, Q, over="i") for name in ("w", "q", "y")), d.vector("beta", Q))

z_L = d.define("z_L", K @ (R.T @ H @ R @ (w + beta) - beta) + q)
C = d.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
u = d.define("u", R @ (w + beta))
v = d.define("v", R @ K.T @ (z_L - y))
d.claim(
    "B4",
    -liegrad(C, R) == datasum(comm(outer(u, v) + outer(v, u), H), "i") / 2,
    title="Omega is a commutator with the masks",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
    confirm=[
        {
            "gradient": "rotations", "layer": layer, "depth": depth, "sign": -1,
            "symbols": {
                "R": ("rotations", layer), "H": ("patterns", layer), "K": ("suffixes", layer),
                "q": ("remainders", layer), "w": ("states", layer - 1), "y": "targets", "beta": ("biases", layer),
            },
        }
        for depth, layer in ((1, 1), (2, 1), (3, 2))
    ],
)  # fmt: skip

lines = Derivation("Cumulative rotations, layer by layer", source="arXiv:2501.07400; theory B4")
c, u, v = lines.scalar("c", over="i"), lines.vector("u", Q, over="i"), lines.vector("v", Q, over="i")
z_L = lines.define("z_L", K @ (R.T @ H @ R @ (w + c * beta) - c * beta) + q)
C = lines.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
lines.assume(v == R @ K.T @ (z_L - y))
lines.assume(u == R @ (w + c * beta))
lines.claim(
    "B4.layer",
    -liegrad(C, R) == skew(datasum(outer(u, H @ v) + outer(v, H @ u), "i")),
    title="Omega, from u and v",
    rests_on=["b2_bias_gradient_at_every_depth.py:B2.affine"],
)
