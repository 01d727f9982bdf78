"""A server that watches nothing, or searches nothing, says so."""

import pytest
from tests.support.server_process import running_server


@pytest.mark.parametrize(
    ("index", "alerts", "setting"), [(False, "true", "index.enabled"), (True, "false", "alerts.enabled")]
)
def test_alerts_that_are_switched_off_say_which_setting_it_was(tmp_path, index, alerts, setting):
    env = {"GRAVEN_ALERTS_ENABLED": alerts}
    with running_server(tmp_path / "data", index=index, env=env) as server, server.client() as client:
        found = client.get("/v1/logs/default/alerts").json()["alerts"]
    assert found
    assert {one["problem"] for one in found} == {f"alerts are switched off: {setting} is false"}


def test_search_that_is_switched_off_is_not_away(tmp_path):
    with running_server(tmp_path / "data", index=False) as server, server.client() as client:
        state = client.get("/v1/index").json()
        assert (state["off"], {log["state"] for log in state["logs"]}) == (True, {"off"})
        for call in ("events", "tail", "histogram", "facets", "newest", "export", "complete?q=a", "events/0/view"):
            answer = client.get(f"/v1/logs/default/{call}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "index_off"), call
