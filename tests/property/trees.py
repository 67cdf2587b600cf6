"""The strategies for syntax trees, which are public: :mod:`symflow.testing.trees`."""

from symflow.testing.trees import DERIVATIVE_FREE, INDICES, SHAPES, SYMBOLS, equations, expressions, leaves

__all__ = ["DERIVATIVE_FREE", "INDICES", "SHAPES", "SYMBOLS", "equations", "expressions", "leaves"]
