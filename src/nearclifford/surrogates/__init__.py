"""Classical surrogates of a landscape, their errors, and what they cost beside other classical methods."""
