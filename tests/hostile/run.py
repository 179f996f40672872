"""Hostile input over every way in: each case ends in a right answer, or in an error of the package.

    python tests/hostile/run.py             all cases
    python tests/hostile/run.py -k bomb     those whose name has the word
    python tests/hostile/run.py --list      their names

The cases run one after the other in a process of their own, with a limit of memory, and each with limits of
its time and of what it adds to the memory. Where a case ends the process, the next ones run in a new one.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "python" / "support")]

SECONDS = 5.0  # of processor time of one case
PATIENCE = 60  # seconds without a word of the process
MORE_MEMORY = 700 << 20  # bytes that one case may add to what the process has had at most
ADDRESSES = 6 << 30  # bytes of addresses that the process may have


class TooSlow(BaseException):
    """A case takes longer than it may; not an exception that the package could catch."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-k", dest="word", default="", help="only cases whose name has this word")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--from", dest="first", type=int, help=argparse.SUPPRESS)
    args, _ = parser.parse_known_args()  # what pytest is given beside is not for here
    if args.first is not None:
        run_from(args.first, args.word)
        return 0
    if args.list:
        sys.stdout.write("".join(f"{name}\n" for name, _ in chosen(args.word)))
        return 0
    return run_all(args.word)


def chosen(word: str) -> list[tuple[str, Any]]:
    """Return the cases whose name has a word."""
    import extremes
    import faces
    import frames
    import memory
    import options
    import outside
    import stored
    import values

    import commands
    import files
    import parts

    kinds = (values, frames, commands, files, options, faces, memory, stored, parts, outside, extremes)
    cases = [case for kind in kinds for case in kind.cases()]
    names = [name for name, _ in cases]
    assert len(names) == len(set(names)), "two cases have one name"
    return [(name, case) for name, case in cases if word in name]


def run_all(word: str) -> int:
    """Run the cases, in as many processes as it takes; return 1 if one of them failed."""
    begin, first, n_right, n_refused, failures = time.monotonic(), 0, 0, 0, []
    took: dict[str, float] = {}
    while True:
        command = [sys.executable, __file__, "--from", str(first), "-k", word]
        at = first
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            current = ""
            for line in process.stdout:
                what, _, text = line.rstrip("\n").partition(" ")
                if what == "begin":
                    current = text
                    continue
                if what == "took":
                    took[current] = float(text)
                if what in ("right", "refused", "failed"):
                    at += 1
                n_right += what == "right"
                n_refused += what == "refused"
                if what == "failed":
                    failures.append(f"{current}: {text}")
                if what == "end":
                    current = ""
            status = process.wait()
        if status == 0:
            break
        if not current:
            failures.append(f"the cases do not begin: {status}")
            break
        failures.append(f"{current}: ended the process with {status}")
        first = at + 1
    for failure in failures:
        sys.stdout.write(f"{failure}\n")
    if os.environ.get("HOSTILE_TIMES"):
        groups: dict[str, list[float]] = {}
        for name, seconds in took.items():
            groups.setdefault(
                re.sub(r" \d+|: (time|item|stage) .*|is .*|with .*: ", "", name)[:40], []
            ).append(seconds)
        for name, all_of in sorted(groups.items(), key=lambda pair: -sum(pair[1]))[:40]:
            sys.stdout.write(f"{sum(all_of):7.2f} {len(all_of):4} {name}\n")
    slowest = sorted(took, key=lambda name: -took[name])[:5]
    sys.stdout.write("slowest: " + "; ".join(f"{name} {took[name]:.1f} s" for name in slowest) + "\n")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(
        f"{n_right + n_refused + len(failures)} cases: {n_right} right answers, {n_refused} refused, "
        f"{len(failures)} failed; {time.monotonic() - begin:.0f} s, "
        f"{used.ru_utime + used.ru_stime:.0f} s of processor time, {used.ru_maxrss >> 10:,} MB at most\n"
    )
    return 1 if failures else 0


def run_from(first: int, word: str) -> None:
    """Run the cases from one on, in this process."""
    import stagefunnel as sf

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    signal.signal(signal.SIGPROF, _too_slow)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def say(text: str) -> None:
        out.write(text.replace("\n", " | ") + "\n")
        out.flush()

    warnings.simplefilter("ignore")
    os.environ["STAGEFUNNEL_MAX_CELLS"] = "10M"
    os.environ["STAGEFUNNEL_MAX_UNPACKED"] = "32MB"  # the usual limit would only take longer to reach
    cases = chosen(word)
    with tempfile.TemporaryDirectory() as folder:
        _warm_up(Path(folder))
        for number, (name, case) in enumerate(cases[first:]):
            say(f"begin {name}")
            signal.alarm(PATIENCE)
            before, begun = _peak(), time.process_time()
            place = Path(folder) / str(number)
            place.mkdir()
            try:
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                try:
                    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                        case(place)
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)
                result = "right"
            except sf.StageFunnelError as error:
                result = "refused" if str(error) else "failed the error has no text"
            except TooSlow:
                result = f"failed takes more than {SECONDS:.0f} s"
            except BaseException as error:  # whatever comes through is what this is about
                result = f"failed {type(error).__name__}: {str(error)[:300]}"
            if number % 50 == 0 or _peak() - before > MORE_MEMORY // 2:
                gc.collect()  # it takes longer than most cases
            if _peak() - before > MORE_MEMORY:
                result = f"failed takes {_peak() - before >> 20:,} MB more"
            say(result)
            say(f"took {time.process_time() - begun:.3f}")
    say("end")


def _warm_up(folder: Path) -> None:
    """Load what the cases need, so that none of them pays for it."""
    import values

    for way in values.WAYS.values():
        way(values.TABLE, folder)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _too_slow(*_: object) -> None:
    raise TooSlow


if __name__ == "__main__":
    sys.exit(main())
