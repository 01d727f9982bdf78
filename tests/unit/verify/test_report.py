import json

from graven.verify.report import MAX_FINDINGS, Finding, Kind, Report, TreeHead, Trust, Verdict

TAMPERED = Finding(kind=Kind.TAMPERED, code="c", message="m", expected="e", found="f", evidence=("note\n",))
UNCHECKED = Finding(kind=Kind.COULD_NOT_CHECK, code="c", message="u", hint="h")


def test_a_report_that_was_broken_off_is_not_fine():
    assert Report(target="t").verdict is Verdict.COULD_NOT_CHECK
    assert Report(target="t", complete=True).verdict is Verdict.FINE


def test_tampered_outranks_could_not_check():
    report = Report(target="t", complete=True)
    report.add(UNCHECKED)
    assert report.verdict is Verdict.COULD_NOT_CHECK
    report.add(TAMPERED)
    assert report.verdict is Verdict.TAMPERED


def test_the_first_tampering_is_kept_even_when_the_list_is_full():
    report = Report(target="t", complete=True)
    report.extend([UNCHECKED] * (MAX_FINDINGS + 5))
    report.add(TAMPERED)
    assert len(report.findings) == MAX_FINDINGS
    assert report.more_findings == 6
    assert report.verdict is Verdict.TAMPERED


def test_the_json_form_is_json_and_has_the_verdict():
    report = Report(
        target="t", complete=True, trust=Trust.FIRST_USE, checkpoint=TreeHead(3, "root"), findings=[TAMPERED]
    )
    value = json.loads(json.dumps(report.as_json()))
    assert value["verdict"] == "tampered"
    assert value["trusted_on_first_use"] is True
    assert value["checkpoint"] == {"size": 3, "root": "root"}
    assert value["findings"] == [
        {"kind": "tampered", "code": "c", "message": "m", "expected": "e", "found": "f", "evidence": ["note\n"]}
    ]


def test_the_text_says_what_matters():
    report = Report(
        target="place",
        complete=True,
        origin="o",
        key="k",
        trust=Trust.FIRST_USE,
        checkpoint=TreeHead(3, "root"),
        previous=TreeHead(2, "old"),
        cosigned_by=["w1"],
        entries=3,
        blobs=1,
        obsolete_partials=2,
        beyond_checkpoint=4,
        notes=["a note"],
        findings=[TAMPERED, UNCHECKED],
        more_findings=7,
    )
    text = report.text()
    for part in (
        "tampered: place",
        "trusted on first use",
        "size     3, root root",
        "extends  size 2",
        "cosigned w1",
        "3 entries",
        "2 obsolete partial tiles",
        "1 blobs",
        "4 files beyond the checkpoint",
        "a note",
        "expected: e",
        "found:    f",
        "    note",
        "could not check: u",
        "try: h",
        "7 more findings",
    ):
        assert part in text
