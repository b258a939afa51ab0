"""The shape of landscapes with and without the encoder: a figure, and a table of spectra at the centre.

    python benchmarks/geometry.py docs/figures          # writes geometry.png and geometry.svg
    python benchmarks/geometry.py --table               # spectra at the centre, N = 8 to 1000

The figure takes half a minute on one core, the table too.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import nearclifford as nc
from nearclifford.plots.style import STYLES, add_caption, save

POINTS = np.linspace(-np.pi, np.pi, 61)
KINDS = {"plain": STYLES[1], "encoded": STYLES[0]}


def landscapes(n_qubits, layers, observable, parameter=0):
    """Return the plain landscape of mHEA and the encoded one."""
    circuit = nc.ansatz.mhea(n_qubits, layers)
    encoded = nc.encode(circuit, observable, parameter).circuit
    return {"plain": nc.Landscape(circuit, observable), "encoded": nc.Landscape(encoded, observable)}


def draw_slices(axis):
    """Mean and standard deviation over a patch of the other 95 parameters."""
    for kind, land in landscapes(8, 5, nc.observables.global_z(8)).items():
        patch = nc.Gaussian(land.n_parameters ** (-1 / 3))
        nc.slice_along(land, 0, POINTS, patch=patch, samples=100_000, rng=7).plot(axis, KINDS[kind], label=kind)
    axis.set(title="Z on every qubit, N = 8, L = 5:\nmean ± std over a patch, σ = D^-1/3", ylabel="loss")
    axis.set(xlabel="encoded parameter (radians)")
    axis.legend(frameon=False, fontsize=8)


def draw_maps(figure, axes):
    """Two maps with one colour bar: N = 12, L = 6, parameters 0 (encoded) and 150, others from a patch."""
    for axis, (kind, land) in zip(axes, landscapes(12, 6, nc.observables.global_z(12)).items(), strict=True):
        patch = nc.Gaussian(0.1)
        nc.height_map(land, (0, 150), POINTS, patch=patch).plot(axis, limits=(-1.0, 1.0))
        axis.set(title=f"N = 12, L = 6, {kind}:\nmean over a patch, σ = 0.1")
        axis.set(xlabel="encoded parameter (radians)", ylabel="parameter 150 (radians)")
    figure.colorbar(axes[-1].images[0], ax=list(axes), label="loss", pad=0.02)


def draw_path(figure, axis):
    """Gradient descent on the Heisenberg chain, on the plane of its principal axes."""
    land = landscapes(8, 4, nc.observables.heisenberg(8))["plain"]
    path = [nc.Gaussian(land.n_parameters**-0.5).sample((land.n_parameters,), rng=7)]
    for _ in range(200):
        path.append(path[-1] - 0.01 * land.gradient(path[-1]))
    plane = nc.principal_plane(path)
    first, second = (np.linspace(line.min() - 0.6, line.max() + 0.6, 41) for line in plane.coordinates.T)
    found = nc.height_map(land, plane.directions, first, second, theta=plane.origin)
    found.plot(axis, path=plane.coordinates)
    share = 100 * plane.explained.sum()
    axis.set(title=f"Heisenberg, N = 8, L = 4: 200 steps\non their principal axes ({share:.0f} % of the variance)")
    axis.set(xlabel="first principal axis (radians)", ylabel="second principal axis (radians)")
    axis.legend(loc="upper left", fontsize=8)
    figure.colorbar(axis.images[0], ax=axis, label="loss", pad=0.02)


def draw_spectra(axes):
    """Hessian and metric at the centre, a thousand qubits."""
    for axis, (kind, land) in zip(axes, landscapes(1000, 10, nc.observables.heisenberg(1000)).items(), strict=True):
        nc.center_spectrum(land).plot(axis)
        axis.set(title=f"Heisenberg, N = 1000, L = 10, {kind}:\nspectra at the centre", ylim=(1e-5, 1e4))
        axis.legend(frameon=False, fontsize=8, loc="lower left")


def figure_of_geometry(made_by):
    """Return the figure: slices, two maps, a path on its plane, two spectra."""
    figure = Figure(figsize=(13.5, 8.4), layout="constrained")
    panels = figure.subplots(2, 3)
    draw_slices(panels[0, 0])
    draw_maps(figure, panels[0, 1:])
    draw_path(figure, panels[1, 0])
    draw_spectra(panels[1, 1:])
    add_caption(
        figure, "mHEA; the encoder is compact, for parameter 0 and the first term. Means over patches are exact", made_by
    )
    return figure


def print_table():
    """Print the spectra at the centre as a table of Markdown."""
    print("| observable | N | circuit | D | metric: rank | largest | condition | Hessian: rank | condition | ‖∇L‖ |")
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for name in ("global_z", "heisenberg"):
        for n_qubits in (8, 20, 50, 200, 1000):
            observable = getattr(nc.observables, name)(n_qubits)
            for kind, land in landscapes(n_qubits, 10, observable).items():
                found = nc.center_spectrum(land)
                metric, hessian = found.metric, found.hessian
                print(
                    f"| {name} | {n_qubits} | {kind} | {found.n_parameters} | {metric.rank} | {metric.largest:g} | "
                    f"{metric.condition:g} | {hessian.rank} | {hessian.condition:.3g} | {found.gradient_norm:.3g} |"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if arguments.table:
        print_table()
    if arguments.folder:
        save(figure_of_geometry("python benchmarks/geometry.py"), arguments.folder / "geometry")


if __name__ == "__main__":
    main()
