"""Online training, one sample at a time: MiniSom trains, with our parameters in its words."""

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_sedzoo._parameters import check_parameters, integer, kinds, nothing, number, option

_DECAYS = {"asymptotic": "asymptotic_decay", "linear": "linear_decay_to_one", "inverse": "inverse_decay_to_one"}


class Online(BaseEstimator):
    """Train a map by moving cells after each sample, drawn in random order: MiniSom's `train_random`.

    Parameters
    ----------
    n_epochs : int, default=20
        Number of samples shown, in passes over the data; callbacks hear of each.
    n_iterations : int or None, default=None
        Number of samples shown; None is n_epochs times the number of samples.
    learning_rate : float, default=0.5
        Share of the way that the best cell goes towards the first sample.
    neighborhood : {"gaussian", "mexican_hat", "bubble", "triangle"}, default="gaussian"
        MiniSom's neighborhood functions; the last two know no hexagons.
    radius_start : float or None, default=None
        First radius, in cells; None is half the longer side, and at least 1. MiniSom calls it sigma.
    decay : {"asymptotic", "linear", "inverse"}, default="asymptotic"
        How radius and learning rate fall: to a third of both; radius to 1 and rate to 0; the same, by a hyperbola.

    See Also
    --------
    Batch : All cells at once.
    SOMMapper : Takes it as `algorithm`.

    Notes
    -----
    The weights are those of MiniSom to the last bit for an integer `random_state` of the map, which is its seed. On
    hexagons MiniSom moves columns by half a cell, counted from the last, where `SOMMapper` moves odd rows:
    ``som.weights_`` are then ``minisom.get_weights().transpose(1, 0, 2)[::-1]`` of a MiniSom of n_columns x n_rows.
    Missing values, toroidal maps and `SOMMapper.partial_fit` are not for it.

    References
    ----------
    .. [1] G. Vettigli, MiniSom, https://github.com/JustGlowing/minisom

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import Online, SOMMapper
    >>> som = SOMMapper(4, 4, algorithm=Online(n_epochs=2), random_state=0).fit(load_iris().data)
    >>> len(som.history_["learning_rate"])
    2
    """

    _parameters = kinds(
        n_epochs=[integer(1)],
        n_iterations=[integer(1), nothing()],
        learning_rate=[number(0, closed="neither")],
        neighborhood=[option("gaussian", "mexican_hat", "bubble", "triangle")],
        radius_start=[number(0, closed="neither"), nothing()],
        decay=[option(*_DECAYS)],
    )

    def __init__(
        self,
        n_epochs=20,
        *,
        n_iterations=None,
        learning_rate=0.5,
        neighborhood="gaussian",
        radius_start=None,
        decay="asymptotic",
    ):
        self.n_epochs = n_epochs
        self.n_iterations = n_iterations
        self.learning_rate = learning_rate
        self.neighborhood = neighborhood
        self.radius_start = radius_start
        self.decay = decay

    def check(self, shape, som):
        """Raise unless all parameters are allowed, alone and for a map of this shape and parameters of `som`."""
        check_parameters(self)
        if som.is_toroidal:
            raise ValueError(
                "`is_toroidal` of SOMMapper must be False for algorithm=Online() (MiniSom has no such thing), got "
                f"{som.is_toroidal!r}. Pass algorithm=Batch()."
            )

    def find_radius(self, shape, fraction):
        """Return the first radius at a fraction of 0, else 1, at which online maps are compared."""
        if fraction > 0:
            return 1.0
        return max(1.0, float(max(shape) // 2)) if self.radius_start is None else self.radius_start

    def train(self, X, starts, *, fitted, sample_weight, map_slabs, reporter):
        """Yield weights (n_cells, n_features), the history by epoch, and None, for each start.

        `starts` are pairs of a kind of start, or weights, and a seed; `fitted` is a map of the grid to train on.
        """
        from minisom import MiniSom

        n_iterations = self.n_iterations or self.n_epochs * len(X)
        turn, turn_back = (_turn, _turn_back) if fitted.topology == "hexagonal" else (np.asarray, np.asarray)
        for init, seed in starts:
            shown = X
            if sample_weight is not None:  # MiniSom knows no weights: show it samples drawn by weight
                chance = sample_weight / sample_weight.sum()
                shown = X[np.random.RandomState(seed).choice(len(X), len(X), p=chance)]
            watch = _Watch(self.decay, n_iterations, self.n_epochs, reporter, turn_back)
            trainer = MiniSom(
                *(fitted.shape[::-1] if turn is _turn else fitted.shape),
                X.shape[1],
                sigma=self.find_radius(fitted.shape, 0.0),
                learning_rate=self.learning_rate,
                decay_function=watch,
                sigma_decay_function=_DECAYS[self.decay],
                neighborhood_function=self.neighborhood,
                topology=fitted.topology,
                activation_distance=fitted.metric,
                random_seed=seed,
            )
            watch.weights = trainer.get_weights()
            if not isinstance(init, str):
                watch.weights[...] = turn(init.reshape(*fitted.shape, -1))
            elif init == "pca":
                if min(X.shape) < 2:
                    raise ValueError(
                        "`init` of SOMMapper must not be 'pca' for algorithm=Online() and fewer than 2 samples or "
                        f"features, got X of shape {X.shape}. Pass init='sample' or algorithm=Batch()."
                    )
                trainer.pca_weights_init(shown)
            elif init == "sample":
                trainer.random_weights_init(shown)
            try:
                trainer.train_random(shown, n_iterations)
            except _StopRequestedError:
                pass
            else:
                watch.finish()
            if not np.isfinite(watch.weights).all():
                raise ValueError(
                    f"MiniSom's training by {self!r} ran away to weights that are not finite. Lower `radius_start` "
                    "or `learning_rate`, or pass algorithm=Batch()."
                )
            yield watch.show(), watch.history, None


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
        rate = self.history["learning_rate"][-1]
        return self.reporter.end(lambda: self.show().copy(), learning_rate=rate)

    def show(self):
        """Return the weights in our order, (n_cells, n_features)."""
        return self.turn_back(self.weights).reshape(-1, self.weights.shape[-1])

    def _decay(self, learning_rate, t, max_iter):
        """MiniSom's own formulae, to the last bit."""
        if self.decay == "asymptotic":
            return learning_rate / (1 + t / (max_iter / 2))
        if self.decay == "linear":
            return learning_rate * (1 - t / max_iter)
        knee = max_iter / 100.0
        return learning_rate * knee / (knee + t)
