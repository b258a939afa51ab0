"""What it costs to replace the quantum computer: methods, peers and published formulas."""
