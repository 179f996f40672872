"""Groups of leads, and the deals that count in each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...log.columns.category import Codes
from ...log.stage_log import StageLog, with_items_at
from ..scope.groups import Groups
from .links import Links


@dataclass(frozen=True, eq=False)
class GroupedDeals:
    """The deals of a chain whose leads are in groups.

    A group has the deals that are linked to any of its leads, so that a deal of leads of several groups is
    there once for each; a deal without a lead of the log is in none.

    Attributes
    ----------
    log
        The deals, each as often as it has groups.
    deal, code
        Place among all deals, and group, of each of them.
    links
        The links between the leads and the deals of their groups.
    shares_deals
        Whether a deal is in several groups.
    """

    log: StageLog
    deal: npt.NDArray[np.int64]
    code: Codes
    links: Links
    shares_deals: bool

    @classmethod
    def of(cls, deals: StageLog, links: Links, groups: Groups) -> GroupedDeals:
        """Find the deals of each group of leads."""
        group = groups.code[links.lead].astype(np.int64)
        # A deal in a group is one number; the numbers rise with the places of the deals.
        in_group = links.deal.astype(np.int64) * groups.n_groups + group
        found = np.unique(in_group)
        deal, code = np.divmod(found, groups.n_groups)
        place: npt.NDArray[np.int64] = np.searchsorted(found, in_group)
        own = replace(links, deal=place.astype(np.uint32), linked=np.ones(len(found), dtype=bool))
        shares_deals = bool((np.diff(deal) == 0).any())
        return cls(with_items_at(deals, deal), deal, code.astype(np.int32), own, shares_deals)
