"""A suggested pipeline, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..display.show import show
from ..naming import public
from ..pipeline import Pipeline
from ..settings import Settings
from .commented_toml import Comments, commented_toml


@public
@dataclass(frozen=True, eq=False, repr=False)
class Suggestion:
    """A pipeline that a log suggests; made by :func:`suggest`.

    Attributes
    ----------
    pipeline
        The stages in the order of the moves, and those that are won or lost.
    settings
        The same with the names of the columns, the format of the times and their zone, as a pipeline file has
        them.
    stages
        One row per stage, in the order of the pipeline: ``stage``; ``role`` (``"in order"``, ``"won"``,
        ``"lost"``, ``"side"``, which the pipeline has as optional, or ``"optional?"``); ``rows``; ``items``
        that visit it; ``median_position`` (the median over these items of where their first visit stands
        among all their visits, from 0 for the first to 1 for the last; items of one visit are left out);
        ``share_ending`` (of these items, those whose journey ends there); ``share_coming_back`` (those that
        visit it more than once); ``first_seen`` and ``last_seen``.
    doubts
        What may be otherwise, as sentences.
    is_safe
        Whether nothing is in doubt that decides numbers.
    source
        ``"log"``, ``"table"``, or the name of the format of an export, as :func:`read` has it.
    reading
        Options of reading that the input needs beside the settings, such as ``invalid``.
    others
        Suggestions for further pipelines of an export, by their names.
    deciding_doubts
        The doubts that decide numbers.
    comments
        What :meth:`to_toml` writes beside the lines of the file.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.furniture_shop()
    >>> sf.suggest(shop.log).pipeline
    Pipeline: New → Discussion → Prepayment invoice → Delivery | won: Won | lost: Lost
    """

    pipeline: Pipeline
    settings: Settings
    stages: pd.DataFrame
    doubts: list[str]
    is_safe: bool
    source: str = "log"
    reading: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Suggestion] = field(default_factory=dict)
    deciding_doubts: Sequence[str] = ()
    comments: Comments = field(default_factory=Comments)

    @property
    def assumed(self) -> str:
        """What is taken to be so, in one line: the columns and the stages."""
        columns = self.settings.columns
        parts = [
            f"{role} = {columns[role]}" for role in ("item", "stage", "time", "order") if role in columns
        ]
        if "time_format" in columns:
            parts[-1 if "order" not in columns else -2] += f" ({columns['time_format']})"
        if not parts and self.source not in ("log", "table"):
            parts = [f"an export of {self.source}"]
        stages = repr(self.pipeline).removeprefix("Pipeline: ").replace(" | ", "; ")
        return "; ".join([*([", ".join(parts)] if parts else []), stages])

    def to_toml(self) -> str:
        """Write a pipeline file, with the reasons and what could be otherwise as comments.

        Returns
        -------
        str
            Text that :meth:`Settings.from_toml` reads as :attr:`settings`.

        Raises
        ------
        SchemaError
            If stages are labelled with anything but text and integers.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 5, 3]}
        >>> "won = [" in sf.suggest(rows).to_toml()
        True
        """
        return commented_toml(self.settings, self.comments)

    def as_table(self) -> pd.DataFrame:
        """Return :attr:`stages` with the doubts noted on it, as :func:`show` prints both.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> sf.suggest(sf.datasets.worked_example().log).as_table()["role"].tolist()
        ['in order', 'in order', 'in order', 'in order', 'won', 'lost']
        """
        table = self.stages.assign(**{name: _days(self.stages[name]) for name in ("first_seen", "last_seen")})
        table.attrs["stagefunnel"] = {
            "table": "suggestion",
            "names": {str(label): name for label, name in self.pipeline.names.items()},
            "suggested": self.assumed,
            "doubts": list(self.doubts),
        }
        return table

    def __repr__(self) -> str:
        return repr(show(self))

    def _repr_html_(self) -> str:
        return show(self)._repr_html_()


def _days(moments: pd.Series) -> pd.Series:
    """Write moments as days, which is as much as a glance at a log needs; plain numbers stay."""
    if not pd.api.types.is_datetime64_any_dtype(moments.dtype):
        return moments
    days: pd.Series = moments.dt.strftime("%Y-%m-%d").astype(object)
    return days.where(moments.notna(), None)
