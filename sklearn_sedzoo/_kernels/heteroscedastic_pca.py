"""A low-rank model of spectra with errors and gaps, and the flux of its fits in a band: plain arrays in and out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_sedzoo._kernels._principal import fit_principal_frame

BLOCK_ROWS = 256
MOST_ROWS = 3000  # to learn from
MOST_AXES = 16
ROWS_PER_AXIS = 8
CLIP = 4.0  # a residual of more standard deviations pulls like one of so many
FREEDOM = 5.0  # of the Student t that keeps one spectrum from owning an axis
SIGNIFICANT = 3.0  # amplitude over its error, to be learned from
N_ROUNDS = 6
N_SOLVES = 3
N_LAGS = 2  # pixels apart that noise may be correlated
STEP = (0.2, 5.0)  # by which an amplitude may change at once
ROUGH = 0.3  # relative error of a rough amplitude
SMALLEST = 1e-10  # scatter that no pixel is below, relative to the squared flux


class SpectrumModel(NamedTuple):
    """Spectra as ``a (mean + scores @ axes) + noise``; the scores have zero mean and unit variance.

    `scatter`, one number a pixel, is the variance in units of a^2 of what the axes leave out; infinite where no
    spectrum has a pixel. `inflation` is the variance of a mean of neighboring pixels over that of independent ones:
    bins that share a pixel are correlated.
    """

    mean: np.ndarray
    axes: np.ndarray
    scatter: np.ndarray
    inflation: float = 1.0


class _Fit(NamedTuple):
    """Spectra in units of an amplitude, and their coefficients on mean and axes."""

    flux: np.ndarray  # 0 where masked
    noise_weight: np.ndarray  # inverse variance of the noise
    weight: np.ndarray  # that of noise and scatter, lower where a residual is clipped
    coefficients: np.ndarray  # (n, 1 + n_axes)
    covariance: np.ndarray  # (n, 1 + n_axes, 1 + n_axes)


def fit_spectrum_model(flux, ivar, n_axes=None, n_rounds=N_ROUNDS) -> SpectrumModel:
    r"""Learn a low-rank model of spectra of any brightness, with errors and gaps, by expectation maximization.

    Each spectrum is :math:`f = a (\mu + V^T c) + \epsilon` with an amplitude without prior, scores
    :math:`c \sim N(0, 1)`, and pixels of variance :math:`1 / \mathrm{ivar} + a^2 \psi`. In turn, scores and amplitude
    are solved for each spectrum, and mean, axes and scatter :math:`\psi` for each pixel; pixels far from the model are
    clipped, and spectra far from the others weigh less (Student t), so that none owns an axis.

    Cost: n_rounds x n_samples x n_wavelengths x n_axes^2 multiplications; at most 3,000 rows are learned from, 256 at
    a time in float64.

    Parameters
    ----------
    flux, ivar : ndarray of shape (n_samples, n_wavelengths)
        Fluxes (anything where the inverse variance is 0).
    n_axes : int, optional
        By default 16, or one for 8 spectra or 2 pixels where there are fewer.
    n_rounds : int

    Returns
    -------
    model : SpectrumModel
        Its mean has the flux 1 on average over all pixels.
    """
    rows = _learning_rows(flux, ivar)
    n_axes = min(MOST_AXES, len(rows) // ROWS_PER_AXIS, flux.shape[1] // 2) if n_axes is None else n_axes
    n_pixels = flux.shape[1]
    model = SpectrumModel(np.ones(n_pixels), np.empty((0, n_pixels)), np.ones(n_pixels))
    amplitude, coefficients = _rough_amplitude(flux, ivar, rows, np.ones(n_pixels)), None
    for _ in range(4):
        model, amplitude, coefficients = _improve(flux, ivar, rows, amplitude, model, coefficients)
    if n_axes:
        model, coefficients = _start_axes(flux, ivar, rows, amplitude, model, n_axes), None
        for _ in range(n_rounds):
            model, amplitude, coefficients = _improve(flux, ivar, rows, amplitude, model, coefficients)
    return model


def measure_flux(flux, ivar, model, functional) -> tuple[np.ndarray, np.ndarray]:
    """Return a weighted mean of the pixels of the model fitted to each spectrum, and its standard error.

    The prior of the scores and the clipping of pixels need the amplitude: it is solved for three times.

    Parameters
    ----------
    flux, ivar : ndarray of shape (n_samples, n_wavelengths)
    model : SpectrumModel
    functional : ndarray of shape (n_wavelengths,)
        Weights of the pixels, to be divided by their sum.

    Returns
    -------
    amplitude, error : ndarray of shape (n_samples,)
        NaN for a row without pixels.
    """
    basis = np.vstack([model.mean, model.axes])
    functional = _over_learned(functional, model)
    inside = np.flatnonzero(functional)
    functional, scatter = functional[inside], model.scatter[inside]
    amplitude, error = np.full((2, len(flux)), np.nan)
    pairs = _products(basis)
    for rows in _blocks(_rows_with_pixels(flux, ivar)):
        fit, unit = _fit_rows(flux, ivar, rows, model, basis, pairs)
        noise_weight = fit.noise_weight[:, inside]
        open_share = 1 / (1 + noise_weight * scatter)  # of what the axes leave out, a pixel itself tells the rest
        clip = fit.weight[:, inside] / np.where(noise_weight > 0, noise_weight * open_share, 1)
        shape = fit.coefficients @ basis[:, inside]
        shape += (1 - open_share) * clip * (fit.flux[:, inside] - shape)
        along = (open_share * functional) @ basis[:, inside].T
        variance = np.einsum("ij,ijk,ik->i", along, fit.covariance, along) + (open_share * scatter) @ functional**2
        amplitude[rows], error[rows] = unit * (shape @ functional), unit * np.sqrt(variance)
    return amplitude, error


def fit_all(flux, ivar, model):
    """Yield rows, a block at a time, the mean and axes, and the fit of those rows in units of their amplitudes."""
    basis = np.vstack([model.mean, model.axes])
    pairs = _products(basis)
    for rows in _blocks(_rows_with_pixels(flux, ivar)):
        yield rows, basis, _fit_rows(flux, ivar, rows, model, basis, pairs)[0]


def open_band(flux, ivar, model, functional) -> SpectrumModel:
    """Add an axis to the model: a step over the pixels of `functional`, as wide as the other axes leave them open.

    With it, a spectrum of high signal-to-noise has the mean of its own pixels there, whatever the axes leave out. The
    correlation of neighboring pixels is learned in passing.
    """
    basis = np.vstack([model.mean, model.axes])
    pairs = _products(basis)
    functional = _over_learned(functional, model)
    inside = functional != 0
    rest, variance, products = [], [], np.zeros((2, N_LAGS + 1))
    for rows in _blocks(_learning_rows(flux, ivar)):
        fit, _ = _fit_rows(flux, ivar, rows, model, basis, pairs)
        level = fit.coefficients[:, 0]
        left = fit.flux - fit.coefficients @ basis
        products += _lag_products(np.clip(np.sqrt(fit.weight) * left, -CLIP, CLIP), fit.weight > 0)
        full = (fit.noise_weight[:, inside] > 0).all(axis=1) & (level > SIGNIFICANT * np.sqrt(fit.covariance[:, 0, 0]))
        rest.append(left[full] @ functional / level[full])
        noise = 1 / fit.noise_weight[full][:, inside]
        variance.append(noise @ functional[inside] ** 2 / level[full] ** 2)
    correlation = products[0] / np.maximum(products[1], 1)
    inflation = max(1.0, correlation[0] + 2 * correlation[1:].sum())
    spread = np.sqrt(_excess_variance(np.concatenate(rest), inflation * np.concatenate(variance)))
    axes = np.vstack([model.axes, spread * functional / max(functional.max(), np.finfo(float).tiny)])
    return model._replace(axes=axes, inflation=inflation)


def _over_learned(functional, model):
    """Return weights of sum 1 over the pixels that some spectrum has; zeros where none of them has."""
    functional = np.where(np.isfinite(model.scatter), functional, 0.0)
    total = functional.sum()
    return functional / total if total > 0 else functional


def _known(flux, ivar):
    return (ivar > 0) & np.isfinite(flux)


def _rows_with_pixels(flux, ivar):
    rows = _blocks(np.arange(len(flux)))
    return np.flatnonzero(np.concatenate([_known(flux[block], ivar[block]).any(axis=1) for block in rows]))


def _learning_rows(flux, ivar):
    """Return the rows that have pixels, or 3,000 of them."""
    rows = _rows_with_pixels(flux, ivar)
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
    return rows


def _rough_amplitude(flux, ivar, rows, mean) -> np.ndarray:
    """Return a positive scale of each row: the least sum of absolute residuals about the mean, or its error if larger.

    It is the weighted median of flux over mean: a cosmic ray is one pixel.
    """
    scale = np.empty(len(rows))
    for place, row in enumerate(rows):
        known = np.flatnonzero(_known(flux[row], ivar[row]) & (mean != 0))
        if len(known) == 0:
            scale[place] = 1.0
            continue
        root, shape = np.sqrt(ivar[row, known].astype(np.float64)), mean[known]
        ratio, weight = flux[row, known] / shape, root * np.abs(shape)
        order = np.argsort(ratio)
        sums = np.cumsum(weight[order])
        middle = ratio[order[np.searchsorted(sums, sums[-1] / 2)]]
        scale[place] = max(middle, 1 / np.sqrt(((weight / weight.max()) ** 2).sum()) / weight.max())
    return scale


def _fit_rows(flux, ivar, rows, model, basis, pairs):
    """Fit the model to rows, and return the fit and the amplitudes whose units it is in.

    The prior of the scores and the clipping of pixels need an amplitude and a fit: it is done three times.
    """
    unit = _rough_amplitude(flux, ivar, rows, model.mean)
    fit = _solve(flux[rows], ivar[rows], unit, model, basis, pairs, None)
    for _ in range(N_SOLVES - 1):
        step = np.clip(fit.coefficients[:, 0], *STEP)
        unit = unit * step
        fit = _solve(flux[rows], ivar[rows], unit, model, basis, pairs, fit.coefficients / step[:, None])
    return fit, unit


def _solve(flux, ivar, unit, model, basis, pairs, coefficients):
    """Solve for the most probable coefficients of spectra in units of `unit`; earlier ones tell what to clip."""
    is_learned = np.isfinite(model.scatter)
    known = _known(flux, ivar) & is_learned
    y = np.where(known, flux, 0.0) / unit[:, None]
    noise_weight = np.where(known, ivar, 0.0) * unit[:, None] * (unit[:, None] / model.inflation)
    weight = noise_weight / (1 + noise_weight * np.where(is_learned, model.scatter, 0.0))
    if coefficients is None:
        spread = (model.axes**2).sum(axis=0) + (ROUGH * model.mean) ** 2
        distance = np.abs(y - model.mean) * np.sqrt(weight / (1 + weight * spread))
    else:
        distance = np.sqrt(weight) * np.abs(y - coefficients @ basis)
    weight *= CLIP / np.maximum(distance, CLIP)
    precision = _unfold(weight @ pairs, len(basis)) + np.diag(np.r_[1e-12, np.ones(len(basis) - 1)])
    covariance = np.linalg.inv(precision)
    pull = (weight * y) @ basis.T
    return _Fit(y, noise_weight, weight, (covariance @ pull[:, :, None])[:, :, 0], covariance)


def _improve(flux, ivar, rows, amplitude, model, coefficients):
    """Return a better model, and amplitudes and coefficients in it: one round of expectation maximization."""
    basis = np.vstack([model.mean, model.axes])
    pairs = _products(basis)
    n, n_pixels = basis.shape
    metric, pull = np.zeros((n_pixels, pairs.shape[1])), np.zeros((n_pixels, n))
    excess, sharpness, count = np.zeros((3, n_pixels))
    moments = np.zeros((n, n))
    amplitude, scores = amplitude.copy(), np.empty((len(rows), n))
    for places in _blocks(np.arange(len(rows))):
        block = rows[places]
        earlier = None if coefficients is None else coefficients[places]
        fit = _solve(flux[block], ivar[block], amplitude[places], model, basis, pairs, earlier)
        level = fit.coefficients[:, 0]
        is_faint = level < SIGNIFICANT * np.sqrt(fit.covariance[:, 0, 0])
        step = np.where(is_faint, 1.0, np.clip(level, *STEP))
        z = fit.coefficients / step[:, None]
        spread = fit.covariance / (step**2)[:, None, None]
        spread[:, 0], spread[:, :, 0] = 0.0, 0.0
        second = z[:, :, None] * z[:, None, :] + spread
        trust = np.where(is_faint, 0.0, (FREEDOM + n - 1) / (FREEDOM + (z[:, 1:] ** 2).sum(axis=1)))
        moments += np.tensordot(trust, second, 1)
        weight = fit.weight * (step**2)[:, None]
        residual = np.minimum(fit.weight * (fit.flux - fit.coefficients @ basis) ** 2, CLIP**2)
        expected = fit.weight / np.where(fit.noise_weight > 0, fit.noise_weight, 1.0)
        excess += trust @ (weight * (residual - expected))
        sharpness += trust @ weight**2
        count += trust @ (weight > 0)
        weight *= trust[:, None]
        metric += weight.T @ _fold(second)
        pull += (weight * fit.flux / step[:, None]).T @ z
        amplitude[places] *= step
        scores[places] = z
    model = _solve_pixels(metric, pull, excess, sharpness, count)
    model, scores, level = _standardize(model, scores, moments, count)
    return model, amplitude * level, scores


def _solve_pixels(metric, pull, excess, sharpness, count):
    """Return the model whose mean, axes and scatter suit the sums over the spectra, pixel by pixel."""
    n = pull.shape[1]
    metric = _unfold(metric, n)
    is_learned = metric[:, 0, 0] > 0
    ridge = metric[:, 0, 0] / np.maximum(count, 1)  # an axis is flat by the weight of one spectrum
    np.einsum("ijj->ij", metric)[:, 1:] += ridge[:, None]
    metric[~is_learned] = np.eye(n)
    basis = np.linalg.solve(metric, pull[:, :, None])[:, :, 0].T
    scatter = np.maximum(np.divide(excess, sharpness, out=np.zeros(len(pull)), where=is_learned), 0)
    typical = np.median(scatter[is_learned]) if is_learned.any() else 0.0
    level = np.mean(basis[0, is_learned] ** 2) if is_learned.any() else 1.0
    scatter = np.maximum(scatter + typical / (1 + count), SMALLEST * level)
    return SpectrumModel(basis[0], basis[1:], np.where(is_learned, scatter, np.inf))


def _standardize(model, scores, moments, count):
    """Return the same model with scores of zero mean and unit variance, a mean of flux 1 and axes of flux 0."""
    total = max(moments[0, 0], np.finfo(float).tiny)
    center = moments[0, 1:] / total
    scale = np.linalg.cholesky(moments[1:, 1:] / total - np.outer(center, center) + 1e-12 * np.eye(len(center)))
    mean, axes = model.mean + center @ model.axes, scale.T @ model.axes
    scores = np.column_stack([scores[:, 0], np.linalg.solve(scale, (scores[:, 1:] - center).T).T])
    share = count / max(count.sum(), 1.0)
    level = float(share @ mean)
    level = level if level > 0 else 1.0
    tilt = axes @ share / level
    scores[:, 0] += scores[:, 1:] @ tilt
    model = SpectrumModel(mean / level, (axes - np.outer(tilt, mean)) / level, model.scatter / level**2)
    return model, scores, level


def _start_axes(flux, ivar, rows, amplitude, model, n_axes):
    """Return the model with the principal axes of the spectra, in which noise and gaps are shrunk to the mean."""
    filled = np.empty((len(rows), flux.shape[1]), dtype=np.float32)
    is_learned = np.isfinite(model.scatter)
    spread = np.where(is_learned, model.scatter, 0.0)
    for places in _blocks(np.arange(len(rows))):
        unit = amplitude[places, None]
        block = rows[places]
        known = _known(flux[block], ivar[block]) & is_learned
        rest = np.where(known, flux[block], 0.0) / unit - model.mean
        noise_weight = np.where(known, ivar[block], 0.0) * unit * unit
        reach = CLIP * np.sqrt(spread + 1 / np.where(known, noise_weight, np.inf))
        rest = np.clip(rest, -reach, reach)
        filled[places] = np.where(known, rest, 0.0) * noise_weight * spread / (1 + noise_weight * spread)
    frame = fit_principal_frame(filled, np.arange(len(rows)), n_axes, np.random.default_rng(0))
    axes = frame.axes * np.maximum(frame.spread, 1e-6 * frame.spread.max())[:, None]
    return model._replace(axes=axes)


def _excess_variance(rest, variance):
    """Return the variance of `rest` beyond that of its noise; what is far out counts as three standard deviations."""
    if not len(rest):
        return 0.0
    excess = np.median(rest**2)
    for _ in range(50):
        total = np.maximum(variance + excess, np.finfo(float).tiny)
        excess = max(0.0, float(((np.minimum(rest**2, 9 * total) - variance) / total**2).sum() / (total**-2).sum()))
    return excess


def _lag_products(residual, known):
    """Return sums and counts of the products of residuals at distances of 0 to N_LAGS pixels."""
    n_pixels = residual.shape[1]
    sums = np.zeros((2, N_LAGS + 1))
    for lag in range(min(N_LAGS + 1, n_pixels)):
        both = known[:, lag:] & known[:, : n_pixels - lag]
        sums[0, lag] = (residual[:, lag:] * residual[:, : n_pixels - lag])[both].sum()
        sums[1, lag] = np.count_nonzero(both)
    return sums


def _products(basis):
    """Return the products of all pairs of rows, of shape (n_pixels, n_pairs)."""
    first, second = np.triu_indices(len(basis))
    return (basis[first] * basis[second]).T


def _fold(matrices):
    return matrices[:, *np.triu_indices(matrices.shape[1])]


def _unfold(pairs, n):
    matrices = np.empty((len(pairs), n, n))
    first, second = np.triu_indices(n)
    matrices[:, first, second] = pairs
    matrices[:, second, first] = pairs
    return matrices


def _blocks(rows):
    return np.split(rows, np.arange(BLOCK_ROWS, len(rows), BLOCK_ROWS))
