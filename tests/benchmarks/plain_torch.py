"""The embedder's two networks in plain PyTorch, to measure what Keras and the embedder around it cost."""

import json
import time

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import nn
from torch.nn import functional

from tests.benchmarks.bench_embedding import read_spectra

N_LATENTS, N_AXES, WIDTH, DEPTH, PATCH, FILTERS = 16, 48, 64, 3, 128, 4


class Blocks(nn.Module):
    """Dense layers, each added to what it reads."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(DEPTH)])

    def forward(self, x):
        """Return the output."""
        for layer in self.layers:
            x = x + gelu(layer(x))
        return x


class Mix(nn.Module):
    """Convolution of width 3 over patches, by shifted copies."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3 * FILTERS, FILTERS)

    def forward(self, x):
        """Return the output."""
        padded, n = functional.pad(x, (0, 0, 1, 1)), x.shape[1]
        return self.dense(torch.cat([padded[:, i : i + n] for i in range(3)], dim=2))


class Residual(nn.Module):
    """PCA and what is added to it; reads and draws scores."""

    def __init__(self, axes, spread):
        super().__init__()
        self.n_patches = axes.shape[1] // PATCH
        self.register_buffer("axes", torch.tensor(axes.reshape(-1, PATCH)))
        self.register_buffer("spread", torch.tensor(spread))
        self.read, self.gather = nn.Linear(2 * N_AXES, WIDTH), nn.Linear(self.n_patches * FILTERS, WIDTH)
        self.into, self.bias, self.conv = self._kernel(), nn.Parameter(torch.zeros(FILTERS)), Mix()
        self.encode, self.latent = Blocks(), nn.Linear(WIDTH, N_LATENTS)
        self.write, self.decode, self.scores = nn.Linear(2 * N_LATENTS, WIDTH), Blocks(), nn.Linear(WIDTH, N_AXES)
        self.scatter, self.deconv, self.out = nn.Linear(WIDTH, self.n_patches * FILTERS), Mix(), self._kernel()

    def _kernel(self):
        return nn.Parameter(0.01 * torch.randn(PATCH, FILTERS))

    def forward(self, scores):
        """Return the scores that are drawn."""
        kernel = (self.axes @ self.into).reshape(N_AXES, -1)
        patches = gelu((scores @ kernel).reshape(-1, self.n_patches, FILTERS) + self.bias)
        x = self.read(torch.cat([scores, torch.arcsinh(scores)], 1)) + self.gather(gelu(self.conv(patches)).flatten(1))
        code = scores[:, :N_LATENTS] + self.latent(self.encode(gelu(x)))
        x = self.decode(gelu(self.write(torch.cat([code, torch.arcsinh(code)], 1))))
        drawn = (functional.pad(code, (0, N_AXES - N_LATENTS)) + self.scores(x)) * self.spread
        patches = gelu(self.deconv(gelu(self.scatter(x).reshape(-1, self.n_patches, FILTERS))))
        return drawn + patches.flatten(1) @ (self.axes @ self.out).reshape(N_AXES, -1).T


def build_thesis(n_pixels):
    """Return the thesis's network: convolution and pooling, bottleneck, transposed convolution and up-sampling."""
    return nn.Sequential(
        nn.Unflatten(1, (1, n_pixels)),
        *(nn.Conv1d(1, 32, 5, padding=2), nn.LeakyReLU(0.3), nn.MaxPool1d(4)),
        *(nn.Conv1d(32, 16, 5, padding=2), nn.LeakyReLU(0.3), nn.MaxPool1d(4), nn.Flatten()),
        *(nn.Linear(n_pixels, N_LATENTS), nn.Linear(N_LATENTS, n_pixels), nn.LeakyReLU(0.3)),
        nn.Unflatten(1, (16, n_pixels // 16)),
        *(nn.ConvTranspose1d(16, 16, 5, padding=2), nn.LeakyReLU(0.3), nn.Upsample(scale_factor=4)),
        *(nn.ConvTranspose1d(16, 32, 5, padding=2), nn.LeakyReLU(0.3), nn.Upsample(scale_factor=4)),
        *(nn.Conv1d(32, 1, 5, padding=2), nn.Flatten()),
    )


def gelu(x):
    """Return the activation in its fast form."""
    return functional.gelu(x, approximate="tanh")


def train(network, X, held_out, batch_size, epochs):
    """Train and look at the validation loss after each epoch."""
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            functional.mse_loss(network(X[rows]), X[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            float(functional.mse_loss(network(held_out), held_out))


def time_epoch(name, n_rows):
    """Print the CPU seconds of an epoch of 800 of 1,000 spectra, the validation on 100 others included."""
    X, n_train = read_spectra(n_rows=n_rows)[: int(0.9 * n_rows), :4096], int(0.8 * n_rows)
    torch.manual_seed(0)
    if name == "residual":
        pca = PCA(N_AXES, svd_solver="full").fit(X.astype(np.float64))
        network = Residual(pca.components_.astype(np.float32), pca.singular_values_.astype(np.float32))
        X, batch_size, few, many = pca.transform(X).astype(np.float32), 51, 2, 42
    else:
        network, batch_size, few, many = build_thesis(X.shape[1]), 100, 1, 3
    X, took = torch.tensor(X), {}
    for epochs in (few, few, many):
        start = time.process_time()
        train(network, X[:n_train], X[n_train:], batch_size, epochs)
        took[epochs] = time.process_time() - start
    print(json.dumps((took[many] - took[few]) / (many - few)))
