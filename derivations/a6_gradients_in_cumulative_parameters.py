"""A6. Gradients by cumulative weights and biases from those by the weights and biases of the layers, and back.

Source: arXiv:2501.07400 (change of parameters); theory A6.
Hypotheses: the cumulative weights A0 = W^(l-1), A = W^(l), A2 = W^(l+1) are invertible; l is any layer of any network.
W_l = A A0^-1 and b_l = c - W_l c0 with c0 = b^(l-1), c = b^(l), c2 = b^(l+1). To first order the cost is its
derivative, a linear function of the layers' parameters; G1, g1 are dC/dW_l, dC/db_l and G2, g2 those of layer l + 1.
Only these two layers contain A and c.
"""

from symflow import Derivation, dot, grad, inv, outer

d = Derivation("Gradients in cumulative parameters", source="arXiv:2501.07400; theory A6")
Q = d.dim("Q")
A0, A, A2 = d.invertible("A0", Q), d.invertible("A", Q), d.invertible("A2", Q)
c0, c, c2 = d.vector("c0", Q), d.vector("c", Q), d.vector("c2", Q)
G1, G2, g1, g2 = d.matrix("G1", Q), d.matrix("G2", Q), d.vector("g1", Q), d.vector("g2", Q)

W1, W2 = d.define("W1", A @ inv(A0)), d.define("W2", A2 @ inv(A))
b1, b2 = d.define("b1", c - W1 @ c0), d.define("b2", c2 - W2 @ c)
C = d.define("C", dot(G1, W1) + dot(G2, W2) + dot(g1, b1) + dot(g2, b2))

d.claim("A6.layers", W1 @ A0 == A, title="W_l W^(l-1) = W^(l)")
d.claim("A6.biases", W1 @ c0 + b1 == c, title="W_l b^(l-1) + b_l = b^(l)")
d.claim("A6.bias", grad(C, c) == g1 - W2.T @ g2, title="gradient by the cumulative bias")
d.claim(
    "A6.weight",
    grad(C, A) == (G1 - outer(g1, c0)) @ inv(A0).T - W2.T @ (G2 - outer(g2, c)) @ inv(A).T,
    title="gradient by the cumulative weight",
)
# and back: the same solved for the gradients of the layer
d.claim("A6.back-bias", grad(C, c) + W2.T @ g2 == g1, title="gradient by the bias of the layer")
d.claim(
    "A6.back-weight",
    (grad(C, A) + W2.T @ (G2 - outer(g2, c)) @ inv(A).T) @ A0.T + outer(g1, c0) == G1,
    title="gradient by the weight of the layer",
)
