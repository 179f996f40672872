"""Partials as they are pickled, and those that older versions wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ...errors import SchemaError
from ..scope.groups import ONE_GROUP
from .damage import refuse_damage
from .groups import PartGroups
from .item_keys import ItemIds
from .moves import PartMoves

# Raise it when the state changes so that an older version would misread it; `read_state` reads all older.
VERSION: Final = 3


def written_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a partial with its version."""
    return {"version": VERSION, **state}


def read_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a partial as this version has it.

    Raises
    ------
    SchemaError
        If a newer version has written it, or it is damaged.
    """
    if not isinstance(state, Mapping):
        raise SchemaError("the stored partial is damaged: it has no fields")
    state = dict(state)
    version = state.pop("version", 1)
    if not isinstance(version, int) or version > VERSION:
        raise SchemaError(
            f"a newer stagefunnel stored this partial (version {version!r} of the stored form; this one "
            f"reads versions up to {VERSION}); update it with: pip install --upgrade stagefunnel"
        )
    try:
        _renew(state, version)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SchemaError(f"the stored partial is damaged: {error!r}") from error
    refuse_damage(state)
    return state


def _renew(state: dict[str, Any], version: int) -> None:
    """Give the state of an older version what it had in another form."""
    if version == 1:  # it had no groups and no limits, and all moves in a matrix
        state |= {"by": None, "at": "first", "limits": {}}
        state["_moves"] = PartMoves.of_matrix(state["_moves"], state.pop("_moving_items"))
        state["_groups"] = PartGroups(ONE_GROUP, np.zeros(1, dtype=np.int64))
        state |= {"_limited": None, "_observed": None}
    if version < 3:
        state["_keys"] = ItemIds.of_old(state["_keys"])
