"""What the parameters of SOMMapper allow, and what they come to."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from sklearn_sedzoo._kernels.som_start import INITS
from sklearn_sedzoo._validation import check_integer, check_number, check_option
from sklearn_sedzoo.mapping._online import NEIGHBORHOODS as ONLINE_NEIGHBORHOODS
from sklearn_sedzoo.mapping._online import RADIUS_DECAYS

DECAYS = ("exponential", "linear", "asymptotic")
NEIGHBORHOODS = ("gaussian", "bubble", "mexican_hat", "cut_gaussian")


def check_parameters(som):
    """Raise unless all parameters are allowed, alone and together."""
    owner = type(som).__name__
    for name in ("n_rows", "n_columns", "n_epochs", "n_init"):
        check_integer(owner, name, getattr(som, name), 1)
    check_option(owner, "algorithm", som.algorithm, ("batch", "online"))
    check_option(owner, "output", som.output, ("distance", "coordinates"))
    check_option(owner, "topology", som.topology, ("rectangular", "hexagonal"))
    check_option(owner, "metric", som.metric, ("euclidean", "cosine"))
    check_option(owner, "on_bad", som.on_bad, ("raise", "mask"))
    is_online = som.algorithm == "online"
    check_option(owner, "neighborhood", som.neighborhood, ONLINE_NEIGHBORHOODS if is_online else NEIGHBORHOODS)
    if som.init is None or isinstance(som.init, str):
        check_option(owner, "init", som.init, (None, *INITS))
    if is_online or not callable(som.decay):
        check_option(owner, "decay", som.decay, (None, *(RADIUS_DECAYS if is_online else DECAYS)))
    check_number(owner, "memory", som.memory, 0, 1)
    if is_online:
        _check_online(som, owner)
    if som.compress is not None:
        check_number(owner, "compress", som.compress, 0, 1, closed="neither")
        if som.metric == "cosine":
            raise ValueError(f"`compress` of {owner} must be None for metric='cosine', got {som.compress!r}.")
    if som.is_toroidal and som.topology == "hexagonal" and som.n_rows % 2:
        raise ValueError(
            f"`n_rows` of {owner} must be even for a toroidal hexagonal map, whose odd rows are moved by half a "
            f"cell, got {som.n_rows!r}."
        )
    find_radii(som)


def _check_online(som, owner):
    check_number(owner, "learning_rate", som.learning_rate, 0, closed="right")
    if som.n_iterations is not None:
        check_integer(owner, "n_iterations", som.n_iterations, 1)
    for name, default in (("is_toroidal", False), ("compress", None)):
        if getattr(som, name) != default:
            raise ValueError(
                f"`{name}` of {owner} must be {default!r} for algorithm='online' (MiniSom has no such thing), "
                f"got {getattr(som, name)!r}. Pass algorithm='batch'."
            )


def find_shape(som):
    """Return the rows and columns that a training makes; those of a fitted map are its `cell_shape`."""
    return som.n_rows, som.n_columns


def find_radii(som):
    """Return the first and the last radius, in cells."""
    if som.algorithm == "batch":
        return check_radii(type(som).__name__, find_shape(som), som.radius_start, som.radius_end)
    if som.radius_start is None:
        return max(1.0, float(max(find_shape(som)) // 2)), None
    check_number(type(som).__name__, "radius_start", som.radius_start, 0, closed="right")
    return som.radius_start, None


def find_last_radius(som):
    """Return the radius at which the training ends if nothing stops it; 1 for online maps."""
    if som.algorithm == "online":
        return 1.0
    return find_radius(type(som).__name__, som.decay or "exponential", *find_radii(som), 1.0)


def choose_init(som, n_features, number):
    """Return the name of the start of the map of this number, or given weights (n_cells, n_features)."""
    if som.init is None or isinstance(som.init, str):
        init = som.init or ("random" if som.algorithm == "online" else "pca")
        return "sample" if number and init == "pca" else init
    if number:
        return "sample"
    init = np.asarray(som.init, dtype=np.float64)
    if init.shape != (*find_shape(som), n_features) or not np.isfinite(init).all():
        raise ValueError(
            f"`init` of {type(som).__name__} must be an array of finite numbers of shape "
            f"{(*find_shape(som), n_features)}, got shape {init.shape}."
        )
    return init.reshape(-1, n_features)


def draw_seeds(som):
    """Return a seed for each map; the first is `random_state` itself where that is an integer."""
    seeds = [int(seed) for seed in check_random_state(som.random_state).randint(2**31 - 1, size=som.n_init)]
    if isinstance(som.random_state, Integral):
        seeds[0] = int(som.random_state)
    return seeds


def check_radii(owner, shape, radius_start, radius_end):
    """Return the first and the last radius, in cells; the first defaults to half the longer side of the map."""
    check_number(owner, "radius_end", radius_end, 0)
    if radius_start is None:
        return max(max(shape) / 2, float(radius_end)), float(radius_end)
    check_number(owner, "radius_start", radius_start, 0)
    if radius_start < radius_end:
        raise ValueError(
            f"`radius_start` of {owner} must not be less than radius_end, got {radius_start!r} < {radius_end!r}."
        )
    return float(radius_start), float(radius_end)


def find_radius(owner, decay, start, end, fraction):
    """Return the radius after the given fraction (0 to 1) of the training.

    With f the fraction: exponential, ``start (end / start)^f``; linear, ``start + (end - start) f``; asymptotic,
    ``start / (1 + (start / end - 1) f)``; a callable is asked for ``decay(start, end, f)``.
    """
    if callable(decay):
        radius = decay(start, end, fraction)
        check_number(owner, "decay", radius, 0)
        return float(radius)
    if decay == "linear" or start == end:
        return start + (end - start) * fraction
    if end == 0:
        raise ValueError(
            f"`radius_end` of {owner} must be above 0 for decay={decay!r}, got 0. Pass decay='linear' to reach 0."
        )
    if decay == "exponential":
        return start * (end / start) ** fraction
    return start / (1 + (start / end - 1) * fraction)


def plan_radii(owner, decay, start, end, n_epochs):
    """Return the radius of each epoch; the last epoch has `radius_end`."""
    fractions = np.linspace(0, 1, n_epochs) if n_epochs > 1 else np.ones(1)
    return [find_radius(owner, decay, start, end, fraction) for fraction in fractions]
