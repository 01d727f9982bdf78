from pathlib import Path

import pytest
from tests.support.verify_logs import VECTOR, make_log

from graven.errors import CouldNotCheck
from graven.verify.directory import DirectorySource
from graven.verify.remote import HttpSource
from graven.verify.source import SourceSpec, open_source, source_of


def test_an_address_is_a_log_over_http():
    source = open_source("http://127.0.0.1:8470/logs/default/", "grv_x")
    assert isinstance(source, HttpSource)
    assert source.target == "http://127.0.0.1:8470/logs/default"


def test_a_path_is_a_log_directory(tmp_path: Path):
    log = make_log(tmp_path, 1)
    assert open_source(str(tmp_path)).target == str(log.root)


@pytest.mark.parametrize("source", [DirectorySource(VECTOR), HttpSource("https://log.example/a", "t")])
def test_a_source_can_be_opened_again_from_its_spec(source: DirectorySource | HttpSource):
    again = source_of(source.spec())
    assert type(again) is type(source)
    assert again.spec() == source.spec()


def test_an_unknown_kind_of_source_is_refused():
    with pytest.raises(CouldNotCheck):
        source_of(SourceSpec("ftp", "x"))


@pytest.mark.parametrize("url", ["http://", "http://u:p@host/x", "http://host/x?q=1", "https:///x", "http://host/#f"])
def test_other_addresses_are_refused(url: str):
    with pytest.raises(CouldNotCheck):
        open_source(url)
