"""The chain from leads to deals against the reference, on random logs and links."""

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_same, items_of, journeys_log, log_of, pipeline_of
from strategies import Case, cases

LEADS = sf.Pipeline(["New", "Called"], won="Converted", lost="Junk")
DEALS = sf.Pipeline(["New", "Offer", "Delivery"], won="Won", lost="Lost")


def chain(
    leads: list[str], deals: list[str], links: list[tuple[int, int]], **options: Any
) -> pd.DataFrame:
    """Count journeys like ``"New > Won"``; links are pairs of a deal and a lead, both from 1 on."""
    table = pd.DataFrame(links, columns=["deal_id", "lead_id"])
    pipelines = {"lead_pipeline": LEADS, "deal_pipeline": DEALS}
    return sf.chain_funnel(journeys_log(*leads), journeys_log(*deals), table, **pipelines, **options)


def told(table: pd.DataFrame) -> dict[str, Any]:
    return dict(table.attrs["stagefunnel"])


def column(table: pd.DataFrame, part: str, name: str) -> list[Any]:
    return table.loc[table["part"] == part, name].tolist()


@st.composite
def linked(draw: st.DrawFn, leads: Case, deals: Case) -> list[tuple[Any, Any]]:
    """Draw pairs of a deal and a lead: some unknown, some missing, some twice."""
    known = [list(dict.fromkeys(item for item, _, _ in case.rows)) for case in (deals, leads)]
    strangers = [77 if isinstance(keys[0], int) else "seventy-seven" for keys in known]
    sides = [
        st.sampled_from([*keys, *keys, stranger, None]) for keys, stranger in zip(known, strangers, strict=True)
    ]
    return draw(st.lists(st.tuples(*sides), max_size=12))


@given(data=st.data(), kind=st.sampled_from(["classic", "conversions", "furthest", "strict"]))
def test_matches_the_reference(data: st.DataObject, kind: Any) -> None:
    leads, deals = data.draw(cases(unlisted="some")), data.draw(cases(unlisted="some"))
    links = data.draw(linked(leads, deals))
    fill = data.draw(st.sampled_from(["won", "moves"]))
    flip = data.draw(st.sampled_from(["include", "exclude", "exclude_reopened"]))
    basis = data.draw(st.sampled_from(["entity", "origin"]))
    items = items_of(deals.amounts, "amount", [item for item, _, _ in deals.rows])
    table = pd.DataFrame(
        {
            name: pd.Series([pair[at] for pair in links], dtype="Int64" if whole else object)
            for at, (name, whole) in enumerate(
                [("deal_id", isinstance(deals.rows[0][0], int)), ("lead_id", isinstance(leads.rows[0][0], int))]
            )
        }
    )
    found = sf.chain_funnel(
        log_of(leads),
        log_of(deals, items=items),
        table,
        lead_pipeline=pipeline_of(leads.pipeline),
        deal_pipeline=pipeline_of(deals.pipeline),
        kind=kind,
        fill=fill,
        lost_then_won=flip,
        basis=basis,
        amount="amount",
        unlisted="ignore",
    )
    pipelines = (leads.pipeline, deals.pipeline)
    expected = reference.chain_funnel(
        leads.rows,
        deals.rows,
        links,
        *pipelines,
        kind=kind,
        fill=fill,
        lost_then_won=flip,
        basis=basis,
        amounts=deals.amounts,
        unlisted="ignore",
    )
    # The reference adds up fractions; a sum of floats may end one rounding away.
    pd.testing.assert_series_equal(found["amount"], expected["amount"], rtol=1e-12, atol=1e-9)
    plain = found.astype({"part": object, "stage": object})
    assert_same(plain.drop(columns="amount"), expected.astype({"part": object}).drop(columns="amount"))
    n_unlinked = reference.unlinked(leads.rows, deals.rows, links, deals.pipeline, flip, "ignore")
    assert told(found)["unlinked"] == {kind: n_unlinked}


def test_the_example_of_the_crm_shows_every_stage_of_the_chain() -> None:
    for basis in ("entity", "origin"):
        table = chain(["New > Converted"], ["New > Won"], [(1, 1)], kind="conversions", basis=basis)
        assert table["stage"].tolist() == [*LEADS.labels, *DEALS.labels]
        assert column(table, "lead", "reached") == [1, 1, 1, 0]
        assert column(table, "deal", "reached") == [1, 1, 1, 1, 0]
        assert column(table, "deal", "assumed") == [0, 1, 1, 0, 0]
        shown = table[~table["outcome"].eq("lost")]
        assert (shown["conversion_from_all"] == 1).all()
