import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client

import graven
from graven.sdk import default


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(default, "_client", None)
    monkeypatch.setattr(default, "_unusable", False)
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)


def test_without_a_server_the_application_runs_and_is_told_once(caplog):
    assert graven.record("a") is None
    assert graven.record("b") is None
    assert graven.flush()
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["nothing is recorded"]


def test_the_environment_configures_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAVEN_SERVER", "http://127.0.0.1:1")
    monkeypatch.setenv("GRAVEN_LOG", "shop")
    monkeypatch.setenv("GRAVEN_SPOOL", str(tmp_path))
    client = default.default_client()
    assert (client.settings.server, client.settings.log) == ("http://127.0.0.1:1", "shop")
    client.close()


def test_a_configured_client_replaces_and_closes_the_one_before(tmp_path):
    first, second = ScriptedTransport(), ScriptedTransport()
    before = graven.configure(scripted_client(first, tmp_path))
    graven.record("a", actor="alice")
    after = graven.configure(scripted_client(second, tmp_path))
    graven.record("b")
    assert graven.flush()
    assert [event["action"] for event in first.events] == ["a"]
    assert [event["action"] for event in second.events] == ["b"]
    assert before.record("late") is None
    after.close()
