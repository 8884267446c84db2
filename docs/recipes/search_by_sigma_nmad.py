"""A grid search that looks at sigma_NMAD, and reports CDE loss and outliers beside it.

python docs/recipes/search_by_sigma_nmad.py [TABLE.hdf5]
"""

import argparse

from sample import LIMITS, load
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.model_selection import photoz_scorer
from sklearn_sedzoo.photometry import MagnitudeToColor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table", nargs="?")
    X, z = load(parser.parse_args().table, n_rows=1500)
    som = SOMMapper(10, 10, init="sample", algorithm=Batch(n_epochs=10))
    model = Pipeline([
        ("colors", MagnitudeToColor(nondetection=99, limits=LIMITS, errors="drop")),
        ("scale", StandardScaler()),
        ("photoz", SOMRedshiftRegressor(som, n_maps=2, random_state=0)),
    ])  # fmt: skip
    search = GridSearchCV(
        model,
        {"photoz__statistic": ["median", "local_linear"], "colors__kind": ["log", "asinh"]},
        scoring={name: photoz_scorer(name) for name in ("sigma_nmad", "outlier_rate", "cde_loss")},
        refit="sigma_nmad",
        cv=KFold(3, shuffle=True, random_state=0),  # catalogs are often sorted by redshift
    ).fit(X, z)
    for i, parameters in enumerate(search.cv_results_["params"]):
        nmad, outliers, cde = (
            -search.cv_results_[f"mean_test_{name}"][i] for name in ("sigma_nmad", "outlier_rate", "cde_loss")
        )
        print(f"{nmad:.4f} {outliers:.4f} {cde:6.2f}  {parameters}")
    print("best by sigma_NMAD:", search.best_params_)


if __name__ == "__main__":
    main()
