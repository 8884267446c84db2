"""Tell scikit-learn's callbacks about each epoch of a map's training."""

from sklearn_sedzoo.mapping._parameters import find_shape


class EpochReporter:
    """One subtask per epoch; a callback may ask to stop by returning True at its end."""

    def __init__(self, estimator, X, n_epochs):
        self.estimator, self.X = estimator, X
        self.context = estimator._init_callback_context(max_subtasks=n_epochs)
        self.context.call_on_fit_task_begin(estimator=estimator, X=X)
        self.task = None

    def begin(self):
        """Open the next epoch."""
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(estimator=self.estimator, X=self.X)

    def end(self, show, **metadata):
        """Close the epoch; return whether a callback asked to stop. `show()` gives the weights, where one asks."""
        shape = find_shape(self.estimator)
        return self.task.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.X,
            metadata=metadata,
            reconstruction_attributes=lambda: {"weights_": show().reshape(*shape, -1)},
        )

    def close(self, weights):
        """Close the fit."""
        shape = find_shape(self.estimator)
        self.context.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.X,
            reconstruction_attributes=lambda: {"weights_": weights.reshape(*shape, -1).copy()},
        )
