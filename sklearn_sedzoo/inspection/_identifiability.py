"""A fitted pipeline and a table of properties to one verdict per property: found, or where it was lost."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_sedzoo._containers import is_nuisance
from sklearn_sedzoo._parameters import Seed, checked, integer, nothing, number, random_state, sequence_of, text
from sklearn_sedzoo.inspection._association import property_association
from sklearn_sedzoo.inspection._views import check_properties, is_constant, is_measured, look
from sklearn_sedzoo.metrics import epsilon_squared

CONSTANT = "constant"
NORMALISED_AWAY = "normalized away"
NOT_IN_LATENT = "not in the latent"
NOT_IN_CLUSTERS = "in the latent, not in the clusters"
EXPLAINED = "explained"
LEAK = "leak"

_Z_CHANCE = 2.33  # one-sided 1 % of a normal distribution
_MIN_SKILL = 0.05
_FEWEST = 30  # spectra for a threefold prediction
_TREES = {"n_estimators": 40, "min_samples_leaf": 3}


@checked(
    parameters=[sequence_of(text(), "names of properties"), nothing()],
    min_effect=[number(0, 1)],
    max_samples=[integer(30)],
    random_state=random_state(),
)
def identifiability(
    pipeline: Any,
    X: Any,
    properties: pd.DataFrame,
    *,
    parameters: Sequence[str] | None = None,
    min_effect: float = 0.1,
    max_samples: int = 4000,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Say for each property whether clusters or cells tell it, and if not, where it was lost.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; ends with a clusterer or a map.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra, best those that were held out.
    properties : DataFrame of shape (n_samples, n_properties)
        What is known of them; NaN is left out, property by property. Identifiers are not judged; flags and plates
        count as words.
    parameters : list of str, optional
        Columns that take the place of the latents for the ceiling, by default all numeric properties that the latents
        carry.
    min_effect : float, default=0.1
        Epsilon² from which a property counts as explained (beside a q-value below .05).
    max_samples : int, default=4000
        Spectra used for the held-out predictions, drawn at random.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    table : DataFrame of shape (n_properties, 8)
        One row for each property:

        - ``verdict``: "constant", "normalized away", "not in the latent", "in the latent, not in the clusters",
          "explained", or "leak": a condition of the observation (redshift, S/N, plate, fiber, E(B-V), date, position)
          that the latents or the groups predict;
        - ``skill_latent``: held-out share of the variance that a prediction from the latents gets right (of words:
          how far it beats always guessing the most frequent);
        - ``skill_brightness``: the same from latents and brightness together, where brightness was divided out;
        - ``epsilon2``, ``ami``, ``q_value``: what the groups tell, see `property_association`;
        - ``ceiling``: epsilon² of the same final step fitted on the true parameters in place of the latents;
        - ``because``: the evidence as a sentence.

    See Also
    --------
    interpret : All of this with tables, spectra and sentences.

    Notes
    -----
    Predictions are extremely randomized trees, threefold cross-validated. A property is at chance where
    :math:`d_i = (y_i - \\bar y)^2 - (y_i - \\hat y_i)^2` has a mean below 2.33 standard errors, or the skill is below
    .05. It is *normalized away* if it is at chance from the latents and the brightness, which the normalization took
    out, brings it back. The verdict is empirical: in real galaxies mass can come back through what goes with it.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.inspection import identifiability
    >>> from sklearn_sedzoo.pipeline import make_sed_pipeline
    >>> rng = np.random.default_rng(0)
    >>> slope, mass = rng.uniform(-1, 1, (300, 1)), 10 ** rng.uniform(8, 12, (300, 1))
    >>> X = mass * (2 + slope * np.linspace(-1, 1, 20))
    >>> pipeline = make_sed_pipeline(grid=20, band=None, embed=PCA(1), final=KMeans(6, random_state=0)).fit(X)
    >>> properties = pd.DataFrame({"slope": slope[:, 0], "log_mass": np.log10(mass[:, 0]), "redshift": 0.496})
    >>> identifiability(pipeline, X, properties, random_state=0)["verdict"].to_dict()
    {'slope': 'explained', 'log_mass': 'normalized away', 'redshift': 'constant'}
    """
    view = look(pipeline, X)
    properties = check_properties(properties, len(view.X), "identifiability")
    unknown = [name for name in parameters or () if name not in properties]
    if unknown:
        raise ValueError(
            f"`parameters` of identifiability must be columns of properties, {list(properties)}, got {unknown[0]!r}."
        )
    options = {"parameters": parameters, "min_effect": min_effect, "max_samples": max_samples}
    return judge(view, properties, random_state=random_state, **options)[1]


def judge(view, properties, *, random_state, parameters=None, min_effect=0.1, max_samples=4000):
    """Return the tables of `property_association` and of `identifiability`."""
    rng = check_random_state(random_state)
    labels, brightness = view.labels, view.brightness
    associations = property_association(labels, properties, random_state=rng)
    seed = rng.randint(2**31)
    rows = np.random.default_rng(seed).permutation(len(labels))[:max_samples]
    latents = np.asarray(view.features, dtype=float)
    lit = None if brightness is None else np.column_stack([latents, brightness])[rows]
    table = {}
    for name, column in properties.items():
        row = {"skill_latent": np.nan, "skill_brightness": np.nan}
        if not is_constant(column):
            row["skill_latent"], row["_latent"] = _predict(latents[rows], column.iloc[rows], seed)
            if lit is not None:
                row["skill_brightness"], row["_brightness"] = _predict(lit, column.iloc[rows], seed)
        table[name] = row
    table = pd.DataFrame.from_dict(table, orient="index").reindex(
        columns=["skill_latent", "skill_brightness", "_latent", "_brightness"]
    )
    table = table.join(associations[["epsilon2", "ami", "q_value"]])
    if parameters is None:
        parameters = [
            name
            for name in properties
            if is_measured(properties[name]) and table.loc[name, "_latent"] is True and not is_nuisance(name)
        ]
    table["ceiling"] = measure_ceilings(view.pipeline[-1], labels, properties, parameters)
    found = [_decide(row, is_constant(properties[name]), min_effect) for name, row in table.iterrows()]
    is_known = [verdict in {EXPLAINED, NOT_IN_CLUSTERS} for verdict in found]
    is_leak = [known and is_nuisance(name) for name, known in zip(table.index, is_known, strict=True)]
    table["verdict"] = np.where(is_leak, LEAK, found)
    is_told = [verdict == EXPLAINED for verdict in found]
    table["because"] = [_explain(row, told) for (_, row), told in zip(table.iterrows(), is_told, strict=True)]
    table.index.name = "property"
    order = ["verdict", "skill_latent", "skill_brightness", "epsilon2", "ceiling", "ami", "q_value", "because"]
    return associations, table[order]


def measure_ceilings(final, labels, properties, parameters):
    """Return epsilon² of each of the parameters for the final step fitted on the parameters themselves."""
    ceilings = pd.Series(np.nan, index=properties.columns)
    if not len(parameters):
        return ceilings
    known = properties[list(parameters)].notna().all(axis=1).to_numpy() & (np.asarray(labels) >= 0)
    truth = properties.loc[known, list(parameters)].astype(float)
    if len(truth) <= len(np.unique(labels)) + 1:
        return ceilings
    ideal = clone(final)
    if hasattr(ideal, "set_output"):
        ideal.set_output(transform="default")
    groups = ideal.fit(StandardScaler().fit_transform(truth)).predict(StandardScaler().fit_transform(truth))
    for name in parameters:
        ceilings[name] = epsilon_squared(groups, truth[name].to_numpy())
    return ceilings


def _predict(features, column, seed):
    """Return (skill, whether it is above chance) of held-out predictions of a property."""
    known = column.notna().to_numpy() & np.isfinite(features).all(axis=1)
    features, column = features[known], column[known]
    folds = KFold(3, shuffle=True, random_state=seed)
    if len(column) < _FEWEST:
        return np.nan, False
    if is_measured(column):
        truth = column.to_numpy(dtype=float)
        truth = (truth - truth.mean()) / truth.std()
        predicted = cross_val_predict(ExtraTreesRegressor(**_TREES, random_state=seed), features, truth, cv=folds)
        gain = truth**2 - (truth - predicted) ** 2
    else:
        truth = column.astype(str).to_numpy()
        names, which = np.unique(truth, return_inverse=True)
        guess = names[np.bincount(which).argmax()]
        with warnings.catch_warnings():  # words of which each occurs a few times are judged like others
            warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)
            predicted = cross_val_predict(ExtraTreesClassifier(**_TREES, random_state=seed), features, truth, cv=folds)
        gain = ((predicted == truth) - (guess == truth).astype(float)) / max(np.mean(truth != guess), 1e-12)
    skill = float(gain.mean())
    return skill, bool(skill > _MIN_SKILL and skill > _Z_CHANCE * gain.std() / np.sqrt(len(gain)))


def _decide(row, constant, min_effect):
    if constant:
        return CONSTANT
    if row["_latent"] is not True:
        restored = row["_brightness"] is True and row["skill_brightness"] > max(row["skill_latent"], 0) + _MIN_SKILL
        return NORMALISED_AWAY if restored else NOT_IN_LATENT
    effect = row["ami"] if np.isnan(row["epsilon2"]) else row["epsilon2"]
    return EXPLAINED if effect >= min_effect and row["q_value"] < 0.05 else NOT_IN_CLUSTERS


def _explain(row, is_told):
    name, verdict = str(row.name).replace("_", " "), row["verdict"]
    effect = f"AMI {row['ami']:.2f}" if np.isnan(row["epsilon2"]) else f"epsilon² {row['epsilon2']:.2f}"
    ceiling = "" if np.isnan(row["ceiling"]) else f", {row['ceiling']:.2f} for groups made from the true parameters"
    if verdict == CONSTANT:
        return f"{name} is the same for all objects, so nothing can tell them apart by it."
    if np.isnan(row["skill_latent"]):
        return f"{name} is known for too few spectra to be judged (fewer than {_FEWEST})."
    if verdict == NORMALISED_AWAY:
        return (
            f"{name} cannot be told from the latents (skill {row['skill_latent']:.2f}) and comes back with the "
            f"brightness (skill {row['skill_brightness']:.2f}): the normalization divided it out."
        )
    if verdict == NOT_IN_LATENT:
        return f"{name} cannot be told from the latents (skill {row['skill_latent']:.2f})."
    if verdict == LEAK:
        who = f"The latents predict {name} (skill {row['skill_latent']:.2f})"
        who += f", and so do the groups ({effect})" if is_told else ""
        return (
            f"{who}. That is a leak: {name} belongs to the observation and not to the galaxy. Look at frame, "
            "dereddening, masks and noise, or whether the sample itself changes with it."
        )
    if verdict == NOT_IN_CLUSTERS:
        skill = f"skill {row['skill_latent']:.2f}"
        return f"The latents carry {name} ({skill}), but the groups do not follow it ({effect}{ceiling})."
    return f"The groups tell {name}: {effect}{ceiling}; the latents carry it with skill {row['skill_latent']:.2f}."
