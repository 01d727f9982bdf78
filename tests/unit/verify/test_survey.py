from tests.support.verify_logs import MemorySource

from graven.tlog.tiles import TilePath
from graven.verify.report import Finding
from graven.verify.survey import Survey


def survey(size: int, *paths: str) -> tuple[Survey, list[TilePath], list[Finding]]:
    source = MemorySource()
    source.files = dict.fromkeys(paths, b"")
    findings: list[Finding] = []
    made = Survey(source, size, findings.append)
    return made, list(made.obsolete()), findings


def test_what_the_checkpoint_needs_is_not_listed_again():
    made, obsolete, findings = survey(300, "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000")
    assert (made.beyond, obsolete, findings) == (0, [], [])


def test_partials_that_a_wider_tile_replaced_are_obsolete():
    _, obsolete, _ = survey(300, "tile/0/000.p/255", "tile/entries/001.p/43", "tile/0/001.p/1")
    assert sorted(obsolete) == [TilePath(-1, 1, 43), TilePath(0, 0, 255), TilePath(0, 1, 1)]


def test_what_the_checkpoint_does_not_cover_is_only_counted():
    made, obsolete, findings = survey(300, "tile/0/001", "tile/0/001.p/45", "tile/1/000.p/2", "tile/entries/002.p/1")
    assert (made.beyond, obsolete, findings) == (4, [], [])


def test_other_names_are_findings():
    _, _, findings = survey(300, "tile/0/000@", "tile/junk", "tile/0/1")
    assert [(finding.code, finding.path) for finding in findings] == [
        ("unexpected_file", "tile/0/000@"),
        ("unexpected_file", "tile/junk"),
        ("unexpected_file", "tile/0/1"),
    ]


def test_a_place_that_cannot_be_listed_has_no_obsolete_partials():
    class Unlisted(MemorySource):
        def paths(self) -> None:
            return None

    assert list(Survey(Unlisted(), 300, lambda finding: None).obsolete()) == []
