import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from sklearn_sedzoo import metrics
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.photoz import SOMRedshiftRegressor
from sklearn_sedzoo.photoz._nz import CellSums, NzEstimate, histogram, move_labels
from tests.photoz.test_regressor import make_sky

SKY, Z = make_sky(3000, 0)
NEW, Z_NEW = make_sky(4000, 1)


def test_weights_and_moves_by_hand():
    labels = np.array([0.1, 0.2, 0.5, 0.9])
    estimate = NzEstimate(
        labels,
        np.log1p(labels),
        np.ones(4),
        [np.array([0, 0, 1, 2])],
        [CellSums(np.array([6.0, 3.0, 0.0, 1.0]), np.log1p([0.15, 0.6, 0.0, 0.0]))],
        np.linspace(0, 1, 11),
    )
    redshift, weight, coverage = move_labels(estimate, np.ones(4), 1)
    np.testing.assert_allclose(weight, np.array([3, 3, 3, 0]) / 9)
    assert coverage == pytest.approx(0.9)
    # the first two keep their ratio of 1 + z, and their mean logarithm becomes that of 1.15
    np.testing.assert_allclose((1 + redshift[1]) / (1 + redshift[0]), 1.2 / 1.1)
    np.testing.assert_allclose(np.sqrt((1 + redshift[0]) * (1 + redshift[1])), 1.15)
    np.testing.assert_allclose(redshift[2:], [0.6, 0.9])
    _, weight, coverage = move_labels(estimate, np.ones(4), 2)
    np.testing.assert_allclose(weight, np.array([3, 3, 0, 0]) / 6)
    assert coverage == pytest.approx(0.6)


def test_a_selection_within_cells_is_corrected():
    """Within each of four wide cells the labels are brighter, and so nearer, than the photometric sample."""
    rng = np.random.default_rng(0)
    magnitude = rng.uniform(20, 24, 6000)
    z = np.expm1(0.1 + 0.1 * (magnitude - 20) + 0.02 * rng.standard_normal(6000))
    bright = (rng.uniform(size=6000) < np.exp(20 - magnitude)) & (np.arange(6000) < 4000)
    X = np.column_stack([magnitude, np.zeros(6000)])
    som = SOMMapper(1, 4).fit(X[4000:])
    model = SOMRedshiftRegressor(FrozenEstimator(som), random_state=0).fit(X[bright], z[bright])
    cells, places = som.predict(X[bright]), som.predict(X[4000:])
    counted = np.mean([z[bright][cells == place].mean() for place in places])
    truth, result = z[4000:].mean(), model.summarize_nz(X[4000:])
    assert counted - truth < -0.01
    assert abs(result.mean - truth) < 0.3 * abs(counted - truth)


def test_the_histogram_keeps_the_mean():
    rng = np.random.default_rng(0)
    z, weight, grid = rng.uniform(0.2, 1.8, 500), rng.uniform(size=500), np.linspace(0, 2, 41)
    density = histogram(z, weight, grid)
    assert np.trapezoid(density, grid) == pytest.approx(1)
    assert np.trapezoid(density * grid, grid) == pytest.approx(np.average(z, weights=weight), abs=1e-6)


def test_a_representative_sample():
    model = SOMRedshiftRegressor(n_maps=3, random_state=0).fit(SKY, Z)
    result = model.summarize_nz(NEW)
    assert abs(metrics.nz_mean_shift(Z_NEW, result.nz, result.zgrid)) < 0.003
    assert result.coverage > 0.99
    assert result.samples.shape == (20, 601)
    assert result.mean == pytest.approx(np.trapezoid(result.nz * result.zgrid, result.zgrid), abs=1e-4)
    assert 0 < result.mean_std < 0.02
    assert model.summarize_nz(NEW, n_bootstrap=0).samples.shape == (0, 601)


def test_a_biased_sample_is_weighed():
    """Spectroscopy prefers low redshifts by a factor of ten; raw counts are far off, cells are not."""
    keep = np.random.default_rng(3).uniform(size=len(Z)) < np.where(Z < 0.9, 1.0, 0.1)
    raw = (Z[keep].mean() - Z_NEW.mean()) / (1 + Z_NEW.mean())
    som = FrozenEstimator(SOMMapper(12, 12, random_state=0).fit(NEW))
    model = SOMRedshiftRegressor(som, random_state=0).fit(SKY[keep], Z[keep])
    covered = model.is_covered(NEW)
    result = model.summarize_nz(NEW)
    shift = metrics.nz_mean_shift(Z_NEW[covered], result.nz, result.zgrid)
    assert abs(raw) > 0.1
    assert abs(shift) < 0.01
    assert result.coverage == pytest.approx(covered.mean(), abs=0.01)  # which also looks at the distance


def test_tomographic_bins_cut_both_samples():
    """A bin of width .1 within cells that are much wider: cut on one side only, its N(z) would be as wide as cells."""
    model = SOMRedshiftRegressor(SOMMapper(5, 5, init="sample"), n_maps=3, random_state=0).fit(SKY, Z)
    z_phot = model.predict(NEW)
    for low in (0.4, 0.9, 1.4):
        inside = (z_phot >= low) & (z_phot < low + 0.1)
        result, cut = model.summarize_nz(NEW, z_range=(low, low + 0.1)), model.summarize_nz(NEW[inside])
        width, wide = (
            np.sqrt(np.trapezoid(nz.nz * (nz.zgrid - nz.mean) ** 2, nz.zgrid)) for nz in (result, cut)
        )  # fmt: skip
        assert width == pytest.approx(Z_NEW[inside].std(), rel=0.25)
        assert wide > 1.5 * width
        assert abs(metrics.nz_mean_shift(Z_NEW[inside], result.nz, result.zgrid)) < 0.005
        assert result.coverage > 0.9


@pytest.mark.parametrize("z_range", [(1.0, 0.5), 0.5, (np.nan, 1.0), "ab"])
def test_bad_bins(z_range):
    model = SOMRedshiftRegressor(SOMMapper(5, 5), n_maps=1, random_state=0).fit(SKY[:200], Z[:200])
    with pytest.raises(ValueError, match=r"`z_range` of SOMRedshiftRegressor.summarize_nz must satisfy low < high"):
        model.summarize_nz(NEW, z_range=z_range)
    with pytest.raises(ValueError, match=r"must hold rows of X, none of the 4000 is predicted in \(8, 9\)"):
        model.summarize_nz(NEW, z_range=(8, 9))


def test_weights_of_the_photometric_sample():
    model = SOMRedshiftRegressor(n_maps=3, random_state=0).fit(SKY, Z)
    weight = (Z_NEW < 1).astype(float)
    some, same = model.summarize_nz(NEW, sample_weight=weight), model.summarize_nz(NEW[Z_NEW < 1])
    np.testing.assert_allclose(some.nz, same.nz)
    with pytest.raises(ValueError, match="`sample_weight` of SOMRedshiftRegressor must be finite, not negative"):
        model.summarize_nz(NEW, sample_weight=-weight)


def test_no_labeled_object_in_any_cell():
    som = FrozenEstimator(SOMMapper(12, 12, random_state=0).fit(np.vstack([SKY, NEW])))
    model = SOMRedshiftRegressor(som).fit(SKY[Z < 0.3], Z[Z < 0.3])
    with pytest.raises(ValueError, match="No cell of the photometric sample holds 1 labeled objects"):
        model.summarize_nz(NEW[Z_NEW > 1.9])
