"""auditkeep as a user calls it: whole outputs and exit statuses, without any service."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("AK_BUILD_DIR", ROOT / "build")).resolve() / "auditkeep"


class Result:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


class Caller:
    """Runs auditkeep in a folder of its own, with the environment that the test gives it."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *words, status=0, env=None, stdin=b"", program=PROGRAM, text=True):
        clean = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        clean.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        done = subprocess.run([str(program), *map(str, words)], input=stdin, capture_output=True,
                              cwd=self.folder, env={**clean, **(env or {})}, timeout=60,
                              check=False)
        if text:
            done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Result(done)

    def refused(self, *words, **more):
        """The one line that a wrong call is answered with."""
        result = self(*words, status=more.pop("status", 2), **more)
        assert result.out == ""
        lines = result.err.splitlines()
        assert len(lines) == 1, result.err
        assert lines[0].startswith("auditkeep: ")
        return lines[0].removeprefix("auditkeep: ")
