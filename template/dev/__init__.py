"""Development tools: a database and a server that need nothing installed.

Nothing here is deployed. `python -m dev` says what there is to run.
"""
