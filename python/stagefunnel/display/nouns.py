"""Nouns that are counted, each with its plural: what tables count, and what columns are called by."""

from __future__ import annotations

from typing import Final

from ..words import markn

NOUNS: Final = (
    *(markn("item", "items"), markn("row", "rows"), markn("stage", "stages"), markn("date", "dates")),
    *(markn("past date", "past dates"), markn("moment", "moments"), markn("open item", "open items")),
    *(markn("test", "tests"), markn("win", "wins"), markn("condition", "conditions")),
    *(markn("working day", "working days"), markn("working hour", "working hours")),
    *(markn("visit", "visits"), markn("entry", "entries"), markn("move", "moves")),
    *(markn("lead", "leads"), markn("deal", "deals"), markn("closed item", "closed items")),
    *(markn("account", "accounts"), markn("agent", "agents"), markn("branch", "branches")),
    *(markn("campaign", "campaigns"), markn("channel", "channels"), markn("customer", "customers")),
    *(markn("department", "departments"), markn("device", "devices"), markn("manager", "managers")),
    *(markn("market", "markets"), markn("office", "offices"), markn("owner", "owners")),
    *(markn("person", "persons"), markn("pipeline", "pipelines"), markn("plan", "plans")),
    *(markn("platform", "platforms"), markn("product", "products"), markn("region", "regions")),
    *(markn("rep", "reps"), markn("segment", "segments"), markn("seller", "sellers")),
    *(markn("source", "sources"), markn("team", "teams"), markn("user", "users")),
    *(markn("company", "companies"), markn("client", "clients"), markn("group", "groups")),
)
