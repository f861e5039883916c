"""nginx counts IPv6 addresses by their /64 network, as the service does."""

import re
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.deployed import ask, running
from tests.processes import connects, reserved_port, until
from tests.tools import program

CONF = """
daemon off; pid {folder}/pid; error_log stderr; events {{}}
http {{
    access_log off; set_real_ip_from 127.0.0.1; real_ip_header X-Address;
    {map}
    limit_req_zone $client_network zone=z:1m rate=1r/m;
    server {{
        listen 127.0.0.1:{port};
        limit_req zone=z burst=1 nodelay; limit_req_status 429;
        location / {{ try_files /nothing =404; }}
    }}
}}
"""
# The last contains line feeds, which `.` in a pattern does not match.
NETWORKS = [
    ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
    ["2001:db8:1:3::1", "2001:db8:1:3::2", "2001:db8:1:3:0:1::"],
    ["2001:a0a:a0a::1", "2001:a0a:a0a::a0a", "2001:a0a:a0a:0:a0a::"],
    ["192.0.2.1"],
    ["192.0.2.2"],
]


def answers(folder: Path, port: int) -> Counter[tuple[int, int]]:
    """Make a request from each address, and count the statuses for each network."""
    command = [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", f"{folder}/nginx.conf"]
    found: Counter[tuple[int, int]] = Counter()
    with running(command, folder):
        until(lambda: connects(port))
        for number, addresses in enumerate(NETWORKS):
            for address in addresses:
                connection = HTTPConnection("127.0.0.1", port, timeout=20)
                found[number, ask(connection, "/", X_Address=address).status] += 1
    return found


@pytest.mark.parametrize("name", ["compose/nginx.conf", "nginx/site.conf"])
def test_nginx_counts_networks_of_ipv6(render: Render, tmp_path: Path, name: str) -> None:
    text = (render(preset="full") / "deploy" / name).read_text()
    [network] = re.findall(r"map \$binary_remote_addr .*?\n *}", text, re.DOTALL)
    zones = re.findall(r"limit_(?:req|conn)_zone (\S+)", text)
    port = reserved_port()
    (tmp_path / "nginx.conf").write_text(CONF.format(folder=tmp_path, map=network, port=port))

    found = answers(tmp_path, port)

    assert set(zones) == {"$client_network"}
    assert found == {
        **{(number, 404): 2 for number in range(3)},
        **{(number, 429): 1 for number in range(3)},
        **{(number, 404): 1 for number in (3, 4)},
    }
