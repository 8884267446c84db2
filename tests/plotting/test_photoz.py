"""What the displays of photometric redshifts draw."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from sklearn_sedzoo import metrics
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.photoz import SOMRedshiftRegressor
from sklearn_sedzoo.plotting import NzDisplay, PhotoZDisplay, PITDisplay, RedshiftMapDisplay
from tests.photoz.test_regressor import make_sky

SKY, Z = make_sky(400, 0)
NEW, Z_NEW = make_sky(300, 1)


@pytest.fixture(scope="module")
def model():
    som = SOMMapper(6, 6, init="sample", algorithm=Batch(n_epochs=6))
    return make_pipeline(StandardScaler(), SOMRedshiftRegressor(som, n_maps=2, random_state=0)).fit(SKY, Z)


def lines_of(ax):
    return [np.array(line.get_data()) for line in ax.lines]


def test_outlier_lines_and_scores(model):
    display = PhotoZDisplay.from_estimator(model, NEW, Z_NEW)
    z_phot = model.predict(NEW)
    points, middle, low, high = lines_of(display.axes_[0])
    np.testing.assert_array_equal(points, [Z_NEW, z_phot])
    for line, sign in ((middle, 0), (low, -1), (high, 1)):
        np.testing.assert_allclose(line[1], line[0] + 0.15 * sign * (1 + line[0]))
    beyond = (points[1] > points[0] + 0.15 * (1 + points[0])) | (points[1] < points[0] - 0.15 * (1 + points[0]))
    assert f"beyond 0.15: {100 * beyond.mean():.2f} %" in display.text_.get_text()
    assert f"{metrics.sigma_nmad(Z_NEW, z_phot):.4f}" in display.text_.get_text()
    assert "300 galaxies" in display.text_.get_text()


def test_running_median_of_the_residuals():
    z = np.linspace(0.1, 2, 120)
    display = PhotoZDisplay.from_predictions(z, z + 0.01 * (1 + z))
    running = lines_of(display.axes_[1])[-3]
    np.testing.assert_allclose(running[1], 0.01)
    assert len(running[0]) == 12
    assert display.axes_[1].get_ylim() == (-0.3, 0.3)


def test_rows_without_redshift_are_counted():
    z = np.linspace(0.1, 2, 50)
    z_phot = np.where(z > 1.9, np.nan, z)
    text = PhotoZDisplay.from_predictions(z, z_phot).text_.get_text()
    assert f"{(z <= 1.9).sum()} galaxies, {(z > 1.9).sum()} without redshift" in text
    rail = PhotoZDisplay.from_predictions(z, z + 0.01 * np.sin(40 * z), threshold="rail")
    assert "beyond 0.06" in rail.text_.get_text()


def test_many_galaxies_are_hexagons():
    rng = np.random.default_rng(0)
    z = rng.uniform(0, 2, 4000)
    upper, lower = PhotoZDisplay.from_predictions(z, z + 0.02 * rng.standard_normal(4000)).axes_
    assert upper.collections[0].get_array().sum() == 4000
    assert lower.collections[0].get_array().sum() == 4000


def test_two_axes_may_be_handed_over():
    z = np.linspace(0.1, 2, 50)
    axes = plt.figure().subplots(2)
    assert PhotoZDisplay.from_predictions(z, z, ax=axes).axes_[1] is axes[1]
    with pytest.raises(ValueError, match=r"`ax` of PhotoZDisplay.plot must be one Axes or 2 Axes, got 3"):
        PhotoZDisplay.from_predictions(z, z, ax=plt.figure().subplots(3))


def test_pit_and_qq(model):
    display = PITDisplay.from_estimator(model, NEW, Z_NEW)
    density, zgrid = model[-1].predict_dist(model[0].transform(NEW)), model[-1].zgrid_
    values = metrics.pit(Z_NEW, density, zgrid)
    heights = display.axes_[0].patches[-1].get_data().values
    np.testing.assert_allclose(heights, np.histogram(values, 20, (0, 1), density=True)[0])
    assert display.ks_ == {"SOMRedshiftRegressor": pytest.approx(metrics.pit_ks(Z_NEW, density, zgrid))}
    quantiles = lines_of(display.axes_[1])[-1]
    np.testing.assert_allclose(quantiles[1], np.quantile(values, quantiles[0]))
    both = PITDisplay({"narrow": np.repeat([0, 1], 50), "right": np.linspace(0, 1, 100)}).plot()
    assert both.ks_["narrow"] > 0.4 > both.ks_["right"]
    labels = [text.get_text() for text in both.axes_[1].get_legend().get_texts()]
    assert labels == ["narrow, KS 0.500", "right, KS 0.010"]


def test_what_has_no_densities_is_refused():
    regressor = LinearRegression().fit(SKY, Z)
    with pytest.raises(TypeError, match="PITDisplay needs an estimator with predict_dist, got LinearRegression"):
        PITDisplay.from_estimator(regressor, NEW, Z_NEW)
    with pytest.raises(TypeError, match="NzDisplay needs an estimator with summarize_nz"):
        NzDisplay.from_estimator(regressor, NEW)
    with pytest.raises(TypeError, match="RedshiftMapDisplay needs an estimator with completeness_map_"):
        RedshiftMapDisplay.from_estimator(regressor)


def test_nz_keeps_the_integral_in_wide_bins():
    zgrid = np.linspace(0, 2, 201)
    nz = Bunch(zgrid=zgrid, nz=np.exp(-0.5 * ((zgrid - 1) / 0.2) ** 2), samples=np.ones((3, 201)), coverage=0.5)
    display = NzDisplay.from_predictions({"a": nz}, truths={"a": [0.9, 1.1]})
    z, density = display.lines_[0].get_data()
    assert density.sum() * (z[1] - z[0]) == pytest.approx(1)
    assert np.average(z, weights=density) == pytest.approx(1, abs=1e-6)
    assert display.lines_[0].get_label() == "a, 50.0 % covered"
    with pytest.raises(ValueError, match=r"`truths` of NzDisplay must be named as the estimates \['a'\], got 'b'"):
        NzDisplay.from_predictions({"a": nz}, truths={"b": [1.0]})


def test_tomographic_bins(model):
    display = NzDisplay.from_estimator(model, NEW, Z_NEW, bins=[0.2, 0.8, 1.6])
    assert [line.get_label().split(",")[0] for line in display.lines_] == ["0.2 to 0.8", "0.8 to 1.6"]
    expected = model[-1].summarize_nz(model[0].transform(NEW), z_range=(0.2, 0.8))
    np.testing.assert_array_equal(display.estimates["0.2 to 0.8"].nz, expected.nz)
    z_phot = model.predict(NEW)
    np.testing.assert_array_equal(display.truths["0.8 to 1.6"], Z_NEW[(z_phot >= 0.8) & (z_phot < 1.6)])
    weight = (Z_NEW < 1).astype(float)
    whole = NzDisplay.from_estimator(model, NEW, weights=weight)
    np.testing.assert_array_equal(whole.estimates["all"].nz, model[-1].summarize_nz(model[0].transform(NEW), weight).nz)


def test_maps_of_redshift_completeness_and_coverage(model):
    regressor = model[-1]
    own = [ax.collections[0].get_array().filled(np.nan) for ax in RedshiftMapDisplay.from_estimator(model).axes_]
    np.testing.assert_array_equal(own[0], regressor.median_map_.ravel())
    np.testing.assert_array_equal(own[1], regressor.completeness_map_.ravel())
    display = RedshiftMapDisplay.from_estimator(model, NEW)
    _, completeness, coverage = (ax.collections[0].get_array().filled(np.nan) for ax in display.axes_)
    features = model[0].transform(NEW)
    cells, covered = regressor.som_.predict(features), regressor.is_covered(features)
    for cell in range(36):
        inside = cells == cell
        if inside.any():
            assert completeness[cell] == pytest.approx(regressor.label_counts_.ravel()[cell] / inside.sum())
            assert coverage[cell] == pytest.approx(covered[inside].mean())
        else:
            assert np.isnan(coverage[cell])
