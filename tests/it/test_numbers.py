"""Our numbers and canonical JSON against Node's, on drawn input. AUDITKEEP_LONG=1 draws more."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AK_BUILD_DIR", ROOT / "build"))
FACTOR = 20 if os.environ.get("AUDITKEEP_LONG") == "1" else 1
SEED = os.environ.get("AUDITKEEP_SEED", "1")


@pytest.mark.parametrize("what, count", [("numbers", 1_000_000), ("documents", 20_000)])
def test_agrees_with_node(what, count):
    run = subprocess.run(
        ["node", ROOT / "tests/tools/differential.js", BUILD.resolve() / "tests/tools/differential",
         what, str(count * FACTOR), SEED],
        capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert f"{count * FACTOR} {what} agree" in run.stdout
