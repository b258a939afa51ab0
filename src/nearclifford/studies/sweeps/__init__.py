"""Sweeps: studies of circuits, observables and patches that a program or a file brings along."""
