"""Is there a place that trains and that no method here simulates? What the presets "phase-..." of Hamiltonians ask."""
