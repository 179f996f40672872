"""The queries of the page about databases, on tables as connectors write them."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

import stagefunnel as sf
from helpers import ROOT

PAGE = ROOT.joinpath("docs", "how_to", "databases.md").read_text(encoding="utf-8")
TABLES = """
CREATE TABLE hubspot.deal_pipeline_stage (stage_id TEXT, pipeline_id TEXT, label TEXT, display_order INTEGER,
    probability REAL, closed_won INTEGER, active INTEGER, _fivetran_deleted INTEGER);
INSERT INTO hubspot.deal_pipeline_stage VALUES
    ('s1', 'p', 'Talk', 0, 0.2, 0, 1, 0), ('s2', 'p', 'Offer', 1, 0.5, 0, 1, 0),
    ('s3', 'p', 'Won', 2, 1.0, 1, 1, 0), ('s4', 'p', 'Lost', 3, 0.0, 0, 1, 0);
CREATE TABLE hubspot.deal_property_history (deal_id INTEGER, name TEXT, value TEXT, "timestamp" TEXT,
    source TEXT, source_id TEXT, _fivetran_synced TEXT);
INSERT INTO hubspot.deal_property_history VALUES
    (1, 'dealstage', 's1', '2026-01-01 10:00:00+00:00', 'CRM_UI', NULL, ''),
    (1, 'amount', '5', '2026-01-01 10:00:00+00:00', 'CRM_UI', NULL, ''),
    (1, 'dealstage', 's3', '2026-01-09 10:00:00+00:00', 'CRM_UI', NULL, ''),
    (2, 'dealstage', 's1', '2026-01-02 10:00:00+00:00', 'CRM_UI', NULL, '');
CREATE TABLE deals_property_history ("dealId" TEXT, property TEXT, value TEXT, "timestamp" TEXT);
INSERT INTO deals_property_history
    SELECT deal_id, name, value, "timestamp" FROM hubspot.deal_property_history;
CREATE TABLE salesforce.opportunity_history (id TEXT, opportunity_id TEXT, stage_name TEXT, amount REAL,
    created_date TEXT, is_deleted INTEGER, created_by_id TEXT);
INSERT INTO salesforce.opportunity_history VALUES
    ('h1', 'o1', 'Prospecting', 5, '2026-01-01 10:00:00+00:00', 0, 'u'),
    ('h2', 'o1', 'Closed Won', 5, '2026-01-09 10:00:00+00:00', 0, 'u'),
    ('h3', 'o2', 'Prospecting', 7, '2026-01-02 10:00:00+00:00', 0, 'u');
CREATE TABLE salesforce.opportunity (id TEXT, name TEXT, stage_name TEXT, amount REAL, owner_id TEXT,
    created_date TEXT, is_closed INTEGER, is_won INTEGER);
INSERT INTO salesforce.opportunity VALUES
    ('o1', 'A', 'Closed Won', 5, 'u', '2026-01-01 10:00:00+00:00', 1, 1),
    ('o2', 'B', 'Prospecting', 7, 'u', '2026-01-02 10:00:00+00:00', 0, 0);
CREATE TABLE "OpportunityHistory" AS SELECT id AS "Id", opportunity_id AS "OpportunityId",
    stage_name AS "StageName", amount AS "Amount", created_date AS "CreatedDate", is_deleted AS "IsDeleted"
    FROM salesforce.opportunity_history;
CREATE TABLE "Opportunity" AS SELECT id AS "Id", name AS "Name", stage_name AS "StageName",
    amount AS "Amount", owner_id AS "OwnerId", created_date AS "CreatedDate", is_closed AS "IsClosed",
    is_won AS "IsWon" FROM salesforce.opportunity;
CREATE TABLE pipedrive.deal_history (id INTEGER, stage_id INTEGER, status TEXT, _fivetran_start TEXT);
INSERT INTO pipedrive.deal_history VALUES (1, 4, 'open', '2026-01-01'), (1, 5, 'open', '2026-01-03');
CREATE TABLE pipedrive.stage (id INTEGER, name TEXT);
INSERT INTO pipedrive.stage VALUES (4, 'Talk'), (5, 'Offer');
CREATE TABLE deal_versions (deal_id INTEGER, stage TEXT, amount REAL, valid_from TEXT);
INSERT INTO deal_versions VALUES (1, 'New', 1, '2026-01-01'), (1, 'New', 2, '2026-01-02'),
    (1, 'Won', 2, '2026-01-03'), (2, 'New', 1, '2026-01-03');
"""


@pytest.fixture(scope="module")
def warehouse() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for schema in ("hubspot", "salesforce", "pipedrive"):
        connection.execute(f"ATTACH ':memory:' AS {schema}")
    connection.executescript(TABLES)
    yield connection
    connection.close()


def queries_under(heading: str) -> dict[str, str]:
    """Take the statements of the first block of SQL under a heading."""
    block = PAGE.partition(f"### {heading}\n")[2].partition("```sql\n")[2].partition("```")[0]
    statements = [one for one in re.split(r";\s*\n", block) if one.strip()]
    assert statements
    return {f"query_{number}": one for number, one in enumerate(statements)}


@pytest.mark.parametrize(
    ("heading", "crm", "won"),
    [
        ("HubSpot by Fivetran", "hubspot", 1),
        ("HubSpot by Airbyte", "hubspot", None),
        ("Salesforce by Fivetran", "salesforce", 1),
        ("Salesforce by Airbyte", "salesforce", 1),
        ("Pipedrive", "events", None),
        ("Any history of versions", "events", 1),
    ],
)
def test_a_query_of_the_page_gives_what_a_reader_knows(
    warehouse: sqlite3.Connection, heading: str, crm: str, won: int | None
) -> None:
    export = sf.read(sql=queries_under(heading), connection=warehouse)
    assert repr(export).startswith(f"Export of {crm}: ")
    if crm == "hubspot":
        assert (export.log.n_rows, export.log.n_items) == (3, 2)
    if heading == "Any history of versions":
        assert export.log.n_rows == 3
    if won is not None:
        (pipeline,) = export.pipelines.values()
        assert int(sf.outcomes(export.log, pipeline).loc[0, "won"]) == won


def test_the_page_has_no_other_queries() -> None:
    assert len(re.findall("```sql\n", PAGE)) == 6
