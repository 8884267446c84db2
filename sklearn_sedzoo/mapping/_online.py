"""Online training, one sample at a time: MiniSom trains, with our parameters in its words."""

import numpy as np

RADIUS_DECAYS = {"asymptotic": "asymptotic_decay", "linear": "linear_decay_to_one", "inverse": "inverse_decay_to_one"}
NEIGHBORHOODS = ("gaussian", "bubble", "mexican_hat", "triangle")


def train_online(
    X, init, *, shape, topology, metric, neighborhood, decay, radius, learning_rate, n_iterations, n_epochs, seed,
    reporter,
):  # fmt: skip
    """Return weights (n_cells, n_features) after MiniSom's `train_random`, and the history by epoch."""
    from minisom import MiniSom

    is_hexagonal = topology == "hexagonal"
    turn, turn_back = (_turn, _turn_back) if is_hexagonal else (np.asarray, np.asarray)
    watch = _Watch(decay, n_iterations, n_epochs, reporter, turn_back)
    trainer = MiniSom(
        *(shape[::-1] if is_hexagonal else shape),
        X.shape[1],
        sigma=radius,
        learning_rate=learning_rate,
        decay_function=watch,
        sigma_decay_function=RADIUS_DECAYS[decay],
        neighborhood_function=neighborhood,
        topology=topology,
        activation_distance=metric,
        random_seed=seed,
    )
    if not isinstance(init, str):
        trainer.get_weights()[...] = turn(init.reshape(*shape, -1))
    elif init == "pca":
        if min(X.shape) < 2:
            raise ValueError(
                "`init` of SOMMapper must not be 'pca' for algorithm='online' and fewer than 2 samples or features, "
                f"got X of shape {X.shape}. Pass init='sample' or algorithm='batch'."
            )
        trainer.pca_weights_init(X)
    elif init == "sample":
        trainer.random_weights_init(X)
    watch.weights = trainer.get_weights()
    try:
        trainer.train_random(X, n_iterations)
    except _StopRequestedError:
        pass
    else:
        watch.finish()
    weights = trainer.get_weights()
    if not np.isfinite(weights).all():
        raise ValueError(
            f"MiniSom's training with neighborhood={neighborhood!r}, radius_start={radius!r} and "
            f"learning_rate={learning_rate!r} ran away to weights that are not finite. Lower them, or pass "
            "algorithm='batch'."
        )
    return turn_back(weights).reshape(-1, X.shape[1]), watch.history


def _turn(weights):
    """Return weights (n_rows, n_columns, n_features) of our hexagons in MiniSom's order.

    MiniSom moves lines of constant second index by half a cell, counted from the last; we move odd rows.
    """
    return weights[::-1].transpose(1, 0, 2)


def _turn_back(weights):
    """Return weights of MiniSom's hexagons in our order."""
    return weights.transpose(1, 0, 2)[::-1]


class _StopRequestedError(Exception):
    """A callback asked to stop."""


class _Watch:
    """MiniSom's learning-rate decay, with a look at the clock: reports every epoch."""

    def __init__(self, decay, n_iterations, n_epochs, reporter, turn_back):
        self.decay, self.reporter, self.turn_back = decay, reporter, turn_back
        self.n_per_epoch = -(-n_iterations // n_epochs)
        self.history = {"learning_rate": []}
        self.weights = None

    def __call__(self, learning_rate, t, max_iter):
        current = self._decay(learning_rate, t, max_iter)
        if t % self.n_per_epoch == 0:
            if t and self.finish():
                raise _StopRequestedError
            self.history["learning_rate"].append(float(current))
            self.reporter.begin()
        return current

    def finish(self):
        """Close the epoch under way."""
        return self.reporter.end(
            lambda: self.turn_back(self.weights).copy(), learning_rate=self.history["learning_rate"][-1]
        )

    def _decay(self, learning_rate, t, max_iter):
        """MiniSom's own formulae, to the last bit."""
        if self.decay == "asymptotic":
            return learning_rate / (1 + t / (max_iter / 2))
        if self.decay == "linear":
            return learning_rate * (1 - t / max_iter)
        knee = max_iter / 100.0
        return learning_rate * knee / (knee + t)
