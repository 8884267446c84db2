"""The one list of configured estimators on which scikit-learn's checks and ours run.

Each entry: (estimator, {check name: reason it is expected to fail}). An expected failure that passes fails the run.
"""

INSTANCES = []
