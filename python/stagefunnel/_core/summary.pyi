from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import stagefunnel._core.funnel
import stagefunnel._core.journeys
import stagefunnel._core.scan
import stagefunnel._core.stages
import typing
__all__: list[str] = ['Summary', 'summarise']
class Summary:
    @property
    def funnels(self) -> list[stagefunnel._core.funnel.Counts]:
        ...
    @property
    def item_states(self) -> stagefunnel._core.funnel.ItemStates | None:
        ...
    @property
    def log_quality(self) -> stagefunnel._core.stages.LogQuality:
        ...
    @property
    def pipeline_quality(self) -> stagefunnel._core.stages.PipelineQuality:
        ...
    @property
    def times(self) -> list[stagefunnel._core.stages.StageTime]:
        ...
    @property
    def transitions(self) -> stagefunnel._core.stages.Transitions:
        ...
def summarise(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, funnels: collections.abc.Sequence[tuple[stagefunnel._core.funnel.Kind, stagefunnel._core.funnel.LostThenWon]], group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, per: stagefunnel._core.stages.Per, quantiles: collections.abc.Sequence[stagefunnel._core.stages.Quantile], threads: typing.SupportsInt | typing.SupportsIndex, item_states: stagefunnel._core.funnel.ItemStates | None) -> Summary:
    ...
