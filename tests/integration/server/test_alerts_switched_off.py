"""A server that watches nothing says so of each alert."""

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
