"""Temporal's configuration: all four of its services in one process, on PostgreSQL, on loopback."""

from collections.abc import Mapping
from pathlib import Path

ROLE = "temporal"
DATABASES = ("temporal", "temporal_visibility")
SERVICES = ("frontend", "history", "matching", "worker")
HTTP = "temporal-http"
DYNAMIC_FILE = "dynamic.yaml"


def grpc_port(service: str) -> str:
    """The front end's is the one that clients use, so it has the engine's own name."""
    return "temporal" if service == "frontend" else f"temporal-{service}"


def member_port(service: str) -> str:
    return f"temporal-{service}-member"


PORT_NAMES = (
    *(grpc_port(service) for service in SERVICES),
    *(member_port(service) for service in SERVICES),
    HTTP,
)

DYNAMIC = """\
# One partition per task queue: one process polls it, and more would only be asked in vain.
matching.numTaskqueueReadPartitions:
  - value: 1
matching.numTaskqueueWritePartitions:
  - value: 1
"""

_HEAD = """\
log:
  stdout: true
  level: warn
  format: json
persistence:
  defaultStore: default
  visibilityStore: visibility
  numHistoryShards: 4
  datastores:
    default:
      sql: {{{sql}, databaseName: temporal, maxConns: 20, maxIdleConns: 20}}
    visibility:
      sql: {{{sql}, databaseName: temporal_visibility, maxConns: 5, maxIdleConns: 5}}
global:
  membership:
    maxJoinDuration: 30s
    broadcastAddress: "127.0.0.1"
services:
"""
_TAIL = """\
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active:
      enabled: true
      initialFailoverVersion: 1
      rpcName: frontend
      rpcAddress: "127.0.0.1:{frontend}"
dcRedirectionPolicy:
  policy: noop
archival:
  history:
    state: disabled
  visibility:
    state: disabled
dynamicConfigClient:
  filepath: "{dynamic}"
  pollInterval: 60s
"""


def server_yaml(ports: Mapping[str, int], postgres_port: int, password: str, dynamic: Path) -> str:
    sql = (
        f'pluginName: postgres12, connectAddr: "127.0.0.1:{postgres_port}", connectProtocol: tcp, '
        f'user: {ROLE}, password: "{password}", maxConnLifetime: 1h'
    )
    services = "".join(_service(service, ports) for service in SERVICES)
    return _HEAD.format(sql=sql) + services + _TAIL.format(frontend=ports[grpc_port("frontend")], dynamic=dynamic)


def _service(service: str, ports: Mapping[str, int]) -> str:
    http = f", httpPort: {ports[HTTP]}" if service == "frontend" else ""
    return (
        f"  {service}:\n    rpc: {{grpcPort: {ports[grpc_port(service)]}, "
        f"membershipPort: {ports[member_port(service)]}, bindOnLocalHost: true{http}}}\n"
    )
