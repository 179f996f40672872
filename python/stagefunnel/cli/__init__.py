"""The command: read files, ask one question or all, print or write the tables."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

import stagefunnel as sf

from ..display.write import choose_format, write
from .parser import command_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 for bad data or 130 where it was interrupted. Bad usage exits with 2."""
    parser = command_parser()
    args = parser.parse_args(argv)
    try:
        form = choose_format(args.format, args.out)
        answer = args.run(args, parser)
        if answer is not None:
            write(answer, form=form, path=args.out)
    except sf.StageFunnelError as error:
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        return _complain(_as_options(f"{error}{notes}"))
    except KeyboardInterrupt:
        return 130  # as a shell says of what Ctrl-C has ended
    except BrokenPipeError:
        # The reader of a pipe has seen enough; say nothing, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _complain(str(error))
    return 0


def _complain(message: str) -> int:
    if sys.stderr is not None:  # None where it is closed
        sys.stderr.write(f"stagefunnel: error: {message}\n")
    return 1


def _as_options(message: str) -> str:
    """Say ``--invalid drop`` where the Python face says ``invalid="drop"``."""
    message = re.sub(r'\btime_format="([^"]+)"', r"--time-format '\1'", message)
    message = re.sub(r"\bitems=(?=$|;)", "--items", message)
    message = re.sub(r'\b(invalid|unlisted|empty|missing)="(\w+)"', r"--\1 \2", message)
    return re.sub(r"\b(period|as_of)=", lambda option: f"--{option[1].replace('_', '-')} ", message)
