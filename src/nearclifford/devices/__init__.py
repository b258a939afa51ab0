"""Circuits run on a simulator or device: shots, noise, parameter shift."""
