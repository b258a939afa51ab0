"""``nearclifford encode``: put the Linear Clifford Encoder around a circuit in a file."""

from __future__ import annotations

import argparse

from nearclifford.commands.output import printed
from nearclifford.commands.reading import parameter_index, read_observable
from nearclifford.encoder.encode import encode
from nearclifford.interchange.circuit_files import output_path, read_circuit, write_circuit


def run(options: argparse.Namespace) -> int:
    """Write the encoded circuit and print what the encoder gives and adds, in words or as JSON or CSV."""
    output = output_path(options.output)
    circuit = read_circuit(options.circuit)
    index = parameter_index(circuit, options.parameter)
    encoding = encode(circuit, read_observable(options.observable), index, options.term, style=options.style)
    write_circuit(encoding.circuit, output)
    if printed(options, lambda: {"output": str(output)} | encoding.to_dict(), encoding.frame):
        return 0
    name = circuit.parameters[index].name
    print(
        f"{output}: parameter {index} ({name}), style {encoding.style}; at θ = 0 the loss is {encoding.loss:g}, "
        f"∂L/∂{name} is {encoding.gradient[index]:g} and ‖∇L‖ is {encoding.gradient_norm:.6g}; "
        f"{encoding.added_two_qubit_gates} two-qubit gates and a depth of {encoding.added_depth} were added."
    )
    return 0
