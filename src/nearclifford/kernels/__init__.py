"""Hot loops: arrays in, arrays out; no Qiskit, no classes, no input or output."""
