"""What is made from the tables: man pages, completion, the reference page."""
import pathlib
import re
import shutil
import subprocess

import pytest

from test_help import COMMANDS

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_man_page(auditkeep, tmp_path, command):
    page = auditkeep("man", *([command] if command else [])).out
    file = tmp_path / "page.1"
    file.write_text(page)
    done = subprocess.run(["mandoc", "-Tlint", file], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_man_page_has_every_option_of_help(auditkeep, command):
    page = auditkeep("man", command).out.replace("\\-", "-")
    options = re.findall(r"^  (?:-\w, |    )(--[\w-]+)", auditkeep(command, "--help").out, re.M)
    assert "--config" in options
    for option in options:
        assert f"\\fB{option}\\fR" in page


def test_reference_page_is_up_to_date(auditkeep):
    """auditkeep reference > docs/reference.md"""
    assert (ROOT / "docs/reference.md").read_text() == auditkeep("reference").out


def test_reference_has_every_option_of_every_help(auditkeep):
    page = auditkeep("reference").out
    for command in COMMANDS:
        for option in re.findall(r"^  (?:-\w, |    )(--[\w-]+)", auditkeep(command, "-h").out, re.M):
            assert f"`{option}" in page


def complete(script, *words):
    """What bash offers for the last word."""
    line = f'''source /dev/stdin <<'END_OF_SCRIPT'
{script}END_OF_SCRIPT
COMP_WORDS=(auditkeep {" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words)}
_auditkeep
printf '%s\\n' "${{COMPREPLY[@]}}"
'''
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completion(auditkeep):
    script = auditkeep("completion", "bash").out
    assert complete(script, "ver") == ["verify"]
    assert complete(script, "verify", "--sinc") == ["--since"]
    assert complete(script, "status", "--sin") == []
    assert complete(script, "status", "--log-format", "") == ["auto", "text", "json"]
    assert complete(script, "") == COMMANDS


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_of_other_shells(auditkeep, shell):
    script = auditkeep("completion", shell).out
    for command in COMMANDS:
        assert command in script
    if shutil.which(shell):
        subprocess.run([shell, "-n", "/dev/stdin"], input=script, text=True, check=True)
