"""ExtinctionCorrector: observed spectra to spectra without the dust of our Galaxy."""

import numpy as np

from sklearn_sedzoo._parameters import column, kinds, number, option
from sklearn_sedzoo._validation import point_at
from sklearn_sedzoo.preprocessing._one_to_one import OneToOneStep

LAWS = ("auto", "F99", "F19", "O94", "CCM89", "G23")


class ExtinctionCorrector(OneToOneStep):
    """Correct observed spectra for the dust of our Galaxy.

    It acts on observed wavelengths: it stands before `SpectrumResampler`, which takes the redshift out, and refuses
    what comes out of that. A grid in vacuum is assumed (the law changes by less than 1e-4 between air and vacuum). The
    column of X with E(B-V) is 0 in what comes out: what is corrected for cannot be corrected for again.

    Parameters
    ----------
    ebv : str or float, default="ebv"
        Color excess E(B-V) in magnitudes: the name of a column of X, or one number for all.
    law : {"auto", "F99", "F19", "O94", "CCM89", "G23"}, default="auto"
        Extinction curve of the package dust_extinction: Fitzpatrick (1999), Fitzpatrick et al. (2019), O'Donnell
        (1994), Cardelli, Clayton & Mathis (1989) or Gordon et al. (2023). "auto" takes F99 where it covers X (1,000 to
        33,333 Angstrom), else G23.
    r_v : float, default=3.1
        Ratio of total to selective extinction.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Observed wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names.
    on_bad : {"mask", "raise"}, default="mask"
        Refuse NaN and infinite pixels, or hand them on as NaN.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,)
        Wavelengths in Angstrom.
    law_ : str
        Law that is used.
    curve_ : ndarray of shape (n_wavelengths,)
        A(wavelength) / A(V); NaN outside the range of the law, which is an error unless `ebv` is 0.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    SpectrumResampler : The next step.

    Notes
    -----
    :math:`f \\to f \\cdot 10^{0.4 R_V E(B-V) k(\\lambda)}` with :math:`k = A(\\lambda) / A(V)`; ivar is divided by the
    square of the factor.

    References
    ----------
    .. [1] E. L. Fitzpatrick, "Correcting for the Effects of Interstellar Extinction", PASP 111, 63 (1999).
    .. [2] K. D. Gordon, "dust_extinction: Interstellar Dust Extinction Models", JOSS 9(100), 7023 (2024).

    Examples
    --------
    >>> from sklearn_sedzoo.preprocessing import ExtinctionCorrector
    >>> corrector = ExtinctionCorrector(ebv=0.1, wavelength=[4000., 5500., 9000.])
    >>> corrector.fit_transform([[1., 1., 1.]]).round(3)
    array([[1.501, 1.322, 1.138]])
    """

    _parameters = kinds(
        ebv=[column(), number(0, 20)],
        law=[option(*LAWS)],
        r_v=[number(1, 10)],
    )

    def __init__(self, ebv="ebv", *, law="auto", r_v=3.1, wavelength=None, unit="Angstrom", on_bad="mask"):
        self.ebv = ebv
        self.law = law
        self.r_v = r_v
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad

    def _prepare(self, wavelength):
        import astropy.units as u
        from dust_extinction import parameter_averages  # here: it loads astropy.modeling

        with np.errstate(divide="ignore"):
            inverse_micron = 1e4 / wavelength
        for name in ("F99", "G23") if self.law == "auto" else (self.law,):
            law = getattr(parameter_averages, name)(Rv=self.r_v)
            outside = (inverse_micron < law.x_range[0]) | (inverse_micron > law.x_range[1])
            if not outside.any():
                break
        self.law_ = name
        if outside.any() and self.ebv != 0:
            low, high = 1e4 / law.x_range[1], 1e4 / law.x_range[0]
            raise ValueError(
                f"law={name!r} of {type(self).__name__} holds from {low:.6g} to {high:.6g} Angstrom; X has wavelengths "
                f"from {wavelength.min():.6g} to {wavelength.max():.6g}. Choose law='G23' (912 to 320,000 Angstrom) "
                "or cut X."
            )
        self.curve_ = np.full(len(wavelength), np.nan)
        self.curve_[~outside] = law(inverse_micron[~outside] / u.micron) if not outside.all() else []

    def _hand_on(self, scalars):
        return {**scalars, self.ebv: np.zeros_like(scalars[self.ebv])} if isinstance(self.ebv, str) else scalars

    def _observed(self):
        return "the dust of our Galaxy" if self.ebv != 0 else ""

    def _change(self, flux, ivar, scalars):
        ebv = np.asarray(self._scalar("ebv", scalars, len(flux)), dtype=float)
        wrong = ~(np.isfinite(ebv) & (ebv >= 0) & (ebv <= 20))
        if wrong.any():
            raise ValueError(
                f"E(B-V) of {type(self).__name__} must be finite and in [0, 20]: "
                f"{point_at(wrong, len(ebv), 'have another')[:-1]}, {float(ebv[wrong][0])!r}."
            )
        factor = 10 ** np.where(ebv[:, None] == 0, 0.0, 0.4 * self.r_v * ebv[:, None] * self.curve_)
        return flux * factor, None if ivar is None else ivar / factor**2
