from __future__ import annotations
import numpy
import numpy.typing
import typing
__all__: list[str] = ['IncidenceCurves', 'estimate_incidence', 'robust_variances']
class IncidenceCurves:
    @property
    def at_risk(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def bounds(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def covariance(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def events(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def incidence(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def survival(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def survival_variance(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def time(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def variance(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
def estimate_incidence(exit: numpy.typing.NDArray[numpy.int64], cause: numpy.typing.NDArray[numpy.int32], entry: numpy.typing.NDArray[numpy.int64] | None, group: numpy.typing.NDArray[numpy.int32] | None, n_causes: typing.SupportsInt | typing.SupportsIndex, n_groups: typing.SupportsInt | typing.SupportsIndex, below: numpy.typing.NDArray[numpy.int64] | None, above: numpy.typing.NDArray[numpy.int64] | None, min_at_risk: typing.SupportsInt | typing.SupportsIndex, threads: typing.SupportsInt | typing.SupportsIndex) -> IncidenceCurves:
    ...
def robust_variances(exit: numpy.typing.NDArray[numpy.int64], cause: numpy.typing.NDArray[numpy.int32], entry: numpy.typing.NDArray[numpy.int64] | None, group: numpy.typing.NDArray[numpy.int32] | None, n_causes: typing.SupportsInt | typing.SupportsIndex, n_groups: typing.SupportsInt | typing.SupportsIndex, item: numpy.typing.NDArray[numpy.int32] | None, below: numpy.typing.NDArray[numpy.int64] | None, above: numpy.typing.NDArray[numpy.int64] | None, min_at_risk: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
    ...
