"""Confirmation: where proved formulas meet the oracle, SymPy by components, and real data."""
