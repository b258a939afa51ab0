"""Circuits from files and into files."""
