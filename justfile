# `uv run just` lists the recipes; with just installed, plain `just` does.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Render the working tree, uncommitted changes included, e.g. `just render ../try --data auth=false`
render folder *options:
    folder=$1; shift; uv run copier copy --defaults --overwrite --vcs-ref HEAD "$@" . "$folder"

# Linter, formatter and type checker: must pass before a commit
check:
    uv run ruff check
    uv run ruff format --check
    uv run ty check

# The suite, rendered services included (minutes); arguments go to pytest
test *options: check
    uv run pytest -n auto -v -m "not thorough" "$@"

# The whole matrix of docs/decisions/rows.md (hours). Tests that passed are skipped until something that
# they depend on changes; `--fresh` runs all of them.
test-all *options: check
    uv run pytest -n auto -v --resume "$@"

# What fits in a minute: questions, sources, every variant of every file
test-fast *options: check
    uv run pytest -n auto tests/test_questions.py tests/test_sources.py tests/test_static_checks.py tests/test_variants.py "$@"

# Fix what ruff can fix, and format
format:
    uv run ruff check --fix
    uv run ruff format

# Write docs/reference.md, the page of the questions; commit it
reference:
    uv run python -m tests.questions_page

# Make the pictures of the README again (needs chromium); on another port with `PORT=8010 just pictures`
pictures:
    uv run --group pictures python docs/pictures/make.py

# What a request costs, compared with bare FastAPI and plain SQLAlchemy; `--compare main` says what changed,
# `--page` writes docs/performance.md
bench *options:
    uv run python -m benchmarks "$@"
