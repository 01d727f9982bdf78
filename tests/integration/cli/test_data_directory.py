"""The command line straight on a data directory, as processes."""

import json
import shutil
import tarfile

import pytest
from tests.support.cli_run import CommandLine

from graven.event.envelope import decode_entry
from graven.tlog.hashing import leaf_hash
from graven.tlog.proof import parse_proof

EVENT = ("--action", "order.create", "--actor", "user:alice", "--target", "order:42")


def record(line, *more):
    return json.loads(line.must("record", *EVENT, *more, "--json").text)


def test_a_recorded_event_can_be_shown_with_who_what_and_input(offline):
    assert record(offline, "--input", '{"amount": 12}')["first"] == 0
    text = offline.must("show", "0").text
    for part in ("user:alice", "order.create", "order:42", '"amount": 12'):
        assert part in text


def test_the_raw_entry_is_what_the_log_hashes(offline):
    record(offline)
    raw = offline.must("show", "last", "--raw").out
    assert decode_entry(raw).token == "local"
    offline.must("prove", "last", "-o", "e.tlog-proof")
    proof = parse_proof((offline.home / "e.tlog-proof").read_bytes())
    assert proof.checkpoint.split(b"\n")[1] == b"1"
    assert proof.hashes == ()
    assert len(leaf_hash(raw)) == 32


def test_repeating_an_id_records_nothing_twice(offline):
    record(offline, "--id", "one")
    again = record(offline, "--id", "one")
    assert (again["first"], again["count"], again["duplicates"]) == (None, 0, {"0": 0})


def test_another_event_under_a_known_id_is_refused(offline):
    record(offline, "--id", "one")
    ran = offline.run("record", *EVENT, "--id", "one", "--message", "other")
    assert ran.code == 4
    assert "entry 0" in ran.err


def test_ndjson_from_stdin_is_recorded(offline):
    lines = b"".join(b'{"action":"a.b","actor":{"id":"x%d"}}\n' % n for n in range(3))
    answer = json.loads(offline.must("record", "-", "--json", stdin=lines).text)
    assert (answer["first"], answer["count"]) == (0, 3)


def test_an_invalid_event_is_refused_with_field_and_suggestion(offline):
    ran = offline.run("record", "-", stdin=b'{"action":"a","actr":{"id":"x"}}')
    assert ran.code == 4
    assert ran.err.startswith("error: ")
    assert 'did you mean "actor"?' in ran.err
    assert json.loads(offline.must("log", "list", "--json").text)[0]["size"] == 0


def test_nobody_records_into_system(offline):
    assert offline.run("record", *EVENT, "--log", "system").code == 6


def test_an_honest_log_verifies_and_a_changed_one_does_not(offline):
    record(offline)
    assert offline.run("verify", "graven-data").code == 0
    (bundle,) = (offline.home / "graven-data" / "logs" / "default" / "tile" / "entries").rglob("1")
    content = bytearray(bundle.read_bytes())
    content[-9] ^= 1
    bundle.chmod(0o600)
    bundle.write_bytes(content)
    ran = offline.run("verify", "graven-data", "--json")
    assert ran.code == 1
    assert json.loads(ran.text)["verdict"] == "tampered"


def test_a_proof_verifies_with_the_entry_beside_it_and_with_no_other(offline):
    record(offline)
    record(offline, "--message", "second")
    offline.must("prove", "0", "-o", "e.tlog-proof")
    key = offline.must("key", "show").text.strip()
    (offline.home / "e.entry").write_bytes(offline.must("show", "0", "--raw").out)
    assert offline.run("verify", "e.tlog-proof", "--key", key).code == 0
    (offline.home / "e.entry").write_bytes(offline.must("show", "1", "--raw").out)
    assert offline.run("verify", "e.tlog-proof", "--key", key).code == 1


def test_what_cannot_be_checked_has_its_own_exit_code(offline):
    assert offline.run("verify", "nowhere").code == 3
    assert offline.run("verify", "http://127.0.0.1:1").code == 3


def test_a_malformed_key_is_a_usage_error(offline):
    assert offline.run("verify", "graven-data", "--key", "nonsense").code == 2


def test_a_forgotten_suffix_of_the_log_is_a_rollback(offline):
    record(offline)
    offline.must("export", "--tiles", "old")
    record(offline, "--message", "second")
    assert offline.run("verify", "graven-data").code == 0
    ran = offline.run("verify", "old")
    assert ran.code == 1
    assert offline.run("verify", "old", "--forget").code == 0


def test_exported_lines_are_the_entries(offline):
    record(offline)
    offline.must("record", "-", stdin=b'{\n "action": "a",\n "actor": {"id": "x"}\n}')
    lines = [json.loads(line) for line in offline.must("export").text.splitlines()]
    assert [line["index"] for line in lines] == [0, 1]
    assert lines[1]["entry"]["data"]["actor"] == {"id": "x"}


def test_a_range_beyond_the_log_is_not_found(offline):
    record(offline)
    assert offline.run("export", "--to", "5").code == 5
    assert offline.run("show", "5").code == 5


def test_an_archive_verifies_with_its_own_verifier(offline):
    record(offline)
    record(offline, "--message", "second")
    offline.must("export", "--from", "1", "--to", "2", "--proof", "e.tar.gz")
    assert offline.run("verify", "e.tar.gz").code == 0
    with tarfile.open(offline.home / "e.tar.gz") as archive:
        assert "graven-proof/verify.py" in archive.getnames()


def test_tokens_are_made_listed_and_revoked_and_system_knows(offline):
    made = json.loads(offline.must("token", "create", "shop", "--role", "recorder", "--json").text)
    assert made["token"].startswith(f"grv_{made['id']}_")
    offline.must("token", "revoke", made["id"])
    listed = {row["id"]: row for row in json.loads(offline.must("token", "list", "--json").text)}
    assert listed[made["id"]]["revoked"]
    system = offline.must("export", "--log", "system").text
    assert f'"token":"{made["id"]}"' in system
    assert made["token"] not in system


def test_without_any_log_the_error_says_what_to_do(tmp_path, offline):
    (tmp_path / "elsewhere").mkdir()
    offline.home = tmp_path / "elsewhere"
    ran = offline.run("show", "0")
    assert ran.code == 2
    assert "try: graven serve" in ran.err


def test_doctor_names_the_origin_of_each_setting(offline):
    ran = offline.run("doctor", "--json", GRAVEN_LIMITS_BODY_BYTES="5000")
    told = json.loads(ran.text)
    assert ran.code == 0, told
    assert told["settings"]["limits.body_bytes"] == {"value": 5000, "origin": "environment GRAVEN_LIMITS_BODY_BYTES"}
    assert told["settings"]["listen"]["origin"] == "default"


def test_what_doctor_sets_aside_stands_in_system(offline):
    journal = offline.home / "graven-data" / "logs" / "extra" / "journal"
    record(offline, "--log", "extra")
    (journal / "clean").unlink()
    with next(journal.glob("*.gvj")).open("ab") as segment:
        segment.write(b"\xffGVJ cut short")
    told = json.loads(offline.must("doctor", "--json").text)["checks"]
    assert any("torn journal tail" in check["what"] and check["state"] == "warning" for check in told)
    assert next(journal.glob("torn-*")).name in offline.must("show", "last", "--log", "system").text


def test_doctor_finds_a_key_that_others_can_read(offline):
    (offline.home / "graven-data" / "keys" / "default.key").chmod(0o644)
    ran = offline.run("doctor")
    assert ran.code == 8
    assert "chmod 600" in ran.text


def test_there_is_nothing_to_accept_while_the_clock_is_right(offline):
    ran = offline.run("doctor", "--accept-clock")
    assert ran.code == 2
    assert "clock is not behind" in ran.err


def restore_an_older_copy(offline):
    record(offline)
    data = offline.home / "graven-data"
    copy = offline.home / "backup"
    shutil.copytree(data, copy)
    record(offline, "--message", "second")
    shutil.rmtree(data)
    shutil.copytree(copy, data)


def test_a_restored_copy_needs_adoption(offline):
    restore_an_older_copy(offline)
    refused = offline.run("show", "0")
    assert refused.code == 8
    assert "error: log default: " in refused.err
    assert "graven log adopt-rollback default --data graven-data" in refused.err
    for name in ("system", "default"):
        offline.run("log", "adopt-rollback", name, "--yes")
    assert offline.run("show", "0").code == 0


def copied(offline):
    record(offline)
    shutil.copytree(offline.home / "graven-data", offline.home / "copy")


@pytest.mark.parametrize(
    "command",
    [
        ("search",),
        ("show", "0"),
        ("record", *EVENT),
        ("log", "list"),
        ("token", "create", "ci", "--role", "reader"),
    ],
)
def test_a_copy_whose_original_is_there_is_not_opened(offline, command):
    copied(offline)
    ran = offline.run(*command, "--data", "copy")
    assert ran.code == 8
    assert f"is a copy of {offline.home / 'graven-data'}, which is still there" in ran.err
    assert offline.run("show", "0").code == 0


def test_a_copy_is_looked_at_with_a_memory_of_its_own_and_its_original_goes_on(offline):
    copied(offline)
    looked = offline.run("search", "--data", "copy", XDG_STATE_HOME=str(offline.home / "memory"))
    assert looked.code == 0
    assert offline.run("search").code == 0


def test_a_copy_goes_on_once_its_original_was_moved_away(offline):
    copied(offline)
    (offline.home / "graven-data").rename(offline.home / "old")
    shutil.rmtree(offline.home / "old")
    assert offline.run("search", "--data", "copy").code == 0


def test_adoption_asks_first_and_says_what_is_lost(offline):
    restore_an_older_copy(offline)
    ran = offline.run("log", "adopt-rollback", "default", stdin=b"n\n")
    assert ran.code == 130
    assert "this machine has signed 2 entries of log default, this copy holds 1" in ran.err
    assert offline.run("show", "0").code == 8


def test_adoption_does_not_ask_when_there_is_nothing_to_adopt(offline):
    record(offline)
    ran = offline.run("log", "adopt-rollback", "default", stdin=b"y\n")
    assert ran.code == 2
    assert "nothing to adopt" in ran.err
    assert "Go on?" not in ran.err


def test_default_is_created_in_a_new_folder_once(tmp_path):
    line = CommandLine.at(tmp_path)
    made = json.loads(line.must("log", "create", "default", "--data", "new", "--json").text)
    listed = {
        log["name"]: log["origin"] for log in json.loads(line.must("log", "list", "--data", "new", "--json").text)
    }
    assert (made["name"], made["origin"]) == ("default", listed["default"])
    assert made["vkey"].startswith(made["origin"])
    again = line.run("log", "create", "default", "--data", "new")
    assert again.code != 0
    assert "exists already" in again.err
