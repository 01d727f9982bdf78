# Every target sets up what it needs; nothing has to be installed by hand.
PY := .venv/bin/python
# parsers of what strangers send or a disk may hold; `make test` tries some hundred examples of each
FUZZED := tests/property/storage/test_frame_fuzz.py tests/property/event/test_intake.py \
  tests/property/event/test_strict_json.py tests/property/event/test_envelope.py
.PHONY: help setup check test soak bench demo docs format lint vendor lock clean

help:            ## show this help
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.complete  ## create .venv from the hash-locked requirements

.venv/.complete: requirements/dev.txt pyproject.toml scripts/bootstrap.sh
	@bash scripts/bootstrap.sh

check: setup     ## format, lint, types (of the browser UI, too, where npm is), import contracts, fast tests (about three minutes)
	$(PY) -m ruff format --check src tests bench examples scripts
	$(PY) -m ruff check src tests bench examples scripts
	$(PY) -m mypy
	.venv/bin/lint-imports
	@bash scripts/web/check.sh
	$(PY) -m pytest -q -n 2 --dist loadscope -m "not slow and not soak" tests/unit tests/property tests/vectors

test: setup      ## everything but the soaks (about 20 minutes on two cores)
	$(PY) -m pytest -n 2 --dist loadscope --no-loadscope-reorder -m "not soak" tests

soak: setup      ## the long ones: kills, lost bits, answers of the index, fuzzing (hours)
	$(PY) -m pytest -m soak --timeout=0 tests
	$(PY) -m pytest --hypothesis-profile soak --timeout=0 $(FUZZED)

bench: setup     ## the numbers in README
	$(PY) -m bench
	$(PY) -m bench.recorder
	$(PY) -m bench.push
	$(PY) -m bench.search
	$(PY) -m bench.search.following

demo: setup      ## record, prove, verify, attack; then a browser UI, until Ctrl-C (without a terminal: KEEP=1)
	$(PY) -m graven demo $(if $(KEEP),--keep)

docs: setup      ## regenerate docs/reference
	$(PY) scripts/reference.py

format: setup
	$(PY) -m ruff format src tests bench examples scripts
	$(PY) -m ruff check --fix src tests bench examples scripts

vendor:          ## make src/graven/web/vendor again from npm
	$(PY) scripts/vendor.py

lock:            ## refresh requirements/dev.txt (hashes, no index addresses)
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra server --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
