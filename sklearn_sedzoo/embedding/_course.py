"""The course of a training: short starts, then the long training from the best; it can be left and taken up again."""

from __future__ import annotations

from dataclasses import replace

from sklearn_sedzoo.embedding._training import train_network

SHORT = 16  # the epochs of a start are this part of all
MANY_LATENTS = 64  # with more a step takes several times as long and seldom gains anything:
ENOUGH_STEPS = 1_000  # of a start that has not beaten PCA are then the end of the training
KEPT = ("best_loss", "best_weights", "history", "stale")


class Course:
    """Stages of training on the same data; each but the last is a start from other initial weights.

    Parameters
    ----------
    network : Network
        The network in training.
    monitor : Monitor
        Of the whole training: its epochs are shared out among the stages.
    n_init : int
        Number of starts. With fewer than 16 epochs there is only the long training.
    rng : numpy Generator
        Draws initial weights and the order of the spectra.
    is_warm : bool
        The network has weights to go on from: there are no starts.
    """

    def __init__(self, network, monitor, n_init, rng, is_warm=False):
        self.network, self.monitor, self.is_warm = network, monitor, is_warm
        short = monitor.epochs // SHORT
        n_starts = n_init if n_init > 1 and short and not is_warm else 0
        self.epochs = [short] * n_starts + [monitor.epochs - n_starts * short]
        self.generators = rng.spawn(len(self.epochs))
        self.ended, self.stage, self.state = [], None, None

    def run(self, data):
        """Train, from where `resume` has put the course; return the monitor of the long training."""
        for number in range(len(self.ended), len(self.epochs)):
            if self._is_hopeless(len(data[0])):
                break
            rng, is_last = self.generators[number], number == len(self.epochs) - 1
            if not is_last or not (self.ended or self.is_warm):
                self.network.initialise(rng)
            if is_last and self.ended:
                best = min(self.ended, key=lambda stage: stage.best_loss)
                self.network.set_state(best.best_weights)
                self.stage = replace(best, patience=self.monitor.patience, stale=0, n_epochs=0)
            else:
                self.stage = replace(self.monitor)
            self.stage.epochs = self.epochs[number]
            self.stage.history = {name: list(values) for name, values in self.stage.history.items()}
            state, self.state = self.state, None
            train_network(self.network, self.stage, *data, seed=int(rng.integers(2**31)), state=state)
            self.ended.append(self.stage)
            if self.stage.is_told_to_stop:
                break
        return min(reversed(self.ended), key=lambda stage: stage.best_loss)

    def _is_hopeless(self, n_rows):
        """Tell whether a start of some length with many latents has found nothing better than PCA."""
        n_steps = self.epochs[0] * n_rows / self.network.batch_size
        is_slow = self.network.config["latent_dim"] > MANY_LATENTS and n_steps >= ENOUGH_STEPS
        return is_slow and bool(self.ended) and all(stage.is_pca for stage in self.ended)

    def get_state(self):
        """Return, after an epoch or the last, all that is needed to go on: plain dicts, lists, numbers and arrays."""
        if self.stage is None or (self.ended and self.ended[-1] is self.stage):
            return {"ended": [self._write(stage) for stage in self.ended], "stage": None}
        return {
            "ended": [self._write(stage) for stage in self.ended],
            "stage": self._write(self.stage),
            "n_epochs": self.stage.n_epochs,
            "variables": self.network.get_training_state(),
        }

    def resume(self, state):
        """Go on from a state at the next `run`."""
        self.ended = [replace(self.monitor, **stage) for stage in state["ended"]]
        self.state = state if state["stage"] is not None else None

    def _write(self, stage):
        return {name: getattr(stage, name) for name in KEPT}
