"""Qiskit's primitives over what this package evaluates."""
