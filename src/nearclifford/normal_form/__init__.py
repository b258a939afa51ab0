"""A circuit and an observable as Pauli rotations and Pauli strings: made once, read by everything else."""
