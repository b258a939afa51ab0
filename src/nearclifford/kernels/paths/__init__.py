"""Trees of Pauli paths: search, sums, series."""
