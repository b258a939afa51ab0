"""Training: update rules, methods of SciPy, and one record of what they did."""
