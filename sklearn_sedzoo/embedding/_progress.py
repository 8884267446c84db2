"""Tell scikit-learn's callbacks about each epoch of a network's training."""


class EpochReporter:
    """One subtask per epoch; a callback may ask to stop by returning True at its end."""

    def __init__(self, estimator, X, n_epochs, weights=()):
        self.estimator, self.X, self.weights = estimator, X, weights
        self.context = estimator._init_callback_context(max_subtasks=n_epochs)
        self.course = None

    def begin(self, course):
        """Open the fit; a callback may put the course of the training to where an earlier one was."""
        self.course = course
        metadata = {"course": course, "weights": self.weights}
        self.context.call_on_fit_task_begin(estimator=self.estimator, X=self.X, metadata=metadata)

    def __call__(self, losses):
        """Tell of an epoch; return whether a callback asked to stop."""
        task = self.context.subcontext(task_name="epoch")
        task.call_on_fit_task_begin(estimator=self.estimator, X=self.X)
        metadata = {**losses, "course": self.course}
        return task.call_on_fit_task_end(estimator=self.estimator, X=self.X, metadata=metadata)

    def close(self):
        """Close the fit."""
        metadata = {"course": self.course}
        self.context.call_on_fit_task_end(estimator=self.estimator, X=self.X, metadata=metadata)
