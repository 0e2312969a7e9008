"""'canonical' prints the canonical bytes and nothing else."""
import pathlib

import pytest

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors/jcs"
NAMES = sorted(file.name for file in (VECTORS / "input").glob("*.json"))


def test_there_are_vectors():
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_vector(auditkeep, name):
    wanted = (VECTORS / "output" / name).read_bytes()
    text = (VECTORS / "input" / name).read_bytes()
    assert auditkeep("canonical", VECTORS / "input" / name, text=False).out == wanted
    assert auditkeep("canonical", stdin=text, text=False).out == wanted
    assert auditkeep("canonical", "-", stdin=text, text=False).out == wanted
    assert auditkeep("canonical", stdin=wanted, text=False).out == wanted


@pytest.mark.parametrize("text, offset", [
    (b"", 0), (b"{\"a\":01}", 5), (b"[1,]", 3), (b"{\"a\":1,\"a\":2}", 12), (b"1 2", 2),
    (b"\"\xff\"", 1), (b"\"\\ud800\"", 1), (b"NaN", 0), (b"[1e999]", 1), (b"\"\n\"", 1),
])
def test_refused(auditkeep, text, offset):
    error = auditkeep.refused("canonical", stdin=text)
    assert "'-' has no canonical form" in error
    assert f"byte {offset}" in error


def test_missing_file(auditkeep):
    error = auditkeep.refused("canonical", "none.json")
    assert error == "file 'none.json' cannot be opened: No such file or directory"


def test_folder(auditkeep, tmp_path):
    assert "is a directory" in auditkeep.refused("canonical", tmp_path)


def test_too_large(auditkeep, tmp_path):
    file = tmp_path / "large.json"
    with open(file, "wb") as out:
        out.write(b'"' + b"x" * (64 << 20) + b'"')
    assert "larger than 64 MiB" in auditkeep.refused("canonical", file)


def test_largest(auditkeep, tmp_path):
    file = tmp_path / "largest.json"
    file.write_bytes(b'"' + b"x" * ((64 << 20) - 2) + b'"')
    assert auditkeep("canonical", file, text=False).out == file.read_bytes()
