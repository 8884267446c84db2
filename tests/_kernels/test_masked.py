import numpy as np
import pytest

from sklearn_sedzoo._kernels.masked import masked_mean, masked_percentiles


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_there_is_counted_one_by_one(axis, dtype):
    values = np.random.default_rng(0).normal(size=(6, 5)).astype(dtype)
    values[[0, 2, 3], [1, 1, 4]] = np.nan
    values[:, 0] = np.nan
    values[5] = np.nan
    lines = {None: [values.ravel()], 0: values.T, 1: values}[axis]
    for line, mean, percentiles in zip(
        lines,
        np.atleast_1d(masked_mean(values, axis)),
        np.atleast_2d(masked_percentiles(values, (16, 50), axis).T),
        strict=True,
    ):
        known = [float(value) for value in line if not np.isnan(value)]
        np.testing.assert_allclose(mean, sum(known) / len(known) if known else np.nan, rtol=1e-6)
        np.testing.assert_allclose(percentiles, np.percentile(known, (16, 50)) if known else [np.nan] * 2, rtol=1e-6)
