"""What gates do to the letters of a Pauli string that is pulled back through them, signs aside.

Letters are numbers: I, X, Y, Z are 0, 1, 2, 3, as in stim.
"""

from __future__ import annotations

import numpy as np
import stim

from nearclifford.arrays import Floats, Indices
from nearclifford.normal_form.gates import INVERSE_TABLEAU, PRIMITIVES, ROTATION_AXIS

LETTERS = 4


def _image(name: str, letters: tuple[int, ...]) -> tuple[int, ...]:
    """Return the letters of ``C† P C``."""
    return tuple(INVERSE_TABLEAU[name](stim.PauliString(list(letters))))


def _one(name: str) -> Indices:
    return np.array([_image(name, (a,))[0] for a in range(LETTERS)])


def _two(name: str) -> Indices:
    images = [_image(name, divmod(pair, LETTERS)) for pair in range(LETTERS**2)]
    return np.array([first * LETTERS + second for first, second in images])


def _by_opcode(n_qubits: int) -> dict[int, Indices]:
    make = _one if n_qubits == 1 else _two
    chosen = ((code, name) for code, name in enumerate(PRIMITIVES) if name not in ROTATION_AXIS)
    return {code: make(name) for code, name in chosen if len(INVERSE_TABLEAU[name]) == n_qubits}


# By opcode: the letter, or 4 * first + second of the two letters, that takes the place of each.
ONE_QUBIT = _by_opcode(1)
TWO_QUBITS = _by_opcode(2)
# By opcode of a rotation: the letter that each is multiplied to by the axis, where the two anticommute; -1 elsewhere.
PARTNER = {
    code: np.array([-1 if letter in (0, axis) else 6 - axis - letter for letter in range(LETTERS)])
    for code, axis in (
        (code, "IXYZ".index(ROTATION_AXIS[name])) for code, name in enumerate(PRIMITIVES) if name in ROTATION_AXIS
    )
}


def rotation_map(opcode: int, commuting: float, stay: float, flip: float) -> Floats:
    """Return the weights of the letters that a letter becomes at a rotation, shape ``(4, 4)``, symmetric.

    Letters that commute with the axis have the weight ``commuting``; the others stay or flip.

    >>> from nearclifford.normal_form.gates import OPCODE
    >>> rotation_map(OPCODE["RZ"], 1.0, 0.75, 0.25)
    array([[1.  , 0.  , 0.  , 0.  ],
           [0.  , 0.75, 0.25, 0.  ],
           [0.  , 0.25, 0.75, 0.  ],
           [0.  , 0.  , 0.  , 1.  ]])
    """
    weights = np.zeros((LETTERS, LETTERS))
    for letter, partner in enumerate(PARTNER[opcode]):
        weights[letter, letter] = commuting if partner < 0 else stay
        if partner >= 0:
            weights[letter, partner] = flip
    return weights


def permutation_map(images: Indices) -> Floats:
    """Return the matrix of a permutation of letters: 1 at (letter, image).

    >>> permutation_map(np.array([0, 3, 2, 1]))[1].tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    return np.eye(LETTERS)[images]
