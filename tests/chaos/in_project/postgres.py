"""Starts, stops or restarts a PostgreSQL on its port: run by a rendered project's own Python."""

import sys
from pathlib import Path

from dev.postgres import Cluster, candidates, find_binaries

folder, action = Path(sys.argv[1]), sys.argv[2]
folder.mkdir(exist_ok=True)
cluster = Cluster(folder, find_binaries(candidates()))
if action == "start":
    print(cluster.start())
else:
    log = cluster.data / "server.log"
    done = cluster._execute("pg_ctl", "-D", cluster.data, "-l", log, "-m", "immediate", action)
    sys.exit(done.returncode)
