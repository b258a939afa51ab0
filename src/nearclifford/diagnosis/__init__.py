"""Whether a circuit trains near a Clifford point, what simulates it, and what would help."""
