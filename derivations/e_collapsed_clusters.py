"""E1-E3. Standard cost with collapsed clusters: the matrix flow, its conserved quantity, its dissipation.

Source: arXiv:2501.07400 (standard cost with special initial data); theory E1, E2, E3.
Hypotheses: z_L = -beta_j on cluster j; column j of U is beta_{L+1} - beta_j, E = W U - Y. Output bias frozen: K = 1;
moving: K = 1 + 1 1^T. In E2
and E3 any positive definite K will do; E2.moving is the case of the moving bias, with the inverse of 1 + 1 1^T as it
is.
"""

from symflow import Derivation, I, along, grad, inv, ones, sqnorm, tr, zeros

d = Derivation("Collapsed clusters under the standard cost", source="arXiv:2501.07400; theory E1, E2, E3")
Q = d.dim("Q")
W, U, Y, K = d.matrix("W", Q), d.matrix("U", Q), d.matrix("Y", Q), d.positive_definite("K", Q)
B, c, eps = d.matrix("B", Q), d.vector("c", Q), ones(Q)

# columns of B are the beta_j, c is beta_{L+1}: U = c 1^T - B
cost = d.define("C", sqnorm(W @ (c @ eps.T - B) - Y) / 2)
residual = d.define("E_c", W @ (c @ eps.T - B) - Y)
d.claim("E1.hidden", -grad(cost, B) == W.T @ residual, title="the hidden biases move by W^T E")
d.claim("E1.output", -grad(cost, c) == -W.T @ residual @ eps, title="the output bias moves by -W^T E 1")
d.claim(
    "E1",
    along(c @ eps.T - B, {B: W.T @ residual, c: -W.T @ residual @ eps}) == -W.T @ residual @ (I(Q) + eps @ eps.T),
    title="U' = -W^T E K with K = 1 + 1 1^T for a moving output bias",
)
d.claim("E1.weight", -grad(cost, W) == -residual @ (c @ eps.T - B).T, title="W' = -E U^T")

E = d.define("E", W @ U - Y)
flow = {W: -E @ U.T, U: -W.T @ E @ K}
d.claim("E2", along(W.T @ W - U @ inv(K) @ U.T, flow) == zeros(Q, Q), title="W^T W - U K^-1 U^T is conserved")
moving = I(Q) + ones(Q, Q)
d.claim(
    "E2.moving",
    along(W.T @ W - U @ inv(moving) @ U.T, {W: -E @ U.T, U: -W.T @ E @ moving}) == zeros(Q, Q),
    title="the same for K = 1 + 1 1^T",
)
d.claim("E2.inverse", inv(moving) == I(Q) - ones(Q, Q) / (1 + tr(I(Q))), title="the inverse of 1 + 1 1^T")
d.claim(
    "E3",
    along(sqnorm(E) / 2, flow) == -tr(E @ U.T @ U @ E.T) - tr(E.T @ W @ W.T @ E @ K),
    title="the cost decreases: both traces are of positive semidefinite matrices",
)
