"""The stages of each pipeline as a format lists them, and the pipelines made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ...pipeline import Pipeline, made_by_reader


@dataclass(frozen=True)
class StageList:
    """The stages of one pipeline: codes in their order, grouped by meaning.

    Attributes
    ----------
    name
        Name of the pipeline.
    stages
        Codes of the stages in progress.
    won, lost
        Codes of the final stages.
    names
        Names that people read for the codes.
    """

    name: str
    stages: Sequence[str]
    won: Sequence[str] = ()
    lost: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def by_meaning(
        cls,
        name: str,
        codes: Sequence[str],
        *,
        won: Sequence[bool],
        lost: Sequence[bool],
        names: Mapping[str, str] | None = None,
    ) -> StageList:
        """Group codes by flags that say which of them are won and which are lost."""
        flagged = list(zip(codes, won, lost, strict=True))
        return cls(
            name,
            [code for code, is_won, is_lost in flagged if not (is_won or is_lost)],
            [code for code, is_won, _ in flagged if is_won],
            [code for code, is_won, is_lost in flagged if is_lost and not is_won],
            names or {},
        )

    @classmethod
    def of_pipeline(
        cls, name: str, pipeline: str, codes: Iterable[str], *, won: str, lost: str, names: Mapping[str, str]
    ) -> StageList:
        """List the stages of a pipeline that shares the codes of won and lost with all others.

        The shared codes get the id of the pipeline: the won stage of pipeline 11 is ``11:won``.
        """
        won, lost = f"{pipeline}:{won}", f"{pipeline}:{lost}"
        open_codes = [code for code in codes if code not in (won, lost)]
        return cls(name, open_codes, [won], [lost], {won: "Won", lost: "Lost", **names})

    @property
    def labels(self) -> list[str]:
        """Codes of all stages of the pipeline."""
        return [*self.stages, *self.won, *self.lost]


def make_pipelines(lists: Iterable[StageList], also: Iterable[str] = ()) -> dict[str, Pipeline]:
    """Make the pipelines of an export, by name; each lists the stages of the others as elsewhere.

    Parameters
    ----------
    lists
        Stages of each pipeline. A list without a stage in progress makes no pipeline.
    also
        Stages of the log that belong to no pipeline, such as those of a deleted one.
    """
    lists = list(lists)
    pipelines: dict[str, Pipeline] = {}
    labels = dict.fromkeys([*(label for listed in lists for label in listed.labels), *also])
    for listed in lists:
        if not listed.stages:
            continue
        own = set(listed.labels)
        pipeline = Pipeline(
            listed.stages,
            won=listed.won,
            lost=listed.lost,
            names={label: name for label, name in listed.names.items() if label in own},
            elsewhere=[label for label in labels if label not in own],
        )
        pipelines[_free_name(listed.name, pipelines)] = made_by_reader(pipeline)
    return pipelines


def _free_name(name: str, taken: Mapping[str, Pipeline]) -> str:
    """Add a number to a name that another pipeline already has."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def in_listed_order(listed: Iterable[str], with_stages: Iterable[str]) -> list[str]:
    """Order the ids of pipelines that have stages: first as an export lists them, then the unlisted ones."""
    with_stages = dict.fromkeys(with_stages)
    return list(dict.fromkeys([*(pipeline for pipeline in listed if pipeline in with_stages), *with_stages]))


def distinct_names(names: Mapping[str, str]) -> dict[str, str]:
    """Give pipelines of the same name different names: all but the first get their id.

    Parameters
    ----------
    names
        Names of the pipelines, by id.

    Examples
    --------
    >>> from stagefunnel.readers.build.stage_lists import distinct_names
    >>> distinct_names({"1": "Sales", "2": "Sales"})
    {'1': 'Sales', '2': 'Sales (2)'}
    """
    distinct: dict[str, str] = {}
    for code, name in names.items():
        distinct[code] = f"{name} ({code})" if name in distinct.values() else name
    return distinct


def names_by_id(ids: pd.Series, names: pd.Series) -> dict[str, str]:
    """Return the names of stages or pipelines by id; the id stands for a missing name."""
    return dict(zip(ids, names.fillna(ids), strict=True))
