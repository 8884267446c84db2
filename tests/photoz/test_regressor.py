import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor, StackingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.mapping import Batch, FittedMap, SOMMapper
from sklearn_sedzoo.model_selection import photoz_scorer
from sklearn_sedzoo.photoz import SOMRedshiftRegressor


def make_sky(n, seed, noise=0.02):
    """Colors that follow redshift along a bent curve, a brightness that fades with it, and a hidden type."""
    rng = np.random.default_rng(seed)
    z, kind = rng.uniform(0.05, 2.0, n), rng.uniform(0, 1, n)
    colors = np.column_stack([np.sin(2 * z) + 0.5 * kind, np.cos(1.5 * z) - 0.3 * kind, 0.6 * z])
    magnitude = 21 + 2 * np.log1p(z) + rng.normal(0, 0.5, n)
    return np.column_stack([magnitude, colors + noise * rng.standard_normal((n, 3))]), z


SKY, Z = make_sky(1500, 0)
NEW, Z_NEW = make_sky(1000, 1)
SMALL = SOMMapper(8, 8, init="sample", algorithm=Batch(n_epochs=8))


@pytest.fixture(scope="module")
def model():
    return SOMRedshiftRegressor(n_maps=4, random_state=0).fit(SKY, Z)


def test_redshifts_are_found(model):
    assert metrics.sigma_nmad(Z_NEW, model.predict(NEW)) < 0.02
    assert metrics.outlier_rate(Z_NEW, model.predict(NEW)) < 0.01
    assert abs(metrics.photoz_bias(Z_NEW, model.predict(NEW))) < 0.003


def test_lines_beat_medians():
    errors = [
        metrics.sigma_nmad(
            Z_NEW, SOMRedshiftRegressor(SMALL, n_maps=2, statistic=s, random_state=0).fit(SKY, Z).predict(NEW)
        )
        for s in ("local_linear", "median")
    ]
    assert errors[0] < 0.7 * errors[1]


def test_the_median_of_one_frozen_map_is_the_median_of_the_cell():
    som = clone(SMALL).set_params(random_state=0).fit(SKY)
    ours = SOMRedshiftRegressor(FrozenEstimator(som), statistic="median").fit(SKY, Z)
    cells, places = som.predict(SKY), som.predict(NEW)
    for i in range(50):
        members = Z[cells == places[i]]
        if len(members):
            assert ours.predict(NEW[i : i + 1])[0] == pytest.approx(np.expm1(np.median(np.log1p(members))))
    assert ours.median_map_.shape == (8, 8)
    cell = cells[0]
    assert ours.median_map_.ravel()[cell] == pytest.approx(np.median(Z[cells == cell]))


def test_densities_are_calibrated():
    sky, z = make_sky(1500, 0, noise=0.08)
    new, z_new = make_sky(2000, 1, noise=0.08)
    model = SOMRedshiftRegressor(n_maps=4, random_state=0).fit(sky, z)
    density = model.predict_dist(new)
    assert density.shape == (2000, 601)
    np.testing.assert_allclose(np.trapezoid(density, model.zgrid_, axis=1), 1)
    assert (density >= 0).all()
    assert metrics.pit_ks(z_new, density, model.zgrid_) < 0.06  # .03 by chance, and the fits err together
    low, middle, high = model.predict_quantiles(new).T
    assert np.mean((low <= z_new) & (z_new <= high)) == pytest.approx(0.68, abs=0.04)
    assert ((low <= middle) & (middle <= high)).all()
    np.testing.assert_allclose(model.predict_interval(new, 0.68), np.column_stack([low, high]))
    redshift, std = model.predict(new, return_std=True)
    np.testing.assert_array_equal(redshift, model.predict(new))
    assert np.median(abs(redshift - z_new) / std) == pytest.approx(0.67, abs=0.15)


def test_smooth_and_zgrid():
    zgrid = np.linspace(0, 3, 50)
    wide = SOMRedshiftRegressor(SMALL, n_maps=1, zgrid=zgrid, smooth=0.2, random_state=0).fit(SKY, Z)
    sharp = clone(wide).set_params(smooth=0.001).fit(SKY, Z)
    assert wide.smooth_ == 0.2
    assert wide.predict_dist(NEW[:5]).shape == (5, 50)
    assert wide.predict(NEW, return_std=True)[1].mean() > 1.5 * sharp.predict(NEW, return_std=True)[1].mean()


def test_nothing_but_the_data_matters(model):
    order = np.random.default_rng(5).permutation(len(SKY))
    shuffled = SOMRedshiftRegressor(n_maps=4, random_state=0).fit(SKY[order], Z[order])
    np.testing.assert_array_equal(shuffled.predict(NEW), model.predict(NEW))
    np.testing.assert_array_equal(shuffled.predict_dist(NEW[:20]), model.predict_dist(NEW[:20]))
    one_by_one = np.concatenate([model.predict(row[None]) for row in NEW[:40]])
    np.testing.assert_allclose(one_by_one, model.predict(NEW)[:40], rtol=1e-12)
    np.testing.assert_allclose(model.predict_dist(NEW[:3]), model.predict_dist(NEW)[:3], rtol=1e-9)
    X, y = SKY.copy(), Z.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    clone(model).set_params(n_maps=1).fit(X, y).predict_dist(X[:10])
    np.testing.assert_array_equal(X, SKY)


def test_names_of_features_raise_no_warning():
    """Blocks of a DataFrame are arrays: they must not be checked again."""
    table, new = (pd.DataFrame(X, columns=list("abcd")) for X in (SKY, NEW[:30]))
    model = SOMRedshiftRegressor(SMALL, n_maps=1, random_state=0).fit(table, Z)
    model.predict(new, return_std=True)
    assert model.predict_interval(new).shape == (30, 2)
    np.testing.assert_array_equal(model.summarize_nz(new).nz, model.summarize_nz(new.copy()).nz)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(new[list("badc")])


def test_a_frozen_map_of_a_dataframe():
    table = pd.DataFrame(SKY, columns=list("abcd"))
    som = clone(SMALL).set_params(random_state=0)
    named, plain = FrozenEstimator(clone(som).fit(table)), FrozenEstimator(clone(som).fit(SKY))
    ours = SOMRedshiftRegressor(named).fit(table, Z)
    np.testing.assert_array_equal(ours.predict(table), SOMRedshiftRegressor(plain).fit(SKY, Z).predict(SKY))
    with pytest.raises(ValueError, match=r"was fitted on the features \['a', .*, but X has \['d', "):
        SOMRedshiftRegressor(named).fit(table[list("dcba")], Z)


def test_cells_are_those_of_the_map(model):
    assert FittedMap.of(model) is model.soms_[0].map_
    np.testing.assert_array_equal(FittedMap.locate(model, NEW), model.soms_[0].predict(NEW))


def test_redshifts_outside_of_the_grid():
    with pytest.warns(SedDataWarning, match=r"ends at 0 and 1: \d+ of 1500 redshifts are outside, first at row 0"):
        model = SOMRedshiftRegressor(SMALL, n_maps=1, zgrid=np.linspace(0, 1, 50), random_state=0).fit(
            SKY[np.argsort(-Z)], np.sort(Z)[::-1]
        )
    np.testing.assert_allclose(np.trapezoid(model.predict_dist(NEW), model.zgrid_, axis=1), 1)


def test_seeds_pickles_and_clones(model):
    again = clone(model).fit(SKY, Z)
    np.testing.assert_array_equal(again.predict(NEW), model.predict(NEW))
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_dist(NEW[:5]), model.predict_dist(NEW[:5]))
    other = clone(model).set_params(random_state=1).fit(SKY, Z)
    assert not np.array_equal(other.predict(NEW), model.predict(NEW))


def test_more_maps_are_better():
    errors = [
        np.mean(
            abs(
                SOMRedshiftRegressor(SMALL, n_maps=n, statistic="median", random_state=0).fit(SKY, Z).predict(NEW)
                - Z_NEW
            )
        )
        for n in (1, 8)
    ]
    assert errors[1] < 0.85 * errors[0]


@pytest.fixture(scope="module")
def half():
    """A map of the whole sky of which only redshifts below .8 are labeled."""
    som = SOMMapper(12, 12, random_state=0).fit(np.vstack([SKY, NEW]))
    near = Z < 0.8
    return FrozenEstimator(som), SKY[near], Z[near]


def test_coverage_and_fallbacks(half):
    som, X, y = half
    model = SOMRedshiftRegressor(som, fallback="nan").fit(X, y)
    covered = model.is_covered(NEW)
    assert covered[Z_NEW < 0.6].mean() > 0.9
    assert covered[Z_NEW > 1.2].mean() < 0.2
    assert np.isnan(model.predict(NEW)).tolist() == (~covered).tolist()
    assert np.isnan(model.predict_dist(NEW)[~covered]).all()
    neighbor = clone(model).set_params(fallback="neighbor").fit(X, y)
    assert np.isfinite(neighbor.predict(NEW)).all()
    np.testing.assert_array_equal(neighbor.predict(NEW)[covered], model.predict(NEW)[covered])
    strict = clone(model).set_params(fallback="raise").fit(X, y)
    many = np.vstack([np.repeat(NEW[covered][:1], 1500, axis=0), NEW[~covered][:1]])  # more than a block
    for method in (strict.predict, strict.predict_dist, strict.predict_quantiles):
        with pytest.raises(ValueError, match=r"1 of 1501 rows lie in cells with fewer than min_count=1 .* at row 1500"):
            method(many)
    assert np.isnan(model.predict_quantiles(many)[-1]).all()
    assert clone(model).set_params(min_count=20).fit(X, y).is_covered(NEW).mean() < covered.mean()
    assert (model.completeness_map_[model.label_counts_[..., 0] == 0] == 0).any()
    assert np.nanmax(model.completeness_map_) <= 1


def test_stacking():
    stack = StackingRegressor(
        [("map", make_pipeline(StandardScaler(), SOMRedshiftRegressor(SMALL, n_maps=2, random_state=0))),
         ("trees", ExtraTreesRegressor(30, min_samples_leaf=2, random_state=0))],
        cv=3,
    )  # fmt: skip
    assert metrics.sigma_nmad(Z_NEW, stack.fit(SKY, Z).predict(NEW)) < 0.03


def test_grid_search_by_photoz_scores():
    pipeline = make_pipeline(StandardScaler(), SOMRedshiftRegressor(SMALL, n_maps=1, random_state=0))
    grid = {"somredshiftregressor__statistic": ["median", "local_linear"]}
    for metric in ("sigma_nmad", "cde_loss"):
        search = GridSearchCV(pipeline, grid, scoring=photoz_scorer(metric), cv=2).fit(SKY, Z)
        assert search.best_params_ == {"somredshiftregressor__statistic": "local_linear"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"som": SMALL, "n_maps": 0}, ValueError, "`n_maps` of SOMRedshiftRegressor must be >= 1"),
        ({"min_count": 0}, ValueError, "`min_count` of SOMRedshiftRegressor must be >= 1"),
        ({"statistic": "mean"}, ValueError, "`statistic` of SOMRedshiftRegressor must be one of"),
        ({"fallback": "zero"}, ValueError, "`fallback` of SOMRedshiftRegressor"),
        ({"smooth": -1.0}, ValueError, "`smooth` of SOMRedshiftRegressor"),
        ({"smooth": "much"}, ValueError, "`smooth` of SOMRedshiftRegressor must be 'auto' or a number"),
        ({"zgrid": [0, 1, 1]}, ValueError, "must increase, got .*1.0.* at index 1"),
        ({"zgrid": [-1, 1]}, ValueError, r"`zgrid` .* must hold numbers in \[0, 100\]"),
        ({"som": StandardScaler()}, TypeError, "must be a SOMMapper"),
        ({"som": SOMMapper(metric="cosine")}, ValueError, "must have metric='euclidean', got 'cosine'"),
        ({"som": []}, ValueError, "`som` .* a list of those or None, got \\[\\]"),
        ({"som": FrozenEstimator(SMALL)}, ValueError, "must hold fitted maps"),
        ({"som": FrozenEstimator(SOMMapper(2, 2).fit(SKY[:, :2]))}, ValueError, "fitted on 2 features, but X has 4"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        SOMRedshiftRegressor(**arguments).fit(SKY, Z)


def test_labels_lie_on_the_first_map(model):
    assert model.som_ is model.soms_[0]
    assert model.label_counts_.sum() == len(SKY)
    assert not model.is_covered(SKY[:3] + 50).any()


def test_bad_redshifts():
    wrong = Z.copy()
    wrong[7] = -0.1
    with pytest.raises(ValueError, match=r"must be redshifts >= 0: 1 of 1500 are negative; first at row 7"):
        SOMRedshiftRegressor().fit(SKY, wrong)
    wrong[7] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        SOMRedshiftRegressor().fit(SKY, wrong)


def test_fewer_rows_than_cells():
    few = SOMRedshiftRegressor(SOMMapper(10, 10, init="random"), n_maps=2, random_state=0).fit(SKY[:30], Z[:30])
    assert np.isfinite(few.predict(NEW)).all()
    assert np.isfinite(few.predict_dist(NEW[:5])).all()
    assert few.is_covered(SKY[:30]).all()


def test_standard_deviations_hold_no_densities_of_all_rows(model):
    """Densities of 30,000 rows at 601 redshifts are 144 MB; blocks of them are a few."""
    many = np.tile(NEW, (30, 1))
    model.predict(many[:2000], return_std=True)
    tracemalloc.start()
    redshift, std = model.predict(many, return_std=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    density = model.predict_dist(NEW)
    mean = np.trapezoid(density * model.zgrid_, model.zgrid_, axis=1)
    variance = np.trapezoid(density * (model.zgrid_ - mean[:, None]) ** 2, model.zgrid_, axis=1)
    np.testing.assert_allclose(std[: len(NEW)], np.sqrt(variance))
    np.testing.assert_array_equal(redshift[: len(NEW)], model.predict(NEW))
