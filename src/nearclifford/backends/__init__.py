"""Where statistics come from: one landscape in, numbers out."""

from nearclifford.backends.aer import Aer
from nearclifford.backends.stabilizer import Stabilizer
from nearclifford.backends.statevector import Statevector

__all__ = ["Aer", "Stabilizer", "Statevector"]
