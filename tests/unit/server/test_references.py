"""Who may attach a blob, and which logs refer to one."""

from pathlib import Path

import pytest

from graven.errors import InvalidEvent
from graven.event.batch import PreparedBatch
from graven.server.control import Control
from graven.server.references import BlobReferences

DIGEST = "sha256:" + "ab" * 32
BATCH = PreparedBatch(attachments=[(3, DIGEST, 5)])


@pytest.fixture
def references(tmp_path: Path) -> BlobReferences:
    return BlobReferences(Control(tmp_path))


def test_what_was_never_uploaded_is_refused_with_its_item(references: BlobReferences) -> None:
    with pytest.raises(InvalidEvent) as refused:
        references.check_attachments("a", "t", BATCH)
    assert refused.value.details["errors"][0]["item"] == 3


def test_the_uploader_may_attach_to_any_log(references: BlobReferences) -> None:
    references.uploaded(DIGEST, "t")
    references.check_attachments("a", "t", BATCH)
    references.check_attachments("b", "t", BATCH)


def test_others_may_attach_only_where_the_log_knows_it(references: BlobReferences) -> None:
    references.keep("a", {DIGEST})
    references.check_attachments("a", "other", BATCH)
    with pytest.raises(InvalidEvent):
        references.check_attachments("b", "other", BATCH)


def test_the_logs_that_refer_to_a_blob_are_known_and_kept(tmp_path: Path, references: BlobReferences) -> None:
    references.keep("a", {DIGEST})
    references.keep("b", {DIGEST})
    references.keep("b", {DIGEST})
    assert BlobReferences(Control(tmp_path)).logs(DIGEST) == {"a", "b"}
    assert references.logs("sha256:" + "00" * 32) == set()
