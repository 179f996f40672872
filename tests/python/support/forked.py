"""Programs in copies of one interpreter, which has imported once what all of them need."""

import json
import os
import subprocess
import sys
from types import TracebackType

from helpers import environment

# Each program ends as a program does: with what it wrote on its way out, and a code.
_SERVER = """
import gc, json, os, sys, tempfile
{prelude}
gc.freeze()  # else each copy searches all that is imported for garbage as it ends
for line in sys.stdin:
    folder, code = json.loads(line)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        copy = os.fork()
        if not copy:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.chdir(folder)
            exec(code, {{"__name__": "__main__", "sys": sys}})
            sys.exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
        print(json.dumps([ended, out.seek(0) or out.read(), err.seek(0) or err.read()]), flush=True)
"""


class Interpreter:
    """An interpreter that has run ``prelude``, and runs programs in copies of itself."""

    def __init__(self, prelude: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *options, "-c", _SERVER.format(prelude=prelude)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment(PYTHONIOENCODING="utf-8"),
        )

    def __enter__(self) -> "Interpreter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the directory of this process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([os.getcwd(), code]) + "\n")
        self._process.stdin.flush()
        return subprocess.CompletedProcess(code, *json.loads(self._process.stdout.readline()))
