"""A4. With adapted weights W = W_* R the truncation map does not see W_*, and P is an orthogonal projector.

Source: arXiv:2501.07400 (adapted weights); theory A4.
Hypotheses: W_* is diagonal with positive entries, R orthogonal.
"""

from symflow import Derivation, inv, relu

d = Derivation("Adapted weights: the truncation map is free of W_*", source="arXiv:2501.07400; theory A4")
Q = d.dim("Q")
D, R, H = d.diagonal("D", Q, positive=True), d.orthogonal("R", Q), d.mask("H", Q)
x, beta, u = d.vector("x", Q), d.vector("beta", Q), d.vector("u", Q)

d.claim("A4.homogeneous", relu(D @ u) == D @ relu(u), title="relu commutes with positive diagonal matrices")
tau = d.define("tau", inv(D @ R) @ relu(D @ R @ (x + beta)) - beta)
d.claim("A4.free", tau == R.T @ relu(R @ (x + beta)) - beta, title="tau does not depend on W_*")
P = d.define("P", inv(D @ R) @ H @ D @ R)
d.claim("A4.projector", P == R.T @ H @ R, title="P = R^T H R")
d.claim("A4.symmetric", P.T == P, title="P is symmetric: an orthogonal projector")
d.claim("A4.idempotent", P @ P == P, title="P is idempotent")
