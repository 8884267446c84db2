"""Which columns of a catalog name their objects, label them, or tell of the observation."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from sklearn_sedzoo._containers import is_identifier, is_nuisance, judge_columns
from sklearn_sedzoo.inspection import property_association
from sklearn_sedzoo.model_selection import stability

N = 60
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("id", np.arange(N) // 2, True),
        ("TARGETID", 39627 + np.arange(N), True),
        ("object_id", ["a"] * N, True),
        ("specObjID", np.arange(N).astype(">i8"), True),
        ("File", [f"spec-{i}.fits" for i in range(N)], True),
        ("targetid", np.r_[np.nan, np.arange(1.0, N)], True),  # a gap has made floats of it
        ("catalog entry", RNG.permutation(10**6)[:N], True),
        ("iau", [f"J{i:04d}" for i in range(N)], True),
        ("iau", [None, *(f"J{i:04d}" for i in range(1, N))], True),
        ("visits", np.arange(N) % 50, False),
        ("kind", ["early", "late"] * (N // 2), False),
        ("age", RNG.uniform(size=N), False),
        ("row_number", np.arange(float(N)), False),
        ("id", np.arange(N) + 0.5, False),
        ("plate", np.arange(N), False),
        ("zwarning_flags", 2 ** np.arange(N, dtype=np.int64), False),
        ("is_agn", np.arange(N) > 3, False),
        ("kind", pd.Categorical([f"c{i}" for i in range(N)]), False),
        ("few", [3, 1, 2], False),
        ("nothing", [None] * N, False),
    ],
)
def test_identifiers_are_recognized(name, values, expected):
    assert is_identifier(name, pd.Series(values)) is expected


@pytest.mark.parametrize("name", ["redshift", "Z", "z_spec", "S/N", "SN_MEDIAN", "snr", "SNR_R", "PLATE", "FIBERID",
                                  "E(B-V)", "ebv", "mjd", "log_sn"])  # fmt: skip
def test_nuisances_are_recognized(name):
    assert is_nuisance(name)


@pytest.mark.parametrize("name", ["age", "log_mass", "metallicity", "sfr", "dust_av", "snap", "zoo", "sigma"])
def test_properties_of_galaxies_are_no_nuisances(name):
    assert not is_nuisance(name)


@pytest.fixture(scope="module")
def properties():
    frame = pd.DataFrame(
        {
            "objid": 10**17 + np.arange(N),
            "survey_name": [f"J{i}" for i in range(N)],
            "plate": pd.array(np.repeat([266, 267, 268], N // 3), dtype="Int64"),
            "age": np.arange(N) / 7,
        }
    )
    frame.loc[2, "plate"] = pd.NA
    frame.attrs["units"] = {"age": "Gyr"}
    return frame


def test_identifiers_are_not_judged_and_labels_are_words(properties):
    judged = judge_columns(properties)
    assert list(judged) == ["plate", "age"]
    assert judged["plate"].dropna().unique().tolist() == ["266", "267", "268"]
    assert judged["plate"].isna().tolist() == [row == 2 for row in range(N)]
    assert judged.attrs["units"] == {"age": "Gyr"}
    labels = np.repeat([0, 1, 2], N // 3)
    table = property_association(labels, properties, n_permutations=50, n_resamples=5, random_state=0)
    assert table.index.tolist() == ["plate", "age"]
    assert np.isnan(table.loc["plate", "epsilon2"])  # a label has no variance
    assert table.loc["plate", "ami"] == pytest.approx(1)
    runs = stability(
        KMeans(3, n_init=1), np.arange(N)[:, None] / N, properties, vary=["seed"], n_runs=2, random_state=0
    )
    assert list(runs) == ["ari", "ari_min", "r_age"]
