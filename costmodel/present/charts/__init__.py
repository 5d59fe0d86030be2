"""Charts: one module a chart."""
