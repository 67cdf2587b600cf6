"""Right-hand sides of the flows, written by symflow from the derivations that prove them.

Nothing here is typed by hand but this page. Each file names in its docstring the command that writes it; in the folder
of the repository, with ``-o`` and its own path appended, that command proves the statements and writes the file again.
``tests/unit/flow/test_flow_equations.py`` does so for every file and compares byte for byte: what the flows compute is
what is proved. To change an equation, change the derivation; to add one, give the command a further label. Afterwards
remove ``__pycache__/*.nb*`` of the flows: numba does not see that a function which another one calls has changed.

The functions have the names of the statements: ``B4_layer`` is the right side of B4.layer. Loops (no temporary arrays
but small ones, results in ``out``) are for the flows that numba compiles, NumPy functions for those that are called for
all data at once. All of them leave the weights of the data out: masses are in the arguments.
"""
