"""The reference space: it finds the signal above the noise, and cures the trap of the own space."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV

from sklearn_sedzoo.model_selection import fit_reference, silhouette_scorer
from sklearn_sedzoo.pipeline import make_sed_pipeline

WAVELENGTH = np.linspace(4000.0, 4400.0, 200)


@pytest.fixture(scope="module")
def flux():
    """Spectra from three numbers: one strong, two weak, in three clusters of the weak ones."""
    rng = np.random.default_rng(0)
    n = 300
    group = rng.integers(0, 3, n)
    weak = np.array([[0, 0], [1, 0], [0.5, 0.9]])[group] + rng.normal(0, 0.06, (n, 2))
    strong = rng.uniform(-1, 1, n)
    shapes = [np.linspace(-1, 1, 200), *(np.exp(-0.5 * ((WAVELENGTH - at) / 6) ** 2) for at in (4102, 4340))]
    return 3 + np.column_stack([strong, 0.3 * weak]) @ np.array(shapes)


def _make(n_components=3):
    return make_sed_pipeline(
        wavelength=WAVELENGTH,
        grid=200,
        band=None,
        embed=PCA(n_components, whiten=True),
        final=KMeans(3, random_state=0),
    )


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_it_has_as_many_components_as_the_spectra_have_numbers(flux, noise):
    noisy = flux + np.random.default_rng(1).normal(0, noise, flux.shape)
    reference = fit_reference(_make(), noisy, random_state=0)
    space = reference.transform(noisy)
    assert space.shape[1] == 3
    np.testing.assert_allclose(space.std(axis=0), 1, rtol=0.01)


def test_white_noise_alone_leaves_one_component():
    noise = np.random.default_rng(2).normal(size=(150, 80))
    assert fit_reference(KMeans(2), noise, min_share=0, random_state=0).transform(noise).shape[1] == 1


def test_steps_before_the_embedding_are_fitted_anew_also_in_a_union(flux):
    plain = _make()
    reference = fit_reference(plain, flux, random_state=0)
    assert list(reference.named_steps) == ["resample", "normalize", "pca"]
    assert not hasattr(plain.named_steps["resample"], "wavelength_in_")
    union = make_sed_pipeline(
        wavelength=WAVELENGTH, grid=200, band=None, embed=PCA(3), final=KMeans(3), keep_brightness=True
    )
    assert list(fit_reference(union, flux, random_state=0).named_steps) == ["resample", "normalize", "pca"]


@pytest.mark.parametrize(("reference", "picked"), [("own", 1), ("ours", 3)])
def test_the_trap_and_the_cure(flux, reference, picked):
    scorer = silhouette_scorer(reference=fit_reference(_make(), flux) if reference == "ours" else "own", random_state=0)
    search = GridSearchCV(_make(), {"embed__n_components": [1, 3]}, scoring=scorer, cv=3)
    assert search.fit(flux).best_params_ == {"embed__n_components": picked}
