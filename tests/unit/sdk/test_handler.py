import logging

import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.context import acting_as
from graven.sdk.guard import internal
from graven.sdk.handler import GravenHandler


@pytest.fixture
def transport():
    return ScriptedTransport()


@pytest.fixture
def logger(transport, tmp_path):
    client = scripted_client(transport, tmp_path)
    handler = GravenHandler(client)
    logger = logging.Logger("shop.orders")  # noqa: LOG001 - a logger of this test alone
    logger.addHandler(handler)
    logger.client = client
    yield logger
    client.close()


def recorded(logger, transport):
    assert logger.client.flush()
    return transport.events


def test_a_line_is_recorded_with_its_place_and_severity(logger, transport):
    with acting_as("alice", correlation_id="c1"):
        logger.warning("paid %s of %d", "LAMP", 3, extra={"order": {"id": 7}})
    (event,) = recorded(logger, transport)
    assert event["message"] == "paid LAMP of 3"
    assert event["severity"] == 13
    assert event["labels"] == {"logger": "shop.orders", "level": "WARNING"}
    assert event["actor"] == {"id": "alice"}
    assert event["correlation_id"] == "c1"
    attributes = event["attributes"]
    assert attributes["file"] == __file__
    assert attributes["function"] == "test_a_line_is_recorded_with_its_place_and_severity"
    assert (attributes["template"], attributes["args"]) == ("paid %s of %d", ["LAMP", 3])
    assert attributes["extra"] == {"order": {"id": 7}}


@pytest.mark.parametrize(
    ("level", "severity"), [(0, 1), (10, 5), (20, 9), (25, 9), (30, 13), (40, 17), (50, 21), (99, 21)]
)
def test_levels_become_severity_numbers(logger, transport, level, severity):
    logger.handle(logging.LogRecord("x", level, "f", 1, "m", (), None))
    assert recorded(logger, transport)[0]["severity"] == severity


def test_an_exception_comes_with_frames_and_locals(logger, transport):
    try:
        local = 5
        int("bad")
    except ValueError:
        logger.exception("oops")
    (event,) = recorded(logger, transport)
    assert event["error"]["type"] == "ValueError"
    assert event["error"]["stack"][-1]["locals"]["local"] == local


def test_wrong_format_arguments_keep_the_template(logger, transport):
    logger.error("%d items", "three")
    assert recorded(logger, transport)[0]["message"] == "%d items"


def test_what_the_recorder_logs_does_not_echo(logger, transport):
    with internal():
        logger.error("inside")
    logger.handle(logging.LogRecord("graven.sdk", 30, "f", 1, "own", (), None))
    assert recorded(logger, transport) == []


def test_secrets_in_messages_and_arguments_are_not_recorded(logger, transport):
    logger.error("sent Authorization: Bearer abc123def456 %s", {"password": "opensesame"})
    recorded(logger, transport)
    text = b"".join(event for batch in transport.accepted for event in batch.events())
    assert b"abc123def456" not in text
    assert b"opensesame" not in text
