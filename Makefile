# Short names for the scripts; each of them sets up what is missing.
.PHONY: setup format lint type-check test test-all docs

setup:
	bash tools/setup_env.sh --dev

format:
	bin=$$(dirname "$$(bash tools/setup_env.sh --dev --print-python)") && \
	"$$bin/ruff" check --fix . && "$$bin/ruff" format .

lint:
	bash tests/run.sh --lint

type-check:
	bash tests/run.sh --types

test:
	bash tests/run.sh

test-all:
	bash tests/run.sh --all

docs:
	python=$$(bash tools/setup_env.sh --dev --print-python) && \
	"$$(dirname "$$python")/mkdocs" build --strict -f docs/site/mkdocs.yml
