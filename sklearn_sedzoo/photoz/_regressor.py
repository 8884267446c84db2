"""SOMRedshiftRegressor: magnitudes and colors to redshifts and their probability densities, through maps."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sedzoo._kernels.redshift_pdf import cumulate, deposit, find_quantiles
from sklearn_sedzoo._parameters import (
    check_parameter,
    check_parameters,
    integer,
    kinds,
    nothing,
    number,
    numbers,
    option,
    random_state,
    sequence_of,
)
from sklearn_sedzoo._validation import check_sample_weight
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.mapping._donors import SOM, Donors
from sklearn_sedzoo.photoz._densities import N_BINS, TRIAL_WIDTHS, calibrate, find_step
from sklearn_sedzoo.photoz._ensemble import average, fit_ensemble, list_frozen, pool, train_maps
from sklearn_sedzoo.photoz._nz import CellSums, NzEstimate, estimate_nz

N_CALIBRATION = 5000  # rows, at most, on which densities are calibrated
_BLOCK = 1024


class SOMRedshiftRegressor(CallbackSupportMixin, RegressorMixin, BaseEstimator):
    """Photometric redshifts from an ensemble of self-organizing maps.

    Each map sorts the sky's colors into cells; around each cell a line is fitted to the spectroscopic redshifts.
    The maps vote by the scatter that their cells showed, and what their fits left over, sample by sample left out,
    makes the probability density, which is then calibrated.

    Parameters
    ----------
    som : SOMMapper, FrozenEstimator, list of those or None, default=None
        An unfitted map is trained on X at fit, `n_maps` times, each on a bootstrap sample with its own seed. A
        FrozenEstimator of a fitted map (or several in a list) is used as it is: train it on the photometric sample,
        which is larger and representative. None is a square map with about 12 rows of X per cell.
    zgrid : array-like of shape (n_z,), default=None
        Redshifts of `predict_dist`; None is 601 steps from 0 to 1.05 times the highest redshift.
    min_count : int, default=1
        Labeled rows that a cell needs to count as covered.
    smooth : "auto" or float, default="auto"
        Width of the Gaussian that smooths the densities, in ln(1 + z). "auto" takes the one with the lowest CDE loss
        on left-out samples.
    fallback : {"neighbor", "nan", "raise"}, default="neighbor"
        For rows in cells that are not covered: the fit to the nearest labeled rows, NaN, or an error.
    n_maps : int, default=12
        Maps trained; frozen maps come in their own number.
    statistic : {"local_linear", "median"}, default="local_linear"
        A ridge line around each cell, robust and weighted by distance, or the median of its members.
    random_state : int, RandomState instance or None, default=None
        Seeds of the maps and choice of the calibration rows.

    Attributes
    ----------
    soms_ : list of SOMMapper
        Fitted maps; ``som_`` is the first.
    map_ : FittedMap
        What the fit of the first map decided.
    zgrid_ : ndarray of shape (n_z,)
        Redshifts of `predict_dist`.
    smooth_ : float
        Width of the smoothing in ln(1 + z).
    calibration_ : tuple of two ndarrays
        The curve through which cumulative densities are sent.
    label_counts_ : ndarray of shape (n_rows, n_columns, 1)
        Labeled rows in each cell of the first map.
    median_map_ : ndarray of shape (n_rows, n_columns)
        Median redshift of the labeled rows in each cell of the first map; NaN for none.
    completeness_map_ : ndarray of shape (n_rows, n_columns)
        Labeled rows over the rows that trained the first map, cell by cell; NaN where nothing trained it. Above 1
        where the labeled rows are more.
    coverage_map_ : bool ndarray of shape (n_rows, n_columns)
        Cells of the first map with at least `min_count` labeled rows.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    sklearn_sedzoo.mapping.SOMRegressor : The same idea for any property.
    sklearn_sedzoo.photometry.MagnitudeToColor : Makes features from magnitudes.
    sklearn_sedzoo.metrics.sigma_nmad, sklearn_sedzoo.metrics.cde_loss : Scores.

    Notes
    -----
    Scale the features first (`StandardScaler`): distances decide. With t = ln(1 + z), the prediction is the mean of
    the maps' fits in t, weighted by 1 / scatter²; scatter and residuals come from leaving one sample out. The
    density is the mixture of the residuals of all maps around their predictions, smoothed, its cumulative sent
    through the curve that makes left-out samples uniform. Fit costs `n_maps` trainings and K small linear systems
    each; predict costs the search for the best cell and n_maps * m points for each row (m = 20 per feature).
    Neither the order of the rows nor the size of the batch matters. The densities describe galaxies like those
    labeled: a sample that is not representative is weighed in `summarize_nz`, not here.

    References
    ----------
    Masters et al. 2015, ApJ 813, 53 (maps of the color-redshift relation); Bordoloi, Lilly & Amara 2010, MNRAS
    406, 881 (calibration of PITs); Izbicki & Lee 2017, Electron. J. Statist. 11, 2800 (CDE loss).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.photoz import SOMRedshiftRegressor
    >>> rng = np.random.default_rng(0)
    >>> z = rng.uniform(0, 2, 500)
    >>> X = np.column_stack([z, np.sin(3 * z)]) + 0.01 * rng.standard_normal((500, 2))
    >>> model = SOMRedshiftRegressor(n_maps=2, random_state=0).fit(X, z)
    >>> bool(abs(model.predict(X) - z).mean() < 0.02)
    True
    >>> model.predict_dist(X[:3]).shape
    (3, 601)
    """

    _parameters = kinds(
        som=[SOM[0], sequence_of(SOM[0], "a list of those"), nothing()],
        zgrid=[numbers("redshifts", 0, 100), nothing()],
        min_count=[integer(1)],
        smooth=[option("auto"), number(0, 10)],
        fallback=[option("neighbor", "nan", "raise")],
        n_maps=[integer(1)],
        statistic=[option("local_linear", "median")],
        random_state=random_state(),
    )

    def __init__(
        self,
        som=None,
        *,
        zgrid=None,
        min_count=1,
        smooth="auto",
        fallback="neighbor",
        n_maps=12,
        statistic="local_linear",
        random_state=None,
    ):
        self.som = som
        self.zgrid = zgrid
        self.min_count = min_count
        self.smooth = smooth
        self.fallback = fallback
        self.n_maps = n_maps
        self.statistic = statistic
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y):
        """Train the maps and fit redshifts in their cells.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of the spectroscopic sample.
        y : array-like of shape (n_samples,)
            Redshifts, >= 0.

        Returns
        -------
        self : object
        """
        owner = type(self).__name__
        check_parameters(self)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        _check_redshifts(owner, y)
        zgrid = self._choose_zgrid(owner, y)
        generator = check_random_state(self.random_state)
        order = np.lexsort((y, *X.T[::-1]))  # results do not depend on the order of the rows
        X, y = X[order], np.asarray(y, float)[order]
        context = self._init_callback_context(max_subtasks=0 if list_frozen(self.som) else self.n_maps)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        soms, t = train_maps(self, context, X, self.n_maps, generator), np.log1p(y)
        cells = [som.map_.find(X).best for som in soms]
        donors = Donors.collect(self, X, y[:, None], soms, cells, min_count=self.min_count, fallback=self.fallback)
        ensemble = fit_ensemble(donors.maps, cells, X, t, self.statistic, self.min_count)
        calibration, predicted = self._calibrate(ensemble, cells, X, t, max(zgrid[-1], y.max()), generator)
        self.som_, self.soms_, self.map_ = soms[0], soms, donors.maps[0]
        self.zgrid_ = zgrid
        self.smooth_ = calibration.width
        self.calibration_ = calibration.knots, calibration.values
        self.label_counts_ = donors.count_labels()
        self.coverage_map_ = self.label_counts_[..., 0] >= self.min_count
        self.median_map_ = self.map_.aggregate(cells[0], y, statistic=np.median).reshape(self.map_.shape)
        hits = self.som_.hits_
        self.completeness_map_ = np.where(hits > 0, self.label_counts_[..., 0] / np.maximum(hits, 1), np.nan)
        self._donors, self._ensemble, self._calibration = donors, ensemble, calibration
        self._redshifts, self._label_cells, self._label_predictions = y, cells, predicted
        self._seed = generator.randint(2**31 - 1)  # of the bootstrap of N(z)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def predict(self, X, return_std=False):
        """Predict redshifts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        return_std : bool, default=False
            Return the standard deviation of the density, too.

        Returns
        -------
        redshift : ndarray of shape (n_samples,)
        std : ndarray of shape (n_samples,)
            Only with `return_std`.
        """

        def answer(X):
            answers = self._ensemble.ask(X)
            redshift = _to_redshift(average(answers))
            if not return_std:
                return redshift[:, None]
            density = self._calibration.densities(*pool(answers), self.zgrid_)
            mean = np.trapezoid(density * self.zgrid_, self.zgrid_, axis=1)
            variance = np.trapezoid(density * (self.zgrid_ - mean[:, None]) ** 2, self.zgrid_, axis=1)
            return np.column_stack([redshift, np.sqrt(variance)])

        columns = self._answer(X, answer, 1 + bool(return_std))
        return (columns[:, 0], columns[:, 1]) if return_std else columns[:, 0]

    def predict_dist(self, X):
        """Predict calibrated probability densities of redshift.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_z)
            Densities at `zgrid_`, each of integral 1 by the trapezoidal rule.
        """
        check_is_fitted(self)
        return self._answer(X, self._spread, len(self.zgrid_))

    def predict_quantiles(self, X, quantiles=(0.16, 0.5, 0.84)):
        """Predict quantiles of the density.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        quantiles : sequence of float, default=(0.16, 0.5, 0.84)
            Between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles)
        """
        kinds_of_level = [number(0, 1), numbers("numbers from 0 to 1", 0, 1)]
        check_parameter(type(self).__name__, "quantiles", quantiles, kinds_of_level)
        levels = np.atleast_1d(np.asarray(quantiles, float))

        def answer(X):
            return find_quantiles(cumulate(self._spread(X), self.zgrid_), self.zgrid_, levels)

        return self._answer(X, answer, len(levels))

    def predict_interval(self, X, coverage=0.68):
        """Predict the interval between two quantiles of the calibrated density, with equal tails.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        coverage : float, default=0.68
            Share of the true redshifts inside.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Low and high.
        """
        check_parameter(type(self).__name__, "coverage", coverage, [number(0, 1, closed="neither")])
        return self.predict_quantiles(X, (0.5 - coverage / 2, 0.5 + coverage / 2))

    def is_covered(self, X):
        """Tell which rows the labels speak for, in at least half of the maps.

        A row must lie in a cell with at least `min_count` labeled rows, no farther from it than twice the 99 %
        quantile of the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        bool ndarray of shape (n_samples,)
        """
        return self._donors.is_covered(self._read(X), surrounded=False) >= 0.5

    def summarize_nz(self, X, sample_weight=None, n_bootstrap=20, *, z_range=None) -> Bunch:
        """Estimate the redshift distribution of a photometric sample from the spectroscopic one, cell by cell.

        In each cell every spectroscopic redshift counts with the summed weights of the photometric objects there over
        the number of spectroscopic ones, and is moved by the difference of the predictions' means (of the photometric
        and of the spectroscopic objects in the cell, in ln(1 + z)). The distribution is right for a spectroscopic
        sample that is not representative, as long as the predictions err alike in both within a cell. Objects in
        cells without spectroscopy are left out and their share is told.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of the photometric sample.
        sample_weight : array-like of shape (n_samples,), optional
            Their weights, e.g. of a lensing analysis.
        n_bootstrap : int, default=20
            Resamplings of the spectroscopic sample for the errors; 0 for none.
        z_range : tuple of float, optional
            A tomographic bin: rows whose predicted redshift lies in [low, high) count, of the photometric sample and
            of the spectroscopic one (each predicted without itself). A cut on the photometric sample alone would
            slice through cells and leave the bin too wide.

        Returns
        -------
        Bunch
            ``zgrid`` (n_z,); ``nz`` (n_z,), a density of integral 1; ``nz_std`` (n_z,); ``mean``, ``mean_std``;
            ``coverage``, the share of the weight in covered cells, averaged over the maps; ``samples`` (n_bootstrap,
            n_z).
        """
        check_parameter(type(self).__name__, "n_bootstrap", n_bootstrap, [integer(0)])
        X = self._read(X)
        weights = check_sample_weight(type(self).__name__, sample_weight, len(X))
        weights = np.ones(len(X)) if weights is None else weights
        predicted = np.log1p(self._predict(X))
        counts = np.ones(len(self._redshifts))
        if z_range is not None:
            low, high = _check_range(type(self).__name__, z_range)
            weights = weights * _inside(predicted, low, high)
            counts = counts * _inside(self._label_predictions, low, high)
            if not weights.any():
                raise ValueError(f"`z_range` of {type(self).__name__}.summarize_nz must hold rows of X, none of the "
                                 f"{len(X)} is predicted in {z_range!r}.")  # fmt: skip
        photometric = []
        for fitted in self._donors.maps:
            cells = fitted.find(X).best
            means = fitted.aggregate(cells, predicted, weights)
            photometric.append(CellSums(fitted.aggregate(cells, weights=weights), means))
        estimate = NzEstimate(
            self._redshifts, self._label_predictions, counts, self._label_cells, photometric, self.zgrid_
        )
        return estimate_nz(estimate, n_bootstrap, np.random.RandomState(self._seed), self._donors.min_count)

    def _choose_zgrid(self, owner, y):
        if self.zgrid is None:
            return np.linspace(0, 1.05 * max(float(y.max()), 1e-3), 601)
        zgrid = np.asarray(self.zgrid, dtype=np.float64)
        if len(zgrid) < 2:
            raise ValueError(f"`zgrid` of {owner} must hold at least 2 redshifts, got {self.zgrid!r}.")
        if not (np.diff(zgrid) > 0).all():
            at = int(np.argmin(np.diff(zgrid)))
            raise ValueError(
                f"`zgrid` of {owner} must increase, got {zgrid[at]!r} followed by {zgrid[at + 1]!r} at index {at}."
            )
        beyond = (y < zgrid[0]) | (y > zgrid[-1])
        if beyond.any():
            warnings.warn(
                f"`zgrid` of {owner} ends at {zgrid[0]:g} and {zgrid[-1]:g}: {beyond.sum()} of {len(y)} redshifts are "
                f"outside, first at row {beyond.argmax()}. Densities cannot reach them.",
                SedDataWarning,
                stacklevel=3,
            )
        return zgrid

    def _calibrate(self, ensemble, cells, X, t, highest, generator):
        """Choose the smoothing and the calibration curve on rows that the fits did not see.

        Returns the Calibration and the predictions of ln(1 + z) for all rows, each without itself.
        """
        rows = np.arange(len(X))
        chosen = rows
        if len(X) > N_CALIBRATION:
            chosen = np.sort(generator.choice(len(X), N_CALIBRATION, replace=False))
        step, predicted, masses = find_step(highest), np.empty(len(X)), []
        for part in _blocks(len(X)):
            answers = ensemble.ask_without(t, cells, rows[part])
            predicted[part], (position, weight) = average(answers), pool(answers)
            wanted = np.isin(rows[part], chosen)
            masses.append(deposit(position[wanted], weight[wanted], step, N_BINS))
        mass = np.concatenate(masses)
        is_known = mass.sum(axis=1) > 0.5  # a row alone in its cell has no other that could predict it
        if is_known.any():
            mass, chosen = mass[is_known], chosen[is_known]
        else:
            mass = deposit(*pool(ensemble.ask(X[chosen])), step, N_BINS)
        if not isinstance(self.smooth, str):
            widths = [float(self.smooth)]
        else:
            widths = [max(ensemble.typical_scatter * factor, 1e-12) for factor in TRIAL_WIDTHS]
        return calibrate(mass, t[chosen], step, widths), predicted

    def _answer(self, X, answer, n_columns):
        """Return answer(X), of so many columns, block by block; NaN in gaps, where `fallback` says so."""
        X = self._read(X)
        gaps = self._find_gaps(X)
        result = np.empty((len(X), n_columns))
        for rows in _blocks(len(X)):
            result[rows] = answer(X[rows])
        result[gaps] = np.nan
        return result

    def _predict(self, X):
        """Return redshifts of checked rows, gaps included."""
        return np.concatenate([_to_redshift(average(self._ensemble.ask(X[rows]))) for rows in _blocks(len(X))])

    def _spread(self, X):
        return self._calibration.densities(*pool(self._ensemble.ask(X)), self.zgrid_)

    def _find_gaps(self, X):
        """Rows to be NaN; raises where `fallback` says so."""
        if self._donors.fallback == "neighbor":
            return np.zeros(len(X), bool)
        gaps = self._donors.is_covered(X, surrounded=False) < 0.5
        if self._donors.fallback == "raise" and gaps.any():
            raise ValueError(
                f"{gaps.sum()} of {len(X)} rows lie in cells with fewer than min_count={self._donors.min_count} "
                f"labeled rows; first at row {gaps.argmax()}. See is_covered, or pass fallback='neighbor' or 'nan'."
            )
        return gaps

    def _read(self, X):
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=np.float64)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags


def _blocks(n):
    return [slice(start, start + _BLOCK) for start in range(0, n, _BLOCK)]


def _check_redshifts(owner, y):
    bad = np.flatnonzero(np.asarray(y) < 0)
    if len(bad):
        raise ValueError(
            f"y of {owner} must be redshifts >= 0: {len(bad)} of {len(y)} are negative; first at row {bad[0]}."
        )


def _check_range(owner, z_range):
    try:
        low, high = (float(edge) for edge in z_range)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not low < high:
        raise ValueError(f"`z_range` of {owner}.summarize_nz must satisfy low < high, got {z_range!r}.")
    return low, high


def _inside(t, low, high):
    redshift = _to_redshift(t)
    return (redshift >= low) & (redshift < high)


def _to_redshift(t):
    return np.maximum(np.expm1(t), 0.0)
