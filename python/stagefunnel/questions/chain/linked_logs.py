"""Both logs of a chain, their pipelines, and the table that links them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import Option, SchemaError, StageFunnelError, given, named, quoted
from ...log.stage_log import StageLog, with_items_at
from ...pipeline import Pipeline
from ...times.periods import MomentLike, moment_of
from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.remarks import Remarks
from ..scope.selection import Selection, core_pipeline, data_of, selection_of
from ..scope.where import Where, asked_of
from .links import find_links
from .origin import in_time_of


@dataclass(frozen=True)
class Chain:
    """Both logs with their pipelines, and the table that links them."""

    leads: StageLog
    deals: StageLog
    links: Any
    lead_pipeline: Pipeline
    deal_pipeline: Pipeline
    lead: str
    deal: str

    def selection(self, part: str, **options: Any) -> Selection:
        """Choose the rows that a question reads of the leads, or of the deals."""
        is_lead = part == "leads"
        log, pipeline = (self.leads, self.lead_pipeline) if is_lead else (self.deals, self.deal_pipeline)
        with noted(f"in the {part}"):
            return selection_of(log, pipeline, **options)

    def where(self, where: Where, unlisted: str, missing: Any) -> tuple[Chain, dict[str, int], Remarks]:
        """Choose the leads that fulfil conditions, and the deals that are linked to any of them.

        Returns the chain of these, the counts about the whole table of links, and what the answer remembers.
        """
        with noted("in the leads"):
            asked = asked_of(self.leads, self.lead_pipeline, where, unlisted=unlisted, missing=missing)
        with noted("in the deals"):
            data_of(self.deals)
            core_pipeline(self.deals, self.deal_pipeline, unlisted, missing)
        links = find_links(self.links, self.leads, self.deals, lead=self.lead, deal=self.deal)
        assert asked.is_chosen is not None  # there are conditions
        places = np.unique(links.deal[asked.is_chosen[links.lead]]).astype(np.int64)
        chain = replace(self, leads=asked.log, deals=with_items_at(self.deals, places))
        return chain, links.found, asked.remarks

    def groups_of_leads(
        self, by: str | Sequence[str], *, unlisted: Any, missing: Any, as_of: MomentLike | None
    ) -> Groups:
        """Put the leads in groups by their first rows in the whole log, as conditions read them."""
        whole = self.selection("leads", unlisted=unlisted, missing=missing)
        with noted("in the leads"):
            groups = groups_of(whole, by, reserved=("part",))
            if not groups.later:
                return groups
            # What became of a lead is what is known at that moment.
            then = self.selection("leads", unlisted=unlisted, missing=missing, as_of=as_of)
            return groups_of(then, by, reserved=("part",))

    def observed_until(self, as_of: MomentLike | None) -> int | None:
        """Return the end of observation of the chain, in the leads' time: the later one of both logs."""
        leads, deals = self.leads._data, self.deals._data
        seen_at = moment_of(as_of, leads.clock, "as_of")
        own, other = leads.end_of_observation(seen_at), deals.end_of_observation()
        if seen_at is not None or own is None or other is None:
            return own
        return max(own, int(in_time_of(deals, leads, np.array([other]))[0]))


@contextmanager
def noted(where: str) -> Iterator[None]:
    """Note on an error which of the two logs it is about."""
    try:
        yield
    except StageFunnelError as error:
        error.add_note(where)
        raise


def chain_of(
    leads: Any, deals: Any, links: Any, lead_pipeline: Any, deal_pipeline: Any, *, lead: str, deal: str
) -> Chain:
    """Read the logs, the links and the pipelines of a chain, or those of an export.

    Raises
    ------
    SchemaError
        If one of them is missing, or an export has several pipelines of which none is chosen.
    """
    if hasattr(leads, "leads") and deals is None and links is None:
        return _chain_of_export(leads, lead_pipeline, deal_pipeline)
    if links is None:
        raise SchemaError("chain_funnel takes (leads, deals, links), or an export with leads and deals")
    for name, pipeline in (("lead_pipeline", lead_pipeline), ("deal_pipeline", deal_pipeline)):
        if not isinstance(pipeline, Pipeline):
            raise SchemaError(named(name), f" is a {type(pipeline).__name__}; pass the Pipeline of that part")
    return Chain(leads, deals, links, lead_pipeline, deal_pipeline, lead, deal)


def _chain_of_export(export: Any, lead_pipeline: Any, deal_pipeline: Any) -> Chain:
    if export.leads is None or export.deals is None or export.links is None:
        raise SchemaError("the export holds no leads with their deals; give it the files of both together")
    return Chain(
        export.leads.log,
        export.deals.log,
        export.links,
        _pipeline_of(export.leads, lead_pipeline, "lead_pipeline"),
        _pipeline_of(export.deals, deal_pipeline, "deal_pipeline"),
        lead="lead",
        deal="deal",
    )


def _pipeline_of(part: Any, chosen: Any, option: str) -> Pipeline:
    """Take the chosen pipeline of a part, or its only pipeline."""
    if isinstance(chosen, Pipeline):
        return chosen
    pipelines: dict[Any, Pipeline] = part.pipelines
    if chosen is None and len(pipelines) == 1:
        return next(iter(pipelines.values()))
    if chosen in list(pipelines):  # a list, because a wrong choice may be a value without a hash
        return pipelines[chosen]
    what: tuple[Option, str] = (
        (named(option), " is needed")
        if chosen is None
        else (given(option, chosen), " is not a pipeline of the export")
    )
    raise SchemaError(*what, f"; the pipelines are {quoted(pipelines)}")
