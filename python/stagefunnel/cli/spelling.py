"""How a command spells the options that an error names, and their values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from typing import Final

from ..errors import Option

# The options of Python that go by another name on the command line. A value follows the name, or stands
# in the place of {}.
_OTHER_NAMES: Final = {
    "path": "--out",
    "connection": "--connect",
    "name": "--into",
    "form": "--format",
    "effect": "the effect{} of --exclude",
    "after": "the step{} after which --exclude begins",
    "before": "the step{} before which --exclude ends",
    "step_condition": "the condition{} in brackets",
}
_IN_TEXT: Final = re.compile(r'(?<=[Pp]ass )([a-z_]+)=("([^"]*)")?')
# Options of Python that have the name of another option of the command: --pipeline is a file of stages.
_OTHER_MEANINGS: Final = {"pipeline"}


def speller(has: Collection[str], other_names: Mapping[str, str]) -> Callable[[Option], str]:
    """Return a function that spells options for one command.

    Parameters
    ----------
    has
        Names of the arguments that the command has, as Python writes them.
    other_names
        Options that go by another name in this command alone.

    Examples
    --------
    >>> from stagefunnel.errors import advised, named
    >>> spell = speller({"invalid", "as_of"}, {})
    >>> spell(advised("invalid", "drop")), spell(named("as_of")), spell(advised("keys", "keep"))
    ('--invalid drop', '--as-of', 'keys="keep" (in Python)')
    """
    names = {**_OTHER_NAMES, **other_names}

    def spell(option: Option) -> str:
        if option.name in names:
            return _with_value(names[option.name], option)
        if option.name not in has or option.name in _OTHER_MEANINGS:
            # The command has no such option, but whoever reads the error may call the package.
            return f"{option} (in Python)"
        return _with_value(f"--{option.name.replace('_', '-')}", option)

    return spell


def with_options(text: str, spell: Callable[[Option], str]) -> str:
    """Spell the options in a text that is not built of parts, such as the note of a check.

    Examples
    --------
    >>> with_options("left out; pass order= for another order", speller({"order"}, {}))
    'left out; pass --order for another order'
    """
    return _IN_TEXT.sub(lambda match: spell(Option(match[1], match[2] or "", match[3] or "")), text)


def _with_value(name: str, option: Option) -> str:
    if option.plain in ("True", "False"):
        return name if option.plain == "True" else name.replace("--", "--no-", 1)
    value = f" {shlex.quote(_plain_value(option))}" if option.value else ""
    return name.replace("{}", value) if "{}" in name else name + value


def _plain_value(option: Option) -> str:
    return option.plain.replace(",", "..") if option.name in ("period", "against") else option.plain
