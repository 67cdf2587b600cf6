"""The calculus: index notation, canonical labelling, elaboration of trees, differentials, and the way back."""
