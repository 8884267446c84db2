"""The parameters of the embedder: checked, and turned into the shape of the network and the plan of its training."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._validation import check_integer, check_number, check_option
from sklearn_sedzoo.embedding._architectures import BUILDERS, find_default
from sklearn_sedzoo.embedding._fitting import Plan, count_training_rows
from sklearn_sedzoo.embedding._spaces import LARGEST

SHAPE_PARAMETERS = ("filters", "kernel_size", "strides", "pool_size")
N_AXES = 48  # scores that the residual network reads and draws, at least
N_STEPS = 40_000  # of the default training, however many spectra there are


def check_parameters(embedder):
    """Raise where a parameter alone cannot be right."""
    owner = type(embedder).__name__
    if isinstance(embedder.latent_dim, str):
        check_option(owner, "latent_dim", embedder.latent_dim, ("auto",))
        if embedder.architecture != "residual":
            raise ValueError(
                f"latent_dim='auto' of {owner} needs architecture='residual', got {embedder.architecture!r}."
            )
    else:
        check_integer(owner, "latent_dim", embedder.latent_dim, 1)
    if not callable(embedder.architecture):
        check_option(owner, "architecture", embedder.architecture, tuple(BUILDERS))
    check_option(owner, "on_empty", embedder.on_empty, ("raise", "nan"))
    check_option(owner, "loss", embedder.loss, ("mse", "binary_crossentropy"))
    if embedder.loss == "binary_crossentropy" and embedder.architecture == "residual":
        raise ValueError(
            f"`loss` of {owner} must be 'mse' with architecture='residual', got 'binary_crossentropy'. "
            "Cross-entropy needs fluxes in [0, 1] and architecture='thesis' or a callable."
        )
    if not isinstance(embedder.whiten, bool):
        check_option(owner, "whiten", embedder.whiten, (False, True, "robust"))
    for name in ("kernel_size", "strides", "pool_size", "epochs", "patience", "n_init", "batch_size"):
        if getattr(embedder, name) is not None:
            check_integer(owner, name, getattr(embedder, name), 1)
    if embedder.filters == () and embedder.architecture == "thesis":
        raise ValueError(f"`filters` of {owner} must name at least one block for architecture='thesis', got ().")
    for width in embedder.filters or ():
        check_integer(owner, "filters", width, 1)
    if embedder.learning_rate is not None:
        check_number(owner, "learning_rate", embedder.learning_rate, 0, closed="neither")
    check_number(owner, "validation_fraction", embedder.validation_fraction, 0, 1, closed="left")
    objective = embedder.objective
    if objective is not None and (isinstance(objective, type) or not hasattr(objective, "describe")):
        raise TypeError(
            f"`objective` of {owner} must be None or one of VAE(), InfoVAE() and DESOM(), got {embedder.objective!r}."
        )


def check_sizes(embedder, X, ivar):
    """Raise where the parameters do not fit the spectra."""
    owner = type(embedder).__name__
    n_train = count_training_rows(len(X), embedder.validation_fraction)
    if embedder.latent_dim != "auto" and embedder.latent_dim > min(n_train, X.shape[1]):
        raise ValueError(
            f"`latent_dim` of {owner} must be at most {min(n_train, X.shape[1])}, got {embedder.latent_dim!r}: there "
            f"are {n_train} spectra to train on (n_samples = {X.shape[0]}) of n_features = {X.shape[1]}."
        )
    if embedder.loss == "binary_crossentropy" and ivar is not None:
        raise ValueError(f"loss='binary_crossentropy' of {owner} knows no masks and errors. Use loss='mse'.")
    largest = max(abs(float(X.min())), abs(float(X.max())))
    if largest > LARGEST:
        raise ValueError(
            f"X of {owner} holds values up to {largest:.3g}; the network computes in float32 and needs "
            f"values within {LARGEST:.0e}. Put a FluxNormalizer before it."
        )
    if embedder.loss == "binary_crossentropy" and not (X.min() >= 0 and X.max() <= 1):
        raise ValueError(
            f"loss='binary_crossentropy' of {owner} needs fluxes in [0, 1], got {X.min()!r} to {X.max()!r}. "
            "Use loss='mse', or FluxNormalizer(statistic='max')."
        )


def make_config(embedder, X, ivar, latent_dim):
    """Return the shape of the network, with the defaults of the architecture filled in."""
    n_train = count_training_rows(len(X), embedder.validation_fraction)
    shape = {name: _resolve(embedder, name) for name in SHAPE_PARAMETERS}
    shape["filters"] = tuple(int(width) for width in shape["filters"])
    objective = None if embedder.objective is None else embedder.objective.describe()
    return {
        "architecture": embedder.architecture,
        "n_pixels": X.shape[1],
        "n_axes": min(n_train, X.shape[1], max(N_AXES, 2 * latent_dim)),
        "latent_dim": int(latent_dim),
        "width": 64,
        "depth": 3,
        "activation": _resolve(embedder, "activation"),
        "loss": embedder.loss
        if ivar is None
        else "chi_square"
        if embedder.architecture == "residual"
        else "masked_mse",
        "objective": objective,
        **shape,
    }


def _choose_loss(embedder, ivar):
    if ivar is None:
        return embedder.loss
    return "chi_square" if embedder.architecture == "residual" else "masked_mse"


def make_plan(embedder, n_samples):
    """Return how to train on so many spectra."""
    n_train = count_training_rows(n_samples, embedder.validation_fraction)
    batch_size = _resolve(embedder, "batch_size") or choose_batch_size(n_train)
    epochs = _resolve(embedder, "epochs") or int(np.clip(N_STEPS * batch_size // n_train, 10, 1250))
    return Plan(
        epochs=epochs,
        patience=_resolve(embedder, "patience") or epochs,
        n_init=_resolve(embedder, "n_init"),
        learning_rate=float(_resolve(embedder, "learning_rate")),
        schedule="cosine" if embedder.architecture == "residual" else "constant",
        batch_size=batch_size,
        validation_fraction=embedder.validation_fraction,
        whiten=embedder.whiten,
    )


def choose_batch_size(n_train):
    """Return 32 to 96 spectra, at best a divisor of their number: a last batch of another size is compiled anew."""
    smallest = int(np.clip(n_train // 16, 32, 64))
    return min(range(smallest, smallest * 3 // 2 + 1), key=lambda size: n_train % size > 0)


def _resolve(embedder, name):
    value = getattr(embedder, name)
    return find_default(embedder.architecture, name) if value is None else value
