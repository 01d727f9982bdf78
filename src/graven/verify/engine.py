"""Verification of a whole log: everything is recomputed from the entries up.

    1. read the key, then the checkpoint, once; whatever lies beyond it is not looked at again
    2. form, signature, witnesses; rollback, fork and key change against what was seen before
    3. list every file below tile/: nothing unknown may lie there
    4. every bundle: form, count, leaf hashes; against its level-0 tile; the blobs that its entries refer to
    5. every tile above, against the roots below it
    6. every obsolete partial: a prefix of the wider tile that took its place
    7. the root, against the checkpoint
    8. consistency with each earlier checkpoint
    9. remember this checkpoint

It takes no lock and works beside a running server. It stops early only when there is no checkpoint to build
on or the place stops answering; everything else is collected, so that one report tells the whole story.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.checkpoint import Checkpoint
from graven.tlog.merkle import consistency_proof, verify_consistency
from graven.tlog.note import VerifierKey
from graven.tlog.policy import Policy
from graven.tlog.tiles import FULL_WIDTH, TilePath, tile_node_reader
from graven.verify.checker import Outcome, Task
from graven.verify.crew import Crew, cores
from graven.verify.faults import damaged, missing, unreadable
from graven.verify.levels import Levels, Node
from graven.verify.reading import read_plain
from graven.verify.remember import Memory
from graven.verify.report import Finding, Kind, Report
from graven.verify.settle import settle
from graven.verify.source import UNREACHABLE, Source
from graven.verify.survey import Survey
from graven.verify.trust import Trusted, establish, fork, tampered

__all__ = ["Progress", "verify"]

Progress = Callable[[int, int], None]
"""Called with (entries checked, entries in all) after each task, in the calling thread. May block, to
limit the rate, and may raise, to give up."""

_BUNDLES_PER_TASK = 64
_BUNDLES_PER_TASK_HERE = 8  # some 5 ms: whoever limits the rate in this thread wants short bursts
_PARTIALS_PER_TASK = 256
_HOPELESS = 10_000  # a checkpoint may claim 2^63 entries that nobody has
_TASKS_WORTH_A_WORKER = 3  # a worker takes some 100 ms to start: as long as two tasks


def verify(
    source: Source,
    key: VerifierKey | None,
    *,
    policy: Policy | None = None,
    memory: Memory | None = None,
    known: Sequence[bytes] = (),
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check the whole log at `source`.

    `key` None means: the key that the policy names, the one remembered, or, trusted on first use, the one beside the
    log.
    `known` are signed checkpoints that the log must extend, such as anchored copies. `workers` None means one
    process a core (none for a small log); 0 keeps all work in this thread.

    Never raises for what is wrong with the log. Raises CouldNotCheck when the memory cannot be used.
    """
    report = Report(target=source.target)
    try:
        _verify(source, report, key, policy, memory, known, workers, progress)
    except CouldNotCheck as error:
        if error.code.startswith(("memory", "worker")):
            raise
        report.add(
            Finding(kind=Kind.COULD_NOT_CHECK, code=error.code, message=error.message, why=error.why, hint=error.hint)
        )
    finally:
        source.close()
    return report


def _verify(
    source: Source,
    report: Report,
    key: VerifierKey | None,
    policy: Policy | None,
    memory: Memory | None,
    known: Sequence[bytes],
    workers: int | None,
    progress: Progress | None,
) -> None:
    # 1. key, then checkpoint
    key_file = source.fetch_key()
    note = source.fetch_checkpoint()
    if note is None:
        report.add(_no_checkpoint(source, key, key_file, memory, known))
        return
    # 2. whose checkpoint it is
    trusted = establish(report, note, key=key, key_file=key_file, policy=policy, memory=memory, known=known)
    if trusted is None:
        return
    # 3. to 7. the tree
    supported = _check_tree(source, report, trusted.checkpoint, workers, progress)
    if report.findings:
        settle(source, trusted.checkpoint, report)
    if supported is None:
        return
    # 8. consistency
    _check_earlier(source, report, trusted, supported=supported)
    report.complete = True
    # 9. remember what was found sound; an absent blob says nothing against the tree
    if memory is not None and trusted.key is not None and not _condemned(report):
        report.remembered = memory.remember(trusted.key, trusted.note)


def _no_checkpoint(
    source: Source, key: VerifierKey | None, key_file: bytes | None, memory: Memory | None, known: Sequence[bytes]
) -> Finding:
    """A log without its checkpoint is tampered with; a place where there is no log is a mistake in the address."""
    why = ""
    remains = source.remains()
    remembered = memory.recall(key.name) if memory is not None and key is not None else None
    if remains is not None:
        why = f"{remains} is there, so this is a log; its signed statement of size and root was taken away"
    elif remembered is not None and key is not None:
        why = f"the log {key.name} was seen on {remembered.seen}, and nothing of it is here"
    elif known:
        why = "the log had a checkpoint when it was anchored, and nothing of it is here"
    if why:
        evidence = (remembered.checkpoint,) if remembered is not None else ()
        hint = source.advice or ("" if remains else f"make sure that the log should be at {source.target}")
        return tampered("missing", "there is no checkpoint", path="checkpoint", why=why, hint=hint, evidence=evidence)
    return Finding(
        kind=Kind.COULD_NOT_CHECK,
        code="no_log",
        message=f"there is no log at {source.target}",
        why="there is neither a checkpoint nor a tile" + (", only a key" if key_file is not None else ""),
        hint=source.advice or "name a data directory, the folder of a log, or http://HOST:PORT/logs/NAME",
    )


def _check_tree(
    source: Source, report: Report, checkpoint: Checkpoint, workers: int | None, progress: Progress | None
) -> bool | None:
    """Steps 3 to 7; whether the files support the root of the checkpoint; None when it was given up."""
    size = checkpoint.size
    bundles = -(-size // FULL_WIDTH)
    levels = Levels(lambda tile: _read(source, tile), report.add)
    survey = Survey(source, size, report.add)
    edge = Outcome()
    if workers is None:
        workers = min(cores(), bundles // _BUNDLES_PER_TASK // _TASKS_WORTH_A_WORKER)
    step = _BUNDLES_PER_TASK if workers else _BUNDLES_PER_TASK_HERE
    tasks = _tasks(size, bundles, step, survey)
    with Crew(source, workers) as crew, closing(crew.run(tasks)) as outcomes:
        for outcome in outcomes:
            # 4., 5. and 6. of one run of bundles
            _collect(report, outcome)
            for position, root in enumerate(outcome.roots):
                levels.add(Node(root, outcome.claimed.get(position)))
            if outcome.edge or outcome.edge_claimed:
                edge = outcome
            if progress is not None:
                progress(report.entries, size)
            if report.more_findings > _HOPELESS:
                report.notes.append("given up: there is next to nothing of what the checkpoint signs")
                return None
    report.beyond_checkpoint = survey.beyond
    # 7. the root
    roots = levels.roots(edge.edge, edge.edge_claimed)
    report.files += levels.files
    if checkpoint.root in roots:
        return True
    report.add(
        tampered(
            "root_mismatch",
            f"the tree of the {size} entries does not have the root that the checkpoint signs",
            path="checkpoint",
            expected=checkpoint.root.hex(),
            found=roots[0].hex(),
        )
    )
    return False


def _tasks(size: int, bundles: int, step: int, survey: Survey) -> Iterator[Task]:
    for first in range(0, bundles, step):
        yield Task(size, first, min(step, bundles - first))
    obsolete = survey.obsolete()
    while partials := tuple(islice(obsolete, _PARTIALS_PER_TASK)):
        yield Task(size, partials=partials)


def _collect(report: Report, outcome: Outcome) -> None:
    report.extend(outcome.findings)
    report.entries += outcome.entries
    report.entry_bytes += outcome.entry_bytes
    report.files += outcome.files
    report.obsolete_partials += outcome.partials
    report.blobs += outcome.blobs
    report.blob_bytes += outcome.blob_bytes


def _read(source: Source, tile: TilePath) -> bytes | Finding:
    """Plain bytes of a tile above level 0, or why there are none. Raises CouldNotCheck when nobody answers."""
    try:
        data = read_plain(source, tile)
    except InvalidInput as error:
        return damaged(tile, error)
    except CouldNotCheck as error:
        if error.code == UNREACHABLE:
            raise
        return unreadable(tile, error)
    return missing(tile) if data is None else data


def _check_earlier(source: Source, report: Report, trusted: Trusted, *, supported: bool) -> None:
    """Step 8: the tree begins with each tree that was seen before."""
    current = trusted.checkpoint
    if not trusted.earlier:
        return
    if not supported:
        report.notes.append("not compared with earlier checkpoints: the tree itself is not the one that was signed")
        return

    def read(tile: TilePath) -> bytes:
        data = read_plain(source, tile)
        if data is None:
            raise InvalidInput(f"{tile.path()} is missing")
        return data

    node = tile_node_reader(current.size, read)
    for earlier in trusted.earlier:
        before = earlier.checkpoint
        try:
            proof = consistency_proof(before.size, current.size, node)
            verify_consistency(before.size, current.size, proof, before.root, current.root)
        except InvalidInput as error:
            note = trusted.note.decode("utf-8")
            what = f"size {current.size} does not begin with what was there at size {before.size} ({error.message})"
            report.add(fork(current, note, earlier, what))


def _condemned(report: Report) -> bool:
    return any(finding.kind is Kind.TAMPERED for finding in report.findings)
