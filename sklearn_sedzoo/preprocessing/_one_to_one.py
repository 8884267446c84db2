"""What steps share that change pixels and keep the columns as they are."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._containers import (
    IVAR_PREFIX,
    find_wavelength,
    name_wavelengths,
    read_blocks,
    require_wavelength,
)
from sklearn_sedzoo._validation import check_redshift


class OneToOneStep(TransformerMixin, BaseEstimator):
    """A transformer whose output has the columns of its input: fluxes, inverse variances, named numbers.

    Children have the parameters `wavelength`, `unit`, `on_bad`, check theirs in `_prepare(wavelength)` and change
    spectra in ``_change(flux, ivar, scalars) -> (flux, ivar)``.
    """

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
        blocks = read_blocks(self, X, reset=True, on_bad=self.on_bad, scalars=self._named(), ensure_min_features=2)
        wavelength = find_wavelength(self, blocks.flux.shape[1])
        require_wavelength(self, wavelength, self._needs)
        self._prepare(wavelength)
        self.wavelength_in_ = wavelength
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
        check_is_fitted(self)
        blocks = read_blocks(self, X, reset=False, on_bad=self.on_bad, scalars=self._named())
        flux, ivar = self._change(blocks.flux, blocks.ivar, blocks.scalars)
        flux = flux.astype(blocks.flux.dtype, copy=False)
        if blocks.ivar is None and not blocks.scalars:
            return flux
        values = flux if ivar is None else np.concatenate([flux, ivar.astype(flux.dtype, copy=False)], axis=1)
        names = self.get_feature_names_out()
        frame = pd.DataFrame(values, columns=names[: values.shape[1]], index=blocks.index)
        return frame.assign(**blocks.scalars)

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
        check_is_fitted(self)
        names = name_wavelengths(self.wavelength_in_)
        with_ivar = [] if self._columns.ivar is None else IVAR_PREFIX + names
        return np.concatenate([names, with_ivar, list(self._columns.scalars)]).astype(object)

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
