"""Figures that recordings alone can draw, by the name the command line and the Lab know them by."""

from collections.abc import Callable

from app.lab.figures import Figure, distance_figure, motion_figure
from app.lab.recording import Recording
from app.lab.signal_comparison import signal_figure

FIGURES: dict[str, Callable[[list[Recording]], Figure]] = {
    "distance": distance_figure,
    "motion": motion_figure,
    "signals": signal_figure,
}
