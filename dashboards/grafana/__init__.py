"""Grafana dashboards as code: one module a dashboard, written as JSON by `python -m dashboards.grafana.build`."""
