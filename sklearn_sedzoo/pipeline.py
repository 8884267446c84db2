"""The whole method in a row, as a plain scikit-learn Pipeline."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo._parameters import (
    Seed,
    checked,
    column,
    flag,
    having,
    instance_of,
    integer,
    nothing,
    number,
    option,
    pair,
    random_state,
    read_table,
    text,
)
from sklearn_sedzoo._validation import ON_BAD
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ResidualNetwork, SpectrumPCA, Training
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.preprocessing import ExtinctionCorrector, FluxNormalizer, FluxScale, SpectrumResampler

__all__ = ["make_sed_pipeline", "split_at_embedding"]

_OF_RESAMPLER = ("wavelength", "unit", "grid", "grid_range", "spacing", "redshift", "medium")


@checked(
    **{name: read_table(SpectrumResampler)[name] for name in _OF_RESAMPLER},
    band=[pair("Angstrom"), nothing()],
    latent_dim=[integer(1), option("auto")],
    ebv=[column(), number(0, 20), nothing()],
    resample=[instance_of(SpectrumResampler), nothing()],
    embed=[option("pca"), having("fit", "transform", words="a transformer"), nothing()],
    final=[having("fit", "get_params", words="an estimator"), nothing()],
    keep_brightness=[flag()],
    on_bad=ON_BAD,
    memory=[text("a path"), having("cache", words="a joblib.Memory"), nothing()],
    random_state=random_state(),
)
def make_sed_pipeline(
    *,
    wavelength: ArrayLike | None = None,
    unit: Any = "Angstrom",
    grid: int | ArrayLike = 4096,
    grid_range: tuple[float, float] | None = None,
    spacing: str = "linear",
    band: tuple[float, float] | None = (4050.0, 4150.0),
    latent_dim: int | str = 16,
    redshift: str | float | None = None,
    medium: str | None = None,
    ebv: str | float | None = None,
    resample: SpectrumResampler | None = None,
    embed: Any = None,
    final: Any = None,
    keep_brightness: bool = False,
    on_bad: str = "mask",
    memory: Any = None,
    random_state: Seed = None,
) -> Pipeline:
    """Put resampling, normalization, embedding and a final step into one Pipeline.

    Parameters
    ----------
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column of X in `unit`. Not needed where X is a DataFrame with wavelengths as column names.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength`.
    grid : int or array-like, default=4096
        Bins of the common grid, see `SpectrumResampler`.
    grid_range : (float, float), optional
        Outer edges of the common grid in Angstrom, by default those of the input; with a redshift for each spectrum
        those of the range that half of the spectra cover at rest.
    spacing : {"linear", "log"}, default="linear"
        Spacing of an integer `grid`.
    band : (float, float) or None, default=(4050, 4150)
        Band in Angstrom whose mean flux is set to one; None takes all pixels.
    latent_dim : int or "auto", default=16
        Latent variables of the default embedder and of ``embed="pca"``; ignored when another `embed` is given.
    redshift : None, str or float, default=None
        Bring observed spectra to the rest frame: the name of the column of X with the redshifts (``"redshift"``), or
        one number for all. None: the spectra are at rest.
    medium : {"vacuum", "air"} or None, default=None
        Medium in which the wavelengths are given; None takes what X states, else vacuum.
    ebv : None, str or float, default=None
        Correct observed spectra for the dust of our Galaxy by an `ExtinctionCorrector` as the first step `deredden`:
        the name of the column of X with E(B-V) (``"ebv"``), or one number for all.
    resample : SpectrumResampler, optional
        The first step itself, for what the parameters above do not offer (`wavelength` to `medium` are its own then).
    embed : transformer or "pca", optional
        The embedding; ``"pca"`` is ``SpectrumPCA(latent_dim, whiten="robust")``. By default
        ``ConvAutoencoderEmbedder(latent_dim, architecture=ResidualNetwork(), training=Training(), whiten="robust",
        random_state=random_state)``: clusters and cells then see more than the strongest property. A search may name
        ``embed__architecture__filters`` and ``embed__training__n_epochs``. Any transformer fits, such as
        ``PCA(3, whiten=True)``; it then sees fluxes only, no inverse variances.
    final : estimator, optional
        The last step: ``KMeans(6)`` becomes the step `cluster`, a `SOMMapper` the step `map`. Without it the pipeline
        ends with the embedding.
    keep_brightness : bool, default=False
        Join log10 of the flux in `band`, scaled to unit variance, to the latents. The steps `normalize` and `embed`
        then stand inside a `FeatureUnion` called `features` (``features__latent__embed__latent_dim``), whose
        ``transformer_weights`` weigh the two.
    on_bad : {"mask", "raise"}, default="mask"
        What resampler, normalizer and the default embedder do with bad pixels and rows.
    memory : str or joblib.Memory, optional
        Cache of fitted steps: a grid search over the last steps then resamples once per fold.
    random_state : int, RandomState or None, default=None
        Seed of the embedder, and of `final` where it has none of its own.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        Steps (`deredden`,) `resample`, `normalize`, `embed` and `cluster` or `map`; tables of named columns travel
        between them.

    See Also
    --------
    sklearn_sedzoo.model_selection.silhouette_scorer : Score it without labels.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo import make_sed_pipeline
    >>> pipeline = make_sed_pipeline(wavelength=range(4000, 4200, 4), grid=16, embed=PCA(2), final=KMeans(3))
    >>> list(pipeline.named_steps)
    ['resample', 'normalize', 'embed', 'cluster']
    """
    given = locals()
    own = {name: given[name] for name in _OF_RESAMPLER}
    if resample is None:
        resample = SpectrumResampler(**own, on_bad=on_bad)
    else:
        _refuse_both(own)
        resample = clone(resample)
        wavelength, unit = resample.wavelength, resample.unit
    if isinstance(embed, str):
        embed = SpectrumPCA(latent_dim, whiten="robust", on_bad=on_bad)
    elif embed is None:
        embed = ConvAutoencoderEmbedder(
            latent_dim,
            architecture=ResidualNetwork(),  # given here, so that their parameters can be searched
            training=Training(),
            whiten="robust",
            on_bad=on_bad,
            random_state=random_state,
        )
    knows_errors = isinstance(embed, (ConvAutoencoderEmbedder, SpectrumPCA))
    normalize = ("normalize", FluxNormalizer(band, on_bad=on_bad, with_ivar=knows_errors))
    embed = ("embed", clone(embed, safe=False))
    steps = [("resample", resample)]
    if ebv is not None:
        steps.insert(0, ("deredden", ExtinctionCorrector(ebv, wavelength=wavelength, unit=unit, on_bad=on_bad)))
        if wavelength is not None:  # the names of its columns tell from here on
            resample.set_params(wavelength=None, unit="Angstrom")
    if keep_brightness:
        brightness = Pipeline([("scale", FluxScale(band, on_bad=on_bad)), ("standardize", StandardScaler())])
        steps.append(("features", FeatureUnion([("latent", Pipeline([normalize, embed])), ("brightness", brightness)])))
    else:
        steps += [normalize, embed]
    if final is not None:
        final = clone(final)
        if random_state is not None and final.get_params(deep=False).get("random_state", 0) is None:
            final.set_params(random_state=random_state)
        steps.append(("map" if isinstance(final, SOMMapper) else "cluster", final))
    for _, step in steps:
        if hasattr(step, "set_output") and not (step is normalize[1] and not knows_errors):
            step.set_output(transform="pandas")
    return Pipeline(steps, memory=memory)


def _refuse_both(own):
    """Raise where a parameter of the resampler is given beside the resampler itself."""
    defaults = signature(make_sed_pipeline).parameters
    given = [name for name, value in own.items() if np.ndim(value) or value != defaults[name].default]
    if given:
        raise ValueError(
            f"`resample` and `{given[0]}` of make_sed_pipeline are both given. Set {given[0]} in the SpectrumResampler "
            "itself."
        )


def split_at_embedding(estimator: Any) -> tuple[Pipeline | None, Pipeline]:
    """Split a fitted pipeline into what hands on spectra and what embeds them.

    A step hands on spectra if it knows their wavelengths (`SpectrumResampler`, `FluxNormalizer`); the embedding is
    the run of invertible transformers after those, whatever its name; a `FeatureUnion` is searched branch by branch.

    Parameters
    ----------
    estimator : Pipeline or transformer
        Fitted.

    Returns
    -------
    front : Pipeline or None
        Its `transform` gives the normalized spectra; None when the embedding is the first step.
    embedding : Pipeline
        Has `transform` and `inverse_transform` between normalized spectra and latents.

    Raises
    ------
    ValueError
        If no step can both transform and inverse-transform.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.pipeline import make_sed_pipeline, split_at_embedding
    >>> X = np.random.default_rng(0).uniform(1, 2, (20, 50))
    >>> pipeline = make_sed_pipeline(grid=16, band=None, embed=PCA(2)).fit(X)  # doctest: +SKIP
    >>> front, embedding = split_at_embedding(pipeline)  # doctest: +SKIP
    """
    split = _split(_steps_of(estimator))
    if split is None:
        raise ValueError(
            f"{estimator!r} has no embedding step: none of its steps after the spectra has both transform and "
            "inverse_transform."
        )
    front, embedding = split
    return (Pipeline(front) if front else None), Pipeline(embedding)


def _steps_of(estimator):
    steps = estimator.steps if isinstance(estimator, Pipeline) else [(type(estimator).__name__.lower(), estimator)]
    return [(name, step) for name, step in steps if step is not None and step != "passthrough"]


def _split(steps):
    front, embedding = [], []
    for name, step in steps:
        if isinstance(step, FeatureUnion):
            branches = [_split(_steps_of(branch)) for _, branch in step.transformer_list if branch != "drop"]
            for inner in filter(None, branches):
                return front + inner[0], inner[1]
        invertible = hasattr(step, "transform") and hasattr(step, "inverse_transform")
        if invertible and not hasattr(step, "wavelength_in_"):
            embedding.append((name, step))
        elif embedding:
            break
        else:
            front.append((name, step))
    return (front, embedding) if embedding else None
