"""B5. Gradient flow of the rotation of a single adapted layer: a double-bracket flow of Brockett's kind.

Source: arXiv:2501.07400; theory B5. Omega is minus the Lie gradient, so that R' = Omega R is gradient flow on O(Q).
Hypotheses: a chamber (H_i arbitrary masks that do not change), W = W_* R adapted.
"""

from symflow import Derivation, along, comm, datasum, liegrad, outer, sqnorm, tr

d = Derivation("Cumulative rotation flow", source="arXiv:2501.07400; theory B5")
Q = d.dim("Q")
R, H = d.orthogonal("R", Q), d.mask("H", Q, over="i")
x, y = d.vector("x", Q, over="i"), d.vector("y", Q, over="i")
beta = d.vector("beta", Q)

tau = d.define("tau", R.T @ H @ R @ (x + beta) - beta)
C = d.define("C", datasum(sqnorm(tau - y) / 2, "i"))
S = d.define("S", outer(x - y) - outer(beta + y))
d.claim(
    "B5",
    -liegrad(C, R) == datasum(comm(R @ S @ R.T, H), "i") / 2,
    title="Omega is a commutator with the masks",
    confirm={
        "gradient": "rotations", "layer": 1, "sign": -1,
        "symbols": {"R": ("rotations", 1), "H": ("patterns", 1), "x": "points", "y": "targets", "beta": ("biases", 1)},
    },
)  # fmt: skip

# With one common mask G the flow is Brockett's, and tr(G M) decreases.
G, T = d.mask("G", Q), d.symmetric("T", Q)
M = d.define("M", R @ T @ R.T)
Omega = d.define("Omega", comm(M, G) / 2)
d.claim(
    "B5.dissipation",
    along(tr(G @ M), {R: Omega @ R}) == -2 * sqnorm(Omega),
    title="with one common mask tr(H M) decreases",
)
