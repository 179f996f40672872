"""The parser of the command line, made of the table of commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from typing import Any, Final, NoReturn

import stagefunnel as sf

from ..clean import clean
from . import database_options, job_options, options, output_options, saved_options
from .commands.command import Command
from .commands.part_table import with_question
from .commands.table import COMMANDS
from .mistakes import unknown_choice, unknown_option, usage_of, worded

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
    "wide",
    "language",
    "observed_until",
    "unlisted",
    "missing",
    "exited",
    "start_unknown",
    "columns",
    "where",
    "connection",
    "sql",
    "spill",
    "memory",
)


class _Parser(argparse.ArgumentParser):
    """A parser that knows which options were typed and what a wrong word may mean.

    It reads the version when it is to be printed: the core holds it.
    """

    settings: str | None = None  # the file that has the options of a job

    @property
    def options(self) -> set[str]:
        """The options as they are typed."""
        return {option for action in self._actions for option in action.option_strings}

    @property
    def usage_line(self) -> str:
        """The usage in one line."""
        return usage_of(self.prog, self._actions)

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
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            from ..databases.secrets import masked_uri

            found.parser.error(f"there is nothing to do with {' '.join(map(masked_uri, rest))}")
        defaults = vars(found).pop("defaults")
        found.given = frozenset(defaults) & frozenset(vars(found))
        for name in defaults.keys() - found.given:
            setattr(found, name, defaults[name])
        return found

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments; an option that there is not is an error before any other."""
        words = sys.argv[1:] if args is None else list(args)
        if any(word.startswith(("--sql", "--connect")) for word in words):
            self._need_no_files()
        is_of_command = self.get_default("command") is not None
        wrong = unknown_option(words if is_of_command else words[:1], self.options, _options_of_commands)
        if wrong is not None:
            self.error(wrong)
        return super().parse_known_args(words, namespace)

    def _need_no_files(self) -> None:
        """Let queries stand in the place of files."""
        for action in self._actions:
            if action.dest == "files":
                action.nargs, action.required = "*", False

    def error(self, message: str) -> NoReturn:
        """End with wrong usage: what is wrong comes first, and one line of usage follows.

        A job has one line: the file of its settings stands before what is wrong.
        """
        from ..databases.secrets import masked

        if self.settings is not None:
            self._end_job(f"{self.settings}: {worded(message)}")
        listed = "commands" if self.get_default("command") is None else "options"
        usage = f"usage: {self.usage_line}\n{self.prog} --help lists the {listed}\n"
        self.exit(2, f"{self.prog}: error: {masked(worded(message))}\n{usage}")

    def _end_job(self, text: str) -> NoReturn:
        from ..databases.secrets import masked

        self.exit(2, f"{self.prog}: error: {masked(text)}\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(clean(message, lines=True), file)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(None, unknown_choice(action, value))


class _CommandParser(_Parser):
    """The parser of one command, made when it has words to read: those of all commands take far longer."""

    _unmade: tuple[Command, dict[str, Any]] | None = None

    def __init__(self, *, described: Command, **settings: Any) -> None:
        self._unmade = described, settings

    def __getattr__(self, name: str) -> Any:
        """Make the parser for whoever wants more of it than its name."""
        if self._unmade is None:
            raise AttributeError(name)
        return getattr(self.complete(), name)

    def complete(self, words: Sequence[str] = ()) -> _Parser:
        """Make the parser with the options of the command, if it is not made yet.

        Those of a part depend on its question, which the words name.
        """
        if self._unmade is not None:
            (command, settings), self._unmade = self._unmade, None
            super().__init__(**settings)
            _add_options(self, with_question(command, words, COMMANDS))
        return self

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments with a parser that is made by now; those of a file of settings stand among them."""
        self.complete(args or ())
        return super().parse_known_args(self._with_settings(args), namespace)

    def _with_settings(self, words: Any) -> Any:
        """Put the options of a file of settings behind those that are typed, which win."""
        path = job_options.settings_in(words, self.options)
        if path is None or unknown_option(words, self.options, dict):
            return words
        from .job_settings import words_of_settings

        typed = self._typed(words)
        try:
            more = words_of_settings(path, self._actions, typed)
        except OSError as error:
            self.error(f"{job_options.SETTINGS} {path}: {error.strerror}")
        except sf.StageFunnelError as error:
            text = str(error)
            self._end_job(text if text.startswith(path) else f"{path}: {text}")
        self.settings = path
        return [*words, *more]

    def _typed(self, words: Any) -> set[str]:
        """Return the names of the options that are typed, whatever else the command needs."""
        needed = [action for action in self._actions if action.required]
        for action in needed:
            action.required = False
        try:
            found = argparse.ArgumentParser.parse_known_args(self, list(words))[0]
        finally:
            for action in needed:
                action.required = True
        there = {name for name, value in vars(found).items() if value is not None}
        return {action.dest for action in self._actions} & there


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
        from ..display.standard_output import to_standard_output

        to_standard_output(shtab.complete(command_parser(), values) + "\n")
        parser.exit()


def command_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command, with the options of all commands."""
    parser, commands = _parsers()
    for one in commands.values():
        one.complete()
    return parser


def hasty_parser() -> argparse.ArgumentParser:
    """Build a parser that reads words as that of :func:`command_parser`, and makes no more than they need."""
    return _parsers()[0]


def _parsers() -> tuple[_Parser, dict[str, _CommandParser]]:
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
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_CommandParser)
    for name, command in COMMANDS.items():
        subparsers.add_parser(
            name,
            described=command,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=command.example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    return parser, subparsers.choices


def _options_of_commands() -> dict[str, Collection[str]]:
    """Return the options of all commands, by their names."""
    return {name: one.complete().options for name, one in _parsers()[1].items()}


def _add_options(parser: _Parser, command: Command) -> None:
    if command.files != "none":
        options.files(parser, are_needed=command.files == "one or more")
    for add in command.adds:
        add(parser)
    if command.files != "none" and command.has_reading:
        options.columns(parser)
        options.reading(parser)
        options.export(parser, asks=command.asks_log, has_parts=command.chooses_part)
    if command.files == "one or more":
        database_options.source(parser)
    if command.has_pipeline:
        options.pipeline(parser)
    if command.asks_log:
        options.log(parser)
    if parser.prog.rpartition(" ")[2] in saved_options.OF_PARTITIONS:
        saved_options.spilled(parser)
    if command.reads_stages:
        options.unlisted(parser)
        options.missing(parser)
    if command.has_output:
        output_options.output(parser, has_several_tables=command.has_several_tables)
        database_options.target(parser)
    defaults = parser.take_defaults()
    others = {name: None for name in _OF_SOME if name not in defaults}
    parser.set_defaults(command=command, parser=parser, defaults=defaults, **others)
    parser.usage = parser.usage_line.replace("%", "%%")
