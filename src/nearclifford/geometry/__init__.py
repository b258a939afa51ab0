"""The shape of a landscape: slices, height maps, planes of training paths, and spectra at the Clifford centre."""
