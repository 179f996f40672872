"""The commands about steps inside a window."""

from __future__ import annotations

from typing import Final

from .. import options, sequence_options, sure_options, where_options
from .command import Command

_GROUPS = (options.groups, where_options.where)
_OF_SEQUENCES = (options.missing, options.observed)
SEQUENCE_COMMANDS: Final = {
    "sequence-funnel": Command(
        "count the items that come through steps inside a window",
        "sequence.sequence_funnel",
        (
            *(sequence_options.sequence, *_OF_SEQUENCES, *_GROUPS, sequence_options.touches),
            options.largest,
            sure_options.confidence,
        ),
        """\
examples:
  stagefunnel sequence-funnel deals.csv --item deal_id --stage stage --time entered_at \\
      --steps New,Delivery,Won --window 60d
  stagefunnel sequence-funnel deals.csv --pipeline pipeline.toml --steps New,Won --window 60d
""",
        reads_stages=False,
    ),
    "sequence-items": Command(
        "list the items with the times at which they reached each step",
        "sequence.sequence_items",
        (sequence_options.sequence, *_OF_SEQUENCES, where_options.where_alone),
        """\
example:
  stagefunnel sequence-items deals.csv --pipeline pipeline.toml --steps New,Won --out steps.csv
""",
        reads_stages=False,
    ),
    "sequence-trend": Command(
        "count the conversions of the items that entered in each month, week or day",
        "sequence.sequence_trend",
        (
            *(
                sequence_options.sequence,
                *_OF_SEQUENCES,
                options.every,
                options.matrix,
                sequence_options.between,
            ),
            *(*_GROUPS, sequence_options.touches, options.largest, sure_options.confidence),
        ),
        """\
example:
  stagefunnel sequence-trend deals.csv --pipeline pipeline.toml --steps New,Won --window 60d
""",
        reads_stages=False,
    ),
    "time-to-convert": Command(
        "show how long items take from one step to another",
        "sequence.time_to_convert",
        (
            *(
                sequence_options.sequence,
                options.missing,
                sequence_options.between,
                sequence_options.bins,
                options.calendar,
            ),
            *(*_GROUPS, sequence_options.touches, options.largest),
        ),
        """\
example:
  stagefunnel time-to-convert deals.csv --pipeline pipeline.toml --steps New,Won --bins 10
""",
        reads_stages=False,
    ),
    "sequence-paths": Command(
        "list what comes between two steps, the most frequent first",
        "sequence.sequence_paths",
        (
            *(sequence_options.sequence, options.missing, sequence_options.between, sequence_options.paths),
            *(*_GROUPS, sequence_options.touches),
        ),
        """\
example:
  stagefunnel sequence-paths deals.csv --pipeline pipeline.toml --steps New,Won --top 5
""",
        reads_stages=False,
    ),
}
