"""Results belong to the last fit: what `set_params` changes counts from the next one."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo.embedding import SpectrumPCA
from sklearn_sedzoo.photometry import MagnitudeToColor, SyntheticPhotometry
from sklearn_sedzoo.preprocessing import (
    ContinuumRemover,
    ExtinctionCorrector,
    FluxNormalizer,
    FluxScale,
    LineMasker,
    SpectrumResampler,
    SpectrumSmoother,
)

GRID = np.linspace(4000.0, 5000.0, 60)
SPECTRA = pd.DataFrame(1 + np.random.default_rng(0).uniform(size=(20, 60)), columns=[str(w) for w in GRID])
MAGNITUDES = pd.DataFrame(20 + np.random.default_rng(1).uniform(size=(20, 3)), columns=["g", "r", "i"])
FILTERS = {"a": ([4200.0, 4400.0, 4600.0], [0, 1, 0])}
CASES = [
    (SpectrumResampler(20), {"grid": 30, "grid_range": (4100, 4900), "spacing": "log", "fill_value": 0.0,
                             "min_coverage": 0.5, "redshift": 0.1, "density": "frequency", "medium": "air",
                             "unit": "nm", "on_bad": "raise"}),
    (FluxNormalizer((4200, 4400)), {"band": (4500, 4600), "statistic": "median", "with_ivar": False, "unit": "nm",
                                    "on_bad": "raise"}),
    (FluxScale((4200, 4400)), {"band": (4500, 4600), "statistic": "median", "unit": "nm", "on_bad": "raise"}),
    (LineMasker([4300.0]), {"lines": [4700.0], "half_width": 900.0, "fill": "interpolate", "unit": "nm"}),
    (ExtinctionCorrector(0.1), {"ebv": 0.5, "r_v": 4.0, "law": "calzetti2000", "unit": "nm"}),
    (SpectrumSmoother(2000.0), {"sigma": 500.0, "min_coverage": 0.9, "unit": "nm"}),
    (ContinuumRemover("polynomial", degree=2), {"method": "median", "degree": 5, "width": 900.0, "unit": "nm"}),
    (MagnitudeToColor(), {"kind": "asinh", "ref_band": 0, "colors": "all", "nondetection": 20.5,
                          "limits": [27.0, 27.0, 27.0]}),
    (SyntheticPhotometry(FILTERS), {"output": "maggies", "detector": "energy", "redshifts": (0.0, 0.1)}),
    (SpectrumPCA(2), {"latent_dim": 5, "whiten": True, "on_bad": "raise", "on_empty": "nan"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        pytest.param(estimator, name, value, id=f"{type(estimator).__name__}-{name}")
        for estimator, changes in CASES
        for name, value in changes.items()
    ],
)
def test_a_parameter_that_is_set_after_the_fit_changes_nothing(estimator, name, value):
    if name not in estimator.get_params():
        pytest.fail(f"{estimator!r} has no parameter {name}")
    X = MAGNITUDES if isinstance(estimator, MagnitudeToColor) else SPECTRA
    fitted = type(estimator)(**estimator.get_params()).set_output(transform="pandas").fit(X)
    before = fitted.transform(X)
    fitted.set_params(**{name: value})
    pd.testing.assert_frame_equal(fitted.transform(X), before)
    assert fitted.get_params()[name] is value
