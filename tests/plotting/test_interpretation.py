"""What the displays of interpretation draw."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo.inspection import interpret
from sklearn_sedzoo.model_selection import choose_n_clusters, stability
from sklearn_sedzoo.plotting import (
    AssociationDisplay,
    ClusterChoiceDisplay,
    PropertyViolinsDisplay,
    StabilityDisplay,
    TypicalSpectraDisplay,
)


def test_violins_show_medians_and_units(clusters, flux, properties):
    shown = properties[["age", "velocity_dispersion"]]
    shown.attrs = properties.attrs
    display = PropertyViolinsDisplay.from_estimator(clusters, flux, shown)
    labels = clusters.predict(flux)
    dots = [line.get_ydata()[0] for line in display.axes_[0].lines if len(line.get_ydata()) == 1]
    np.testing.assert_allclose(dots, properties["age"].groupby(labels).median())
    assert "Gyr" in display.axes_[0].get_ylabel()
    with pytest.raises(ValueError, match="must hold numbers for the 60 spectra"):
        PropertyViolinsDisplay.from_predictions(labels, shown[:5])


def test_typical_spectra_are_those_of_the_interpretation(clusters, flux, properties):
    found = interpret(clusters, flux, properties, random_state=0)
    display = TypicalSpectraDisplay(found, groups=[2, 0]).plot()
    for ax, group in zip(display.axes_, [2, 0], strict=True):
        (line,) = [line for line in ax.lines if line.get_label() == "typical"]
        np.testing.assert_array_equal(line.get_ydata(), found.typical[group])
        named = found.features.loc[found.features["group"] == group, "feature"]
        assert {text.get_text() for text in ax.texts} >= set(named) - {""}


def test_association_matrix_brackets_what_is_chance(properties):
    labels = {"clusters": properties["cluster"].to_numpy(), "age bins": (properties["age"] > 4).astype(int).to_numpy()}
    shown = properties[["age"]].assign(redshift=0.5)
    display = AssociationDisplay.from_predictions(labels, shown, random_state=0)
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts[1] == texts[3] == "constant"
    assert texts[0].startswith("(")
    assert float(texts[2]) > 0.5


def test_stability_bars(flux):
    from sklearn.cluster import KMeans

    table = stability(
        KMeans(3, n_init=1), flux, pd.DataFrame({"x": flux[:, 0]}), vary=["seed", "subset"], n_runs=2, random_state=0
    )
    display = StabilityDisplay(table).plot()
    heights = [bar.get_height() for bar in display.ax_.patches]
    np.testing.assert_allclose(heights, [*table["ari"], *table["r_x"]])
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["seed", "subset"]


def test_choice_of_k_is_marked():
    rng = np.random.default_rng(0)
    blobs = rng.normal(size=(150, 2)) + 15 * rng.integers(0, 2, (150, 1))
    choice = choose_n_clusters(blobs, range(2, 5), n_references=2, n_bootstraps=2, random_state=0)
    display = ClusterChoiceDisplay(choice).plot()
    assert display.figure_.get_suptitle() == "answer: 2 natural clusters"
    curve = display.axes_[0].lines[0]
    np.testing.assert_allclose(curve.get_ydata().astype(float), choice.table["silhouette"])
