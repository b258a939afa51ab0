"""Guided particles over Pauli strings: second moments that are exponentially small."""
