"""Classical surrogates of a landscape near its centre: Pauli paths and Taylor polynomials, their errors and their cost."""
