"""The independent oracle: cost of the original layered network and its derivatives by automatic differentiation.

It imports nothing of symflow but its errors and knows no formula of the theory: it evaluates
x^(ℓ) = f(W_ℓ x^(ℓ-1) + b_ℓ) layer by layer, f = relu unless said otherwise, differentiates that program, and reaches
the other coordinates by computing the layers from them inside the differentiated program. Four routes:

- ``oracle.exact``: reverse mode over matrices of rationals (FLINT); equality with no tolerance;
- ``oracle.floating``: float64 through autograd;
- ``oracle.precise``: mpmath numbers of any precision, reverse mode over scalars;
- ``oracle.through_jax``: float64 through JAX, where it is installed.

Each has ``cost`` and ``gradients`` with the same arguments; ``oracle.choices`` has the activations and losses to
choose from. Import the one that is needed: ``from symflow.oracle import exact``.
"""
