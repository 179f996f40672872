"""The command: read files, ask one question or all of them, and print or write the tables."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

import stagefunnel as sf

from ..clean import clean
from ..display.formats import choose_format
from .database_options import names_database
from .old_names import OldValueError, renewed
from .parser import hasty_parser
from .spelling import speller


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 after an answer, 3 after a check that failed, 1 after an error in the data, 130 after an interrupt.
        Wrong usage exits with 2.
    """
    parser = hasty_parser()
    try:
        words, notes = renewed(sys.argv[1:] if argv is None else argv)
    except OldValueError as error:
        parser.error(str(error))
    for note in notes:
        _write_error(f"stagefunnel: note: {note}\n")
    args = parser.parse_args(words)
    # Help and errors of arguments have ended above, and do not wait for what follows.
    from .refusals import refuse_idle

    refuse_idle(args, args.parser)
    try:
        form = choose_format(args.format, None if names_database(args.out) else args.out)
        with warnings.catch_warnings(), sf.options(frames="pandas"):
            # What Python warns of is in the quality table, whose warnings the command prints itself.
            warnings.simplefilter("ignore", sf.StageFunnelWarning)
            answer = args.command.run(args, args.parser)
        if answer is not None:
            from ..display.write import write
            from .number_columns import with_number_columns
            from .remarks import say_remarks, with_spelled_notes

            is_for_database = names_database(args.out)
            answer = with_spelled_notes(answer, args)
            answer = with_number_columns(answer, args, None if is_for_database else form)
            looks = args.command.looks(args)
            if is_for_database:
                from .database_output import write_answer

                write_answer(answer, args)
            else:
                write(answer, form=form, path=args.out, csv_safe=args.csv_safe, **looks)
            say_remarks(answer, form)
            if args.command.judges:
                from .commands.check import verdict

                return verdict(answer)
    except sf.StageFunnelError as error:
        return _complain(f"{_job_of(args)}{_text_of(error, args)}")
    except ImportError as error:
        if "pip install" not in str(error):
            raise
        return _complain(f"{_job_of(args)}{error}")  # a library that an option needs is missing
    except KeyboardInterrupt:
        return 130  # the code that a shell gives to a command that Ctrl-C has ended
    except BrokenPipeError:
        # The reader of a pipe has gone. Python must not complain at exit, when it flushes the output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _complain(f"{_job_of(args)}{error}")
    return 0


def _text_of(error: sf.StageFunnelError, args: argparse.Namespace) -> str:
    """Write an error with the options as the command spells them, and with its notes."""
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    if getattr(args, "settings", None) is not None:
        from .job_settings import place_of, setting

        return place_of(getattr(error, "column", None), args) + error.spelled(setting) + notes
    return error.spelled(speller(vars(args), args.command.other_names)) + notes


def _job_of(args: argparse.Namespace) -> str:
    """Return what stands before an error of a job: the file of its settings."""
    settings = getattr(args, "settings", None)
    return "" if settings is None else f"{settings}: "


def _complain(message: str) -> int:
    _write_error(f"stagefunnel: error: {message}\n")
    return 1


def _write_error(text: str) -> None:
    if sys.stderr is not None:  # it is None if the standard error is closed
        from ..databases.secrets import masked

        sys.stderr.write(clean(masked(text), lines=True))
