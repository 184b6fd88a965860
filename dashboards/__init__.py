"""What people look at: Grafana dashboards, the live page, the needs map."""
