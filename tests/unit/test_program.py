import sys
from pathlib import Path

from graven.program import program


def test_the_program_is_named_by_a_path_that_runs_when_it_is_not_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert program() in {str(Path(sys.executable).parent / "graven"), f"{sys.executable} -m graven"}
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert program() == "graven"
