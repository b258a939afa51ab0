"""Chains whose equal strings are merged."""
