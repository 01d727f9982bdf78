import pytest

from graven.cli.signposts import check_token_text, way_to_a_log
from graven.errors import UsageError


def test_a_token_that_is_a_path_is_told_with_the_command_that_reads_it(tmp_path):
    path = tmp_path / "owner.token"
    path.write_text("grv_x")
    with pytest.raises(UsageError, match="path of a file") as caught:
        check_token_text(str(path), because="--token")
    assert caught.value.hint == f"export GRAVEN_TOKEN=$(cat {path})"


@pytest.mark.parametrize("token", [None, "", "grv_abc_def", "nonsense", "x" * 5000, "a\x00b"])
def test_what_is_no_path_is_left_to_the_server(token):
    check_token_text(token, because="--token")


def test_a_data_directory_in_this_folder_is_pointed_at(tmp_path):
    (tmp_path / "audit" / "logs").mkdir(parents=True)
    (tmp_path / "audit" / "keys").mkdir()
    hint = way_to_a_log(tmp_path)
    assert "--data audit" in hint
    assert "GRAVEN_TOKEN=$(cat audit/owner.token)" in hint


def test_without_one_the_hint_is_to_start_a_server_or_to_name_one(tmp_path):
    hint = way_to_a_log(tmp_path)
    assert "graven serve --data ./graven-data" in hint
    assert "GRAVEN_SERVER=http://127.0.0.1:8470 GRAVEN_TOKEN=$(cat DIR/owner.token)" in hint
