"""Replaying the journal: entries the tree does not hold yet, idempotency, keyed requests.

Frames wholly inside the signed tree are kept for their notes only. The first frame must begin at or below
the head, and the last must reach it; anything else means that committed entries are gone.
"""

from dataclasses import dataclass

from graven.errors import InvalidInput, RefusedToStart
from graven.event.batch import DIGEST_SIZE
from graven.log.idempotency import KeyTable
from graven.log.notes import FrameNote, decode_note
from graven.log.pending import Pending, group_from_frame
from graven.log.requests import RequestTable
from graven.storage.contracts import Frame, Journal

__all__ = ["Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """`pending` begins at the head's size; `first` is the journal's first index (the head's size if empty)."""

    pending: Pending
    first: int
    lost_keys: int
    """Entries whose idempotency keys are in no run and no frame any more."""


def replay(journal: Journal, head_size: int, keys: KeyTable, requests: RequestTable) -> Replayed:
    """Bring `keys` and `requests` up to date and collect what waits; RefusedToStart on any gap."""
    pending = Pending(head_size)
    first: int | None = None
    next_index = head_size
    lost_keys = 0
    for frame in journal.frames():
        if first is None:
            first = frame.first_index
            _check_begins(first, head_size)
            lost_keys = max(0, first - keys.durable_below)
            keys.start_at(first)
        next_index = frame.first_index + frame.count
        note = _note(frame)
        _add_keys(keys, frame, note)
        requests.remember(note.requests)
        if next_index > head_size:
            skip = max(0, head_size - frame.first_index)
            try:
                pending.add(group_from_frame(frame.first_index, frame.count, frame.entries, skip))
            except InvalidInput as error:
                raise _damaged(frame, error.message) from error
    if first is None:
        if head_size:
            raise RefusedToStart(
                f"the journal is empty, but the head has {head_size} entries",
                why="the newest frames are never dropped, so the journal was lost and with it maybe entries",
                hint="restore the folder `journal` from the newest copy",
                code="journal_gap",
            )
        keys.start_at(0)
        first = 0
    if next_index < head_size:
        raise RefusedToStart(
            f"the journal ends at index {next_index}, the head has {head_size} entries",
            why="the newest frames are never dropped, so some were lost or an older journal was restored",
            hint="restore the folder `journal` from the newest copy",
            code="journal_gap",
        )
    if keys.next_index != next_index:
        raise RefusedToStart(
            f"the idempotency runs reach index {keys.next_index}, the journal {next_index}",
            why="runs only cover committed entries, so committed entries were lost",
            hint="restore the whole directory from the newest copy",
            code="journal_gap",
        )
    return Replayed(pending, first, lost_keys)


def _check_begins(first: int, head_size: int) -> None:
    if first > head_size:
        raise RefusedToStart(
            f"the journal begins at index {first}, the head ends at {head_size}",
            why=f"the committed entries {head_size} to {first - 1} are missing",
            hint="restore the folder `journal` from the newest copy",
            code="journal_gap",
        )


def _note(frame: Frame) -> FrameNote:
    try:
        note = decode_note(frame.note)
    except InvalidInput as error:
        raise _damaged(frame, error.message) from error
    if len(note.keys) != frame.count * DIGEST_SIZE:
        raise _damaged(frame, f"{len(note.keys) // DIGEST_SIZE} keys for {frame.count} entries")
    return note


def _add_keys(keys: KeyTable, frame: Frame, note: FrameNote) -> None:
    skip = max(0, keys.next_index - frame.first_index)
    if skip >= frame.count:
        return
    rest = [note.keys[at : at + DIGEST_SIZE] for at in range(skip * DIGEST_SIZE, len(note.keys), DIGEST_SIZE)]
    try:
        keys.add(frame.first_index + skip, rest, note.digests[skip * DIGEST_SIZE :])
    except ValueError as error:
        raise _damaged(frame, str(error)) from error


def _damaged(frame: Frame, reason: str) -> RefusedToStart:
    return RefusedToStart(
        f"the journal frame at index {frame.first_index} is malformed: {reason}",
        why="its digest is right, so it was written so: by another version, or on purpose",
        hint="keep the folder `journal`; restore it from the newest copy",
        code="journal_damaged",
    )
