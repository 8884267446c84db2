"""What steps share that change pixels and keep the columns as they are."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_sedzoo._containers import (
    AXIS,
    IVAR_PREFIX,
    find_wavelength,
    join_blocks,
    name_wavelengths,
    read_blocks,
    refuse_shifted,
    require_wavelength,
)
from sklearn_sedzoo._parameters import check_parameters, kinds
from sklearn_sedzoo._validation import ON_BAD, as_fitted, check_redshift, keep_parameters


class OneToOneStep(TransformerMixin, BaseEstimator):
    """A transformer whose output has the columns of its input: fluxes, inverse variances, named numbers.

    Children have the parameters `wavelength`, `unit`, `on_bad`, set themselves up in `_prepare(wavelength)` and change
    spectra in ``_change(flux, ivar, scalars) -> (flux, ivar)``.
    """

    _parameters = kinds(**AXIS, on_bad=ON_BAD)
    _needs = "wavelength"  # the parameter that speaks of wavelengths, for the message

    def fit(self, X, y=None):
        """Learn the wavelengths of the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra; only their columns matter.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        check_parameters(self)
        blocks = self._read(X, reset=True, ensure_min_features=2)
        wavelength = find_wavelength(self, blocks.flux.shape[1])
        require_wavelength(self, wavelength, self._needs)
        self._prepare(wavelength)
        self.wavelength_in_ = wavelength
        keep_parameters(self)
        return self

    def transform(self, X):
        """Return the changed spectra.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_wavelengths) or DataFrame of shape (n_samples, n_columns)
            Of the dtype of X. A DataFrame with all columns where X has more than fluxes.
        """
        self = as_fitted(self)
        blocks = self._read(X, reset=False)
        flux, ivar = self._change(blocks.flux, blocks.ivar, blocks.scalars)
        flux = flux.astype(blocks.flux.dtype, copy=False)
        names = self.get_feature_names_out()[: flux.shape[1] * (1 if ivar is None else 2)]
        ivar = None if ivar is None else ivar.astype(flux.dtype, copy=False)
        result = join_blocks(flux, ivar, names, blocks)
        if not blocks.scalars:
            return result
        if not isinstance(result, pd.DataFrame):
            result = pd.DataFrame(result, columns=names, index=blocks.index)
            result.attrs.update(blocks.attrs)
        return result.assign(**self._hand_on(blocks.scalars))

    def get_feature_names_out(self, input_features=None):
        """Return the wavelengths in Angstrom as strings, ``ivar_<wavelength>`` and the named columns of X.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
        """
        self = as_fitted(self)
        names = name_wavelengths(self.wavelength_in_)
        with_ivar = [] if self._columns.ivar is None else IVAR_PREFIX + names
        return np.concatenate([names, with_ivar, list(self._columns.scalars)]).astype(object)

    def _read(self, X, *, reset, **params):
        blocks = read_blocks(self, X, reset=reset, on_bad=self.on_bad, scalars=self._named(), **params)
        if self._observed():
            refuse_shifted(self, blocks, self._observed())
        return blocks

    def _hand_on(self, scalars):
        """Return the named columns as the next step shall see them."""
        return scalars

    def _observed(self):
        """Return what of this step acts on observed wavelengths, "" where nothing does."""
        return ""

    def _named(self):
        """Return the names of columns of X that the parameters ask for."""
        return tuple(
            value for value in (getattr(self, "redshift", None), getattr(self, "ebv", None)) if _is_name(value)
        )

    def _scalar(self, name, scalars, n_samples):
        """Return the value of a parameter that is None, a number, or the name of a column of X."""
        value = getattr(self, name)
        if not _is_name(value):
            return np.full(n_samples, 0.0 if value is None else float(value))
        if value not in scalars:
            raise ValueError(
                f"`{name}` of {type(self).__name__} is {value!r}, but X has no column of that name. Pass a DataFrame "
                "or a SpectrumTable with it, or a number."
            )
        return scalars[value]

    def _redshifts(self, scalars, n_samples):
        return check_redshift(type(self).__name__, self._scalar("redshift", scalars, n_samples))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.on_bad == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.requires_fit = True
        return tags


def _is_name(value):
    return isinstance(value, str)
