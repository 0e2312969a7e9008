"""Many chains in one configuration: each by itself, whatever becomes of the others."""
import json
import signal

import pytest

from harness import lines_of, node_make, stop, wait_for

TABLES = {"orders": "audit_orders", "billing": "audit_billing", "users": "audit_users"}
GRACE = ("--gap-grace", "1ms")


@pytest.fixture(params=["sqlite", "postgres"])
def many(request, make_world):
    """(world, rows): three empty tables, one chain each, and 40 rows for any of them."""
    world = make_world(request.param, "file")
    config = world.path / "chains.conf"
    config.write_text("".join(f"[chain {chain}]\ntable={table}\n"
                              for chain, table in TABLES.items()))
    world.env["AUDITKEEP_CONFIG"] = str(config)
    rows, world.signers = node_make(world.path / "node", 40, "chains")
    for table in TABLES.values():
        world.source.execute(world.source.kernel_table.replace("audit_events", table))
    world.run("init")
    return world, rows


def load(many, chain, first, last, but=()):
    world, rows = many
    world.source.load([row for i, row in enumerate(rows[:last]) if i >= first
                       and i not in but], table=TABLES[chain])


def states(world):
    """{chain: state}; a line of JSON each."""
    return {state["chain"]: state
            for state in map(json.loads, lines_of(world.run("status", "--json").out))}


def all_archived(world, chains=TABLES):
    now = states(world)
    return all(now[chain]["pending"] == 0 for chain in chains)


def verify(world, status=0):
    out = world.run("verify", "--what", "source,archive,cross", "--json", status=status).out
    return {report["chain"]: report for report in map(json.loads, lines_of(out))}


def test_all_at_once(many):
    world, _ = many
    for chain in TABLES:
        load(many, chain, 0, 40)
    out = world.archive_once("--json").out
    assert {(r["chain"], r["events"]) for r in map(json.loads, lines_of(out))} == {
        (chain, 40) for chain in TABLES}
    assert all_archived(world)
    assert {chain: report["verdict"] for chain, report in verify(world).items()} == \
        dict.fromkeys(TABLES, "clean")


def test_one_by_name(many):
    world, _ = many
    for chain in TABLES:
        load(many, chain, 0, 40)
    world.archive_once("--chain", "billing")
    now = states(world)
    assert {chain: state["pending"] for chain, state in now.items()} == {
        "orders": 40, "billing": 0, "users": 40}
    assert world.run("status", "--chain", "billing", "--json").json()["archived"]["index"] == 39


def test_a_gap_stops_its_chain_only(many):
    world, rows = many
    load(many, "orders", 0, 40)
    load(many, "billing", 0, 40, but=[20])
    load(many, "users", 0, 40)
    stopped = world.archive_once(*GRACE, status=1)
    assert "chain 'billing'" in stopped.err and "prev_hash_gap" in stopped.err
    assert all_archived(world, ["orders", "users"])
    assert states(world)["billing"]["archived"]["index"] == 19
    assert {chain: report["verdict"] for chain, report in verify(world, status=1).items()} == {
        "orders": "clean", "billing": "faults", "users": "clean"}
    world.run("accept", "--chain", "billing", "--index", "20", "--id", rows[21]["id"],
              "--reason", "lost", "--yes")
    world.archive_once()
    verify(world)


def test_two_processes_share_and_take_over(many):
    world, _ = many
    for chain in TABLES:
        load(many, chain, 0, 10)
    follow = ("archive", "--follow", "--flush-interval", "10ms", "--poll-interval", "100ms",
              "--lease-ttl", "1s")
    first = world.start(*follow)
    second = None
    try:
        wait_for(lambda: all_archived(world), what="the first rows")
        second = world.start(*follow)
        for chain in TABLES:
            load(many, chain, 10, 20)
        wait_for(lambda: all_archived(world), what="rows while two follow")
        first.send_signal(signal.SIGKILL)
        first.communicate()
        for chain in TABLES:
            load(many, chain, 20, 40)
        wait_for(lambda: all_archived(world), what="the other one to take over")
    finally:
        first.kill()
        first.communicate()
        ended = stop(second) if second is not None else None
    assert ended[0] == 0, ended
    verify(world)
    assert all(state["archived"]["index"] == 39 for state in states(world).values())


def test_a_command_about_one_chain_asks_which(many):
    world, _ = many
    assert "--chain NAME" in world.run("append", status=2).err


def test_unknown_key_is_refused(many):
    world, _ = many
    (world.path / "bad.conf").write_text("[chain x]\nspeed=9\n")
    assert "a chain has table" in world.run(
        "status", status=2, env={"AUDITKEEP_CONFIG": str(world.path / "bad.conf")}).err
