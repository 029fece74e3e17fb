"""Dashboards ask for what is recorded, and the collector lets through what the processes send and nothing else."""

import importlib.util
import json
import re
from typing import Any

import pytest
import yaml

from deploy.known import DEPLOY
from rso_shared.kit import metrics, span_export
from rso_shared.kit.metric_table import TABLE
from support.exposition import samples

GRAFANA, OTEL = DEPLOY / "grafana", DEPLOY / "otel"
FILES = sorted(GRAFANA.glob("*.json"))
QUERY_WORDS = {"le"}
"""Labels that Prometheus itself gives."""


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("dashboards", GRAFANA / "dashboards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _queries() -> list[str]:
    panels = [panel for file in FILES for panel in json.loads(file.read_text())["panels"]]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_the_dashboards_are_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    made = _script().files()
    assert {path.name: text for path, text in made.items()} == {file.name: file.read_text() for file in FILES}
    assert _script().main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_every_metric_that_a_panel_asks_for_is_exposed_with_the_labels_it_asks_for() -> None:
    known = _exposed()
    assert len(_queries()) > 20
    for query in _queries():
        asked = set(re.findall(r"\brso_[a-z_]+", query))
        assert asked, query
        assert asked <= set(known), query
        labels = {label for group in re.findall(r"by \(([^)]*)\)", query) for label in re.split(r"\W+", group) if label}
        labels |= set(re.findall(r"(\w+)=\"", query))
        for metric in asked:
            assert labels - QUERY_WORDS <= known[metric], query


def _exposed() -> dict[str, set[str]]:
    """Each name that /metrics really says, once everything was recorded once."""
    close = metrics.configure("test", None)
    for metric in TABLE:
        labels = dict.fromkeys(metric.labels, "x")
        if metric.kind in {"gauge", "total"}:
            metrics.show(metric.name, "test", {tuple("x" for _ in metric.labels): 1})
        elif metric.kind == "counter":
            metrics._Process.use.add(metric.name, 1, **labels)
        else:
            metrics._Process.use.record(metric.name, 1, **labels)
    found = {name: {key for key, _ in labels} for name, labels in samples()}
    close()
    return found


def test_every_metric_stands_on_a_dashboard() -> None:
    text = "".join(_queries())
    assert [metric.name for metric in TABLE if metric.prometheus not in text] == []


def test_the_collector_keeps_the_list_that_the_processes_keep() -> None:
    collector = yaml.safe_load((OTEL / "collector.yaml").read_text())
    statements = {
        one["context"]: one["statements"] for one in collector["processors"]["transform/allowed"]["trace_statements"]
    }
    (span,), (event,) = statements["span"], statements["spanevent"]
    assert span.startswith("keep_keys(attributes, [")
    assert set(re.findall(r'"([\w.]+)"', span)) == span_export.ALLOWED
    assert re.findall(r'"([\w.]+)"', event) == ["exception.type"]
    assert "transform/allowed" in collector["service"]["pipelines"]["traces"]["processors"]


def test_grafana_finds_the_dashboards_and_the_sources_they_name() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/rso.yaml").read_text())["datasources"]
    asked = {panel["datasource"]["uid"] for file in FILES for panel in json.loads(file.read_text())["panels"]}
    assert asked <= {source["uid"] for source in sources}
    providers = yaml.safe_load((GRAFANA / "provisioning/dashboards/rso.yaml").read_text())["providers"]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["grafana"]["volumes"]
    assert f"./grafana:{providers[0]['options']['path']}:ro" in compose
