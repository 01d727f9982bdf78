"""A worker: a process that reads tasks from standard input and writes outcomes to standard output.

A plain program and not a fork: the caller may have threads (a progress bar, a server), may be a script without
a main guard, and may run on a system that cannot fork.
"""

import os
import signal
import sys
from typing import BinaryIO

import msgspec

from graven.errors import CouldNotCheck
from graven.verify.checker import Checker, Task
from graven.verify.source import SourceSpec, source_of
from graven.verify.wire import Failure, read_frame, write_frame

__all__ = ["main", "serve"]


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Take a `SourceSpec`, then tasks, until the stream ends; answer each in turn."""
    first = read_frame(tasks)
    if first is None:
        return
    checker = Checker(source_of(msgspec.msgpack.decode(first[1], type=SourceSpec)))
    decode = msgspec.msgpack.Decoder(Task).decode
    while (frame := read_frame(tasks)) is not None:
        try:
            outcome = checker.run(decode(frame[1]))
        except CouldNotCheck as error:
            write_frame(answers, Failure(error.message, error.code, error.hint), tag=b"F")
        else:
            write_frame(answers, outcome, tag=b"O")


def main() -> None:
    """The process; the engine closes the pipe to end it, so an interrupt is the engine's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # whatever prints by accident must not land among the frames
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, answers)
    except (BrokenPipeError, EOFError):
        os._exit(1)  # the engine is gone; there is nobody to tell
