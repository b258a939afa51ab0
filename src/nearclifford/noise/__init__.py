"""Pauli noise: how it is described, how a noise model of Qiskit Aer is read, and landscapes of noisy circuits."""
