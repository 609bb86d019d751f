# Everything a person types. Each target sets itself up first (deploy/setup.sh).
.DEFAULT_GOAL := help
.PHONY: help run shell train test bench evaluate migrate lock clean
SHELL := bash
BIN := .venv/bin

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: ## set up, train if needed, migrate, and serve the assistant with a demo page
	@deploy/setup.sh run
	@$(BIN)/safer-sleep train
	@$(BIN)/safer-sleep migrate
	@SAFER_SLEEP_DEMO=$${SAFER_SLEEP_DEMO:-1} $(BIN)/safer-sleep run

shell: ## talk to the assistant in the terminal
	@deploy/setup.sh run
	@$(BIN)/safer-sleep train >&2
	@$(BIN)/safer-sleep shell

train: ## train the model if anything it is made of has changed
	@deploy/setup.sh run
	@$(BIN)/safer-sleep train

migrate: ## bring the record's database up to date
	@deploy/setup.sh run
	@$(BIN)/safer-sleep migrate

test: ## set up and run everything that must hold: format, lint, types, imports, tests
	@deploy/setup.sh test
	@deploy/check.sh

evaluate: ## how well messages nobody trained on are understood
	@deploy/setup.sh run
	@$(BIN)/safer-sleep train
	@$(BIN)/safer-sleep evaluate

bench: ## measure start, memory and a turn, beside a bot made by `rasa init`
	@deploy/setup.sh test
	@$(BIN)/safer-sleep train
	@$(BIN)/safer-sleep bench

lock: ## recompile the locked requirements from pyproject.toml (needs uv)
	uv pip compile -q --python $(BIN)/python --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' pyproject.toml -o requirements.txt
	uv pip compile -q --python $(BIN)/python --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' --extra dev pyproject.toml -c requirements.txt -o requirements-dev.txt

clean: ## remove the environment, models and local data
	rm -rf .venv .tools models results var .rasa
