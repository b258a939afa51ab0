"""Passes over the amplitudes of a state."""
