"""A domain belongs to the fit that it was learned from: kept by saving, refused after another fit."""

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, Training
from sklearn_sedzoo.inspection import in_domain, learn_domain
from sklearn_sedzoo.io import load_model, save_model
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline


def _draw(kind, n=120):
    """Return spectra whose one free amplitude multiplies a slope or a wave."""
    rng, t = np.random.default_rng(0), np.linspace(-1, 1, 40)
    shape = t if kind == "slope" else np.sin(6 * t)
    return 2 + rng.uniform(-1, 1, (n, 1)) * shape + rng.normal(0, 0.01, (n, 40))


def _make(final, embed=None, **params):
    return make_sed_pipeline(grid=40, band=None, embed=embed or PCA(1), final=final, **params)


QUICK = {"training": Training(n_epochs=1, n_init=1), "random_state": 0}
ZOOS = {
    "clusters": _make(KMeans(3, n_init=1, random_state=0)),
    "map": _make(SOMMapper(3, 3, algorithm=Batch(n_epochs=2), random_state=0)),
    "brightness": _make(KMeans(3, n_init=1, random_state=0), keep_brightness=True),
    "network": _make(SOMMapper(3, 3, algorithm=Batch(n_epochs=2), random_state=0), ConvAutoencoderEmbedder(1, **QUICK)),
}


@pytest.mark.parametrize("name", ZOOS)
def test_a_domain_is_refused_after_another_fit(name):
    zoo = ZOOS[name].fit(_draw("slope"))
    domain = learn_domain(zoo, _draw("slope"))
    assert in_domain(zoo, _draw("slope"), domain)["is_inside"].mean() > 0.9
    zoo.fit(_draw("wave"))
    with pytest.raises(ValueError, match=r"belongs to an earlier fit.*Call learn_domain"):
        in_domain(zoo, _draw("wave"), domain)
    domain = learn_domain(zoo, _draw("wave"))
    assert in_domain(zoo, _draw("wave"), domain)["is_inside"].mean() > 0.9


@pytest.mark.parametrize("step", [1, 2])
def test_one_step_that_is_fitted_again_is_enough(step):
    X = _draw("slope")
    zoo = Pipeline([("embed", PCA(2)), ("clusters", KMeans(3, n_init=1, random_state=0))]).fit(X)
    domain = learn_domain(zoo, X)
    other = _draw("wave")
    zoo["embed"].fit(other) if step == 1 else zoo["clusters"].fit(zoo["embed"].transform(other))
    with pytest.raises(ValueError, match="earlier fit"):
        in_domain(zoo, X, domain)


def test_an_embedding_that_was_fitted_before_counts_too():
    X = _draw("slope")
    zoo = Pipeline(
        [
            ("embed", FrozenEstimator(PCA(1).fit(X))),
            ("map", SOMMapper(3, 3, algorithm=Batch(n_epochs=2), random_state=0)),
        ]
    )
    domain = learn_domain(zoo.fit(X), X)
    assert in_domain(zoo, X, domain)["is_inside"].mean() > 0.9
    zoo["embed"].estimator.fit(_draw("wave"))
    with pytest.raises(ValueError, match="earlier fit"):
        in_domain(zoo, X, domain)


@pytest.mark.parametrize("name", ZOOS)
def test_a_domain_survives_saving_parameters_and_the_tail_of_its_zoo(name, tmp_path):
    X = _draw("slope")
    zoo = ZOOS[name].fit(X)
    domain = learn_domain(zoo, X, description="slopes")
    expected = in_domain(zoo, X, domain)
    joblib.dump((zoo, domain), tmp_path / "zoo.joblib")
    loaded = [joblib.load(tmp_path / "zoo.joblib")]
    if name != "brightness":  # skops does not write the pandas index that a FeatureUnion keeps
        save_model({"pipeline": zoo, "domain": domain}, tmp_path / "zoo.skops")
        loaded.append(tuple(load_model(tmp_path / "zoo.skops").values()))
    for again, kept in loaded:
        assert kept.description == "slopes"
        np.testing.assert_array_equal(in_domain(again, X, kept)["is_inside"], expected["is_inside"])
    zoo.steps[-1][1].set_params(random_state=7)  # counts from the next fit
    assert in_domain(zoo, X, domain)["is_inside"].equals(expected["is_inside"])
    if name != "brightness":
        normalized = zoo[:-2].transform(X)
        assert in_domain(Pipeline(zoo.steps[-2:]), normalized, domain)["is_inside"].equals(expected["is_inside"])
