"""What TrainingHistoryDisplay draws."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.pipeline import FeatureUnion, Pipeline

from sklearn_sedzoo.plotting import TrainingHistoryDisplay

HISTORY = {"loss": [4.0, 2.0, 1.0, 0.5], "val_loss": [5.0, 3.0, 2.0, 2.5]}


def test_curves_and_best_epoch():
    display = TrainingHistoryDisplay({"": HISTORY}).plot()
    training, validation, best = display.ax_.lines
    assert list(training.get_ydata()) == HISTORY["loss"]
    assert list(validation.get_ydata()) == HISTORY["val_loss"]
    assert list(validation.get_xdata()) == [1, 2, 3, 4]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (3, 2.0)
    assert display.best_epochs_ == {"": 3}
    assert display.ax_.get_yscale() == "log"


def test_without_validation_the_training_loss_decides():
    assert TrainingHistoryDisplay({"a": {"loss": [2.0, np.nan, 1.0]}}).plot().best_epochs_ == {"a": 3}


def test_the_embedder_is_found_wherever_it_stands():
    embedder = SimpleNamespace(history_=HISTORY, transform=None, fit=None)
    som = SimpleNamespace(history_={"radius": [5.0]}, transform=None, fit=None)
    row = Pipeline([("latent", embedder)])
    for estimator in (embedder, Pipeline([("embed", embedder), ("map", som)]), FeatureUnion([("latent", row)])):
        assert TrainingHistoryDisplay.from_estimator(estimator).histories == {"": HISTORY}
    several = TrainingHistoryDisplay.from_estimator({"5 epochs": embedder, "50 epochs": embedder})
    names = [text.get_text() for text in several.ax_.get_legend().get_texts()]
    assert [name.split(":")[0] for name in names] == ["5 epochs"] * 3 + ["50 epochs"] * 3


def test_no_history_is_an_error(clusters):
    with pytest.raises(ValueError, match="has no step with `history_`"):
        TrainingHistoryDisplay.from_estimator(clusters)
