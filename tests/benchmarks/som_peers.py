"""Maps of other packages, trained for a number of epochs or at their own defaults, and the bare matrix product."""

import numpy as np

BATCH_PEERS = ("python-som", "fastersom", "somoclu")


class EpochClock:
    """A callback of scikit-learn's that adds up the time of the epochs; what `fit` does around them is not theirs."""

    def __init__(self, now):
        self.now, self.total, self.n_epochs = now, 0.0, 0

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.started = self.now()

    def on_fit_task_end(self, estimator, context):
        if context.parent is not None:
            self.total += self.now() - self.started
            self.n_epochs += 1

    def teardown(self, estimator, context):
        pass


def make_ours(X, shape, n_epochs, compress=None):
    """Return our map, not trained, that starts from the first samples."""
    from sklearn_sedzoo.mapping import Batch, SOMMapper

    start = X[np.arange(shape[0] * shape[1]) % len(X)].reshape(*shape, X.shape[1])
    return SOMMapper(*shape, init=start, algorithm=Batch(n_epochs=n_epochs, compress=compress))


def time_our_epoch(X, shape, n_epochs, now):
    """Return the mean time of an epoch of ours."""
    clock = EpochClock(now)
    make_ours(X, shape, n_epochs).set_callbacks(clock).fit(X)
    return clock.total / clock.n_epochs


def train_epochs(name, X, shape, n_epochs):
    """Train one package in batches for some epochs, from the same first radius."""
    n_features = X.shape[1]
    if name == "ours, compressed":
        make_ours(X, shape, n_epochs, compress=1e-4).fit(X)
    elif name == "python-som":
        import python_som

        som = python_som.SOM(*shape, n_features, neighborhood_radius=max(shape) / 2, random_seed=0)
        som.train(X, n_iteration=n_epochs, mode="batch")
    elif name == "fastersom":
        import fastersom

        fastersom.SOM(*shape, n_epochs=n_epochs, init="sample", random_state=0, device="cpu").fit(X)
    elif name == "somoclu":
        import somoclu

        somoclu.Somoclu(shape[1], shape[0]).train(X.astype("float32"), epochs=n_epochs)
    elif name == "minisom batch":
        from minisom import MiniSom

        MiniSom(*shape, n_features, sigma=max(shape) / 2, random_seed=0).train_batch_offline(X, n_epochs)


def train_steps(name, X, shape, n_steps):
    """Train one package online, for some samples."""
    if name == "minisom":
        from minisom import MiniSom

        som = MiniSom(*shape, X.shape[1], sigma=max(shape) / 2, random_seed=0)
        som.train_random(X, n_steps)
    else:
        import susi

        susi.SOMClustering(*shape, n_iter_unsupervised=n_steps, random_state=0).fit(X[:64])


def multiply(X, table, buffer):
    """Multiply all samples with a table of cells: whole, or in blocks with a buffer."""
    if buffer is None:
        return X @ table
    for start in range(0, len(X), len(buffer)):
        part = X[start : start + len(buffer)]
        np.dot(part, table, out=buffer[: len(part)])
    return buffer


def train_default(name, X, shape, seed):
    """Return the weights of one package at its own defaults; "ours 0.3" is ours with that last radius."""
    if name.startswith("ours"):
        from sklearn_sedzoo.mapping import Batch, SOMMapper

        algorithm = Batch(radius_end=float(name.split()[1])) if " " in name else None
        return SOMMapper(*shape, algorithm=algorithm, random_state=seed).fit(X).weights_
    if name == "minisom":
        from minisom import MiniSom

        som = MiniSom(*shape, X.shape[1], random_seed=seed)
        som.train_random(X, 10 * len(X))
        return som.get_weights()
    if name == "minisom batch":
        from minisom import MiniSom

        som = MiniSom(*shape, X.shape[1], random_seed=seed)
        som.random_weights_init(X)
        som.train_batch_offline(X, 10)
        return som.get_weights()
    if name == "python-som":
        import python_som

        som = python_som.SOM(*shape, X.shape[1], random_seed=seed)
        som.weight_initialization(mode="linear", data=X)
        som.train(X, n_iteration=20, mode="batch")
        return som.get_weights()
    if name == "fastersom":
        import fastersom

        return fastersom.SOM(*shape, random_state=seed, device="cpu").fit(X).weights_
    if name == "susi":
        import susi

        return susi.SOMClustering(*shape, random_state=seed).fit(X).unsuper_som_
    import somoclu

    np.random.seed(seed)  # noqa: NPY002 - somoclu draws from the global generator
    som = somoclu.Somoclu(shape[1], shape[0])
    som.train(X.astype("float32"))
    return som.codebook
