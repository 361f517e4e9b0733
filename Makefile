# make port   port a copy of the bundled tree, show the result, prove it
# make test   lint, types, the manual, all tests: what CI runs
# make unit   the fast loop: lint, types, tests that need no network
# make fuzz   50,000 mutated sources of each language (CORPUS=FOLDER adds real ones)
# make bench  side by side with other tools

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SCRATCH := build
TREE := $(SCRATCH)/minitilescale
CASES ?= 50000

.PHONY: port test unit lint types fuzz clean
.DEFAULT_GOAL := port

$(VENV)/made: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	touch $@

port: $(VENV)/made
	@rm -rf $(TREE) $(SCRATCH)/report
	@mkdir -p $(SCRATCH)
	@cp -r fixtures/minitilescale $(TREE)
	@echo "== before: what would change"
	-@$(BIN)/python -m codemods.run --target $(TREE) --allow-dirty --diff | head -60
	@echo "== the port"
	@$(BIN)/python -m codemods.run --target $(TREE) --allow-dirty --statistics \
	    --report $(SCRATCH)/report || [ $$? -eq 1 ]
	@echo "== what was done and what is left: $(SCRATCH)/report/report.html"
	@echo "== proof: every unit parsed against the real headers, nothing lost"
	@$(BIN)/python -m codemods.verify --target $(TREE) --before fixtures/minitilescale

lint: $(VENV)/made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/made
	$(BIN)/mypy

unit: lint types
	$(BIN)/python -m pytest -q -n auto -m "not sdk"

manual: $(VENV)/made
	$(BIN)/python -m mkdocs build --quiet

test: lint types manual
	$(BIN)/python -m pytest -n auto

fuzz: $(VENV)/made
	$(BIN)/python -m tests.fuzz.campaign --language cpp --cases $(CASES) $(if $(CORPUS),--corpus $(CORPUS))
	$(BIN)/python -m tests.fuzz.campaign --language python --cases $(CASES) $(if $(CORPUS),--corpus $(CORPUS))

clean:
	rm -rf $(SCRATCH)

# TREE: an unported tree of some hundred files. PORTED: the same, ported, for clang-tidy.
bench: $(VENV)/made
	$(BIN)/pip install --quiet --disable-pip-version-check ast-grep-cli clang-tidy libcst
	$(BIN)/python benchmarks/against_ast_grep.py $(TREE)
	$(BIN)/python -m benchmarks.against_libcst $(TREE)
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.reach $(TREE) --sample 20
	[ -z "$(PORTED)" ] || $(BIN)/python -m benchmarks.against_clang_tidy $(PORTED)
