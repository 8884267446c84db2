"""Fingerprints of galaxies: counted by hand, and a second map that tells the kinds of galaxies apart."""

import numpy as np
import pytest

from sklearn_sedzoo.inspection import fingerprint_galaxies
from sklearn_sedzoo.mapping import SOMMapper

N_GALAXIES, N_SPECTRA = 60, 40


@pytest.fixture(scope="module")
def survey():
    """Galaxies of two kinds that hold the same spectra on average: some are mixed, some are all alike inside."""
    rng = np.random.default_rng(0)
    galaxies = np.repeat(np.arange(N_GALAXIES), N_SPECTRA)
    is_mixed = np.arange(N_GALAXIES) % 2 == 0
    own = rng.uniform(size=N_GALAXIES)
    spread = np.where(is_mixed[galaxies], rng.uniform(size=len(galaxies)), own[galaxies])
    spectra = np.column_stack([spread, rng.uniform(size=len(galaxies))])
    order = rng.permutation(len(galaxies))
    return spectra[order], galaxies[order], is_mixed


@pytest.fixture(scope="module")
def som(survey):
    return SOMMapper(6, 6, random_state=0).fit(survey[0])


def test_shares_are_counted(som, survey):
    spectra, galaxies, _ = survey
    shares = fingerprint_galaxies(som, spectra, galaxies)
    cells = som.predict(spectra)
    assert shares.shape == (N_GALAXIES, 36)
    for galaxy in (0, 31):
        expected = [np.count_nonzero(cells[galaxies == galaxy] == cell) / N_SPECTRA for cell in range(36)]
        np.testing.assert_allclose(shares.loc[galaxy], expected)


@pytest.mark.parametrize("radius", [0.0, 0.7])
def test_shares_sum_to_one_and_do_not_depend_on_the_order(som, survey, radius):
    spectra, galaxies, _ = survey
    shares = fingerprint_galaxies(som, spectra, galaxies, radius=radius)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    again = fingerprint_galaxies(som, spectra[::-1], galaxies[::-1], radius=radius)
    np.testing.assert_allclose(again, shares)


def test_spread_is_a_gaussian_over_the_grid(som, survey):
    one = fingerprint_galaxies(som, survey[0][:1], ["a"], radius=1.0).loc["a"]
    cell = som.predict(survey[0][:1])[0]
    away = ((som.cell_positions_ - som.cell_positions_[cell]) ** 2).sum(axis=1)
    expected = np.exp(-away / 2)
    np.testing.assert_allclose(one, expected / expected.sum())


def test_a_second_map_tells_kinds_that_single_spectra_do_not(som, survey):
    spectra, galaxies, is_mixed = survey
    shares = fingerprint_galaxies(som, spectra, galaxies, radius=0.7)
    cells = SOMMapper(4, 4, random_state=0).fit_predict(np.sqrt(shares))
    usual = [np.mean(is_mixed[cells == cell]) for cell in cells]  # share of mixed ones among cell mates
    assert np.mean((np.array(usual) > 0.5) == is_mixed) > 0.95
    of_spectra = som.predict(spectra)
    alone = [np.mean(is_mixed[galaxies[of_spectra == cell]]) for cell in range(36)]
    assert np.ptp(alone) < 0.6  # no cell of the first map is of one kind


def test_weights_and_names(som, survey):
    shares = fingerprint_galaxies(som, survey[0][:3], ["b", "a", "a"], sample_weight=[1.0, 0.0, 2.0])
    assert shares.index.tolist() == ["a", "b"]
    assert shares.loc["a", f"cell{som.predict(survey[0][2:3])[0]}"] == 1
    unseen = fingerprint_galaxies(som, survey[0][:3], ["b", "a", "a"], sample_weight=[1.0, 0.0, 0.0])
    assert unseen.loc["a"].isna().all()


def test_wrong_input_is_refused(som, survey):
    with pytest.raises(ValueError, match="str holds no fitted map: pass a fitted SOMMapper"):
        fingerprint_galaxies("map", survey[0], survey[1])
    with pytest.raises(ValueError, match="`galaxies` of fingerprint_galaxies must be one for each of the 2400 spectra"):
        fingerprint_galaxies(som, survey[0], survey[1][:5])
    with pytest.raises(ValueError, match="`sample_weight` of fingerprint_galaxies must be finite"):
        fingerprint_galaxies(som, survey[0][:2], [0, 1], sample_weight=[1, -1])
