"""B3. Gradient flow of the cumulative bias of a single adapted layer: the truncated part of beta + y decays.

Source: arXiv:2501.07400; theory B3.
Hypotheses: a chamber (H_i arbitrary masks that do not change), W = W_* R adapted; y_i is the pulled-back target of
point i.
"""

from symflow import Derivation, I, along, datasum, grad, sqnorm

d = Derivation("Cumulative bias flow", source="arXiv:2501.07400; theory B3")
Q = d.dim("Q")
R, H = d.orthogonal("R", Q), d.mask("H", Q, over="i")
x, y = d.vector("x", Q, over="i"), d.vector("y", Q, over="i")
beta = d.vector("beta", Q)

P = d.define("P", R.T @ H @ R)
tau = d.define("tau", P @ (x + beta) - beta)
C = d.define("C", datasum(sqnorm(tau - y) / 2, "i"))
gradient = datasum((I(Q) - P) @ (beta + y), "i")
d.claim(
    "B3",
    grad(C, beta) == gradient,
    title="the gradient sees only the truncated part",
    confirm={
        "gradient": "biases", "layer": 1,
        "symbols": {"R": ("rotations", 1), "H": ("patterns", 1), "x": "points", "y": "targets", "beta": ("biases", 1)},
    },
)  # fmt: skip
d.claim("B3.dissipation", along(C, {beta: -gradient}) == -sqnorm(gradient), title="the cost decreases along the flow")
