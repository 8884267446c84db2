"""What a training asks of the latents, beside a good reconstruction: small objects with parameters to search."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from sklearn_sedzoo._validation import check_integer, check_number


class VAE(BaseEstimator):
    r"""Variational autoencoder: the latents of a spectrum are a normal distribution, close to the unit normal.

    Parameters
    ----------
    beta : float, default=1e-3
        Weight of the Kullback-Leibler divergence beside the mean squared error.

    See Also
    --------
    InfoVAE : Holds all latents together to the unit normal, instead of each.

    Notes
    -----
    The loss is :math:`\mathrm{MSE} + \beta / d \; \sum_i \mathrm{KL}(N(z_i, s_i^2) | N(0, 1))` in the units in which
    the network draws: "residual" measures the squared error in what PCA with as many latents leaves out. The mean
    :math:`z` is the encoder's; the spread :math:`s` is a linear function of it. `transform` returns the mean.

    References
    ----------
    Kingma & Welling 2014, arXiv:1312.6114; Higgins et al. 2017 (beta).

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import VAE, ConvAutoencoderEmbedder
    >>> ConvAutoencoderEmbedder(3, objective=VAE(beta=0.01)).get_params()["objective__beta"]
    0.01
    """

    def __init__(self, beta=1e-3):
        self.beta = beta

    def describe(self):
        """Return the name and the checked parameters, as plain numbers.

        Returns
        -------
        description : tuple
            ``(name, ((parameter, value), ...))``.
        """
        check_number("VAE", "beta", self.beta, 0)
        return "VAE", (("beta", float(self.beta)),)


class InfoVAE(BaseEstimator):
    r"""Variational autoencoder that holds the distribution of all latents to the unit normal.

    Parameters
    ----------
    beta : float, default=0.0
        Weight of the Kullback-Leibler divergence of each spectrum, :math:`1 - \alpha` in the paper.
    mmd : float, default=0.1
        Weight of the maximum mean discrepancy between the latents of a batch and draws from the unit normal.

    See Also
    --------
    VAE : The plain one.

    Notes
    -----
    The loss is :math:`\mathrm{MSE} + \beta / d \; \mathrm{KL} + \lambda \, \mathrm{MMD}` with the kernel
    :math:`\exp(-|z - z'|^2 / (2 d))`. `transform` returns the mean of a spectrum's latents.

    References
    ----------
    Zhao, Song & Ermon 2019, arXiv:1706.02262, eq. 6.

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import InfoVAE
    >>> InfoVAE(mmd=1.0).describe()
    ('InfoVAE', (('beta', 0.0), ('mmd', 1.0)))
    """

    def __init__(self, beta=0.0, mmd=0.1):
        self.beta = beta
        self.mmd = mmd

    def describe(self):
        """Return the name and the checked parameters, as plain numbers.

        Returns
        -------
        description : tuple
            ``(name, ((parameter, value), ...))``.
        """
        check_number("InfoVAE", "beta", self.beta, 0)
        check_number("InfoVAE", "mmd", self.mmd, 0)
        return "InfoVAE", (("beta", float(self.beta)), ("mmd", float(self.mmd)))


class DESOM(BaseEstimator):
    r"""Deep embedded self-organizing map: autoencoder and map learn together.

    The fitted embedder has the map as ``map_``; a `SOMMapper` can start from it (``init=embedder.map_``).

    Parameters
    ----------
    n_rows, n_columns : int, default=10
        Size of the rectangular map.
    gamma : float, default=1e-3
        Weight of the map beside the mean squared error.
    radius : tuple of float, default=None
        Neighbourhood radius in cells at the beginning and at the end of the training; None is
        ``(max(n_rows, n_columns) / 2, 0.5)``. It falls exponentially.

    See Also
    --------
    sklearn_sedzoo.mapping.SOMMapper : The map on its own.

    Notes
    -----
    The loss is :math:`\mathrm{MSE} + \gamma \frac{1}{n} \sum_i \sum_k h_{k b(i)} |z_i - m_k|^2`, where
    :math:`b(i)` is the best cell of spectrum i and :math:`h = \exp(-d^2 / r^2)`. All weights, those of the map too,
    follow its gradient.

    References
    ----------
    Forest et al. 2021, Neural Computing and Applications 33, 17439 (DESOM); Teimoorinia et al. 2022, AJ 163, 71.

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import DESOM
    >>> DESOM(4, 5).describe()
    ('DESOM', (('n_rows', 4), ('n_columns', 5), ('gamma', 0.001), ('radius', (2.5, 0.5))))
    """

    def __init__(self, n_rows=10, n_columns=10, gamma=1e-3, radius=None):
        self.n_rows = n_rows
        self.n_columns = n_columns
        self.gamma = gamma
        self.radius = radius

    def describe(self):
        """Return the name and the checked parameters, as plain numbers.

        Returns
        -------
        description : tuple
            ``(name, ((parameter, value), ...))``.
        """
        check_integer("DESOM", "n_rows", self.n_rows, 1)
        check_integer("DESOM", "n_columns", self.n_columns, 1)
        check_number("DESOM", "gamma", self.gamma, 0)
        radius = (max(self.n_rows, self.n_columns) / 2, 0.5) if self.radius is None else self.radius
        if not isinstance(radius, (tuple, list)) or len(radius) != 2:
            raise TypeError(f"`radius` of DESOM must be None or a pair (at first, at last), got {radius!r}.")
        first, last = radius
        for value in (first, last):
            check_number("DESOM", "radius", value, 0, closed="neither")
        sizes = ("n_rows", int(self.n_rows)), ("n_columns", int(self.n_columns))
        return "DESOM", (*sizes, ("gamma", float(self.gamma)), ("radius", (float(first), float(last))))
