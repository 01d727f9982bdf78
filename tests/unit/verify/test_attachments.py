import pytest
from tests.support.verify_logs import graven_entry

from graven.event.pushed import wrap
from graven.evidence.portable import Reference
from graven.evidence.portable import references as portable_references
from graven.tlog.bundle import encode_bundle
from graven.verify.attachments import BlobReference, entry_references, may_refer, references, references_in_event

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def event(attachments: str) -> bytes:
    return b'{"action":"a","actor":{"id":"b"},"attachments":%b}' % attachments.encode()


def test_an_ordinary_entry_refers_to_nothing_and_is_passed_over():
    assert not may_refer(graven_entry(1))
    assert entry_references(graven_entry(1)) == []


def test_an_oversize_entry_refers_to_its_content():
    entry = graven_entry(1, blob=(ONE, 70_000))
    assert may_refer(entry)
    assert entry_references(entry) == [BlobReference(ONE, 70_000, nested=True)]


def test_quarantine_refers_to_what_could_not_be_read():
    entry = graven_entry(1, data=b'{"reason":"not JSON"}', blob=(ONE, 5), form="quarantine/1")
    assert entry_references(entry) == [BlobReference(ONE, 5)]


@pytest.mark.parametrize(
    "spelling",
    [
        '[{"digest":"%s","size":3},{"name":"x","digest":"%s","size":4}]',
        ' [ { "digest" : "%s" , "size" : 3 } ,\n{"digest":"%s","size":4,"unknown":[]}]',
        '[{"d\\u0069gest":"%s","size":3},{"digest":"%s","size":4}]',
    ],
)
def test_attachments_are_found_in_any_spelling(spelling: str):
    entry = graven_entry(1, data=event(spelling % (ONE, TWO)))
    assert may_refer(entry)
    assert entry_references(entry) == [BlobReference(ONE, 3), BlobReference(TWO, 4)]


def test_a_member_name_spelled_with_escapes_does_not_hide_attachments():
    hidden = event(f'[{{"digest":"{ONE}","size":3}}]').replace(b'"attachments"', b'"\\u0061ttachments"')
    entry = graven_entry(1, data=hidden)
    assert may_refer(entry)
    assert entry_references(entry) == [BlobReference(ONE, 3)]


@pytest.mark.parametrize("form", ["k8s.audit/v1", "junit/1"])
def test_a_foreign_event_has_no_attachments(form: str):
    assert entry_references(graven_entry(1, data=event(f'[{{"digest":"{ONE}","size":3}}]'), form=form)) == []


@pytest.mark.parametrize("digest", ["sha256:../../x", "md5:0", f"sha256:{'A' * 64}", f"{ONE}\\n", ""])
def test_what_is_no_digest_never_becomes_a_path(digest: str):
    assert references_in_event(event(f'[{{"digest":"{digest}"}}]')) == []


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b'{"attachments":null}', b'{"attachments":[1]}'])
def test_what_is_no_event_refers_to_nothing(data: bytes):
    assert references_in_event(data) == []


def test_references_name_the_position_in_the_bundle():
    bundle = encode_bundle([b"foreign", graven_entry(1), graven_entry(2, blob=(ONE, 3)), b'"attachments"'])
    assert list(references(bundle)) == [(2, BlobReference(ONE, 3, nested=True))]


def test_a_pushed_entry_refers_to_what_its_own_entry_refers_to():
    attached = graven_entry(1, data=event(f'[{{"digest":"{ONE}","size":3}}]'))
    oversize = graven_entry(1, blob=(TWO, 70_000))
    for inner, expected in ((attached, BlobReference(ONE, 3)), (oversize, BlobReference(TWO, 70_000, nested=True))):
        data = wrap("job.example/1", 0, inner)
        pushed = graven_entry(2, data=data, form="graven.entry/1")
        assert may_refer(pushed)
        assert entry_references(pushed) == [expected]
        assert references_in_event(data) == [expected]
        portable = Reference(expected.digest, expected.size, expected.nested)
        assert portable_references(pushed) == portable_references(data) == [portable]


def test_a_pushed_entry_in_a_blob_refers_to_the_blob():
    pushed = graven_entry(2, blob=(ONE, 66_000), form="graven.entry/1")
    assert entry_references(pushed) == [BlobReference(ONE, 66_000, nested=True)]
    assert portable_references(pushed) == [Reference(ONE, 66_000, True)]


def test_a_wrapper_that_is_none_refers_to_nothing():
    assert references_in_event(b'{"origin":"x","index":0}') == []
    assert entry_references(graven_entry(2, data=b'{"origin":"x"}', form="graven.entry/1")) == []
