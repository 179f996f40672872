"""The command that writes a first pipeline file for files that nobody has described."""

from __future__ import annotations

import argparse
import sys

import stagefunnel as sf

from ...clean import clean
from ...display.standard_output import to_standard_output
from ...display.write import write, write_file
from ...errors import quoted
from ..log_files import expand_files
from ..progress import page_bar
from ..saved_files import saved_log_in
from ..suggestions import already_there, files_of, next_command, part_of, suggestion_for


def init(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Suggest a pipeline, print what it rests on, write it down and say what to type next."""
    files = expand_files([] if saved_log_in(args) else args.files, parser)
    with page_bar((files or args.files)[0] if args.files else "the query", quiet=args.quiet):
        suggestion = suggestion_for(args, parser, files)
        targets = files_of(suggestion, args.toml)
        there = already_there(targets)
        if there and not args.force:
            raise sf.StageFunnelError(
                f"{quoted(there)} is there already and is left as it is; overwrite it with --force, or name "
                "another file with --out"
            )
        texts = {file: one.to_toml() for file, one in targets.values()}
    for file, text in texts.items():
        write_file(text, "toml", file)
    if sys.stdout is None:
        return
    for name, (file, one) in targets.items():
        if name:
            to_standard_output(f"\n{clean(name)}\n")
        write(one.as_table(), form="table", path=None)
        of = part_of(name)
        verdict = "" if one.is_safe else "Check what is in doubt; the file says where. "
        to_standard_output(
            f"\n{verdict}Wrote {clean(file)}. What to type next:\n"
            f"  {clean(next_command(args, one, file, of))}\n"
        )
