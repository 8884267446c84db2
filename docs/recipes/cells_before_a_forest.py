"""Map features in front of a forest: distances to the cells of a self-organizing map beside the colors.

python docs/recipes/cells_before_a_forest.py [TABLE.hdf5]
"""

import argparse

from sample import LIMITS, load
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.model_selection import photoz_scorer
from sklearn_sedzoo.photometry import MagnitudeToColor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table", nargs="?")
    X, z = load(parser.parse_args().table, n_rows=1500)
    colors = MagnitudeToColor(nondetection=99, limits=LIMITS, errors="drop")
    som = SOMMapper(8, 8, init="sample", random_state=0)
    forest = RandomForestRegressor(100, min_samples_leaf=2, max_features=0.3, n_jobs=-1, random_state=0)
    scoring = {name: photoz_scorer(name) for name in ("sigma_nmad", "outlier_rate")}
    for name, front in (
        ("colors", colors),
        ("colors and cells", make_union(colors, make_pipeline(colors, StandardScaler(), som))),
    ):
        scores = cross_validate(make_pipeline(front, forest), X, z, cv=3, scoring=scoring)
        print(f"{name:20s} sigma_NMAD {-scores['test_sigma_nmad'].mean():.4f}  "
              f"outliers {-scores['test_outlier_rate'].mean():.4f}")  # fmt: skip


if __name__ == "__main__":
    main()
