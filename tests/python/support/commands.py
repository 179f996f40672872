"""The options of every command, for tests that walk all of them."""

import argparse
from collections.abc import Mapping
from functools import cache

from stagefunnel.cli.parser import command_parser


@cache
def parsers() -> Mapping[str, argparse.ArgumentParser]:
    """Return the parsers of all commands; to make them all takes a twentieth of a second."""
    for action in command_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    raise AssertionError


def actions_of(command: str) -> list[argparse.Action]:
    """Return the options and the files of a command."""
    return list(parsers()[command]._actions)
