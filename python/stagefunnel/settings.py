"""A TOML file beside an export: the pipeline, the names of the columns, how to read the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .errors import SchemaError, is_whole_number
from .naming import public
from .pipeline import Pipeline
from .pipeline_file import Observed, read_pipeline_file
from .times.lengths import length_text
from .toml_file import errors_name_the_file
from .working_hours import WorkingHours

if TYPE_CHECKING:
    from .bound import Bound
    from .log.stage_log import StageLog


@public
@dataclass(frozen=True)
class Settings:
    """What a pipeline file says.

    Attributes
    ----------
    pipeline
        The stages.
    columns
        Names of the columns: ``item``, ``stage``, ``time``, ``exited``, ``start_unknown`` and ``order``, the
        ``time_format`` of times that are not ISO 8601 and the ``zone`` of times without one; only those that
        the file names.
    unlisted
        What to do with stages that the pipeline does not list: ``"error"`` or ``"ignore"``.
    observed_until
        Moment until which the items were observed, as :class:`StageLog` takes it; ``None``: until the last
        row.
    calendar
        Working hours in which lengths of time are measured; ``None``: all time counts.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import stagefunnel as sf
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "pipeline.toml"
    >>> _ = file.write_text('''
    ... [pipeline]
    ... stages = ["New", "Offer"]
    ... won = "Won"
    ... lost = ["Lost"]
    ... [columns]
    ... item = "deal_id"
    ... ''')
    >>> sf.Settings.from_toml(file).columns
    {'item': 'deal_id'}
    """

    pipeline: Pipeline
    columns: Mapping[str, str] = field(default_factory=dict)
    unlisted: str = "error"
    observed_until: Observed | None = None
    calendar: WorkingHours | None = None

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Settings:
        """Read a file; an unknown key is an error."""
        file = read_pipeline_file(path)
        with errors_name_the_file(path):
            return cls(
                Pipeline(**file.pipeline), file.columns, file.unlisted, file.observed_until, file.calendar
            )

    def bind(self, log: StageLog, **defaults: Any) -> Bound:
        """Bind a log to the pipeline and to what else the file says: see :func:`stagefunnel.bind`.

        Questions get `unlisted` and `calendar`, and the log ends where `observed_until` says.

        Parameters
        ----------
        log
            The stage history.
        **defaults
            Further arguments for each question that has them; they win over those of the file.

        Returns
        -------
        Bound

        Raises
        ------
        SchemaError
            If this is not a log, or `observed_until` is before its last row.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> settings = sf.Settings(sf.Pipeline("New", won="Won"), unlisted="ignore")
        >>> log = sf.StageLog({"item": [1, 1], "stage": ["New", "Spam"], "time": [0, 5]})
        >>> settings.bind(log).funnel(missing="ignore")["reached"].tolist()
        [1, 0]
        """
        from .bound import bind

        own: dict[str, Any] = {"unlisted": self.unlisted}
        if self.calendar is not None:
            own["calendar"] = self.calendar
        bound = bind(log, self.pipeline, **(own | defaults))
        if self.observed_until is None:
            return bound
        return replace(bound, log=log.with_observed_until(self.observed_until))

    def to_toml(self) -> str:
        """Write the text of a file that :meth:`from_toml` reads as these settings.

        Returns
        -------
        str

        Raises
        ------
        SchemaError
            If stages are labelled with anything but text and integers.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> print(sf.Settings(sf.Pipeline(["New"], won="Won"), {"item": "deal_id"}).to_toml())
        [pipeline]
        stages = ["New"]
        won = ["Won"]
        lost = []
        <BLANKLINE>
        [columns]
        item = "deal_id"
        <BLANKLINE>
        """
        pipeline = self.pipeline
        parts = {"stages": pipeline.stages, "won": pipeline.won, "lost": pipeline.lost}
        rules = pipeline.rules
        more = {
            "elsewhere": pipeline.elsewhere,
            "optional": rules.optional,
            "ignore": rules.ignore,
            "paused": rules.paused,
        }
        parts |= {key: labels for key, labels in more.items() if labels}
        lines = (
            []
            if self.observed_until is None
            else [f"observed_until = {_toml_moment(self.observed_until)}", ""]
        )
        lines.append("[pipeline]")
        lines += [f"{key} = [{', '.join(map(toml_value, labels))}]" for key, labels in parts.items()]
        if pipeline.moved_out != "exclude":
            lines.append(f"moved_out = {toml_value(pipeline.moved_out)}")
        if self.unlisted != "error":
            lines.append(f"unlisted = {toml_value(self.unlisted)}")
        named = {label: name for label, name in pipeline.names.items() if name != str(label)}
        shorter = rules.ignore_shorter
        by_stage = {"names": named, "aliases": rules.aliases, "since": rules.since, "until": rules.until}
        if isinstance(shorter, Mapping):
            by_stage["ignore_shorter"] = {label: length_text(least) for label, least in shorter.items()}
        elif shorter is not None:
            lines.append(f"ignore_shorter = {_toml_moment(length_text(shorter))}")
        by_stage["limits"] = {label: length_text(limit) for label, limit in rules.limits.items()}
        for key, values in by_stage.items():
            if values:
                lines += ["", f"[pipeline.{key}]"]
                lines += [
                    f"{toml_value(str(label))} = {_toml_moment(value)}" for label, value in values.items()
                ]
        if self.columns:
            lines += ["", "[columns]"]
            lines += [f"{key} = {toml_value(name)}" for key, name in self.columns.items()]
        if self.calendar is not None:
            lines += ["", *_toml_calendar(self.calendar)]
        return "\n".join(lines) + "\n"


def _toml_calendar(calendar: WorkingHours) -> list[str]:
    """Write working hours; the holidays of a table are written day by day."""
    lines = ["[calendar]"]
    if calendar.zone is not None:
        lines.append(f"zone = {toml_value(calendar.zone)}")
    if isinstance(calendar.holidays, str):
        lines.append(f"holidays = {toml_value(calendar.holidays)}")
    elif calendar.holidays:
        lines.append(f"holidays = [{', '.join(str(day) for day in sorted(calendar.holidays))}]")
    lines += ["", "[calendar.hours]"]
    for day, spans in calendar.hours.items():
        pairs = ", ".join(f"[{toml_value(begin)}, {toml_value(end)}]" for begin, end in spans)
        lines.append(f"{day} = [{pairs}]")
    return lines


def _toml_moment(value: object) -> str:
    """Write a label, a moment or a length as text, or as the number that it is."""
    if isinstance(value, float):
        return repr(value)
    return toml_value(int(value)) if is_whole_number(value) else toml_value(str(value))


def toml_value(value: object) -> str:
    """Write text or an integer; what JSON escapes in text, TOML reads alike."""
    if not isinstance(value, str) and not is_whole_number(value):
        raise SchemaError(f"label {value!r} is neither text nor an integer, which a TOML file cannot hold")
    # DEL is the one control character that JSON leaves as it is and TOML refuses.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
