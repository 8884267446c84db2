"""The one list of configured estimators on which scikit-learn's checks and ours run.

Each entry: (estimator, {check name: reason it is expected to fail}). An expected failure that passes fails the run.
"""

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder

STOCHASTIC = "the split and the order of the spectra are drawn: a weight of 2 is not the same as a repeated row"

INSTANCES = [
    (ConvAutoencoderEmbedder(1, epochs=1, filters=(2,), strides=4, random_state=0), {}),
    (ConvAutoencoderEmbedder(1, architecture="thesis", epochs=1, filters=(2,), kernel_size=3, pool_size=2,
                             random_state=0), {}),
]
