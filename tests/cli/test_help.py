"""--help of every command, word for word. AK_UPDATE_GOLDEN=1 writes the files anew."""
import os
import pathlib

import pytest

GOLDEN = pathlib.Path(__file__).parent / "golden"
COMMANDS = ["init", "append", "archive", "deliver", "accept", "status", "verify", "canonical",
            "explain", "export-bundle", "get", "prove", "check-proof", "restore", "demo", "help",
            "man", "completion", "reference"]


def compare(name, out):
    file = GOLDEN / name
    if os.environ.get("AK_UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(out)
    assert out == file.read_text()


def test_program(auditkeep):
    compare("help.txt", auditkeep("--help").out)


def test_every_command_is_listed(auditkeep):
    listed = auditkeep("help").out.split("Commands:\n")[1].split("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_command(auditkeep, command):
    out = auditkeep(command, "--help").out
    compare(f"help-{command}.txt", out)
    assert out == auditkeep("help", command).out
    assert all(len(line) <= 80 or "auditkeep" in line for line in out.splitlines())
    status = out.split("\nExit status:\n")[1].splitlines()
    assert status[0].startswith("  0  ")


def test_help_needs_no_configuration(auditkeep):
    auditkeep("verify", "--help", "--config", "/nonexistent", env={"AWS_MAX_ATTEMPTS": "many"})


def test_sample_configuration(auditkeep):
    compare("auditkeep.conf", auditkeep("init", "--print-config").out)


def test_version(auditkeep):
    out = auditkeep("--version").out
    assert out.startswith("auditkeep ")
    assert out == auditkeep("status", "-V").out
