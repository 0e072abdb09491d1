"""Weights & Biases and Trackio, by their own packages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engines.data.grids import Picture
from engines.running.trackers.tracker import PROJECT, About


class WeightsAndBiases:
    """A Tracker; what it does not upload it keeps in `folder`/wandb, for `wandb sync`.

    It works offline unless WANDB_MODE or WANDB_API_KEY says otherwise: it must never ask for a key at the terminal.
    """

    def __init__(self, about: About, folder: Path) -> None:
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        mode = os.environ.get("WANDB_MODE") or ("online" if os.environ.get("WANDB_API_KEY") else "offline")
        self._wandb = wandb
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            id=about.id,
            name=f"{about.engine}-{about.id}",
            group=about.engine,
            config=dict(about.config),
            dir=str(folder),
            mode=mode,
            resume="allow" if mode == "online" else None,
            reinit="create_new",
            settings=wandb.Settings(silent=True, console="off", disable_git=True, save_code=False, login_timeout=10),
        )
        self._run.define_metric("*", step_metric="step")  # its own steps only grow; a run may go back

    def scalars(self, step: int, values: Mapping[str, float], when: float) -> None:
        """See Tracker."""
        self._run.log({"step": step, **values})

    def picture(self, step: int, name: str, picture: Picture, when: float) -> None:
        """See Tracker."""
        self._run.log({"step": step, name: self._wandb.Image(picture.open())})

    def text(self, step: int, name: str, text: str, when: float) -> None:
        """See Tracker."""
        self._run.log({"step": step, name: self._wandb.Table(columns=[name], data=[[text]])})

    def rewind(self, step: int, when: float) -> None:
        """See Tracker: it keeps both."""

    def close(self, state: str) -> None:
        """See Tracker."""
        self._run.finish(exit_code=int(state == "failed"))


class Trackio:
    """A Tracker: into Trackio's local store, or where TRACKIO_SPACE_ID or TRACKIO_SERVER_URL say."""

    def __init__(self, about: About, folder: Path) -> None:
        import trackio

        self._trackio = trackio
        self._run = trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", PROJECT),
            name=f"{about.engine}-{about.id}",
            group=about.engine,
            config=dict(about.config),
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )

    def scalars(self, step: int, values: Mapping[str, float], when: float) -> None:
        """See Tracker."""
        self._run.log(dict(values), step=step)

    def picture(self, step: int, name: str, picture: Picture, when: float) -> None:
        """See Tracker."""
        self._run.log({name: self._trackio.Image(picture.open().convert("RGB"), caption=f"step {step}")}, step=step)

    def text(self, step: int, name: str, text: str, when: float) -> None:
        """See Tracker."""
        self._run.log({name: self._trackio.Markdown(text)}, step=step)

    def rewind(self, step: int, when: float) -> None:
        """See Tracker: it keeps both."""

    def close(self, state: str) -> None:
        """See Tracker."""
        self._run.finish()
