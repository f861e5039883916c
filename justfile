# `uv run just` lists the recipes; with just installed, plain `just` does.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Render the working tree, uncommitted changes included, e.g. `just render ../try --data auth=false`
render folder *options:
    folder=$1; shift; uv run copier copy --defaults --overwrite --vcs-ref HEAD "$@" . "$folder"

# Everything that must be clean before a commit
check:
    uv run ruff check
    uv run ruff format --check
    uv run ty check

# The suite, rendered services included (minutes); arguments go to pytest
test *options: check
    uv run pytest -n auto -v -m "not thorough" "$@"

# The same, and what docs/decisions/rows.md leaves to it (hours): what passed is not run again until
# something changes it. `--fresh` forgets that.
test-all *options: check
    uv run pytest -n auto -v --resume "$@"

# What fits in a minute: questions, sources, every variant of every file
test-fast *options: check
    uv run pytest -n auto tests/test_questions.py tests/test_sources.py tests/test_static_checks.py tests/test_variants.py "$@"

# Mend what ruff can mend
format:
    uv run ruff check --fix
    uv run ruff format
