"""Tables for other programs: what comes back is what went in."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import nearclifford as nc
from nearclifford.studies.exports import to_parquet, to_xarray

AXES = ["ansatz", "layers", "sigma", "n_qubits"]
COLUMNS = {"norm": "mean of the norm", "sigma_value": "that standard deviation, radians"}


def table() -> pd.DataFrame:
    rows = [
        {"ansatz": ansatz, "layers": "N", "sigma": sigma, "n_qubits": n, "n_layers": n, "n_parameters": 2 * n * n,
         "sigma_value": 1 / n if sigma == "D^-1" else 1.0, "draws": n,
         "norm": np.exp(-n / 7) / 3, "note": f"{ansatz}{n}"}
        for ansatz in ("mhea", "fhea") for sigma in ("D^-1", "1") for n in (2, 4, 8)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("dropped", [[], [0, 7]])
def test_a_dataset_holds_the_table(dropped):
    xarray = pytest.importorskip("xarray")
    frame = table().drop(dropped)
    found = to_xarray(frame, AXES, COLUMNS)
    assert isinstance(found, xarray.Dataset)
    back = found.to_dataframe().reset_index().set_index(AXES).loc[list(frame[AXES].itertuples(index=False, name=None))]
    for name in frame.columns.drop(AXES):
        assert back[name].tolist() == frame[name].tolist(), name
    missing = table().loc[dropped]
    for place in missing[AXES].to_dict("records"):
        assert np.isnan(found["norm"].sel(place).item())


def test_what_follows_from_fewer_axes_is_a_coordinate_over_these():
    pytest.importorskip("xarray")
    found = to_xarray(table(), AXES, COLUMNS)
    assert found["n_layers"].dims == ("layers", "n_qubits")
    assert found["norm"].dims == tuple(AXES)
    assert found["draws"].dtype == np.int64
    assert found["norm"].attrs == {"long_name": "mean of the norm"}
    assert found["sigma_value"].attrs["units"] == "rad"
    frame = table()
    frame.loc[0, "n_layers"] = 99
    assert to_xarray(frame, AXES, COLUMNS)["n_layers"].dims == tuple(AXES)


def test_wrong_axes_are_named():
    pytest.importorskip("xarray")
    with pytest.raises(nc.NearCliffordError, match="ansatz = 'mhea', n_qubits = 2;"):
        to_xarray(table(), ["ansatz", "n_qubits"], COLUMNS)
    with pytest.raises(nc.NearCliffordError, match="'depth'; expected columns"):
        to_xarray(table(), ["depth"], COLUMNS)
    with pytest.raises(nc.NearCliffordError, match="at least one column"):
        to_xarray(table(), [], COLUMNS)


def test_parquet_comes_back(tmp_path):
    pytest.importorskip("pyarrow")
    path = to_parquet(table(), tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), table())
    with pytest.raises(nc.NearCliffordError, match="cannot be written as Parquet"):
        to_parquet(pd.DataFrame({"a": [1, "N"]}), path)
    pd.testing.assert_frame_equal(pd.read_parquet(path), table())


@pytest.mark.parametrize(("library", "extra"), [("pyarrow", "parquet"), ("xarray", "xarray")])
def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch, tmp_path, library, extra):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(nc.NearCliffordError, match=rf"nearclifford\[{extra}\]"):
        to_parquet(table(), tmp_path / "a") if library == "pyarrow" else to_xarray(table(), AXES, COLUMNS)
