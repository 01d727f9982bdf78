"""Delivering the spool by hand: what waits here, what was refused, and what stops it."""

import json

import pytest

from graven.sdk.answers import Accepted, Later, Refused
from graven.sdk.drain import drain, waiting
from graven.sdk.frozen import freeze
from graven.sdk.settings import resolve
from graven.sdk.spoolroot import SpoolRoot, destination_of
from graven.sdk.transport import HttpTransport

HERE = destination_of("http://here", "default")
EVENTS = [b'{"id":"1"}', b'{"id":"2"}']


@pytest.fixture
def settings(tmp_path):
    return resolve({}, server="http://here", spool_dir=tmp_path)


@pytest.fixture
def answers(monkeypatch):
    """What the server says in turn; `sent` has the bodies."""
    said, sent = [], []

    def send(_self, batch):
        sent.append((batch.key, batch.events()))
        return said.pop(0)

    monkeypatch.setattr(HttpTransport, "send", send)
    said_sent = type("Answers", (), {"say": staticmethod(said.extend), "sent": sent})
    return said_sent


def leave(tmp_path, destination, *keys):
    folder = SpoolRoot(tmp_path, destination, 10**6, 10**6).create()
    for key in keys:
        folder.append(freeze(EVENTS, key, "identity"))
    folder.close()


def refuse(tmp_path, to, events=EVENTS):
    lines = [
        json.dumps({"refused": {"status": 401, "code": "unknown_token", "to": to}, "event": json.loads(event)})
        for event in events
    ]
    SpoolRoot(tmp_path, to, 10**6, 10**6).keep_refused(f"{to}.ndjson", ("\n".join(lines) + "\n").encode())


def test_what_dead_programs_left_for_this_log_is_sent_under_its_own_keys(tmp_path, settings, answers):
    leave(tmp_path, HERE, "k1", "k2")
    leave(tmp_path, "f" * 16, "other")
    answers.say([Accepted(0), Accepted(0)])
    assert drain(settings).delivered == 4
    assert answers.sent == [("k1", EVENTS), ("k2", EVENTS)]
    assert [one.is_here for one in waiting(settings)] == [False]


def test_a_server_that_is_away_stops_it_and_everything_stays(tmp_path, settings, answers):
    leave(tmp_path, HERE, "k1", "k2")
    answers.say([Accepted(0), Later("away")])
    drained = drain(settings)
    assert (drained.delivered, drained.stopped) == (2, "away")
    answers.say([Accepted(0)])
    assert drain(settings).delivered == 2
    assert answers.sent[1] == answers.sent[2] == ("k2", EVENTS)


def test_what_was_refused_stays_until_it_is_asked_for(tmp_path, settings, answers):
    refuse(tmp_path, HERE)
    assert drain(settings).delivered == 0
    answers.say([Accepted(0)])
    assert drain(settings, refused=True).delivered == 2
    assert [json.loads(event) for event in answers.sent[0][1]] == [{"id": "1"}, {"id": "2"}]
    assert waiting(settings) == []


def test_what_another_server_refused_is_not_offered_to_this_one(tmp_path, settings, answers):
    refuse(tmp_path, "f" * 16)
    assert drain(settings, refused=True).delivered == 0
    (left,) = waiting(settings)
    assert (left.is_here, left.reason) == (False, "401 unknown_token")


def test_what_is_refused_again_stays_and_is_counted(tmp_path, settings, answers):
    refuse(tmp_path, HERE)
    answers.say([Refused(401, "unknown_token", "no")])
    drained = drain(settings, refused=True)
    assert (drained.delivered, drained.refused) == (0, 2)
    assert len(waiting(settings)) == 1


def test_a_body_that_could_not_be_opened_is_never_removed(tmp_path, settings, answers):
    line = json.dumps({"refused": {"status": 422, "to": HERE}, "event": "AAAA"}) + "\n"
    SpoolRoot(tmp_path, HERE, 10**6, 10**6).keep_refused("x.ndjson", line.encode())
    drain(settings, refused=True)
    assert answers.sent == []
    assert len(waiting(settings)) == 1
