"""Bit-sliced chains of Pauli strings."""
