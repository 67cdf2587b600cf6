"""The syntax tree of statements: kinds, shapes, the functions of the language, printing, NumPy code, SymPy."""
