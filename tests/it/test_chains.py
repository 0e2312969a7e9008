"""Many chains in one configuration: each by itself, whatever becomes of the others."""
import json
import signal
import uuid

import pytest

from harness import COLUMNS, lines_of, node_make, stop, wait_for

CHAINS = ("orders", "billing", "users")
GRACE = ("--gap-grace", "1ms")


class Tables:
    """A table for each chain."""

    def __init__(self, world):
        self.source = world.source
        for chain in CHAINS:
            self.source.execute(self.source.kernel_table.replace("audit_events", f"audit_{chain}"))

    config = staticmethod(lambda chain: f"table=audit_{chain}\n")

    def load(self, chain, rows):
        self.source.load(rows, table=f"audit_{chain}")


class Tenants:
    """One table; a column says whose the event is."""

    def __init__(self, world):
        self.source = world.source
        self.source.execute(self.source.kernel_table.rstrip(")") + ", tenant text NOT NULL)")

    config = staticmethod(lambda chain: f"where_column=tenant\nwhere_value={chain}'s \"own\"\n")

    def load(self, chain, rows):
        self.source.load([{**row, "id": event_id(chain, row), "tenant": f"{chain}'s \"own\""}
                          for row in rows], columns=[*COLUMNS, "tenant"])


def event_id(chain, row):
    """Hashes do not cover ids: the same rows serve each tenant."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, chain + row["id"]))


@pytest.fixture(params=[(source, kind) for kind in (Tables, Tenants)
                        for source in ("sqlite", "postgres")],
                ids=lambda param: f"{param[0]}-{param[1].__name__.lower()}")
def many(request, make_world):
    """(world, rows, where they go): three chains without rows, and 40 rows for any of them."""
    source, kind = request.param
    world = make_world(source, "file")
    config = world.path / "chains.conf"
    config.write_text("".join(f"[chain {chain}]\n{kind.config(chain)}" for chain in CHAINS))
    rows, world.signers = node_make(world.path / "node", 40, "chains")
    place = kind(world)
    world.env["AUDITKEEP_CONFIG"] = str(config)
    world.run("init")
    return world, rows, place


def load(many, chain, first, last, but=()):
    _, rows, place = many
    place.load(chain, [row for i, row in enumerate(rows[:last]) if i >= first and i not in but])


def states(world):
    """{chain: state}; a line of JSON each."""
    return {state["chain"]: state
            for state in map(json.loads, lines_of(world.run("status", "--json").out))}


def all_archived(world, chains=CHAINS):
    now = states(world)
    return all(now[chain]["pending"] == 0 for chain in chains)


def verify(world, status=0):
    out = world.run("verify", "--what", "source,archive,cross", "--json", status=status).out
    return {report["chain"]: report for report in map(json.loads, lines_of(out))}


def test_all_at_once(many):
    world, _, _ = many
    for chain in CHAINS:
        load(many, chain, 0, 40)
    out = world.archive_once("--json").out
    assert {(r["chain"], r["events"]) for r in map(json.loads, lines_of(out))} == {
        (chain, 40) for chain in CHAINS}
    assert all_archived(world)
    assert {chain: report["verdict"] for chain, report in verify(world).items()} == \
        dict.fromkeys(CHAINS, "clean")


def test_one_by_name(many):
    world, _, _ = many
    for chain in CHAINS:
        load(many, chain, 0, 40)
    world.archive_once("--chain", "billing")
    now = states(world)
    assert {chain: state["pending"] for chain, state in now.items()} == {
        "orders": 40, "billing": 0, "users": 40}
    assert world.run("status", "--chain", "billing", "--json").json()["archived"]["index"] == 39


def test_a_gap_stops_its_chain_only(many):
    world, rows, place = many
    load(many, "orders", 0, 40)
    load(many, "billing", 0, 40, but=[20])
    load(many, "users", 0, 40)
    stopped = world.archive_once(*GRACE, status=1)
    assert "chain 'billing'" in stopped.err and "prev_hash_gap" in stopped.err
    assert all_archived(world, ["orders", "users"])
    assert states(world)["billing"]["archived"]["index"] == 19
    assert {chain: report["verdict"] for chain, report in verify(world, status=1).items()} == {
        "orders": "clean", "billing": "faults", "users": "clean"}
    world.run("accept", "--chain", "billing", "--index", "20", "--id",
              rows[21]["id"] if isinstance(place, Tables) else event_id("billing", rows[21]),
              "--reason", "lost", "--yes")
    world.archive_once()
    verify(world)


def test_two_processes_share_and_take_over(many):
    world, _, _ = many
    for chain in CHAINS:
        load(many, chain, 0, 10)
    follow = ("archive", "--follow", "--flush-interval", "10ms", "--poll-interval", "100ms",
              "--lease-ttl", "1s")
    first = world.start(*follow)
    second = None
    try:
        wait_for(lambda: all_archived(world), what="the first rows")
        second = world.start(*follow)
        for chain in CHAINS:
            load(many, chain, 10, 20)
        wait_for(lambda: all_archived(world), what="rows while two follow")
        first.send_signal(signal.SIGKILL)
        first.communicate()
        for chain in CHAINS:
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
    world, _, _ = many
    assert "--chain NAME" in world.run("append", status=2).err


def test_unknown_key_is_refused(many):
    world, _, _ = many
    (world.path / "bad.conf").write_text("[chain x]\nspeed=9\n")
    assert "a chain has table" in world.run(
        "status", status=2, env={"AUDITKEEP_CONFIG": str(world.path / "bad.conf")}).err


def test_append_goes_to_its_tenant(many):
    world, _, _ = many
    world.signers = world.keys.signers
    world.run("append", "--chain", "users", stdin='{"eventType":"a","payload":{"n":1}}\n' * 3)
    now = states(world)
    assert {chain: state["pending"] for chain, state in now.items()} == {
        "orders": 0, "billing": 0, "users": 3}
    world.archive_once()
    verify(world)


def test_column_that_is_not_there(make_world):
    world = make_world("sqlite", "file").init()
    for words in (("--where-column", "tenant", "--where-value", "x"), ("--where-value", "x")):
        assert "--where-column" in world.run("status", *words, status=2).err
