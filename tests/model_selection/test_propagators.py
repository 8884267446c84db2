"""compare_propagators: the right one wins where it is known which must, and nothing is scored on what it has seen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.model_selection import compare_propagators

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(600, 2))
Y = pd.DataFrame({"bent": np.sin(5 * X[:, 0]) + X[:, 1] ** 2, "line": X @ [1.0, -2.0], "luck": RNG.normal(size=600)})
SOM = SOMMapper(5, 5, algorithm=Batch(n_epochs=8))


@pytest.fixture(scope="module")
def table():
    return compare_propagators(X, Y, som=SOM, random_state=0)


def test_the_best_stand_first(table):
    assert table.loc["bent"]["nmad"].is_monotonic_increasing
    assert table.loc["bent"].index[0] == "local linear"
    assert table.loc["line", "nmad"]["ridge"] < 1e-3
    assert table.loc["bent", "nmad"]["soft cells"] < table.loc["bent", "nmad"]["cells"]
    assert set(table.loc["bent"].index) == {"cells", "soft cells", "local linear", "kNN", "ridge", "mean of all"}


def test_noise_is_carried_by_none(table):
    assert (table.loc["luck", "r2"] < 0.02).all()
    assert abs(table.loc["luck", "r2"]["mean of all"]) < 0.02


def test_knn_is_scikit_learns():
    table = compare_propagators(X, Y["bent"], som=SOM, n_neighbors=4, cv=3, random_state=1)
    rng = np.random.RandomState(1)
    rng.randint(2**31)
    folds = KFold(3, shuffle=True, random_state=rng.randint(2**31))
    predicted = cross_val_predict(KNeighborsRegressor(4, weights="distance"), X, Y["bent"], cv=folds)
    assert table.loc["bent", "rms"]["kNN"] == pytest.approx(np.sqrt(np.mean((predicted - Y["bent"]) ** 2)))


def test_missing_labels_are_left_out():
    holed = Y[["bent"]].where(np.arange(600)[:, None] % 3 > 0)
    table = compare_propagators(X, holed, som=SOM, cv=3, random_state=0)
    assert (table["n"] == 400).all()
    assert np.isfinite(table).all(axis=None)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="`y` of compare_propagators must have 600 rows, as X has, got 5"):
        compare_propagators(X, Y[:5], random_state=0)
    with pytest.raises(ValueError, match="'line' of compare_propagators must be known for 10 spectra at least, got 3"):
        compare_propagators(X, Y[["line"]].where(np.arange(600)[:, None] < 3), random_state=0)
