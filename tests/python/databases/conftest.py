"""A server of PostgreSQL of the tests' own, on a socket in a folder that goes with it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import pytest


def _programs() -> Path:
    """Return the folder of the server's programs; Debian has one for each version, off the path."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/pg_ctl"), key=lambda path: int(path.split("/")[4]))
    on_path = shutil.which("pg_ctl")
    if not found and on_path is None:
        raise FileNotFoundError("no server of PostgreSQL; on Debian and Ubuntu: apt-get install postgresql")
    return Path(found[-1] if found else str(on_path)).parent


def _user() -> dict[str, object]:
    """Return whose process the server is: it refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a server; give the folder of its socket."""
    programs, user = _programs(), _user()
    folder = Path(tempfile.mkdtemp(prefix="stagefunnel-pg-"))  # a socket's path has at most 107 letters
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}

    def run(*words: str) -> None:
        subprocess.run(
            words,
            check=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            **user,  # type: ignore[call-overload]
        )

    try:
        if user:
            os.chown(folder, int(str(user["user"])), int(str(user["group"])))
        data = str(folder / "data")
        run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=20"
        control = (str(programs / "pg_ctl"), "-D", data, "-w")
        run(*control, "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield str(folder)
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def uri(server: str) -> str:
    """Name the database of the server, with a password that nothing may show."""
    return f"postgresql://tester:s3cret%40word@/postgres?host={server}"
