"""libauditkeep as others use it: installed, found by pkg-config, without the program."""
import os
import subprocess

from harness import PROGRAM, call, node_make

CHECK = r"""
#include <auditkeep.h>
#include <stdio.h>

/* Reads "prev hash payload" lines and prints the chain hash of each. */
int main(void)
{
    g_autoptr(AkChecker) checker = ak_checker_new(NULL, FALSE);
    char prev[80], hash[80], payload[65536];

    while (scanf("%79s %79s %65535[^\n]", prev, hash, payload) == 3) {
        g_auto(AkBuf) canonical = {0};
        AkCheckResult result;
        AkEvent event = {.prev_hash = ak_view_str(prev[0] == '-' ? NULL : prev),
                         .hash = ak_view_str(hash),
                         .payload = ak_view_str(payload)};

        ak_checker_check(checker, &event, &canonical, &result);
        puts(result.faults == 0 ? "good" : ak_fault_name(AK_FAULT_HASH_MISMATCH));
    }
    return 0;
}
"""


def test_installed_library_checks_a_chain(tmp_path):
    build = PROGRAM.parent
    call(["meson", "install", "-C", build, "--no-rebuild", "--destdir", tmp_path / "root"])
    (config,) = (tmp_path / "root").rglob("auditkeep.pc")
    prefix = next(p for p in config.parents if (p / "include").is_dir())
    config.write_text("".join(  # where a package would put it, it would not have to be told
        f"prefix={prefix}\n" if line.startswith("prefix=") else line
        for line in config.read_text().splitlines(keepends=True)))
    env = {**os.environ, "PKG_CONFIG_PATH": str(config.parent)}
    flags = call(["pkg-config", "--cflags", "--libs", "auditkeep"], env=env).split()
    (tmp_path / "check.c").write_text(CHECK)
    call(["cc", "-std=gnu17", "-Wall", "-Werror", tmp_path / "check.c", "-o", tmp_path / "check",
          *flags])
    rows, _ = node_make(tmp_path / "node", 50, "library")
    # a line break in a JSON text is white space: the program above reads by lines
    payloads = [(row["payload"] or "null").replace("\n", " ").replace("\r", " ") for row in rows]
    lines = [f"{row['prev_hash'] or '-'} {row['hash']} {payload}"
             for row, payload in zip(rows, payloads)]
    lines.append(f"- {rows[1]['hash']} {payloads[1]}")
    out = subprocess.run([tmp_path / "check"], input="\n".join(lines) + "\n", text=True,
                         capture_output=True, check=True,
                         env={**os.environ, "LD_LIBRARY_PATH": str(config.parent.parent)}).stdout
    assert out.split() == ["good"] * 50 + ["hash_mismatch"]
