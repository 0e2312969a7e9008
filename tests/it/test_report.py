"""The page that verify --report writes: read in a real browser, by whoever wants to look."""
import html
import re
import subprocess

import pytest

from harness import sample_events


@pytest.fixture
def archived(make_world):
    world = make_world("sqlite", "file")
    world.init().append(sample_events(90)).archive_once("--segment-events", "30")
    return world


@pytest.fixture
def browse(tmp_path):
    """browse(page, *options): what Chromium makes of the page."""
    def run(page, *options):
        profile = tmp_path / "profile"
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={profile}", *options, page.as_uri()],
            capture_output=True, timeout=120, check=True)
        return done.stdout.decode()
    return run


def text_of(dom):
    text = html.unescape(re.sub(r"<[^>]*>", " ", dom.split("<body>", 1)[1]))
    return " ".join(text.split())


def report(world, path, status):
    world.run("verify", "--what", "source,archive,cross", "--report", path, status=status)
    return path


def test_clean(archived, tmp_path, browse):
    text = text_of(browse(report(archived, tmp_path / "page.html", 0), "--dump-dom"))
    assert "Clean: no fault was found." in text
    assert "Chain main" in text and "size 90, root" in text
    assert "90 events" in text and "Locked, compliance" in text
    assert archived.state()["archived"]["hash"] in text
    assert archived.archive.url in text


def test_faults_stand_in_it_with_their_ranges(archived, tmp_path, browse):
    ids = [event["id"] for event in sample_events(90)]
    for changed in ids[40:45]:
        archived.source.execute(
            f"UPDATE audit_events SET payload = '{{}}' WHERE id = '{changed}'")
    dom = browse(report(archived, tmp_path / "page.html", 1), "--dump-dom")
    text = text_of(dom)
    assert "faults found." in text
    assert "hash_mismatch in source, index 40 to 44 (5 in a row)" in text
    assert ids[40] in text and ids[44] in text
    assert 'class="fault"' in dom


def test_calendar_shows_each_day(archived, tmp_path, browse):
    dom = browse(report(archived, tmp_path / "page.html", 0), "--dump-dom")
    days = re.findall(r'<td class="(\w+)" title="([\d-]+): ([^"]*)"', dom)
    assert [day for _, day, _ in days] == sorted({day for _, day, _ in days})
    events = sum(int(re.search(r"(\d+) events?", what)[1]) for _, _, what in days)
    assert events == 90
    assert {kind for kind, _, _ in days} == {"sealed", "quiet"}


def test_names_from_the_archive_are_only_text(archived, tmp_path, browse):
    archived.archive.occupy("audit/<img src=x onerror=document.title='taken'>", b"x")
    page = report(archived, tmp_path / "page.html", 1)
    dom = browse(page, "--dump-dom")
    assert "onerror=document.title" in text_of(dom)
    assert "<img" not in dom and "<title>Audit trail verification</title>" in dom


def test_needs_nothing_else(archived, tmp_path):
    page = report(archived, tmp_path / "page.html", 0).read_text()
    assert not re.search(r"<script|<link|<img|src=|url\(|https?:", page)


def test_prints(archived, tmp_path, browse):
    page = report(archived, tmp_path / "page.html", 0)
    browse(page, f"--print-to-pdf={tmp_path / 'page.pdf'}")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_says_that_it_could_not_look(archived, tmp_path):
    page = tmp_path / "page.html"
    archived.run("verify", "--what", "archive", "--archive", f"file:{tmp_path}/nowhere",
                 "--report", page, status=3)
    assert "Not finished: not everything could be looked at." in page.read_text()


def test_refuses_a_place_where_it_cannot_write(archived, tmp_path):
    done = archived.run("verify", "--report", tmp_path / "no" / "page.html", status=2)
    assert "the report cannot be written" in done.err
