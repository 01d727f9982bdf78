"""The command line against a running server."""

import json

import pytest
from tests.support.cli_run import CommandLine
from tests.support.receivers import certificate
from tests.support.server_process import running_server

JUNIT = b"""<testsuites><testsuite name="s" tests="2" failures="1"><testcase classname="c" name="ok" time="0.1"/>
<testcase classname="c" name="bad"><failure message="no">trace</failure></testcase></testsuite></testsuites>"""


def audit(number, **more):
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"a{number}",
        "stage": "ResponseComplete",
        "verb": "get",
        "user": {"username": "u"},
        **more,
    }


def size(line):
    return next(log["size"] for log in json.loads(line.must("log", "list", "--json").text) if log["name"] == "default")


def test_record_show_and_prove(online):
    text = online.must("record", "--action", "a.b", "--actor", "ci:x", "--wait").text
    assert text.startswith("✓ recorded entry")
    assert "ci:x" in online.must("show", "last").text
    assert online.must("prove", "last").text.startswith("c2sp.org/tlog-proof@v1\n")


def test_last_is_the_newest_committed_entry_published_or_not(online):
    made = json.loads(online.must("record", "--action", "a.newest", "--actor", "ci:x", "--json").text)
    assert json.loads(online.must("show", "last", "--json").text)["index"] == made["first"]


def test_verify_works_beside_the_server_by_address_and_by_folder(online):
    online.must("record", "--action", "a.b", "--actor", "ci:x", "--wait")
    address = online.environ["GRAVEN_SERVER"]
    assert online.run("verify", address).code == 0
    assert online.run("verify", f"{address}/logs/default").code == 0
    assert online.run("verify", "data").code == 0


def test_audit_lines_are_imported_once_and_bad_ones_are_named(online):
    lines = [json.dumps(audit(1)), "{broken", json.dumps(audit(2)), json.dumps({"kind": 0})]
    (online.home / "audit.log").write_text("\n".join(lines))
    before = size(online)
    told = json.loads(online.must("import", "audit.log", "--source", "k8s/t", "--json").text)["files"][0]
    assert (told["format"], told["recorded"], told["quarantined"]) == ("k8s", 2, 2)
    assert [part["line"] for part in told["unreadable"]] == [2, 4]
    assert size(online) == before + 4
    again = json.loads(online.must("import", "audit.log", "--source", "k8s/t", "--json").text)["files"][0]
    assert (again["recorded"], again["quarantined"], again["known"]) == (0, 0, 4)


def test_a_junit_report_is_imported_once(online):
    (online.home / "report.xml").write_bytes(JUNIT)
    first = json.loads(online.must("import", "report.xml", "--run", "r1", "--json").text)["files"][0]
    again = json.loads(online.must("import", "report.xml", "--run", "r1", "--json").text)["files"][0]
    assert (first["recorded"], first["known"]) == (4, 0), "two cases, their suite, the report"
    assert (again["recorded"], again["known"]) == (0, 4)


def test_a_report_above_the_blob_limit_is_imported_without_the_file(tmp_path):
    (tmp_path / "report.xml").write_bytes(JUNIT.replace(b"<testsuites>", b"<testsuites>" + b" " * 3_000_000, 1))
    with running_server(tmp_path / "data", "--limits-blob-bytes", "100000") as server:
        line = CommandLine.at(tmp_path, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
        result = json.loads(line.must("import", "report.xml", "--run", "r1", "--json").text)["files"][0]
    assert result["recorded"] == 4
    assert result["digest"] == ""
    (told,) = result["unreadable"]
    assert "the file itself is not kept" in told["reason"]
    assert "100000" in told["reason"]


def test_refused_events_of_a_file_are_named_and_the_others_recorded(online):
    lines = ['{"action":"a","actor":{"id":"1"}}', '{"actn":"a"}', '{"action":"b","actor":{"id":"2"}}', "nonsense"]
    (online.home / "events.ndjson").write_text("\n".join(lines))
    told = json.loads(online.must("import", "events.ndjson", "--json").text)["files"][0]
    assert told["recorded"] == 2
    assert sorted(part["line"] for part in told["unreadable"]) == [2, 4]


def test_a_file_of_no_known_format_fails_and_the_others_are_imported(online):
    (online.home / "good.ndjson").write_text('{"action":"a","actor":{"id":"good"}}\n')
    (online.home / "notes.txt").write_text("hello")
    ran = online.run("import", "notes.txt", "good.ndjson", "--json")
    assert ran.code == 4
    told = json.loads(ran.text)
    assert [file["recorded"] for file in told["files"]] == [1]
    assert told["failed"][0]["code"] == "unknown_format"


def test_a_log_can_be_created_and_used(online):
    made = json.loads(online.must("log", "create", "other", "--origin", "example.com/other", "--json").text)
    assert made["vkey"].startswith("example.com/other+")
    online.must("record", "--action", "a", "--actor", "b", "--log", "other")
    assert online.must("key", "show", "--log", "other").text.strip() == made["vkey"]


def test_a_token_gets_what_its_role_allows_and_no_more(online):
    token = json.loads(online.must("token", "create", "t", "--role", "recorder", "--json").text)["token"]
    limited = CommandLine(online.home, {**online.environ, "GRAVEN_TOKEN": token})
    limited.must("record", "--action", "a", "--actor", "b")
    refused = limited.run("show", "0")
    assert refused.code == 6
    assert "has the role recorder, and this call needs the role auditor or reader" in refused.err
    assert "graven token create NAME --role reader" in refused.err


@pytest.mark.parametrize("token", ["", "grv_wrong"])
def test_a_missing_or_wrong_token_is_told_as_such(online, token):
    ran = CommandLine(online.home, {**online.environ, "GRAVEN_TOKEN": token}).run("show", "0")
    assert ran.code == 6
    assert "try:" in ran.err


def test_a_server_that_is_away_is_told_as_such(online):
    ran = online.run("show", "0", "--server", "http://127.0.0.1:1")
    assert ran.code == 7
    assert "no server answers at http://127.0.0.1:1" in ran.err


def test_https_at_a_server_that_speaks_http_is_told_with_the_address_that_works(online):
    address = online.environ["GRAVEN_SERVER"]
    ran = online.run("show", "0", "--server", address.replace("http:", "https:"))
    assert ran.code == 7
    assert "speaks http, not https" in ran.err
    assert ran.err.rstrip().endswith(f"try: --server {address}")


def test_a_server_of_its_own_certificate_is_reached_with_that_and_refused_without(tmp_path):
    cert, key = certificate(tmp_path)
    with running_server(tmp_path / "data", "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        line = CommandLine.at(tmp_path, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
        assert line.run("log", "list", SSL_CERT_FILE=str(cert)).code == 0
        assert "is not trusted" in line.run("log", "list").err
        assert "is not trusted" in line.run("log", "list", "--data", "data").err
        assert (
            "speaks https, not http" in line.run("log", "list", GRAVEN_SERVER=server.url.replace("https", "http")).err
        )


def test_an_unknown_log_is_not_found(online):
    assert online.run("show", "0", "--log", "nope").code == 5


def test_a_directory_that_a_server_holds_is_reached_through_that_server(online):
    environ = {name: value for name, value in online.environ.items() if not name.startswith("GRAVEN_")}
    line = CommandLine(online.home, environ)
    assert line.run("log", "list", "--data", "data").code == 0
    address = online.home / "data" / "server.address"
    kept = address.read_bytes()
    address.unlink()
    try:
        ran = line.run("log", "list", "--data", "data")
    finally:
        address.write_bytes(kept)
    assert ran.code == 8
    assert "holds data" in ran.err
    assert "--server" in ran.err


def test_a_named_directory_is_reached_with_its_own_token_whatever_the_environment_has(online):
    assert online.run("log", "list", "--data", "data", GRAVEN_TOKEN="grv_of_another_server").code == 0


def test_a_token_for_certain_logs_reaches_the_server_of_a_directory(online):
    online.must("log", "create", "zebra")
    token = json.loads(online.must("token", "create", "z", "--role", "reader", "--on", "zebra", "--json").text)["token"]
    ran = online.run("log", "list", "--data", "data", "--token", token, "--json")
    assert [log["name"] for log in json.loads(ran.text)] == ["zebra"]


def test_a_token_of_another_server_is_told_with_where_it_came_from(online):
    environ = {name: value for name, value in online.environ.items() if name != "GRAVEN_SERVER"}
    ran = CommandLine(online.home, environ).run("log", "list", GRAVEN_DATA="data", GRAVEN_TOKEN="grv_of_another_server")
    assert ran.code == 6
    assert "GRAVEN_TOKEN in the environment" in ran.err
    assert "unset GRAVEN_TOKEN: then data/owner.token is taken" in ran.err


def test_export_gives_every_entry_in_order(online):
    online.must("record", "--action", "a", "--actor", "b", "--wait")
    count = size(online)
    lines = [json.loads(line) for line in online.must("export", "--to", str(count)).text.splitlines()]
    assert [line["index"] for line in lines] == list(range(count))


def test_errors_are_json_when_json_is_asked_for(online):
    ran = online.run("show", "999999", "--json")
    assert ran.code == 5
    assert json.loads(ran.err)["error"]["code"]


def test_doctor_checks_server_and_token(online):
    told = json.loads(online.run("doctor", "--json").text)
    said = [check["what"] for check in told["checks"]]
    assert any("answers 200 at /readyz" in text for text in said)
    assert "the server takes this token" in said
