"""A3. In a chamber the truncation map is affine with an idempotent linear part, and truncating twice is truncating
once.

Source: arXiv:2501.07400 (cumulative parameters and truncation maps); theory A3.
Hypotheses: W, the cumulative weight, is invertible; the second statement is about the maps, kinks included.
"""

from symflow import Derivation, I, inv, relu

d = Derivation("The truncation map is idempotent", source="arXiv:2501.07400; theory A3")
Q = d.dim("Q")
W, H = d.invertible("W", Q), d.mask("H", Q)
z, beta = d.vector("z", Q), d.vector("beta", Q)

P = d.define("P", inv(W) @ H @ W)
tau = d.define("tau", inv(W) @ H @ W @ (z + beta) - beta)
d.claim("A3.affine", tau == P @ z - (I(Q) - P) @ beta, title="in a chamber tau is affine with linear part P")
d.claim("A3.projection", P @ P == P, title="P is idempotent")


def truncate(u):
    """The truncation map as a map: pull back after relu."""
    return inv(W) @ relu(W @ (u + beta)) - beta


d.claim("A3.idempotent", truncate(truncate(z)) == truncate(z), title="tau after tau is tau, from relu after relu")
