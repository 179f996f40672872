"""A process that is ended in the middle of a change of files."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

#: What Python says before it touches a file.
_TOUCHES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")


def ended_at(change: Callable[[Path], object], path: Path, event: int) -> bool:
    """Make a change in another process, which ends before it touches a file the n-th time; was it ended?"""
    child = os.fork()
    if child == 0:
        left = [event]

        def watch(name: str, args: tuple[object, ...]) -> None:
            if name in _TOUCHES and str(path) in str(args[0]):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(watch)
        try:
            change(path)
        except BaseException:
            os._exit(3)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9
