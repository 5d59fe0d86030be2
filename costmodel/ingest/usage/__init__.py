"""Request logs and bills, as a workload."""
