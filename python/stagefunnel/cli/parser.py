"""The parser of the command line, made of the table of commands."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

import stagefunnel as sf

from . import options
from .commands.table import COMMANDS, Command

# Options that only some commands have, while what all commands share reads them: None elsewhere.
_OF_SOME: Final = (
    "items",
    "items_key",
    "by",
    "reason",
    "unit",
    "amount",
    "currency",
    "hold",
    "format",
    "out",
    "observed_until",
    "unlisted",
    "missing",
    "exited",
    "start_unknown",
    "columns",
)


class _Parser(argparse.ArgumentParser):
    """A parser that knows which options were typed, and reads the version when it is to be printed.

    The core holds the version.
    """

    @property
    def version(self) -> str:
        """The text of ``--version``; argparse reads it where the option has no text of its own."""
        return f"stagefunnel {sf.__version__}"

    def take_defaults(self) -> dict[str, Any]:
        """Take the defaults out of the options, so that those which were not typed are not in the result."""
        defaults = {}
        for action in self._actions:
            if action.option_strings and action.default is not argparse.SUPPRESS:
                defaults[action.dest], action.default = action.default, argparse.SUPPRESS
        return defaults

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments; ``given`` has the options that were typed, the others have their defaults."""
        found = super().parse_args(args, namespace)
        defaults = vars(found).pop("defaults")
        found.given = frozenset(defaults) & frozenset(vars(found))
        for name in defaults.keys() - found.given:
            setattr(found, name, defaults[name])
        return found


class _PrintCompletion(argparse.Action):
    """Prints a script for a shell and ends the program."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Print the script."""
        try:
            import shtab
        except ImportError:
            parser.error("--print-completion needs shtab: pip install shtab")
        sys.stdout.write(shtab.complete(parser, values) + "\n")
        parser.exit()


def command_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command."""
    parser = _Parser(
        prog="stagefunnel",
        description="Sales funnels over files of item, stage and time.",
        epilog="'stagefunnel demo' writes sample files; the examples of every --help run beside them.",
    )
    parser.add_argument("--version", action="version")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        help="print what makes a shell complete commands and options; see its manual for where that goes",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        _add(subparsers, name, command)
    return parser


def _add(subparsers: Any, name: str, command: Command) -> None:
    parser: _Parser = subparsers.add_parser(
        name,
        help=command.summary,
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=command.example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if command.files != "none":
        options.files(parser, are_needed=command.files == "one or more")
    for add in command.adds:
        add(parser)
    if command.files != "none" and command.has_reading:
        options.columns(parser)
        options.reading(parser)
        options.export(parser, asks=command.asks_log, has_parts=command.chooses_part)
    if command.has_pipeline:
        options.pipeline(parser)
    if command.asks_log:
        options.log(parser)
    if command.reads_stages:
        options.unlisted(parser)
        options.missing(parser)
    if command.has_output:
        options.output(parser, has_several_tables=command.has_several_tables)
    defaults = parser.take_defaults()
    others = {name: None for name in _OF_SOME if name not in defaults}
    parser.set_defaults(command=command, defaults=defaults, **others)
