"""Chains of Pauli strings pulled back through the circuit: sampled, merged, and what is zero everywhere."""
