"""Charts of result tables; they need the ``plots`` extra."""

from .funnel_chart import plot_funnel

__all__ = ["plot_funnel"]
