"""The one list of configured estimators on which scikit-learn's checks and ours run.

Each entry: (estimator, {check name: reason it is expected to fail}). An expected failure that passes fails the run.
"""

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder

TINY_NETWORK = {"epochs": 1, "filters": (2,), "batch_size": 64, "random_state": 0}

INSTANCES = [
    (ConvAutoencoderEmbedder(1, strides=4, activation="tanh", **TINY_NETWORK), {}),
    (ConvAutoencoderEmbedder(1, architecture="thesis", kernel_size=3, pool_size=2, **TINY_NETWORK), {}),
]
