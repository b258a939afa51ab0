"""Where statistics come from: one landscape in, numbers out."""

from nearclifford.backends.statevector import Statevector

__all__ = ["Statevector"]
