"""The steps that map a catalog: our defaults, and the thesis to the letter."""

import math
from dataclasses import dataclass, field

import numpy as np
from sklearn.cluster import KMeans

from sklearn_sedzoo._kernels.masked import valid_extent
from sklearn_sedzoo._validation import is_usable_redshift
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ResidualNetwork, SpectrumPCA, ThesisNetwork, Training
from sklearn_sedzoo.mapping import Batch, Online, SOMMapper
from sklearn_sedzoo.preprocessing import ExtinctionCorrector, FluxNormalizer, SpectrumResampler, fine_range
from sklearn_sedzoo.zoo._decisions import wants_dereddening

BAND = (4050.0, 4150.0)  # Angstrom, as in the thesis
N_BINS = 4096
FRONT = ("deredden", "resample", "normalize")


@dataclass
class Recipe:
    """The steps, unfitted, and how the galaxies are split.

    Parameters
    ----------
    name : str
        As on the command line; also chooses the figures.
    steps : dict of str to estimator
        `resample`, `normalize`, `embed`, `cluster`, `map`.
    with_split : bool
        Whether clusters and map see the training spectra only (80 of 80/10/10), as in the thesis.
    params : dict of str to value
        What `set_params` has set.
    notes : list of str
        What the user should know about choices made here.
    """

    name: str
    steps: dict
    with_split: bool = False
    params: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def set_params(self, params):
        """Set ``step__param`` values or whole steps (`embed` may be "pca"); wrong names are refused."""
        self.params = dict(params)
        for name, value in params.items():
            step, _, parameter = name.partition("__")
            if step not in self.steps:
                raise ValueError(
                    f"`params` of Zoo.fit: {name}: there is no step {step!r}; the steps are {', '.join(self.steps)}."
                )
            if not parameter:
                is_pca = step == "embed" and isinstance(value, str) and value == "pca"
                self.steps[step] = SpectrumPCA(3, whiten="robust", on_bad="mask") if is_pca else value
                continue
            known = self.steps[step].get_params()
            if parameter not in known:
                raise ValueError(
                    f"`params` of Zoo.fit: {name}: {step} has no parameter {parameter!r}; it has {', '.join(known)}."
                )
            self.steps[step].set_params(**{parameter: value})
        return self


def default_recipe(catalog, seed, dereddening=True):
    """Our method: the finely sampled range, three whitened latents, KMeans(6), a 10 x 10 batch map.

    Observed spectra go to the rest frame by their column `redshift`, corrected for the dust of our Galaxy by `ebv`.
    """
    wavelength, redshift = catalog.wavelength, None
    low, high = fine_range(wavelength)
    grid_range, notes = None, []
    if catalog.frame == "observed" and catalog.redshift is not None:
        redshift = "redshift"
        grid_range = low, high = rest_range(catalog)
        notes.append(
            "The spectra are observed: each goes to its rest frame by the column redshift. The common range, "
            f"{low:.0f} to {high:.0f} Angstrom, is what half of them cover; what a spectrum lacks is masked."
        )
    elif high - low < 0.95 * (wavelength[-1] - wavelength[0]):
        grid_range = (10.0 * math.ceil(low / 10), 10.0 * math.floor(high / 10))
        notes.append(
            f"Took the finely sampled range {grid_range[0]:.0f} to {grid_range[1]:.0f} Angstrom of "
            f"{wavelength[0]:.0f} to {wavelength[-1]:.0f}: outside it the pixels are much wider. "
            "(--set resample__grid_range=None takes all.)"
        )
    if redshift is None:
        low, high = grid_range or wavelength[[0, -1]]
    stretch = 1.0 if redshift is None else 1 + np.median(catalog.redshift[is_usable_redshift(catalog.redshift)])
    inside = (wavelength >= low * stretch) & (wavelength <= high * stretch)
    n_bins = max(2, min(N_BINS, int(np.count_nonzero(inside))))  # finer would be oversampled
    band = BAND
    if not (low <= BAND[0] and BAND[1] <= high):
        middle, width = (low + high) / 2, (high - low) / 2  # wide: such spectra are often faint
        band = (float(np.round(middle - width / 2)), float(np.round(middle + width / 2)))
        notes.append(
            f"The spectra do not cover the band {BAND[0]:.0f} to {BAND[1]:.0f} Angstrom of the normalization: it is "
            f"{band[0]:.0f} to {band[1]:.0f} Angstrom. (--set normalize__band=... takes another.)"
        )
    deredden = {}
    if wants_dereddening(catalog, dereddening):
        deredden["deredden"] = ExtinctionCorrector(on_bad="mask")
    return Recipe(
        "default",
        {
            **deredden,
            "resample": SpectrumResampler(
                n_bins,
                grid_range=grid_range,
                wavelength=None if deredden else wavelength,
                redshift=redshift,
                medium=catalog.medium,
                density=catalog.density or "wavelength",
                on_bad="mask",
            ),
            "normalize": FluxNormalizer(band, on_bad="mask"),
            "embed": ConvAutoencoderEmbedder(
                3,
                architecture=ResidualNetwork(),
                training=Training(),
                whiten="robust",
                on_bad="mask",
                random_state=seed,
            ),
            "cluster": KMeans(6, n_init=10, random_state=seed),
            "map": SOMMapper(10, 10, algorithm=Batch(), random_state=seed),
        },
        notes=notes,
    )


def rest_range(catalog):
    """Return the wavelengths that half of the spectra cover at rest, by those redshifts that can be true."""
    first, stop = valid_extent(catalog.flux, catalog.ivar)
    known = is_usable_redshift(catalog.redshift) & (stop > first)
    if not known.any():
        raise ValueError("None of the redshifts of the catalog is usable (finite, above -0.1, at most 20).")
    stretch = 1 + catalog.redshift[known]
    low, high = catalog.wavelength[first[known]] / stretch, catalog.wavelength[stop[known] - 1] / stretch
    return float(np.median(low)), float(np.median(high))


def thesis_recipe(catalog, seed, dereddening=True):
    """The thesis: 4,096 points over the full range, pixel mean in the band, its network with 256 latents, MiniSom.

    It knows neither redshifts nor dust: its spectra are at rest.
    """
    if catalog.frame == "observed":
        raise ValueError(
            "The recipe of the thesis takes spectra at rest, and these are observed. Use --recipe default, or say "
            "--frame rest to take them as they stand."
        )
    wavelength = catalog.wavelength
    grid = np.linspace(wavelength[0], wavelength[-1], N_BINS)
    return Recipe(
        "thesis",
        {
            "resample": SpectrumResampler(
                grid, wavelength=wavelength, min_coverage=0.5, medium=catalog.medium, on_bad="mask"
            ),
            "normalize": FluxNormalizer(BAND, statistic="pixel_mean", on_bad="mask"),
            "embed": ConvAutoencoderEmbedder(
                256,
                architecture=ThesisNetwork(),
                training=Training(n_epochs=50, learning_rate=1e-3, batch_size=100, validation_fraction=1 / 9),
                whiten=False,
                on_bad="mask",
                random_state=seed,
            ),
            "cluster": KMeans(6, random_state=0),
            "map": SOMMapper(10, 10, algorithm=Online(), random_state=seed),
        },
        with_split=True,
    )


RECIPES = {"default": default_recipe, "thesis": thesis_recipe}
