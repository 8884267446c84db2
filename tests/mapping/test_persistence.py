"""Fitted maps as skops files: nothing but arrays and our own classes."""

import numpy as np
import pytest
import skops.io

from sklearn_sedzoo.mapping import Online, SOMClassifier, SOMClusterer, SOMMapper, SOMRegressor

X = np.random.default_rng(0).normal(size=(120, 3))


@pytest.mark.parametrize(
    "model",
    [
        SOMMapper(3, 3),
        SOMMapper(3, 3, algorithm=Online(), random_state=0),
        SOMClusterer(SOMMapper(3, 3), n_clusters=2),
        SOMClassifier(SOMMapper(3, 3)),
        SOMRegressor(SOMMapper(3, 3)),
        SOMRegressor(SOMMapper(3, 3), statistic="local_linear"),
    ],
    ids=lambda model: str(model)[:40],
)
def test_models_go_through_skops(model):
    data = skops.io.dumps(model.fit(X, X[:, 0] > 0 if isinstance(model, SOMClassifier) else X[:, 0]))
    types = skops.io.get_untrusted_types(data=data)
    assert all(name.startswith("sklearn_sedzoo.mapping") for name in types)
    np.testing.assert_array_equal(skops.io.loads(data, trusted=types).predict(X), model.predict(X))
