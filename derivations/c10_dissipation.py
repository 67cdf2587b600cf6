"""C10. The cost never increases along the flow: in a chamber it falls at the rate |gradient|^2, and walls do not
change that.

Source: arXiv:2501.07400; theory C10.
Hypotheses: C10.cumulative: any layer of a network, whose layers after it are affine in a chamber: z_L - y = K z + r;
C10.original: a layered network of two layers with any widths, in its own weights and biases. Both with ReLU itself,
off the walls. The metric on rotations is that of Frobenius: R' = -Omega R with Omega the Lie gradient.

Across a wall. C10.continuous: ReLU is Lipschitz, hence the cost is a continuous function of the parameters, without
any mask. C10.wall: two masks that differ by E, at points where E R (x + beta) = 0, give the same state. C10.jump: the
gradient by the bias jumps there in the direction R^T e, which is the normal of the wall, e being the diagonal of E.
So the two gradients at a wall are g and g + c n with n the normal, and C10.sliding: where the flow slides along the
wall, with the velocity v = -(g + a n) orthogonal to n, the cost falls at the rate |v|^2, on either side's account.
"""

from symflow import Derivation, I, along, datasum, diag, dot, grad, hadamard, liegrad, relu, sqnorm, zeros

d = Derivation("The cost never increases", source="arXiv:2501.07400; theory C10")
Q = d.dim("Q")
R, beta = d.orthogonal("R", Q), d.vector("beta", Q)
x, r, K = d.vector("x", Q, over="i"), d.vector("r", Q, over="i"), d.matrix("K", Q, over="i")

tau = d.define("tau", R.T @ relu(R @ (x + beta)) - beta)
C = d.define("C", datasum(sqnorm(K @ tau + r) / 2, "i"))
d.claim(
    "C10.bias",
    along(C, {beta: -grad(C, beta)}) == -sqnorm(grad(C, beta)),
    title="dissipation of a bias",
)
d.claim(
    "C10.cumulative",
    along(C, {R: -liegrad(C, R) @ R, beta: -grad(C, beta)}) == -sqnorm(liegrad(C, R)) - sqnorm(grad(C, beta)),
    title="dissipation of a rotation and a bias",
)

W1, W2, W3 = d.matrix("W1", "M1", "M0"), d.matrix("W2", "M2", "M1"), d.matrix("W3", "M3", "M2")
b1, b2, b3 = d.vector("b1", "M1"), d.vector("b2", "M2"), d.vector("b3", "M3")
point, label = d.vector("h", "M0", over="i"), d.vector("t", "M3", over="i")
output = d.define("f", W3 @ relu(W2 @ relu(W1 @ point + b1) + b2) + b3)
layered = d.define("C_layered", datasum(sqnorm(output - label) / 2, "i"))
weights, biases = (W1, W2, W3), (b1, b2, b3)
d.claim(
    "C10.original",
    along(layered, {theta: -grad(layered, theta) for theta in weights + biases})
    == -sqnorm(grad(layered, W1)) - sqnorm(grad(layered, W2)) - sqnorm(grad(layered, W3))
    - sqnorm(grad(layered, b1)) - sqnorm(grad(layered, b2)) - sqnorm(grad(layered, b3)),
    title="dissipation in the original parameters",
)  # fmt: skip

# across walls
u, v = d.vector("u", Q), d.vector("v", Q)
d.claim(
    "C10.continuous",
    sqnorm(relu(u) - relu(v)) <= sqnorm(u - v),
    by=sqnorm(relu(-u) - relu(-v)) + 2 * dot(relu(u), relu(-v)) + 2 * dot(relu(v), relu(-u)),
    title="relu is 1-Lipschitz",
)
H, e, p, y = d.mask("H", Q), d.vector("e", Q), d.vector("p", Q), d.vector("y", Q)
d.claim(
    "C10.jump",
    (I(Q) - R.T @ (H + diag(e)) @ R) @ (beta + y) - (I(Q) - R.T @ H @ R) @ (beta + y)
    == -R.T @ hadamard(e, R @ (beta + y)),
    title="the gradient jumps in the direction of the normal",
)

walls = Derivation("At a wall", source="arXiv:2501.07400; theory C10, D2")
S, G, E = walls.orthogonal("S", Q), walls.mask("G", Q), walls.diagonal("E", Q)
w, bias = walls.vector("w", Q), walls.vector("b", Q)
walls.assume(E @ S @ (w + bias) == zeros(Q))
walls.claim(
    "C10.wall",
    S.T @ (G + E) @ S @ (w + bias) - bias == S.T @ G @ S @ (w + bias) - bias,
    title="on a wall both masks give the same state",
)

slide = Derivation("Sliding along a wall", source="arXiv:2501.07400; theory C10, D2")
g, normal = slide.vector("g", Q), slide.vector("n", Q)
a, c = slide.scalar("a"), slide.scalar("c")
velocity = slide.define("v", -(g + a * normal))
slide.assume(dot(normal, velocity) == 0)
slide.claim("C10.sliding", dot(g, velocity) == -sqnorm(velocity), title="dissipation while sliding, one side")
slide.claim("C10.sliding.other", dot(g + c * normal, velocity) == -sqnorm(velocity), title="and the other side")
