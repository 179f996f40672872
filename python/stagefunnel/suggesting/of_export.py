"""Suggestions for an export: the pipelines that it lists, or those that its moves suggest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import ReaderError, counted, quoted
from ..log.stage_places import StagePlaces
from ..pipeline import Pipeline
from ..readers.export import Export
from ..readers.recognise import is_of_crm
from ..settings import Settings
from .commented_toml import Comments
from .doubts import Doubt
from .pipeline import SuggestedStages, suggest_stages, table_of
from .suggestion import Suggestion

# Checks of a reader that are about the stages: which there are, in what order, what they mean.
_ABOUT_STAGES: Final = ("stage", "meaning", "open_at_zero", "lost_by", "no_status", "closed_unknown")
_REPLACED: Final = "guessed_stages"


def suggest_for_export(export: Export, columns: Mapping[str, str] | None = None) -> Suggestion:
    """Suggest the pipelines of an export: the one with the most rows, the others beside it."""
    found: dict[str, tuple[int, Suggestion]] = {}
    for part, prefix in _parts(export):
        for name, pipeline in part.pipelines.items():
            suggestion = _of_pipeline(part, name, pipeline, columns or {})
            found[f"{prefix}{name}"] = (int(suggestion.stages["rows"].sum()), suggestion)
    if not found:
        raise ReaderError("the export has no pipeline: none of its rows is in a stage of one")
    own = [name for name in found if not name.startswith("leads: ")] or list(found)
    first = max(own, key=lambda name: found[name][0])
    others = {name: one for name, (_, one) in found.items() if name != first}
    best = found[first][1]
    if not others:
        return best
    n_pipelines = counted(len(found), "pipeline")
    doubt = f"The export has {n_pipelines}: this is {first!r}; the others are {quoted(others)}."
    return replace(
        best,
        others=others,
        doubts=[doubt, *best.doubts],
        is_safe=False,
        deciding_doubts=(doubt, *best.deciding_doubts),
    )


def _parts(export: Export) -> Iterator[tuple[Export, str]]:
    yield export.deals or export, ""
    if export.leads is not None:
        yield export.leads, "leads: "


def _of_pipeline(part: Export, name: str, pipeline: Pipeline, columns: Mapping[str, str]) -> Suggestion:
    checks = set(part.quality.loc[part.quality["count"] > 0, "check"])
    is_guessed = not is_of_crm(part.format) or _REPLACED in checks
    doubts = list(_reader_doubts(part.quality))
    heads = [f"Written by stagefunnel for the pipeline {name!r} of an export of {part.format}."]
    if is_guessed:
        stages = suggest_stages(part.log._data, pipeline if len(part.pipelines) > 1 else None)
        heads.append(
            "The order of the stages comes from the moves between them; won and lost from names and ends."
        )
    else:
        stages = _as_listed(part, pipeline)
        heads.append("The stages, their order and their meaning are those of the export.")
    doubts += stages.doubts
    return made(stages, Settings(stages.pipeline, dict(columns)), doubts, part.format, heads)


def _as_listed(part: Export, pipeline: Pipeline) -> SuggestedStages:
    """Look at the stages of a pipeline that an export lists; those without rows stand there too."""
    data = part.log._data
    seen = {label for label, rows in zip(data.labels, data.label_rows, strict=True) if rows}
    with_rows = [label for label in pipeline.labels if label in seen]
    roles = dict.fromkeys(pipeline.stages, "in order")
    roles |= dict.fromkeys(pipeline.won, "won") | dict.fromkeys(pipeline.lost, "lost")
    if not with_rows:
        table = table_of(data, None, list(pipeline.labels), roles)
        return SuggestedStages(pipeline, table, {}, {}, (), (Doubt("No row has a stage of it."),))
    table = table_of(data, StagePlaces.of(data, set(with_rows)), list(pipeline.labels), roles)
    names = pipeline.names
    items = table["items"].to_numpy(dtype=np.int64)
    comments = {
        str(label): ", ".join(
            [*([names[label]] if names[label] != str(label) else []), counted(int(n), "item")]
        )
        for label, n in zip(pipeline.labels, items, strict=True)
    }
    return SuggestedStages(pipeline, table, comments, {}, (), ())


def _reader_doubts(quality: pd.DataFrame) -> Iterator[Doubt]:
    """Take what a reader warns of, and what it guessed."""
    for row in quality[quality["count"] > 0].to_dict("records"):
        if row["level"] in ("warning", "guess") and row["check"] != _REPLACED:
            is_about_stages = any(word in row["check"] for word in _ABOUT_STAGES)
            yield Doubt(
                f"{row['check']} {row['count']:,}: {row['note']}.",
                decides=row["level"] == "warning" or is_about_stages,
            )


def made(
    stages: SuggestedStages,
    settings: Settings,
    doubts: list[Doubt],
    source: str,
    heads: list[str],
    **comments: Any,
) -> Suggestion:
    """Put a suggestion together, its doubts among the comments of its file."""
    if doubts:
        heads = [*heads, "", "What is in doubt:", *(f"- {doubt.text}" for doubt in doubts)]
    keys, more = (
        dict(comments.get("keys", {})),
        {table: list(rows) for table, rows in comments.get("more", {}).items()},
    )
    rules = stages.pipeline.rules
    if stages.aside:
        optional = [label for label in stages.pipeline.stages if label in {*stages.aside, *rules.optional}]
        instead = "In place of the line of optional above" if rules.optional else "Stages that nothing skips"
        more.setdefault("pipeline", []).extend(
            [
                f"{instead}, if these are side roads:",
                f"optional = [{', '.join(_quoted(one) for one in optional)}]",
            ]
        )
    if rules.optional:
        keys["pipeline.optional"] = [
            "Few items pass these stages, and they go back from them: nothing skips them."
        ]
    return Suggestion(
        pipeline=stages.pipeline,
        settings=settings,
        stages=stages.table,
        doubts=[doubt.text for doubt in doubts],
        is_safe=not any(doubt.decides for doubt in doubts),
        source=source,
        deciding_doubts=tuple(doubt.text for doubt in doubts if doubt.decides),
        comments=Comments(heads, stages.comments, keys, more, stages.dated),
    )


def _quoted(label: object) -> str:
    from ..settings import toml_value

    return toml_value(label)
