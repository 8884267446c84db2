"""What a pipeline was trained on, and whether new spectra belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_sedzoo._parameters import checked, instance_of, number, text
from sklearn_sedzoo.inspection._fitted import digest_fit
from sklearn_sedzoo.inspection._novelty import measure_novelty, score_novelty
from sklearn_sedzoo.inspection._unusual import name_unusual
from sklearn_sedzoo.inspection._views import View


@dataclass
class Domain:
    """What `learn_domain` learns: how well a fitted pipeline knows the kind of spectra that it was trained on.

    Parameters
    ----------
    calibration : ndarray of shape (n_spectra, 1 or 2)
        Reconstruction errors (mean square, normalized flux) and distances to the nearest cell with training spectra
        (or cluster center).
    false_alarm_rate : float
        Share of such spectra that are refused.
    wavelength_range : (float, float) or None
        First and last wavelength in Angstrom that the embedding sees.
    description : str
        What the spectra were, in the user's words.
    fit_digest : str
        Digest of what embedding and last step had learned; `in_domain` refuses a pipeline that was fitted again.

    Examples
    --------
    See `in_domain`.
    """

    calibration: np.ndarray
    false_alarm_rate: float
    wavelength_range: tuple | None
    description: str
    fit_digest: str


@checked(false_alarm_rate=[number(0, 1, closed="neither")], description=[text()])
def learn_domain(pipeline: Any, X: Any, *, false_alarm_rate: float = 0.01, description: str = "") -> Domain:
    """Learn how well a fitted pipeline knows the kind of spectra that it was trained on.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; with an embedding and, best, a map or clusters at its end.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra like those of the training, best **held out** from it: the reconstruction errors of the training
        itself are too small.
    false_alarm_rate : float, default=0.01
        Share of such spectra that `in_domain` refuses.
    description : str, default=""
        What these spectra are, for the reader of a saved model.

    Returns
    -------
    domain : Domain
        For `in_domain`; save it beside the pipeline. It holds for this fit only.

    See Also
    --------
    in_domain : Asks it about new spectra.
    sklearn_sedzoo.Zoo : Holds the domain of its pipelines.

    Examples
    --------
    See `in_domain`.
    """
    view = pipeline if isinstance(pipeline, View) else View(pipeline, X)
    grid = view.wavelength
    span = None if grid is None else (float(np.min(grid)), float(np.max(grid)))
    return Domain(measure_novelty(view), float(false_alarm_rate), span, description, digest_fit(view.pipeline))


@checked(domain=[instance_of(Domain, words="what learn_domain returns")])
def in_domain(pipeline: Any, X: Any, domain: Domain) -> pd.DataFrame:
    """Say which spectra are of the kind that a pipeline was trained on.

    Distance in the latents is not enough: most dusty spectra, spectra in air wavelengths or of another library land
    amid the training's latents, with a wrong age. What gives them away is that they are not reconstructed. Both are
    asked: the reconstruction error, and whether a cell with training spectra is near.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra as the pipeline takes them.
    domain : Domain
        What `learn_domain` learned of this fit.

    Returns
    -------
    table : DataFrame of shape (n_samples, 5)
        ``is_inside``; ``score``, the outlier score: log10 of the chance that a spectrum in the domain is as unusual
        (see `SpectrumOutlierDetector`); ``reconstruction_error`` and ``distance`` (NaN without cells or centers);
        ``unusual_in``, which of the two is the rarer in the domain.

    Raises
    ------
    ValueError
        The pipeline was fitted again since.

    See Also
    --------
    learn_domain : Must have been called before.
    rank_unusual : The most unusual spectra as a list.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.inspection import in_domain, learn_domain
    >>> from sklearn_sedzoo.pipeline import make_sed_pipeline
    >>> rng = np.random.default_rng(0)
    >>> X = 2 + rng.uniform(-1, 1, (500, 1)) * np.linspace(-1, 1, 40) + rng.normal(0, 0.01, (500, 40))
    >>> pipeline = make_sed_pipeline(grid=40, band=None, embed=PCA(1), final=KMeans(4, random_state=0)).fit(X[:300])
    >>> domain = learn_domain(pipeline, X[300:], description="slopes")
    >>> in_domain(pipeline, [X[0], X[0] + 0.2 * np.sin(np.arange(40))], domain)["is_inside"].tolist()
    [True, False]
    """
    view = pipeline if isinstance(pipeline, View) else View(pipeline, X)
    if domain.fit_digest != digest_fit(view.pipeline):
        raise ValueError(
            "The domain belongs to an earlier fit: the embedding or the last step of the pipeline was fitted again "
            "since. Call learn_domain(pipeline, X) again, with held-out spectra like those of the new training."
        )
    measured = measure_novelty(view)
    score = score_novelty(measured, domain.calibration)
    table = pd.DataFrame({"is_inside": score >= np.log10(domain.false_alarm_rate), "score": score})
    table["reconstruction_error"] = measured[:, 0]
    table["distance"] = measured[:, 1] if measured.shape[1] > 1 else np.nan
    table["unusual_in"] = name_unusual(measured, domain.calibration)
    return table
