"""Exact values and gradients: the sweep over the space that matters, on CPU and GPU, and the centre at any size."""
