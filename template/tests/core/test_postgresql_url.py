"""`DATABASE_URL` as hosting providers and libpq's documentation write it."""

import ssl
from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.database_url import parse_database_url
from app.core.settings import SettingsError
from app.db.engine import engine_arguments


def arguments(url: str) -> dict[str, object]:
    return engine_arguments(parse_database_url(url))["connect_args"]


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("p%40ss%2F", "p@ss/"),
        ("p:a/s?s#", "p:a/s?s#"),
        ("5?secret=1", "5?secret=1"),
        ("50%", "50%"),
        ("%E2%82%AC", "€"),
        ("pa ss", "pa ss"),
    ],
)
def test_a_password_survives(written: str, password: str) -> None:
    url = parse_database_url(f"postgres://user:{written}@host:1/app")

    assert (url.password, url.host, url.port, url.database) == (password, "host", 1, "app")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:hun@ter2:5x@h/app",
        "postgresql://app:hunter2@h:5x/app",
        "postgresql://app:x@hunter2@h/app",
        "postgresql://ap/p:hunter2@h/app",
        "postgresql://app:hunter2",
        "postgresql://h/app?port=hunter2",
        "postgresql://h/app?connect_timeout=hunter2",
        "postgresql://h/app?sslmode=hunter2",
    ],
)
def test_a_url_that_is_wrong_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(SettingsError, match=r"^DATABASE_URL: has (?!.*(hun|ter2|5x))"):
        Settings.load()


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://u:p@a:1,b:2/app", ["a", "b"], [1, 2]),
        ("postgresql://u:p@a,b:2/app", ["a", "b"], [5432, 2]),
        ("postgresql://[::1]:1,[fe80::2]/app", ["::1", "fe80::2"], [1, 5432]),
        ("postgresql:///app?host=a,b&port=6432", ["a", "b"], [6432, 6432]),
        ("postgresql://u:p@/app?host=a:1&host=b:2", ["a", "b"], [1, 2]),
        ("postgresql:///app?host=/var/run/postgresql", ["/var/run/postgresql"], [5432]),
        ("postgresql://u@%2Frun%2Fpg/app?port=6432", ["/run/pg"], [6432]),
        ("postgresql://u:p@%2Frun%2Fpg:6432/app", ["/run/pg"], [6432]),
        ("postgresql://u:p@%2Fcloudsql%2Fa%3Ab%3Ac/app", ["/cloudsql/a:b:c"], [5432]),
        ("postgresql://u:p@%2Frun%2Fa:1,b:2/app", ["/run/a", "b"], [1, 2]),
        ("postgresql://u:p@/app?host=/cloudsql/a:b:c", ["/cloudsql/a:b:c"], [5432]),
    ],
)
def test_several_hosts_and_sockets_are_understood(
    url: str, hosts: list[str], ports: list[int]
) -> None:
    found = arguments(url)

    assert (found["host"], found["port"]) == (hosts, ports)


def test_of_several_hosts_the_primary_is_wanted() -> None:
    assert arguments("postgresql://a,b/app")["dsn"] == "postgresql://?target_session_attrs=primary"
    assert "dsn" not in arguments("postgresql:///app?host=/var/run/postgresql")


def test_user_host_and_database_may_be_options() -> None:
    url = parse_database_url("postgresql:///?host=h&port=6432&user=m@e&password=p%40&dbname=app")

    assert (url.host, url.port) == ("h", 6432)
    assert (url.username, url.password, url.database) == ("m@e", "p@", "app")
    assert not url.query


@pytest.mark.parametrize(
    ("query", "dsn"),
    [
        ("sslmode=require&channel_binding=require", "sslmode=require"),
        ("sslmode=disable&gssencmode=prefer&keepalives_idle=30", "sslmode=disable"),
        ("ssl=true&supa=base-pooler.x", "sslmode=require"),
        ("ssl=prefer&sslcompression=0&schema=public", "sslmode=prefer"),
        ("target_session_attrs=read-write", "target_session_attrs=read-write"),
        ("ssl_min_protocol_version=TLSv1.3", "ssl_min_protocol_version=TLSv1.3"),
    ],
)
def test_options_reach_the_driver_or_have_no_effect(query: str, dsn: str) -> None:
    assert arguments(f"postgresql://h/app?{query}")["dsn"] == f"postgresql://?{dsn}"


def test_options_for_the_session_reach_the_server() -> None:
    url = "postgresql://h/app?application_name=shop&options=-c%20search_path%3Dshop"
    settings = arguments(url)["server_settings"]

    assert isinstance(settings, dict)
    assert settings.items() >= {("application_name", "shop"), ("options", "-c search_path=shop")}


@pytest.mark.parametrize(("given", "used"), [("1", 1), ("10", 3), ("0", 3)])
def test_the_connect_timeout_may_be_shorter(given: str, used: int) -> None:
    assert arguments(f"postgresql://h/app?connect_timeout={given}")["timeout"] == used


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sslrootcert=/no/such.crt", "sslrootcert that cannot be read: No such file"),
        ("sslcert=/", "sslcert that cannot be read"),
        ("sslmode=none", "wrong sslmode: it may be allow, disable"),
        ("sslmode=verify-full", "without sslrootcert"),
        ("sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
        ("statement_cache_size=0", "statement_cache_size, .*DB_PREPARED_STATEMENTS=false"),
        ("connection_limit=1", "connection_limit, .*DB_POOL_SIZE"),
        ("hostaddr=10.0.0.1", "hostaddr"),
        ("require_auth=scram-sha-256", "require_auth"),
        ("gssencmode=require", "gssencmode"),
        ("sslmod=require", "sslmod, which nothing reads"),
        ("host=a,b&port=1,2,3", "as many ports as hosts"),
        ("host=a,,b", "empty host"),
    ],
)
def test_what_cannot_work_is_refused_by_name(
    query: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(ValueError, match=said):
        parse_database_url(f"postgresql:///app?{query}")


def test_the_systems_certificates_are_checked_with_the_hosts_name() -> None:
    context = arguments("postgresql://h/app?sslrootcert=system")["ssl"]

    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname


def test_other_options_count_with_the_systems_certificates() -> None:
    options = "sslrootcert=system&ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.3"
    others = "target_session_attrs=primary&sslnegotiation=direct&sslmode=verify-full"

    found = arguments(f"postgresql://h/app?{options}&{others}")

    context = found["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert context.minimum_version == context.maximum_version == ssl.TLSVersion.TLSv1_3
    assert {*others.split("&")} < {*str(found["dsn"]).partition("?")[2].split("&")}


@pytest.mark.parametrize("root", ["", "&sslrootcert=system"])
@pytest.mark.parametrize("name", ["sslcert", "sslcrl"])
def test_a_file_that_is_no_certificate_is_refused_by_name(
    name: str, root: str, tmp_path: Path
) -> None:
    file = tmp_path / "file.pem"
    file.write_text("nonsense")

    with pytest.raises(ValueError, match=f"has a file in {name} that cannot be read"):
        parse_database_url(f"postgresql://h/app?{name}={file}{root}")


@pytest.mark.parametrize("place", ["h:6432/app", "u:p/1@h:6432/app", "h:6432", "/app"])
def test_an_option_may_contain_an_at_sign(place: str) -> None:
    url = parse_database_url(f"postgresql://{place}?application_name=shop@web1&passfile=@")

    assert url.query == {"application_name": "shop@web1", "passfile": "@"}
    assert url.host in {"h", None}


@pytest.mark.parametrize("option", ["pgbouncer=true&", ""])
def test_settings_in_options_are_refused_behind_a_pooler(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PREPARED_STATEMENTS", "" if option else "false")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://h/app?{option}options=-c%20a.b%3D1")

    with pytest.raises(SettingsError, match=r"^DATABASE_URL: a pooler takes no settings"):
        Settings.load()
