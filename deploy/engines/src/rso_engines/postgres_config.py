"""PostgreSQL's configuration and the SQL that makes databases and roles."""

import re

from rso_engines.errors import EngineError

SUPERUSER = "postgres"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")


def postgresql_conf(port: int) -> str:
    """Every setting not named here has PostgreSQL's own default."""
    settings = {
        "listen_addresses": "'127.0.0.1'",
        "port": str(port),
        "unix_socket_directories": "''",
        "max_connections": "400",
        "shared_buffers": "256MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "password_encryption": "scram-sha-256",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_checkpoints": "off",
        # A message's DETAIL, a statement or its parameters would carry values into the log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def checked(name: str) -> str:
    """Names go into SQL as they are, so only plain ones are taken."""
    if not _NAME.fullmatch(name):
        raise EngineError(f"{name!r} is no name for a database: lower-case letters, digits and _, a letter first")
    return name


def role_sql(role: str, password: str) -> str:
    return (
        f"SELECT 'CREATE ROLE {checked(role)}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec\n"
        f"ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}';\n"
    )


def database_sql(database: str, role: str) -> str:
    """Only the owner may connect. Without REVOKE every role of the server could."""
    return (
        f"SELECT 'CREATE DATABASE {checked(database)} OWNER {checked(role)}' "
        f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec\n"
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;\n"
    )


CLOSE_COMMON_SQL = f"REVOKE ALL ON DATABASE {SUPERUSER} FROM PUBLIC;\nREVOKE ALL ON DATABASE template1 FROM PUBLIC;\n"
